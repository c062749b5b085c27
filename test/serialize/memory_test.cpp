// What hostile files of several MiB cost: no more than twice their size and a constant.
#include <gtest/gtest.h>

#include "kernels/common/error.h"
#include "test/serialize/counting_new.h"
#include "test/serialize/files.h"

namespace miai {
namespace {

using namespace testing;

constexpr size_t kText = size_t{3} << 20;
constexpr size_t kHeaderFree = size_t{1} << 20;      // beyond the size, for tensors and metadata
constexpr size_t kFunctionsFree = size_t{65} << 20;  // with functions

std::string repeated(const std::function<std::string(size_t)>& part, size_t bytes = kText) {
  std::string text;
  text.reserve(bytes + 1000);
  for (size_t i = 0; text.size() < bytes; ++i) text += (i ? "," : "") + part(i);
  return text;
}

/// Opens the file within the bounds; gives the error's text.
std::string open_within(const std::string& file, size_t free_bytes,
                        const std::function<void(const std::string&)>& open) {
  PeakMemory peak;
  std::string fault = io_error([&] { open(file); });
  // The copy in memory that tests make of the file is not the reader's.
  EXPECT_LE(peak.bytes(), file.size() + 2 * file.size() + free_bytes) << fault;
  EXPECT_LE(fault.size(), 500u);
  return fault;
}

std::string open_header(const std::string& header, const std::string& data = "") {
  return open_within(with_header(header, data), kHeaderFree,
                     [](const std::string& file) { open_bytes(file, true); });
}

std::string escaped(const std::string& text) { return nlohmann::json(text).dump(); }

TEST(HostileHeader, ManyTinyTensors) {
  EXPECT_EQ(open_header("{" + repeated([](size_t i) {
                          return "\"" + std::to_string(i) +
                                 R"(":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
                        }) +
                        "}"),
            "");
  size_t count = 0;
  const std::string unaligned = "{" + repeated([&](size_t i) {
                                  count = i + 1;
                                  return "\"" + std::to_string(i) +
                                         R"(":{"dtype":"BOOL","shape":[1],"data_offsets":[)" +
                                         std::to_string(i) + "," + std::to_string(i + 1) + "]}";
                                }) +
                                "}";
  EXPECT_EQ(open_header(unaligned, std::string(count, '\1')), "");
  EXPECT_NE(open_header("{" + repeated([](size_t) {
                          return R"("":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
                        }) +
                        "}"),
            "");
}

TEST(HostileHeader, DeepNesting) {
  for (const char* open : {"[", "{\"\":", "{\"a\":{\"shape\":[", "{\"__metadata__\":{\"a\":["}) {
    std::string text;
    while (text.size() < kText) text += open;
    EXPECT_NE(open_header(text).find("nested too deep"), std::string::npos) << open;
  }
}

TEST(HostileHeader, HugeMetadata) {
  EXPECT_EQ(open_header(R"({"__metadata__":{"a":")" + std::string(kText, 'x') + "\"}}"), "");
  EXPECT_EQ(open_header(R"({"__metadata__":{)" +
                        repeated([](size_t i) { return "\"" + std::to_string(i) + "\":\"\""; }) + "}}"),
            "");
  EXPECT_NE(
      open_header(R"({"__metadata__":{)" + repeated([](size_t) { return std::string("\"\":\"\""); }) + "}}"),
      "");
  EXPECT_NE(open_header(R"({"__metadata__":[)" + repeated([](size_t) { return std::string("0"); }) + "]}"),
            "");
}

TEST(HostileHeader, HugeFields) {
  const std::string numbers = repeated([](size_t) { return std::string("0"); });
  EXPECT_NE(open_header(R"({"a":{"dtype":"U8","data_offsets":[0,0],"shape":[)" + numbers + "]}}"), "");
  EXPECT_NE(open_header(R"({"a":{"dtype":"U8","shape":[],"data_offsets":[)" + numbers + "]}}"), "");
  EXPECT_NE(
      open_header(R"({"a":{"shape":[],"data_offsets":[0,1],"dtype":")" + std::string(kText, 'U') + "\"}}"),
      "");
  EXPECT_NE(
      open_header("{\"" + std::string(kText, 'n') + R"(":{"shape":[],"data_offsets":[0,1],"dtype":"U8"}})"),
      "");
  EXPECT_NE(open_header("[" + numbers + "]"), "");
  EXPECT_NE(open_header(std::string(kText, '"')), "");
}

TEST(HostileHeader, ManyAliases) {
  const std::string tensor = R"("t":{"dtype":"U8","shape":[0],"data_offsets":[0,0]})";
  auto header = [&](const std::string& aliases) {
    return R"({"__metadata__":{"miai.aliases":)" + escaped("{" + aliases + "}") + "}," + tensor + "}";
  };
  EXPECT_EQ(open_header(header(repeated([](size_t i) { return "\"" + std::to_string(i) + "\":\"t\""; }))),
            "");
  EXPECT_NE(open_header(header(repeated([](size_t) { return std::string("\"a\":\"t\""); }))), "");
  EXPECT_NE(open_header(header(repeated([](size_t i) { return "\"" + std::to_string(i) + "\":\"u\""; }))),
            "");
  EXPECT_NE(open_header(header(R"("a":)" + std::string(kText, '['))), "");
  EXPECT_NE(open_header(R"({"__metadata__":{"miai.checksums":)" +
                        escaped("{" + repeated([](size_t) { return std::string("\"t\":\"0\""); }) + "}") +
                        "}," + tensor + "}"),
            "");
}

std::string open_functions(const std::string& functions) {
  const std::string header =
      R"({"__metadata__":{"miai.format":"1","miai.functions":)" + escaped(functions) + "}}";
  return open_within(with_header(header), kFunctionsFree, [](const std::string& file) { open_model(file); });
}

std::string function(const std::string& part, const std::string& text) {
  std::string json = R"({"name":"f")";
  for (const char* each : {"inputs", "states", "constants", "nodes", "outputs", "conditions"})
    json += std::string(",\"") + each + "\":[" + (part == each ? text : "") + "]";
  return R"([{"opt_level":0,"tests":0,"function":)" + json + "}}]";
}

TEST(HostileFunctions, ManyValues) {
  auto value = [](size_t i) { return R"({"dtype":"float32","shape":[2],"id":)" + std::to_string(i) + "}"; };
  EXPECT_NE(open_functions(function("inputs", repeated(value, 3 * kText))), "");
  EXPECT_EQ(open_functions(function("inputs", repeated(value, kText / 4))), "");
  EXPECT_NE(open_functions(function(
                "states", repeated([](size_t i) { return R"({"name":"s)" + std::to_string(i) + "\"}"; }))),
            "");
  EXPECT_NE(
      open_functions(function("constants", repeated(
                                               [](size_t i) {
                                                 return R"({"dtype":"bool","shape":[],"hex":"01","id":)" +
                                                        std::to_string(i) + "}";
                                               },
                                               3 * kText))),
      "");
  EXPECT_NE(open_functions(function(
                "conditions", repeated([](size_t) { return std::string(R"({"a":1,"b":1,"holds":true})"); }))),
            "");
}

TEST(HostileFunctions, ManyNodes) {
  EXPECT_NE(open_functions(function("nodes", repeated([](size_t) {
                                      return std::string(
                                          R"({"op":"full","attrs":{"shape":[]},"inputs":[],"outputs":[]})");
                                    }))),
            "");
  const std::string zeros = repeated([](size_t) { return std::string("-1"); });
  EXPECT_NE(open_functions(
                function("nodes", R"({"op":"concat","attrs":{},"outputs":[],"inputs":[)" + zeros + "]}")),
            "");
  EXPECT_NE(open_functions(function("nodes", R"({"op":"reshape","attrs":{"shape":[)" + zeros +
                                                 R"(]},"outputs":[],"inputs":[]})")),
            "");
  EXPECT_NE(open_functions(function("nodes", R"({"op":"full","attrs":{)" + repeated([](size_t) {
                                               return std::string(R"("a":0)");
                                             }) + R"(},"outputs":[],"inputs":[]})")),
            "");
  EXPECT_NE(open_functions(
                function("nodes", R"({"op":")" + std::string(kText, 'a') + R"(","outputs":[],"inputs":[]})")),
            "");
}

TEST(HostileFunctions, Expressions) {
  auto input = [](const std::string& size) {
    return function("inputs", R"({"dtype":"float32","id":0,"shape":[")" + size + "\"]}");
  };
  std::string product = "a", powers = "(a+b+c+d)", deep(kText, '(');
  while (product.size() < kText) product += "*a";
  for (int i = 0; i < 40; ++i) powers += "*(a+b+c+d)";
  for (const std::string& text : {product, product.substr(0, 501), powers, deep, deep.substr(0, 400)})
    EXPECT_NE(open_functions(input(text)), "");
  EXPECT_NE(open_functions(function("inputs", repeated([](size_t i) {
                                      return R"({"dtype":"float32","shape":["a)" + std::to_string(i) +
                                             R"("],"id":)" + std::to_string(i) + "}";
                                    }))),
            "");
}

TEST(HostileFunctions, ManyFunctionsAndTests) {
  std::string one = function("", "");
  one = one.substr(1, one.size() - 2);
  EXPECT_NE(open_functions("[" + repeated([&](size_t) { return one; }) + "]"), "");
  EXPECT_NE(open_functions(R"([{"opt_level":0,"tests":1000000000000,"function":)" + one + "}]"), "");
  EXPECT_NE(open_functions(std::string(kText, '[')), "");
  EXPECT_NE(open_functions("[" + repeated([](size_t) { return std::string("0"); }) + "]"), "");
}

}  // namespace
}  // namespace miai
