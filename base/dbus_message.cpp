#include "base/dbus_message.h"

#include <algorithm>

namespace bw {

namespace {

// Codes of header fields.
constexpr char kPath = 1;
constexpr char kInterface = 2;
constexpr char kMember = 3;
constexpr std::uint8_t kReplySerial = 5;
constexpr char kDestination = 6;
constexpr char kSignature = 8;

constexpr char kLittleEndian = 'l';
constexpr char kVersion = 1;
constexpr std::size_t kBodyLength = 4;  // where it stands
constexpr std::size_t kFieldsLength = 12;

std::size_t aligned(std::size_t at, std::size_t to) {
  return (at + to - 1) / to * to;
}

class Writer {
 public:
  void align(std::size_t to) { out_.resize(aligned(out_.size(), to)); }
  void byte(char value) { out_ += value; }
  void number(std::uint32_t value) {
    align(4);
    for (unsigned shift = 0; shift < 32; shift += 8) {
      out_ += static_cast<char>((value >> shift) & 0xffU);
    }
  }
  void text(std::string_view value) {
    number(static_cast<std::uint32_t>(value.size()));
    out_.append(value).push_back('\0');
  }
  void signature(std::string_view value) {
    byte(static_cast<char>(value.size()));
    out_.append(value).push_back('\0');
  }
  void field(char code, std::string_view type, std::string_view value) {
    align(8);
    byte(code);
    signature(type);
    if (type == "g") {
      signature(value);
    } else {
      text(value);
    }
  }
  // Fills in a length that was left open at `at`.
  void set(std::size_t at, std::size_t value) {
    for (std::size_t i = 0; i < 4; ++i)
      out_[at + i] = static_cast<char>((value >> (8 * i)) & 0xffU);
  }
  std::size_t size() const { return out_.size(); }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
};

std::uint32_t number_at(std::string_view bytes, std::size_t at) {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i) {
    value |= static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[at + i])) << (8 * i);
  }
  return value;
}

}  // namespace

std::string dbus_call(const DbusCall& call, std::uint32_t serial) {
  Writer body;
  std::string signature;
  if (call.as_list) {
    signature = "as";
    body.number(0);
    for (const std::string_view argument : call.arguments) body.text(argument);
    body.set(0, body.size() - 4);
  } else {
    for (const std::string_view argument : call.arguments) {
      signature += 's';
      body.text(argument);
    }
  }
  Writer out;
  out.byte(kLittleEndian);
  out.byte(static_cast<char>(DbusKind::call));
  out.byte(0);
  out.byte(kVersion);
  out.number(static_cast<std::uint32_t>(body.size()));
  out.number(serial);
  out.number(0);
  out.field(kPath, "o", call.path);
  if (!call.destination.empty()) out.field(kDestination, "s", call.destination);
  out.field(kInterface, "s", call.interface);
  out.field(kMember, "s", call.member);
  if (!signature.empty()) out.field(kSignature, "g", signature);
  out.set(kFieldsLength, out.size() - kDbusFixedHeader);
  out.align(8);
  return out.take() + body.take();
}

std::optional<std::size_t> dbus_message_size(std::string_view fixed_header) {
  if (fixed_header.size() < kDbusFixedHeader || fixed_header[0] != kLittleEndian ||
      fixed_header[3] != kVersion) {
    return std::nullopt;
  }
  const std::size_t body = number_at(fixed_header, kBodyLength);
  const std::size_t fields = number_at(fixed_header, kFieldsLength);
  if (body > kMaxDbusMessage || fields > kMaxDbusMessage) return std::nullopt;
  const std::size_t size = aligned(kDbusFixedHeader + fields, 8) + body;
  if (size > kMaxDbusMessage) return std::nullopt;
  return size;
}

std::optional<DbusHeader> dbus_header(std::string_view message) {
  const auto size = dbus_message_size(message);
  if (!size || message.size() < *size) return std::nullopt;
  const auto kind = static_cast<std::uint8_t>(message[1]);
  if (kind < 1 || kind > 4) return std::nullopt;
  DbusHeader header;
  header.kind = static_cast<DbusKind>(kind);
  header.size = *size;
  const std::size_t end = kDbusFixedHeader + number_at(message, kFieldsLength);
  header.body_at = aligned(end, 8);
  // Fields: code, signature, value; only numbers and texts occur in answers. Positions count from
  // the message's beginning, which is where the fields' own alignment counts from.
  for (std::size_t at = kDbusFixedHeader; at < end;) {
    at = aligned(at, 8);
    if (at + 4 > end || message[at + 1] != 1) return std::nullopt;
    const auto code = static_cast<std::uint8_t>(message[at]);
    const char type = message[at + 2];
    at += 4;
    if (type == 'u') {
      at = aligned(at, 4);
      if (at + 4 > end) return std::nullopt;
      if (code == kReplySerial) header.reply_to = number_at(message, at);
      at += 4;
    } else if (type == 's' || type == 'o') {
      at = aligned(at, 4);
      if (at + 4 > end) return std::nullopt;
      const std::size_t length = number_at(message, at);
      if (length > end - at - 4) return std::nullopt;
      at += 4 + length + 1;
    } else if (type == 'g') {
      if (at >= end) return std::nullopt;
      at += 1 + static_cast<std::size_t>(static_cast<unsigned char>(message[at])) + 1;
    } else {
      return std::nullopt;
    }
  }
  return header;
}

void DbusReader::align(std::size_t to) {
  at_ = aligned(at_, to);
  if (at_ > body_.size()) ok_ = false;
}

std::string_view DbusReader::take(std::size_t bytes) {
  if (!ok_ || bytes > body_.size() - std::min(at_, body_.size())) {
    ok_ = false;
    return {};
  }
  const std::string_view taken = body_.substr(at_, bytes);
  at_ += bytes;
  return taken;
}

std::uint32_t DbusReader::number() {
  align(4);
  const std::string_view bytes = take(4);
  return ok_ ? number_at(bytes, 0) : 0;
}

std::string_view DbusReader::text() {
  const std::size_t length = number();
  const std::string_view value = take(length);
  take(1);
  return ok_ ? value : std::string_view{};
}

std::string_view DbusReader::signature() {
  const std::string_view length = take(1);
  if (!ok_) return {};
  const std::string_view value = take(static_cast<unsigned char>(length[0]));
  take(1);
  return ok_ ? value : std::string_view{};
}

std::size_t DbusReader::begin_structs() {
  const std::size_t length = number();
  align(8);
  if (!ok_ || length > body_.size() - at_) {
    ok_ = false;
    return at_;
  }
  return at_ + length;
}

}  // namespace bw
