#include "coordinator/core/export/protobuf.h"

#include <limits>

#include <gtest/gtest.h>

#include "tests/unit/coordinator/core/export/messages.h"

namespace bw::coordinator::exporting {
namespace {

TEST(ProtobufWriter, WritesTheBytesOfTheSpecification) {
  std::string out;
  ProtobufWriter writer(out);
  writer.varint(1, 150);  // the example of the encoding guide
  EXPECT_EQ(out, "\x08\x96\x01");
  out.clear();
  writer.bytes(2, "testing");
  EXPECT_EQ(out, "\x12\x07testing");
  out.clear();
  writer.message(3, [&] { writer.varint(1, 150); });
  EXPECT_EQ(out, "\x1a\x03\x08\x96\x01");
  out.clear();
  writer.number(1, 1.0);
  EXPECT_EQ(out, std::string("\x09\0\0\0\0\0\0\xf0\x3f", 9));
}

TEST(ProtobufWriter, LengthsBeyondOneByteMoveTheMessageOn) {
  std::string out;
  ProtobufWriter writer(out);
  const std::string text(300, 'x');
  writer.message(1, [&] { writer.message(2, [&] { writer.bytes(3, text); }); });
  writer.varint(4, std::numeric_limits<std::uint64_t>::max());
  const Message message = Message::parse(out);
  EXPECT_TRUE(message.is_whole);
  EXPECT_EQ(message.message(1).message(2).text(3), text);
  EXPECT_EQ(message.number(4), std::numeric_limits<std::uint64_t>::max());
}

TEST(ProtobufReader, ReadsWhatWasWritten) {
  std::string out;
  ProtobufWriter writer(out);
  writer.varint(1, 7);
  writer.fixed64(2, 0x0102030405060708);
  writer.bytes(3, "text");
  ProtobufReader reader(out);
  EXPECT_EQ(reader.next()->value, 7U);
  EXPECT_EQ(reader.next()->value, 0x0102030405060708U);
  const auto field = reader.next();
  EXPECT_EQ(field->number, 3U);
  EXPECT_EQ(field->bytes, "text");
  EXPECT_FALSE(reader.next());
  EXPECT_TRUE(reader.ok());
}

TEST(ProtobufReader, ReadsFourByteNumbers) {
  ProtobufReader reader(std::string_view("\x0d\x04\x03\x02\x01", 5));
  EXPECT_EQ(reader.next()->value, 0x01020304U);
  EXPECT_TRUE(reader.ok());
}

TEST(ProtobufReader, SaysWhenBytesAreDamaged) {
  for (const std::string_view bytes :
       {std::string_view("\x08"),
        std::string_view("\x12\x05"
                         "abc"),
        std::string_view("\x09\x01"), std::string_view("\x0b"), std::string_view("\0\1", 2),
        std::string_view("\x0d\x01\x02"),
        std::string_view("\x12\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
        std::string_view("\xff\xff\xff\xff\xff\xff\xff\xff\x7f\x00", 10)}) {
    ProtobufReader reader(bytes);
    EXPECT_FALSE(reader.next());
    EXPECT_FALSE(reader.ok());
    EXPECT_FALSE(reader.next());
  }
}

}  // namespace
}  // namespace bw::coordinator::exporting
