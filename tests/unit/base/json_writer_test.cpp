#include "base/json_writer.h"

#include <limits>

#include <gtest/gtest.h>

namespace bw {
namespace {

std::string of(double number) {
  return JsonWriter().value(number).take();
}

std::string of(std::string_view text) {
  return JsonWriter().value(text).take();
}

TEST(JsonWriter, PutsCommasWhereTheyBelong) {
  JsonWriter json;
  json.begin_object().member("a", 1).key("b").begin_array();
  json.value(true).null().value("x").begin_object().end_object().begin_array().end_array();
  json.end_array().member("c", std::string("y")).end_object();
  EXPECT_EQ(json.str(), R"({"a":1,"b":[true,null,"x",{},[]],"c":"y"})");
}

TEST(JsonWriter, WritesEmptyObjectsAndArrays) {
  EXPECT_EQ(JsonWriter().begin_object().end_object().take(), "{}");
  EXPECT_EQ(JsonWriter().begin_array().end_array().take(), "[]");
}

TEST(JsonWriter, NestsAsDeepAsAsked) {
  JsonWriter json;
  for (int i = 0; i < 10000; ++i) json.begin_array();
  for (int i = 0; i < 10000; ++i) json.end_array();
  EXPECT_EQ(json.str(), std::string(10000, '[') + std::string(10000, ']'));
}

TEST(JsonWriter, EscapesQuotesBackslashesAndControlCharacters) {
  EXPECT_EQ(of(std::string_view("a\"b\\c\n\r\t\b\0z", 11)), R"("a\"b\\c\n\r\t\u0008\u0000z")");
  EXPECT_EQ(of("\x1f\x7f/"), "\"\\u001f\x7f/\"");  // beyond the controls nothing needs it
}

TEST(JsonWriter, EscapesKeysToo) {
  EXPECT_EQ(JsonWriter().begin_object().member("a\"", 1).end_object().take(), R"({"a\"":1})");
}

TEST(JsonWriter, LeavesValidUtf8AsItIs) {
  for (const char* text : {"\xc2\x80", "\xdf\xbf", "\xe0\xa0\x80", "\xed\x9f\xbf", "\xee\x80\x80",
                           "\xef\xbf\xbf", "\xf0\x90\x80\x80", "\xf4\x8f\xbf\xbf", "Büro 🐑"}) {
    EXPECT_EQ(of(text), "\"" + std::string(text) + "\"");
  }
}

TEST(JsonWriter, ReplacesWhatIsNotUtf8) {
  const std::string r = "\xef\xbf\xbd";
  EXPECT_EQ(of("a\xff"
               "b"),
            "\"a" + r + "b\"");
  EXPECT_EQ(of("\x80"), "\"" + r + "\"");                          // a continuation alone
  EXPECT_EQ(of("\xc0\xaf"), "\"" + r + r + "\"");                  // overlong
  EXPECT_EQ(of("\xe0\x9f\xbf"), "\"" + r + r + r + "\"");          // overlong
  EXPECT_EQ(of("\xed\xa0\x80"), "\"" + r + r + r + "\"");          // a surrogate
  EXPECT_EQ(of("\xf0\x8f\xbf\xbf"), "\"" + r + r + r + r + "\"");  // overlong
  EXPECT_EQ(of("\xf4\x90\x80\x80"), "\"" + r + r + r + r + "\"");  // beyond U+10FFFF
  EXPECT_EQ(of("\xf5\x80\x80\x80"), "\"" + r + r + r + r + "\"");
  EXPECT_EQ(of("\xe2\x82"), "\"" + r + r + "\"");        // cut short at the end
  EXPECT_EQ(of("\xe2\x82z"), "\"" + r + r + "z\"");      // and in the middle
  EXPECT_EQ(of("\xe2\x82\""), "\"" + r + r + "\\\"\"");  // a quote is not swallowed
}

TEST(JsonWriter, WritesDoublesInTheShortestFormThatReadsBackTheSame) {
  EXPECT_EQ(of(0.1), "0.1");
  EXPECT_EQ(of(1.0), "1");
  EXPECT_EQ(of(-0.0), "-0");
  EXPECT_EQ(of(1e300), "1e+300");
  EXPECT_EQ(of(0.30000000000000004), "0.30000000000000004");
  EXPECT_EQ(of(5e-324), "5e-324");
  EXPECT_EQ(of(123456789.125), "123456789.125");
  for (const double number : {1.7976931348623157e308, 2.2250738585072014e-308, -3.14e-7}) {
    EXPECT_EQ(std::stod(of(number)), number);
  }
}

TEST(JsonWriter, WritesNullForWhatIsNoNumber) {
  using Limits = std::numeric_limits<double>;
  EXPECT_EQ(of(Limits::quiet_NaN()), "null");
  EXPECT_EQ(of(Limits::infinity()), "null");
  EXPECT_EQ(of(-Limits::infinity()), "null");
}

TEST(JsonWriter, WritesIntegersOfEverySizeWhole) {
  JsonWriter json;
  json.begin_array();
  json.value(std::numeric_limits<std::int64_t>::min());
  json.value(std::numeric_limits<std::uint64_t>::max());
  json.value(std::uint8_t{200}).value(std::int16_t{-3}).value(7U).value(false);
  json.end_array();
  EXPECT_EQ(json.str(), "[-9223372036854775808,18446744073709551615,200,-3,7,false]");
}

TEST(JsonWriter, TakesJsonAsItIs) {
  EXPECT_EQ(JsonWriter().begin_array().raw("{\"x\":1}").raw("2").end_array().take(),
            "[{\"x\":1},2]");
}

}  // namespace
}  // namespace bw
