// Messages of D-Bus, as far as asking for a method and reading its answer needs them.
//
// Little-endian only, as all machines this runs on are. What comes from the bus is verified and
// bounded. Source: the D-Bus specification 0.38, "Message Protocol".
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace bw {

// Of a message: the bytes before its header fields.
inline constexpr std::size_t kDbusFixedHeader = 16;
// Of a message as a whole, fixed header included.
inline constexpr std::size_t kMaxDbusMessage = 128U << 10;

struct DbusCall {
  std::string_view destination;  // empty: to the peer itself
  std::string_view path;
  std::string_view interface;
  std::string_view member;
  std::vector<std::string_view> arguments;  // texts, one after the other
  bool as_list = false;                     // the arguments are one list of texts
};

// The call as bytes; `serial` not 0.
std::string dbus_call(const DbusCall& call, std::uint32_t serial);

enum class DbusKind : std::uint8_t { call = 1, answer = 2, error = 3, signal = 4 };

struct DbusHeader {
  DbusKind kind = DbusKind::signal;
  std::uint32_t reply_to = 0;  // the serial of the call, 0 where it answers none
  std::size_t body_at = 0;
  std::size_t size = 0;  // of the whole message
};

// How long the message is that begins with these bytes; nothing where it is none, or too long.
std::optional<std::size_t> dbus_message_size(std::string_view fixed_header);
// Of a whole message.
std::optional<DbusHeader> dbus_header(std::string_view message);

// Reads a body, value by value. After the first that is not there all others are empty, and ok() is
// false.
class DbusReader {
 public:
  explicit DbusReader(std::string_view body) : body_(body) {}

  std::uint32_t number();
  std::string_view text();       // a text or an object's path
  std::string_view signature();  // of a variant
  // Where a list of structs ends, for more(); then begin_struct() before each.
  std::size_t begin_structs();
  bool more(std::size_t end) const { return ok_ && at_ < end; }
  void begin_struct() { align(8); }

  bool ok() const { return ok_; }

 private:
  void align(std::size_t to);
  std::string_view take(std::size_t bytes);

  std::string_view body_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace bw
