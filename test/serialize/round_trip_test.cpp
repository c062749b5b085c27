#include <gtest/gtest.h>

#include <cstring>

#include "kernels/common/error.h"
#include "test/serialize/files.h"

namespace miai {
namespace {

using namespace testing;

void expect_same(const HostTensor& got, const HostTensor& expected) {
  EXPECT_EQ(got.name, expected.name);
  EXPECT_EQ(got.dtype, expected.dtype);
  EXPECT_EQ(got.shape, expected.shape);
  EXPECT_EQ(reinterpret_cast<uintptr_t>(got.data.get()) % 64, 0u);
  EXPECT_EQ(std::memcmp(got.data.get(), expected.data.get(), expected.bytes()), 0);
}

std::string written(const std::vector<HostTensor>& tensors,
                    const std::map<std::string, std::string>& metadata = {}) {
  const std::string path = temporary_path("t.safetensors");
  write_tensor_file(path, tensors, metadata);
  return read_bytes(path);
}

std::string value_error(const std::function<void()>& action) {
  try {
    action();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kValue);
    return error.what();
  }
  return "no error";
}

TEST(TensorFile, RoundTripOfEveryDTypeAndShape) {
  std::vector<HostTensor> tensors;
  for (int i = 0; i < kDTypeCount; ++i)
    for (const Shape& shape : {Shape{}, Shape{0}, Shape{3}, Shape{2, 0, 5}, Shape{1, 2, 3, 1, 2, 1, 1, 2}})
      tensors.push_back(host_tensor("t" + std::to_string(tensors.size()), static_cast<DType>(i), shape, i));
  const std::map<std::string, std::string> metadata{{"a", ""}, {"\"\n\\é", "{\"x\":[1]}"}};
  TensorFile file = open_bytes(written(tensors, metadata), true);
  ASSERT_EQ(file.size(), tensors.size());
  for (size_t i = 0; i < tensors.size(); ++i) {
    expect_same(file.tensor(i), tensors[i]);
    expect_same(*file.find(tensors[i].name), tensors[i]);
  }
  for (const auto& [key, value] : metadata) EXPECT_EQ(file.metadata(key), value);
  EXPECT_EQ(file.metadata("b"), std::nullopt);
  EXPECT_FALSE(file.find("__pad.0"));
}

TEST(TensorFile, NamesOfAllKindsAreFound) {
  std::vector<HostTensor> tensors;
  for (const char* name : {"", "a", "a\"b", "a\\b", "\n", "\u00e9", "z.w", "a/b", "__pad"})
    tensors.push_back(host_tensor(name, DType::kInt32, {2}, static_cast<int>(tensors.size())));
  TensorFile file = open_bytes(written(tensors));
  for (const HostTensor& tensor : tensors) expect_same(*file.find(tensor.name), tensor);
  EXPECT_FALSE(file.find("b"));
}

TEST(TensorFile, TiedNamesShareMemory) {
  std::vector<HostTensor> tensors{host_tensor("a", DType::kFloat32, {100})};
  for (const char* name : {"tied", "a\"tied"}) {
    tensors.push_back(tensors[0]);
    tensors.back().name = name;
  }
  tensors.push_back(tensors[0]);
  tensors.back().name = "other shape";
  tensors.back().shape = {10, 10};
  const std::string bytes = written(tensors);
  EXPECT_LT(bytes.size(), 2500u);
  for (size_t skip : {0, 4}) {  // aligned and not
    const std::string text = header_of(bytes) + std::string(skip, ' ');
    TensorFile file = open_bytes(with_header(with_checksum(text), data_of(bytes)), true);
    ASSERT_EQ(file.size(), 4u);
    for (const HostTensor& tensor : tensors) expect_same(*file.find(tensor.name), tensor);
    EXPECT_EQ(file.find("a")->data, file.find("tied")->data);
    EXPECT_NE(file.find("a")->data, file.find("other shape")->data);
  }
}

TEST(TensorFile,
     ManyTensorsAndTiedNamesAreQuick) {  // a quadratic search would run into the test's time limit
  std::vector<HostTensor> tensors{host_tensor("a", DType::kFloat32, {1})};
  for (int i = 0; i < 200000; ++i) {
    tensors.push_back(i % 2 ? tensors[0] : HostTensor{"", DType::kFloat32, {0}, tensors[0].data});
    tensors.back().name = "name" + std::to_string(i);
  }
  TensorFile file = open_bytes(written(tensors), true);
  ASSERT_EQ(file.size(), tensors.size());
  for (size_t i = 0; i < file.size(); ++i) EXPECT_TRUE(file.find(file.tensor(i).name));
}

TEST(TensorFile, RefusesNamesAtWriting) {
  const HostTensor t = host_tensor("a", DType::kFloat32, {1});
  auto named = [&](std::string name) {
    HostTensor copy = t;
    copy.name = std::move(name);
    return copy;
  };
  EXPECT_EQ(value_error([&] { written({t, t}); }), "save: two tensors are named 'a'");
  for (const char* name : {"__pad.0", "__metadata__"})
    EXPECT_NE(value_error([&] { written({named(name)}); }).find("is reserved"), std::string::npos);
  EXPECT_NE(value_error([&] { written({named("\xff")}); }).find("UTF-8"), std::string::npos);
  EXPECT_NE(value_error([&] { written({t}, {{"k", "\xc0\x80"}}); }).find("UTF-8"), std::string::npos);
}

TEST(TensorFile, RefusesBoolsThatAreNone) {
  HostTensor t = host_tensor("a", DType::kBool, {3});
  static_cast<char*>(const_cast<void*>(t.data.get()))[1] = 2;
  TensorFile file = open_bytes(written({t}));
  EXPECT_NE(io_error([&] { file.find("a"); }).find("neither 0 nor 1"), std::string::npos);
}

TEST(TensorFile, RefusesDamage) {
  const std::string good = sample_checkpoint();
  auto fault = [&](const std::function<void(nlohmann::ordered_json&)>& change) {
    return io_error([&] { open_bytes(change_header(good, change), true); });
  };
  EXPECT_EQ(fault([](auto&) {}), "");
  EXPECT_NE(fault([](auto& h) { h["t1"]["shape"] = {2, 7}; }).find("does not fit its shape"),
            std::string::npos);
  EXPECT_NE(fault([](auto& h) { h["t1"]["shape"] = {-1}; }).find("negative"), std::string::npos);
  EXPECT_NE(fault([](auto& h) { h["t1"]["dtype"] = "F4"; }).find("not supported"), std::string::npos);
  EXPECT_NE(fault([](auto& h) { h["t1"]["more"] = 1; }).find("unknown field"), std::string::npos);
  EXPECT_NE(fault([](auto& h) { h.erase("t9"); }).find("longer than its tensors"), std::string::npos);
  EXPECT_NE(fault([](auto& h) { h["t0"]["shape"] = {1ull << 50, 1ull << 20, 0}; }).find("too large"),
            std::string::npos);
  EXPECT_NE(fault([](auto& h) {
              h["__metadata__"]["miai.aliases"] = R"({"x":"nothing"})";
            }).find("tied to nothing"),
            std::string::npos);
  EXPECT_NE(fault([](auto& h) { h["__metadata__"]["n"] = 1; }).find("not a string"), std::string::npos);
  EXPECT_NE(io_error([&] { open_bytes(good.substr(0, good.size() - 1)); }), "");
  EXPECT_NE(io_error([&] { open_bytes(good + "x"); }), "");
  EXPECT_NE(io_error([&] { open_bytes(""); }), "");
}

TEST(ModelFile, RoundTripKeepsFunctionsStatesAndTests) {
  const std::string bytes = sample_model(true);
  Model model = open_model(bytes, true);
  ASSERT_EQ(model.functions.size(), 2u);
  EXPECT_EQ(model.states.size(), 2u);
  for (const ModelFunction& f : model.functions) EXPECT_EQ(f.tests.size(), 1u);
  const std::string path = temporary_path("again.miai");
  write_model(path, model);
  EXPECT_EQ(read_bytes(path), bytes);
}

TEST(ModelFile, RefusesNamesAtWriting) {
  Model model = open_model(sample_model(false));
  auto write = [&] { write_model(temporary_path("bad.miai"), model); };
  for (const char* name : {"test/x", "constant/predict/1"}) {
    model.states[name] = host_tensor(name, DType::kFloat32, {1});
    EXPECT_NE(value_error(write).find("are the file's own"), std::string::npos);
    model.states.erase(name);
  }
  model.functions[0].function->output_names = {"y", "y"};
  EXPECT_NE(value_error(write).find("two outputs of function 'predict' are named 'y'"), std::string::npos);
  model.functions[0].function->output_names = {"y", "\xff"};
  EXPECT_NE(value_error(write).find("UTF-8"), std::string::npos);
}

TEST(ModelFile, RefusesDamage) {
  const std::string good = sample_model(true);
  auto fault = [&](const std::function<void(nlohmann::ordered_json&)>& change) {
    return io_error([&] { open_model(change_functions(good, change)); });
  };
  EXPECT_EQ(fault([](auto&) {}), "");
  EXPECT_NE(fault([](auto& f) {
              f[0]["function"]["outputs"][1]["name"] = "flat";
            }).find("two outputs are named 'flat'"),
            std::string::npos);
  EXPECT_NE(fault([](auto& f) { f[1] = f[0]; }).find("two functions are named"), std::string::npos);
  EXPECT_NE(fault([](auto& f) { f[0]["opt_level"] = 7; }).find("level 7"), std::string::npos);
  EXPECT_NE(fault([](auto& f) { f[0]["tests"] = 2; }).find("not whole"), std::string::npos);
  EXPECT_NE(fault([](auto& f) { f[0]["function"]["states"][0]["name"] = "ghost"; }).find("no tensor"),
            std::string::npos);
  EXPECT_NE(fault([](auto& f) { f[0]["function"]["constants"][0]["hex"] = "zz000000"; }).find("hexadecimal"),
            std::string::npos);
}

}  // namespace
}  // namespace miai
