#include "base/dbus_message.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace bw {
namespace {

// What a bus would answer: fixed header, the field of the serial answered, a body.
std::string answer(std::uint32_t reply_to, std::string body, char kind = 2) {
  std::string out = {'l', kind, 0, 1};
  const auto number = [&](std::size_t value) {
    for (unsigned i = 0; i < 4; ++i) out += static_cast<char>((value >> (8 * i)) & 0xff);
  };
  number(body.size());
  number(99);
  number(8);
  out += std::string("\x05\x01u\0", 4);
  number(reply_to);
  return out + body;
}

TEST(DbusMessage, ACallIsLaidOutAsTheSpecificationHasIt) {
  const std::string call = dbus_call({.destination = "a.b",
                                      .path = "/x",
                                      .interface = "i.f",
                                      .member = "M",
                                      .arguments = {"hello", "yo"}},
                                     7);
  EXPECT_EQ(call.substr(0, 12), std::string("l\x01\x00\x01\x13\x00\x00\x00\x07\x00\x00\x00", 12));
  EXPECT_EQ(call.substr(16, 16),
            std::string("\x01\x01o\x00\x02\x00\x00\x00/x\x00\x00\x00\x00\x00\x00", 16));
  EXPECT_EQ(call.substr(32, 12), std::string("\x06\x01s\x00\x03\x00\x00\x00"
                                             "a.b\x00",
                                             12));
  EXPECT_EQ(dbus_message_size(call), call.size());
  EXPECT_EQ(call.substr(call.size() - 19),
            std::string("\x05\x00\x00\x00hello\x00\x00\x00\x02\x00\x00\x00yo\x00", 19));
  const auto header = dbus_header(call);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->kind, DbusKind::call);
  EXPECT_EQ(header->body_at, call.size() - 19);
}

TEST(DbusMessage, AListOfTextsIsOneArgument) {
  const std::string call = dbus_call(
      {.path = "/x", .interface = "i", .member = "M", .arguments = {"a.b", "c"}, .as_list = true},
      1);
  const auto header = dbus_header(call);
  ASSERT_TRUE(header);
  EXPECT_EQ(call.substr(header->body_at), std::string("\x0e\x00\x00\x00\x03\x00\x00\x00"
                                                      "a.b\x00\x01\x00\x00\x00"
                                                      "c\x00",
                                                      18));
}

TEST(DbusMessage, AnAnswerNamesTheCallItAnswers) {
  const std::string message = answer(7, std::string("\x01u\0\0\x2a\0\0\0", 8));
  EXPECT_FALSE(dbus_header(message.substr(0, message.size() - 1)));
  const auto header = dbus_header(message);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->kind, DbusKind::answer);
  EXPECT_EQ(header->reply_to, 7U);
  DbusReader reader(std::string_view(message).substr(header->body_at));
  EXPECT_EQ(reader.signature(), "u");
  EXPECT_EQ(reader.number(), 42U);
  EXPECT_TRUE(reader.ok());
  EXPECT_EQ(reader.number(), 0U);
  EXPECT_FALSE(reader.ok());
}

TEST(DbusMessage, ListsOfStructsAreReadOneByOne) {
  // a(su): two structs, each beginning at a multiple of eight.
  const std::string body(
      "\x18\x00\x00\x00\x00\x00\x00\x00"
      "\x01\x00\x00\x00"
      "a\x00\x00\x00\x07\x00\x00\x00"
      "\x00\x00\x00\x00"
      "\x00\x00\x00\x00"
      "\x00\x00\x00\x00",
      32);
  DbusReader reader(body);
  const std::size_t end = reader.begin_structs();
  ASSERT_TRUE(reader.more(end));
  reader.begin_struct();
  EXPECT_EQ(reader.text(), "a");
  EXPECT_EQ(reader.number(), 7U);
  ASSERT_TRUE(reader.more(end));
  reader.begin_struct();
  EXPECT_EQ(reader.text(), "");
  EXPECT_TRUE(reader.ok());
}

TEST(DbusMessage, WhatIsNoMessageIsRefused) {
  EXPECT_FALSE(dbus_message_size("l"));
  EXPECT_FALSE(dbus_message_size(std::string(16, 'l')));
  EXPECT_FALSE(dbus_message_size(std::string("B\x02\x00\x01", 4) + std::string(12, '\0')));
  EXPECT_FALSE(
      dbus_message_size(std::string("l\x02\x00\x01\xff\xff\xff\x7f", 8) + std::string(8, '\0')));
  std::string kind = answer(1, "");
  kind[1] = 9;
  EXPECT_FALSE(dbus_header(kind));
  std::string type = answer(1, "");
  type[18] = 'v';
  EXPECT_FALSE(dbus_header(type));
  DbusReader reader(std::string_view("\xff\xff\xff\xff", 4));
  EXPECT_EQ(reader.text(), "");
  EXPECT_FALSE(reader.ok());
}

TEST(DbusMessage, NoGarbageIsReadPastItsEnd) {
  Rng rng(5);
  const std::string good = answer(3, std::string(64, '\x01'));
  for (int i = 0; i < 20'000; ++i) {
    std::string text = good;
    text.resize(rng.below(text.size() + 1));
    for (std::uint64_t n = rng.below(6); n > 0 && !text.empty(); --n) {
      text[rng.below(text.size())] = static_cast<char>(rng.below(256));
    }
    const auto header = dbus_header(text);
    if (!header || header->size > text.size()) continue;
    ASSERT_LE(header->body_at, header->size);
    DbusReader reader(std::string_view(text).substr(header->body_at));
    const std::size_t end = reader.begin_structs();
    for (int k = 0; k < 20 && reader.more(end); ++k) {
      reader.begin_struct();
      reader.text();
      reader.signature();
      reader.number();
    }
  }
}

}  // namespace
}  // namespace bw
