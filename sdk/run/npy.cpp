#include "sdk/run/npy.h"

#include <array>
#include <bit>
#include <cstring>
#include <fstream>
#include <optional>
#include <sstream>

namespace miai::run {
namespace {

constexpr std::array<const char*, 10> kDescriptors{"|b1", "|u1", "|i1", "<i2", "<i4",
                                                   "<i8", "<f2", "",    "<f4", "<f8"};
constexpr char kMagic[] = "\x93NUMPY";

[[noreturn]] void fail(const std::string& path, const std::string& what) {
  throw std::runtime_error("'" + path + "': " + what);
}

/// The text after `key` in the header's dict, such as 'descr': '<f4'.
std::string_view after(const std::string& header, const char* key, const std::string& path) {
  size_t at = header.find(std::string("'") + key + "':");
  if (at == std::string::npos) fail(path, std::string("the .npy header has no '") + key + "'");
  std::string_view rest = std::string_view(header).substr(at + std::strlen(key) + 3);
  while (!rest.empty() && rest.front() == ' ') rest.remove_prefix(1);
  return rest;
}

miai_dtype parse_dtype(std::string_view text, const std::string& path) {
  std::string descriptor(text.substr(0, 5));
  for (size_t i = 0; i < kDescriptors.size(); ++i)
    if (kDescriptors[i][0] && descriptor == std::string("'") + kDescriptors[i] + "'")
      return static_cast<miai_dtype>(i);
  fail(path, "unsupported dtype " + descriptor);
}

std::vector<int64_t> parse_shape(std::string_view text, const std::string& path) {
  size_t end = text.find(')');
  if (text.empty() || text[0] != '(' || end == std::string_view::npos) fail(path, "a damaged shape");
  std::vector<int64_t> shape;
  std::istringstream in{std::string(text.substr(1, end - 1))};
  for (std::string item; std::getline(in, item, ',');) {
    if (item.find_first_not_of(' ') == std::string::npos) continue;
    try {
      shape.push_back(std::stoll(item));
    } catch (const std::logic_error&) {
      fail(path, "a damaged shape");
    }
    if (shape.back() < 0 || shape.size() > MIAI_MAX_RANK) fail(path, "an impossible shape");
  }
  return shape;
}

size_t byte_count(const NpyArray& array, const std::string& path) {
  uint64_t bytes = miai_dtype_size(array.dtype);
  for (int64_t size : array.shape)
    if (__builtin_mul_overflow(bytes, static_cast<uint64_t>(size), &bytes)) fail(path, "an impossible shape");
  return bytes;
}

std::string read_header(std::ifstream& file, const std::string& path) {
  char start[8] = {};
  file.read(start, 8);
  if (!file || std::memcmp(start, kMagic, 6) != 0) fail(path, "not a .npy file");
  unsigned char length[4] = {};
  const int width = start[6] == 1 ? 2 : 4;
  file.read(reinterpret_cast<char*>(length), width);
  size_t size = length[0] | length[1] << 8 | length[2] << 16 | static_cast<size_t>(length[3]) << 24;
  if (!file || size > (1u << 20)) fail(path, "a damaged .npy header");
  std::string header(size, ' ');
  file.read(header.data(), static_cast<std::streamsize>(size));
  if (!file) fail(path, "the file is truncated");
  return header;
}

/// Column-major data made row-major.
std::vector<char> to_row_major(const NpyArray& array, size_t element) {
  std::vector<char> result(array.data.size());
  std::vector<int64_t> index(array.shape.size(), 0);
  for (size_t i = 0; i < array.data.size() / element; ++i) {
    size_t from = 0, stride = 1;
    for (size_t d = 0; d < index.size(); ++d) {
      from += static_cast<size_t>(index[d]) * stride;
      stride *= static_cast<size_t>(array.shape[d]);
    }
    std::memcpy(result.data() + i * element, array.data.data() + from * element, element);
    for (size_t d = index.size(); d-- > 0 && ++index[d] == array.shape[d];) index[d] = 0;
  }
  return result;
}

}  // namespace

miai_tensor NpyArray::tensor() const {
  miai_tensor t{nullptr, dtype, static_cast<int32_t>(shape.size()), {}, data.data()};
  for (size_t i = 0; i < shape.size(); ++i) t.shape[i] = shape[i];
  return t;
}

NpyArray read_npy(const std::string& path) {
  std::ifstream file(path, std::ios::binary | std::ios::ate);
  if (!file) fail(path, "cannot be opened");
  const auto total = static_cast<size_t>(file.tellg());
  file.seekg(0);
  std::string header = read_header(file, path);
  NpyArray array;
  array.dtype = parse_dtype(after(header, "descr", path), path);
  array.shape = parse_shape(after(header, "shape", path), path);
  size_t bytes = byte_count(array, path);
  if (bytes != total - static_cast<size_t>(file.tellg()))
    fail(path, "the file's size does not fit its shape");
  array.data.resize(bytes);
  file.read(array.data.data(), static_cast<std::streamsize>(bytes));
  if (!file) fail(path, "the file is truncated");
  if (after(header, "fortran_order", path).starts_with("True"))
    array.data = to_row_major(array, miai_dtype_size(array.dtype));
  return array;
}

void write_npy(const std::string& path, const miai_tensor& tensor) {
  size_t count = 1;
  std::ostringstream shape;
  for (int i = 0; i < tensor.rank; ++i) {
    count *= static_cast<size_t>(tensor.shape[i]);
    shape << tensor.shape[i] << (i + 1 < tensor.rank || tensor.rank == 1 ? ", " : "");
  }
  const bool widen = tensor.dtype == MIAI_BFLOAT16;
  std::string header = std::string("{'descr': '") + (widen ? "<f4" : kDescriptors[tensor.dtype]) +
                       "', 'fortran_order': False, 'shape': (" + shape.str() + "), }";
  header.resize((10 + header.size() + 1 + 63) / 64 * 64 - 10 - 1, ' ');
  header += '\n';
  std::ofstream file(path, std::ios::binary);
  const auto length = static_cast<uint16_t>(header.size());
  file.write(kMagic, 6);
  file.write("\x01\x00", 2);
  file.write(reinterpret_cast<const char*>(&length), 2);
  file << header;
  if (widen) {
    for (size_t i = 0; i < count; ++i) {
      float value =
          std::bit_cast<float>(static_cast<uint32_t>(static_cast<const uint16_t*>(tensor.data)[i]) << 16);
      file.write(reinterpret_cast<const char*>(&value), 4);
    }
  } else {
    file.write(static_cast<const char*>(tensor.data),
               static_cast<std::streamsize>(count * miai_dtype_size(tensor.dtype)));
  }
  file.flush();
  if (!file) fail(path, "cannot be written");
}

}  // namespace miai::run
