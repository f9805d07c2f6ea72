// Reads the exporters' messages again, by a parser that shares nothing with their writer: fields by
// number, from the wire format's description (protobuf.dev/programming-guides/encoding).
#pragma once

#include <bit>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace bw::coordinator::exporting {

// A message as its fields; each a number, or bytes that may be a message again.
struct Message {
  struct Value {
    std::uint64_t number = 0;
    std::string bytes;
  };
  std::map<std::uint32_t, std::vector<Value>> fields;
  bool is_whole = false;

  static Message parse(std::string_view bytes) {
    Message message;
    std::size_t at = 0;
    const auto varint = [&]() -> std::uint64_t {
      std::uint64_t value = 0;
      for (unsigned shift = 0; at < bytes.size() && shift < 64; shift += 7) {
        const auto byte = static_cast<unsigned char>(bytes[at++]);
        value += static_cast<std::uint64_t>(byte % 128) << shift;
        if (byte < 128) return value;
      }
      at = bytes.size() + 1;
      return 0;
    };
    while (at < bytes.size()) {
      const std::uint64_t key = varint();
      Value value;
      if (key % 8 == 0) {
        value.number = varint();
      } else if (key % 8 == 1 && at + 8 <= bytes.size()) {
        for (std::size_t i = 0; i < 8; ++i) {
          value.number += static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[at + i]))
                          << (8 * i);
        }
        at += 8;
      } else if (key % 8 == 2) {
        const std::uint64_t size = varint();
        if (at > bytes.size() || size > bytes.size() - at) return message;
        value.bytes = std::string(bytes.substr(at, size));
        at += size;
      } else {
        return message;
      }
      message.fields[static_cast<std::uint32_t>(key / 8)].push_back(std::move(value));
    }
    message.is_whole = at == bytes.size();
    return message;
  }

  std::vector<Message> messages(std::uint32_t field) const {
    std::vector<Message> found;
    for (const Value& value : values(field)) found.push_back(parse(value.bytes));
    return found;
  }
  Message message(std::uint32_t field) const {
    const auto all = messages(field);
    return all.empty() ? Message{} : all.back();
  }
  std::string text(std::uint32_t field) const {
    const auto& all = values(field);
    return all.empty() ? "" : all.back().bytes;
  }
  std::uint64_t number(std::uint32_t field) const {
    const auto& all = values(field);
    return all.empty() ? 0 : all.back().number;
  }
  double real(std::uint32_t field) const { return std::bit_cast<double>(number(field)); }
  std::size_t count(std::uint32_t field) const { return values(field).size(); }

 private:
  const std::vector<Value>& values(std::uint32_t field) const {
    static const std::vector<Value> kNothing;
    const auto found = fields.find(field);
    return found == fields.end() ? kNothing : found->second;
  }
};

}  // namespace bw::coordinator::exporting
