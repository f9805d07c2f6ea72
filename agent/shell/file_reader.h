// Reads the files of kSources that the tick itself reads, tick after tick, below a root directory.
//
// Files read often stay open and are read from their beginning; their texts share one buffer.
// Nothing is allocated in the steady state: only the look for new files, every kRescanTicks, does.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "agent/core/collect/readings.h"

namespace bw::agent {

class FileReader {
 public:
  // What is read of one file; the rest is cut off.
  static constexpr std::size_t kMaxText = kMaxSourceText;
  // Texts of one tick together: files beyond it have an error (EFBIG) instead.
  static constexpr std::size_t kMaxTexts = 8U << 20;
  // Files at one time, patterns expanded.
  static constexpr std::size_t kMaxFiles = 4096;
  // Of one source: those of a pattern beyond it are left out.
  static constexpr std::size_t kMaxMatches = 512;
  // Files that stay open, below the usual limit of 1024 descriptors a process: the others are
  // opened for each reading.
  static constexpr std::size_t kMaxOpen = 640;
  // Ticks between two looks for files that were missing and for new matches of patterns.
  static constexpr std::uint64_t kRescanTicks = 60;
  // Files read every so many ticks, or more rarely, are closed again after reading.
  static constexpr std::uint16_t kCloseFrom = 60;

  // `sources` must outlive the reader.
  explicit FileReader(const std::string& root, std::span<const SourceSpec> sources = kSources);
  ~FileReader();
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;

  // Reads what is due at `tick`, which may only grow. Valid until the next call. In the order of
  // the sources, matches of a pattern in the order of their paths.
  std::span<const TextReading> read(std::uint64_t tick);

  // Files found and not read, for want of room, at the last look.
  std::size_t left_out() const;

 private:
  struct File {
    std::string path;  // begins with '/', below the root
    int fd = -1;
    std::uint64_t missing_until = 0;  // a tick; 0: it is there
  };
  struct Source {
    const SourceSpec* spec = nullptr;
    std::vector<File> files;
    bool pattern = false;
    std::uint64_t due = 0;
    std::uint64_t rescan = 0;
    std::size_t left_out = 0;
  };

  void rescan(Source& source, std::uint64_t tick);
  void read_file(const Source& source, File& file, std::uint64_t tick);
  int open_file(File& file);  // 0 or errno
  // Appends to buffer_ at used_. 0 or errno.
  int read_text(const SourceSpec& spec, int fd, std::size_t& length);
  void close_file(File& file);

  int root_ = -1;
  std::vector<Source> sources_;
  std::size_t files_ = 0;
  std::size_t open_ = 0;
  Instant clock_{};  // when the file before was read
  std::vector<char> buffer_;
  std::size_t used_ = 0;
  struct Piece {  // where in buffer_ a reading's text lies: the buffer may move while it grows
    std::size_t offset;
    std::size_t length;
  };
  std::vector<Piece> pieces_;
  std::vector<TextReading> readings_;
};

// The paths below the directory `root` that match one of `patterns`, which are separated by blanks
// and whose components may hold one '*' each; sorted, pattern by pattern. Dot files don't match. At
// most `most`; those beyond it are counted in `left_out`.
std::vector<std::string> expand_patterns(int root, std::string_view patterns, std::size_t most,
                                         std::size_t& left_out);

// Not there, as opposed to there and not readable.
bool means_missing(int error);

}  // namespace bw::agent
