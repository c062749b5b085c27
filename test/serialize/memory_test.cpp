// What hostile files of several MiB cost: no more than twice their size and a constant.
#include <gtest/gtest.h>

#include <map>

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

/// Opens a model of these functions; expects an error with this text, or none if it is empty.
void open_functions(const std::string& functions, const std::string& text) {
  const std::string header =
      R"({"__metadata__":{"miai.format":"1","miai.functions":)" + escaped(functions) + "}}";
  const std::string fault =
      open_within(with_header(header), kFunctionsFree, [](const std::string& file) { open_model(file); });
  EXPECT_EQ(fault.empty(), text.empty()) << fault;
  EXPECT_NE(fault.find(text), std::string::npos) << fault;
}

std::string entry(const std::string& part, const std::string& text, const std::string& tests = "0") {
  std::string json = R"({"name":"f")";
  for (const char* each : {"inputs", "states", "constants", "nodes", "outputs", "conditions"})
    json += std::string(",\"") + each + "\":[" + (part == each ? text : "") + "]";
  return R"({"opt_level":0,"tests":)" + tests + R"(,"function":)" + json + "}}";
}

/// A function with many of something: each `before`, its number, `after`.
void open_many(const std::string& part, const std::string& before, const std::string& after,
               const std::string& text, size_t bytes = kText) {
  auto one = [&](size_t i) { return before + std::to_string(i) + after; };
  open_functions("[" + entry(part, repeated(one, bytes)) + "]", text);
}

void open_node(const std::string& fields, const std::string& text) {
  open_functions("[" + entry("nodes", "{" + fields + R"(,"outputs":[]})") + "]", text);
}

constexpr char kTooLarge[] = "the functions are too large for a file of this size";

TEST(HostileFunctions, ManyValues) {
  const std::string value = R"({"dtype":"float32","shape":[2],"id":)";
  open_many("inputs", value, "}", "", kText / 4);
  open_many("inputs", value, "}", kTooLarge, 3 * kText);
  open_many("states", R"({"name":"s)", R"("})", kTooLarge);
  open_many("constants", R"({"dtype":"bool","shape":[],"hex":"01","id":)", "}", kTooLarge, 3 * kText);
  open_many("conditions", R"({"b":1,"holds":true,"a":)", "}", "more than 4096 conditions");
}

TEST(HostileFunctions, ManyNodes) {
  const std::string numbers = repeated([](size_t) { return std::string("-1"); });
  const std::string fields = repeated([](size_t) { return std::string(R"("a":0)"); });
  open_many("nodes", R"({"op":"full","inputs":[],"outputs":[],"line":")", R"("})", "infer gives 1");
  open_node(R"("op":"concat","attrs":{},"inputs":[)" + numbers + "]", "more than 65536 inputs");
  open_node(R"("op":"reshape","inputs":[],"attrs":{"shape":[)" + numbers + "]}", "more than 65536 numbers");
  open_node(R"("op":"full","inputs":[],"attrs":{)" + fields + "}", "more than 256 attributes");
  open_node(R"("inputs":[],"op":")" + std::string(kText, 'a') + "\"", "a string of more than 4096 bytes");
}

TEST(HostileFunctions, Expressions) {
  std::string product = "a", powers = "(a+b+c+d)";
  const std::string deep(kText, '(');
  while (product.size() < kText) product += "*a";
  for (int i = 0; i < 40; ++i) powers += "*(a+b+c+d)";
  for (const auto& [size, text] : std::map<std::string, std::string>{{product, "more than 512 bytes"},
                                                                     {deep, "more than 512 bytes"},
                                                                     {product.substr(0, 501), "64 factors"},
                                                                     {powers, "256 terms"},
                                                                     {deep.substr(0, 400), "less nesting"}})
    open_functions("[" + entry("inputs", R"({"dtype":"float32","id":0,"shape":[")" + size + "\"]}") + "]",
                   text);
  auto named = [](size_t i) {
    const std::string number = std::to_string(i);
    return R"({"dtype":"float32","id":)" + number + R"(,"shape":["a)" + number + "\"]}";
  };
  open_functions("[" + entry("inputs", repeated(named)) + "]", "more than 1024 names of sizes");
}

TEST(HostileFunctions, ManyFunctionsAndTests) {
  std::string one = entry("", "");
  open_functions("[" + repeated([&](size_t) { return one; }) + "]", "two functions are named 'f'");
  open_functions("[" + entry("", "", "1000000000000") + "]", "more test vectors than tensors");
  open_functions(std::string(kText, '['), "nested too deep");
  open_functions("[" + repeated([](size_t) { return std::string("0"); }) + "]", "expected an object");
}

}  // namespace
}  // namespace miai
