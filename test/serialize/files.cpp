#include "test/serialize/files.h"

#include <gtest/gtest.h>

#include <cstring>
#include <filesystem>
#include <fstream>

#include "graph/compile/executable.h"
#include "graph/serialize/checksum.h"
#include "kernels/common/error.h"

namespace miai::testing {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kPredict =
    R"(func @predict(%0 x: float32[n, 3]) state(%1 w: float32[3, 4], %2 b: float32[4]) {
  const %3 c: float32[] = [0.5]
  %4 = matmul(%0, %1): float32[n, 4]
  %5 = add(%4, %2): float32[n, 4]
  %6 = relu(%5): float32[n, 4]
  %7 = mul(%6, %3): float32[n, 4]
  %8 = reshape(%7) {shape=[n * 4]}: float32[n * 4]
  %9 = sum(%7) {axis=[1]}: float32[n]
  return %8 as flat, %9 as sums
})";

constexpr std::string_view kStep =
    R"(func @step(%0 x: float32[2, 3], %1 rate: float32[]) state(%2 w: float32[3, 4] -> %7, %3 b: float32[4]) {
  %4 = matmul(%0, %2): float32[2, 4]
  %5 = matmul(%0, %4) {transpose_a=True}: float32[3, 4]
  %6 = mul(%5, %1): float32[3, 4]
  %7 = sub(%2, %6): float32[3, 4]
  return %4 as y
})";

ModelFunction with_test(std::string_view text, const Model& model, std::vector<HostTensor> inputs) {
  ModelFunction entry{parse_function(text), {}, 2};
  verify(*entry.function);
  Execution execution(compile(*entry.function, {}));
  std::vector<TensorRef> arguments;
  for (const HostTensor& input : inputs) arguments.push_back(to_tensor_ref(input));
  std::vector<StateSlot> slots;
  for (const State& state : entry.function->states)
    slots.push_back({to_tensor_ref(model.states.at(state.name)), false});
  TestVector test{std::move(inputs), {}};
  for (const TensorRef& output : execution.run(arguments, slots)) test.outputs.push_back(to_host(output, ""));
  entry.tests.push_back(std::move(test));
  return entry;
}

}  // namespace

std::string temporary_path(const std::string& name) {
  const std::filesystem::path folder =
      std::filesystem::path(::testing::TempDir()) / ("miai_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  return folder / name;
}

std::string read_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

namespace {
/// In memory of the exact size, so that sanitizers see a step beyond it.
std::shared_ptr<void> aligned_copy(const std::string& bytes) {
  std::shared_ptr<void> copy = aligned_bytes(bytes.size());
  if (!bytes.empty()) std::memcpy(copy.get(), bytes.data(), bytes.size());
  return copy;
}
}  // namespace

TensorFile open_bytes(const std::string& bytes, bool check) {
  return parse_tensor_file(aligned_copy(bytes), bytes.size(), "memory", check);
}
Model open_model(const std::string& bytes, bool check) {
  return parse_model(aligned_copy(bytes), bytes.size(), "memory", check);
}

std::string with_header(const std::string& header, const std::string& data) {
  const uint64_t size = header.size();
  std::string file(8, '\0');
  std::memcpy(file.data(), &size, 8);
  return file + header + data;
}

std::string header_of(const std::string& file) {
  uint64_t size = 0;
  std::memcpy(&size, file.data(), 8);
  return file.substr(8, size);
}
std::string data_of(const std::string& file) { return file.substr(8 + header_of(file).size()); }

std::string with_checksum(std::string header) {
  const std::string key = "\"miai.header_checksum\":\"";
  const size_t at = header.find(key);
  if (at != std::string::npos && at + key.size() + 16 <= header.size())
    header.replace(at + key.size(), 16, header_checksum(header));
  return header;
}

std::string change_header(const std::string& file, const std::function<void(Json&)>& change) {
  Json header = Json::parse(header_of(file));
  header["__metadata__"].erase("miai.header_checksum");
  change(header);
  std::string text = header.dump();
  text.resize((text.size() + 8 + 63) / 64 * 64 - 8, ' ');
  return with_header(text, data_of(file));
}

std::string change_functions(const std::string& file, const std::function<void(Json&)>& change) {
  return change_header(file, [&](Json& header) {
    Json& text = header["__metadata__"]["miai.functions"];
    Json functions = Json::parse(text.get<std::string>());
    change(functions);
    text = functions.dump();
  });
}

HostTensor host_tensor(const std::string& name, DType dtype, const Shape& shape, int first) {
  HostTensor tensor{name, dtype, shape, nullptr};
  std::shared_ptr<void> data = aligned_bytes(tensor.bytes());
  visit_dtype(dtype, [&]<class T>() {
    for (int64_t i = 0; i < element_count(shape); ++i)
      static_cast<T*>(data.get())[i] =
          static_cast<T>(static_cast<float>((first + i) % 2 ? (first + i) % 7 : 0));
  });
  tensor.data = data;
  return tensor;
}

std::string sample_checkpoint() {
  std::vector<HostTensor> tensors;
  for (int i = 0; i < kDTypeCount; ++i)
    tensors.push_back(host_tensor("t" + std::to_string(i), static_cast<DType>(i), {2, i}, i));
  tensors.push_back(tensors[3]);
  tensors.back().name = "tied \"name\"";
  const std::string path = temporary_path("sample.safetensors");
  write_tensor_file(path, tensors,
                    {{"miai.checkpoint", R"({"dict":[["a",{"value":1}]]})"}, {"note", "\n\u00e9"}});
  return read_bytes(path);
}

std::string sample_model(bool with_step) {
  Model model;
  model.states["w"] = host_tensor("w", DType::kFloat32, {3, 4}, 1);
  model.states["b"] = host_tensor("b", DType::kFloat32, {4}, 2);
  model.functions.push_back(with_test(kPredict, model, {host_tensor("", DType::kFloat32, {5, 3}, 3)}));
  if (with_step)
    model.functions.push_back(
        with_test(kStep, model,
                  {host_tensor("", DType::kFloat32, {2, 3}, 4), host_tensor("", DType::kFloat32, {}, 1)}));
  const std::string path = temporary_path("sample.miai");
  write_model(path, model);
  return read_bytes(path);
}

std::string io_error(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kIo) << error.what();
    return error.what();
  }
  return "";
}

}  // namespace miai::testing
