// Writes and reads protocol buffers by field number: the wire format of
// protobuf.dev/programming-guides/encoding, as much of it as the exporters need. Which message has
// which fields is theirs to know.
#pragma once

#include <bit>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bw::coordinator::exporting {

class ProtobufWriter {
 public:
  explicit ProtobufWriter(std::string& out) : out_(out) {}

  void varint(std::uint32_t field, std::uint64_t value) {
    key(field, 0);
    raw(value);
  }
  void fixed64(std::uint32_t field, std::uint64_t value) {
    key(field, 1);
    for (int shift = 0; shift < 64; shift += 8) out_ += static_cast<char>(value >> shift);
  }
  void number(std::uint32_t field, double value) {
    fixed64(field, std::bit_cast<std::uint64_t>(value));
  }
  void bytes(std::uint32_t field, std::string_view value) {
    key(field, 2);
    raw(value.size());
    out_ += value;
  }
  // A message within: `write` writes its fields. Its length, known only then, moves them on.
  template <typename Write>
  void message(std::uint32_t field, Write write) {
    key(field, 2);
    const std::size_t at = out_.size();
    write();
    insert_length(at);
  }

 private:
  void key(std::uint32_t field, std::uint32_t type) { raw(std::uint64_t{field} << 3 | type); }
  void raw(std::uint64_t value);
  void insert_length(std::size_t at);

  std::string& out_;
};

// Reads a message field by field. Nothing more, and ok() false, where the bytes are damaged.
class ProtobufReader {
 public:
  explicit ProtobufReader(std::string_view bytes) : rest_(bytes) {}

  struct Field {
    std::uint32_t number = 0;
    std::uint64_t value = 0;  // of a varint or fixed field
    std::string_view bytes;   // of a string or message
  };
  std::optional<Field> next();
  bool ok() const { return ok_; }

 private:
  std::optional<std::uint64_t> varint();
  std::optional<std::string_view> take(std::uint64_t size);
  bool read(std::uint64_t type, Field& field);

  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace bw::coordinator::exporting
