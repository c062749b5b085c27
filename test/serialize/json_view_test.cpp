#include "graph/serialize/json_view.h"

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "kernels/common/error.h"

namespace miai {
namespace {

bool accepts(const std::string& text) {
  // In memory of the exact size, so that sanitizers see a step beyond it.
  std::vector<char> exact(text.begin(), text.end());
  try {
    JsonView::parse({exact.data(), exact.size()}, 100);
    return true;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::kValue);
    return false;
  }
}

/// The tree that the library would make of it.
nlohmann::json tree(const JsonView& view) {
  if (view.is_null()) return nullptr;
  if (view.is_boolean()) return view.boolean();
  if (view.is_integer()) return view.integer();
  if (view.is_number()) return view.number();
  if (view.is_string()) return view.string();
  nlohmann::json json = view.is_array() ? nlohmann::json::array() : nlohmann::json::object();
  if (view.is_array())
    for (const auto& item : view.items()) json.push_back(tree(item.value));
  else
    for (const auto& [key, value] : view.members()) json[key.string()] = tree(value);
  return json;
}

constexpr char kText[] =
    R"( {"a": [1, -2, 0, 3.5e2, -0.25, 1E-3], "b\"\\\n\u00e9\ud83d\ude00": {"c": null, "d":true,"e" : false},
      "": [], "f": {}, "g": "\u0000\/\b\f\r\t é😀", "h": [[], {}, [[1]]]} )";

TEST(JsonView, GivesWhatTheLibraryGives) {
  EXPECT_EQ(tree(JsonView::parse(kText)), nlohmann::json::parse(kText));
  for (const char* text :
       {"1", "-0", "true", "\"x\"", " [ ] ", "{ }", "0.5", "[1 , 2 ]", "-9223372036854775808"})
    EXPECT_EQ(tree(JsonView::parse(text)), nlohmann::json::parse(text)) << text;
}

TEST(JsonView, RefusesWhatTheLibraryRefuses) {
  const std::string base = kText;
  std::mt19937 random(1);
  int accepted = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string text = base;
    for (unsigned k = 0; k <= random() % 2; ++k) {
      const size_t at = random() % text.size();
      switch (random() % 4) {
        case 0:
          text[at] = static_cast<char>(random());
          break;
        case 1:
          text.erase(at, 1 + random() % 3);
          break;
        case 2:
          text.insert(at, 1, "{}[]\",:\\u0e-+.t1 "[random() % 17]);
          break;
        default:
          text.resize(at);
      }
      if (text.empty()) text = " ";
    }
    const bool ours = accepts(text);
    ASSERT_EQ(ours, nlohmann::json::accept(text)) << i << ": " << text;
    accepted += ours;
  }
  EXPECT_GT(accepted, 100);
}

TEST(JsonView, NamesWhatIsWrong) {
  auto message = [](auto action) -> std::string {
    try {
      action();
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_EQ(message([] { JsonView::parse("[[1]]", 1); }), "not JSON at byte 1: nested too deep");
  EXPECT_EQ(message([] { JsonView::parse("[1,]"); }), "not JSON at byte 3: no value");
  EXPECT_EQ(message([] { JsonView::parse("{\"a\":1}").at("b"); }), "'b' is missing in {\"a\":1}");
  EXPECT_EQ(message([] { JsonView::parse("[\"a\"]").integer(); }), "expected an integer, got [\"a\"]");
  EXPECT_NE(message([] { JsonView::parse("9223372036854775808").integer(); }), "");
  EXPECT_NE(message([] { JsonView::parse("1e999").number(); }), "");
  EXPECT_NE(message([] { json_quoted("\xff"); }), "");
  EXPECT_EQ(json_quoted("a\"\\\n\x01é"), "\"a\\\"\\\\\\u000a\\u0001é\"");
}

}  // namespace
}  // namespace miai
