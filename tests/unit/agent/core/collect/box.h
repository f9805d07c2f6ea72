// A box to collect from: files by path, handed to a Collector tick after tick as the shell would.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/collect/collector.h"

namespace bw::agent {

// A text of one letter. (Made here, for g++ 12 warns falsely where it sees such texts joined.)
std::string repeated(std::size_t count, char letter);

class Box {
 public:
  Box() = default;
  // The files of tests/fixtures/NAME, or of any directory taken as root.
  static Box fixture(std::string_view name);
  static Box root(const std::string& directory);

  Box& set(std::string_view path, const std::string& text);
  Box& fail(std::string_view path, int error);
  Box& remove(std::string_view path);
  std::string text(std::string_view path) const;
  bool has_file(std::string_view path) const;
  // Every occurrence of `from` in the file, of which there must be one.
  Box& replace(std::string_view path, std::string_view from, std::string_view to);

  // Reads what is due at the next tick, a second after the last one. Nothing but the collector
  // allocates between prepare() and run().
  void tick() {
    prepare();
    run();
  }
  void prepare();
  void run() { collector_->read(readings_, record); }
  void ticks(int count);
  void skip_ticks(std::uint64_t count) { tick_ += count; }

  // The source is one file, at a path of its own.
  static bool is_single(const SourceSpec& spec);

  // What is told beside files with the next ticks.
  SelfReading self;
  RecordHealth record;
  std::vector<FileSystemReading> file_systems;
  std::optional<ClockReading> clock;
  std::optional<CpuCounters> cpu_counters;
  ProcessTable* processes = nullptr;
  std::uint64_t page_size = 4096;
  Duration suspended{};
  Duration wall_offset{};  // of the wall clock
  Duration took{};         // reading a file
  Duration waited{};       // where one fails with ETIMEDOUT or EBUSY
  Duration period = std::chrono::seconds{1};

  const Collector& collector() const { return *collector_; }
  const Sample& sample() const { return collector_->sample(); }

  using Labels = std::vector<wire::Label>;
  bool has(std::string_view name, const Labels& labels = {}) const;
  double value(std::string_view name, const Labels& labels = {}) const;  // NaN: none
  double live(std::string_view name, const Labels& labels = {}) const;
  std::size_t count(std::string_view name) const;  // series of this name
  std::size_t values() const;                      // that are there now
  std::string trouble(std::string_view source) const;

 private:
  struct File {
    SourceId source;
    std::string text;
    int error = 0;
  };
  std::size_t find(std::string_view name, const Labels& labels) const;

  std::map<std::pair<SourceId, std::string>, File> files_;
  std::vector<TextReading> texts_;
  Readings readings_;
  std::uint64_t tick_ = 0;
  Instant now_ = Instant{} + std::chrono::seconds{1000};
  std::unique_ptr<Collector> collector_ = std::make_unique<Collector>();
};

}  // namespace bw::agent
