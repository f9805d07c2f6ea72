#include "agent/shell/shim/journal.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace bw::agent {

namespace {

std::string journal_name(std::size_t age) {
  return age == 0 ? "log" : "log." + std::to_string(age);
}

}  // namespace

Journal::Journal(int directory, std::uint64_t max_bytes)
    : directory_(directory), file_bytes_(std::max<std::uint64_t>(1, max_bytes / kFiles)) {
  open_file();
}

Journal::~Journal() {
  if (file_ >= 0) close(file_);
}

void Journal::open_file() {
  file_ = openat(directory_, "log", O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  struct stat info {};
  size_ = file_ >= 0 && fstat(file_, &info) == 0 ? static_cast<std::uint64_t>(info.st_size) : 0;
}

void Journal::rotate() {
  if (file_ >= 0) close(file_);
  for (std::size_t age = kFiles - 1; age > 0; --age) {
    renameat(directory_, journal_name(age - 1).c_str(), directory_, journal_name(age).c_str());
  }
  open_file();
}

void Journal::begin_run(std::int64_t now_ms) {
  pending_ += std::to_string(now_ms) + " = begins\n";
  write_out(now_ms);
}

void Journal::take(Stream stream, std::string_view bytes, std::int64_t now_ms) {
  std::string& partial = partial_[static_cast<std::size_t>(stream)];
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::size_t room = kMaxLine - partial.size();
    const std::size_t length = std::min({end, bytes.size(), room});
    partial += bytes.substr(0, length);
    bytes.remove_prefix(length);
    const bool is_end = !bytes.empty() && bytes.front() == '\n';
    if (is_end) bytes.remove_prefix(1);
    if (!is_end && partial.size() < kMaxLine) break;
    add_line(stream, !is_end, partial, now_ms);
    partial.clear();
  }
  write_out(now_ms);
}

void Journal::flush(std::int64_t now_ms) {
  for (const Stream stream : {Stream::output, Stream::error}) {
    std::string& partial = partial_[static_cast<std::size_t>(stream)];
    if (partial.empty()) continue;
    add_line(stream, true, partial, now_ms);
    partial.clear();
  }
  write_out(now_ms);
}

void Journal::add_line(Stream stream, bool goes_on, std::string_view text, std::int64_t now_ms) {
  const char letter = stream == Stream::output ? 'o' : 'e';
  pending_ += std::to_string(now_ms);
  pending_ += ' ';
  pending_ += goes_on ? static_cast<char>(letter - 'a' + 'A') : letter;
  pending_ += ' ';
  pending_ += text;
  pending_ += '\n';
}

// What a full disk does not take is lost, counted, and said as soon as there is room again.
void Journal::write_out(std::int64_t now_ms) {
  std::string_view left = pending_;
  if (!left.empty() && lost_ > 0) {
    const std::string note = std::to_string(now_ms) + " e [" + std::to_string(lost_) +
                             " bytes of the log could not be written]\n";
    if (write_piece(note)) lost_ = 0;
  }
  while (!left.empty()) {
    if (size_ > 0 && size_ + left.find('\n') + 1 > file_bytes_) rotate();
    // As many whole lines as there is room for, and one at least.
    std::size_t length = left.find('\n') + 1;
    if (size_ + left.size() <= file_bytes_) {
      length = left.size();
    } else if (size_ < file_bytes_) {
      const std::size_t last =
          left.substr(0, static_cast<std::size_t>(file_bytes_ - size_)).rfind('\n');
      if (last != std::string_view::npos) length = last + 1;
    }
    if (!write_piece(left.substr(0, length))) lost_ += length;
    left.remove_prefix(length);
  }
  pending_.clear();
}

// What was written in part ends with a line's end before the next.
bool Journal::write_piece(std::string_view text) {
  if (file_ < 0) open_file();
  if (file_ < 0) return false;
  if (is_torn_ && write(file_, "\n", 1) != 1) return false;
  is_torn_ = false;
  const ssize_t written = write(file_, text.data(), text.size());
  if (written > 0) size_ += static_cast<std::uint64_t>(written);
  is_torn_ = written > 0 && written < static_cast<ssize_t>(text.size());
  return written == static_cast<ssize_t>(text.size());
}

}  // namespace bw::agent
