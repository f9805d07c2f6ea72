// Reads the files of the slow lanes' sources: begun at one tick, handed over at a later one, when
// all files of a source have answered, but for those that hang.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/collect/readings.h"
#include "agent/shell/slow_lanes.h"

namespace bw::agent {

class SlowFiles {
 public:
  // Of a source; those beyond it are left out.
  static constexpr std::size_t kMaxFiles = 512;
  // A log page of a drive; files of many devices are a number each. And of a file that is alone.
  static constexpr std::size_t kMaxText = 512;
  static constexpr std::size_t kMaxSingleText = 16U << 10;
  static constexpr std::uint64_t kRescanTicks = 60;

  using Buffer = std::span<char>;
  // Reads the file `path`, below the directory `root`, on a thread of the lanes: 0 or errno.
  using Fetch = std::function<int(SourceId source, int root, const std::string& path, Buffer buffer,
                                  std::size_t& length)>;

  // `lanes` and `sources` must outlive it. `fetch` is for tests.
  SlowFiles(const std::string& root, SlowLanes& lanes,
            std::span<const SourceSpec> sources = kSources, Fetch fetch = {});
  ~SlowFiles();

  // Starts what is due at `tick`, which may only grow.
  void begin(std::uint64_t tick, Instant now);
  // Appends what has been read since: texts are valid until the next call.
  void collect(Instant now, std::vector<TextReading>& readings);

  std::size_t left_out() const;

 private:
  class FileTask;
  struct Source {
    const SourceSpec* spec = nullptr;
    std::vector<std::shared_ptr<FileTask>> files;
    bool reading = false;
    std::uint64_t due = 0;
    std::uint64_t rescan = 0;
    std::size_t left_out = 0;
  };
  void rescan(Source& source, std::uint64_t tick);
  bool is_complete(const Source& source, Instant now) const;
  void hand_over(Source& source, Instant now, std::vector<TextReading>& readings);

  std::shared_ptr<const int> root_;  // of the tasks too
  SlowLanes& lanes_;
  Fetch fetch_;
  std::vector<Source> sources_;
  std::vector<char> texts_;  // copies: the tasks may begin anew meanwhile
  std::size_t used_ = 0;     // of texts_
};

// What SlowFiles does by itself: a file's text, or a drive's log page.
int fetch_slow(SourceId source, int root, const std::string& path, SlowFiles::Buffer buffer,
               std::size_t& length);

// What a file of /sys hangs together with: the directory of its class, a card's or a drive's, or
// else its own.
std::string_view device_of(std::string_view path);

}  // namespace bw::agent
