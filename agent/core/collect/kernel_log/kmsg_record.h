// Records of /dev/kmsg: "prio,sequence,usec,flags;text\n KEY=value\n", one after the other.
//
// Nothing in them is trusted: numbers, lengths and bytes may be anything. Layout: the kernel's
// Documentation/ABI/testing/dev-kmsg.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace bw::agent {

struct KernelMessage {
  // Bytes of a text that are looked at; the kernel's own bound of a record is 8 KB.
  static constexpr std::size_t kMaxText = 2048;

  unsigned level = 0;     // 0 emergency to 7 debug
  unsigned facility = 0;  // 0: the kernel itself; programs can write any other, never this
  std::uint64_t sequence = 0;
  std::uint64_t usec = 0;  // since boot
  // One printable line: escapes are undone, line ends have become blanks, other bytes question
  // marks.
  std::string_view text;
  std::string_view device;  // of "DEVICE=", where there is one

  bool from_kernel() const { return facility == 0; }
};

class KmsgRecords {
 public:
  // `text` must outlive the use of the messages.
  explicit KmsgRecords(std::string_view text) : rest_(text) {}

  // The next record that can be understood; false at the end. A message's views are valid until
  // the next call.
  bool next(KernelMessage& message);

  // Bytes behind the last whole line: the beginning of a record that is still being written.
  std::string_view rest() const { return rest_; }
  // Records that could not be understood so far.
  std::uint64_t malformed() const { return malformed_; }

 private:
  std::string_view rest_;
  std::string text_;
  std::uint64_t malformed_ = 0;
};

}  // namespace bw::agent
