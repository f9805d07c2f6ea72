// The log of a run: both outputs of its process as lines with their time, in a few files that never
// hold more than their bound.
//
// A line is "MILLISECONDS o TEXT": since 1970 UTC, o or e for standard output or error, in capitals
// where the text goes on in the next line (it was longer than kMaxLine, or waited for its end).
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace bw::agent {

class Journal {
 public:
  static constexpr std::size_t kFiles = 4;  // log, log.1 (older), log.2, log.3
  static constexpr std::size_t kMaxLine = 4096;

  enum class Stream { output, error };

  // Goes on in what is in `directory`, which stays its owner's. All files together hold
  // `max_bytes`.
  Journal(int directory, std::uint64_t max_bytes);
  ~Journal();
  Journal(const Journal&) = delete;
  Journal& operator=(const Journal&) = delete;

  // A line that tells the lines of this run from those before it: "MILLISECONDS = begins".
  void begin_run(std::int64_t now_ms);
  void take(Stream stream, std::string_view bytes, std::int64_t now_ms);
  // Writes what has no end yet.
  void flush(std::int64_t now_ms);
  bool has_partial() const { return !partial_[0].empty() || !partial_[1].empty(); }

 private:
  void add_line(Stream stream, bool goes_on, std::string_view text, std::int64_t now_ms);
  void write_out(std::int64_t now_ms);
  bool write_piece(std::string_view text);
  void open_file();
  void rotate();

  int directory_;
  std::uint64_t file_bytes_;
  int file_ = -1;
  std::uint64_t size_ = 0;
  std::array<std::string, 2> partial_;
  std::string pending_;
  bool is_torn_ = false;
  std::uint64_t lost_ = 0;  // bytes, since the last line that was written
};

}  // namespace bw::agent
