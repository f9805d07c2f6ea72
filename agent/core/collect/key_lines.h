// Files of lines "key value ...": the values of the keys that the metric table knows.
//
// The layout is remembered, line after line, and verified by comparing the key's bytes at its
// place; where they differ, the file is learnt anew.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

#include "agent/core/collect/sample.h"
#include "agent/core/collect/scan.h"
#include "agent/core/collect/source.h"

namespace bw::agent {

class KeyLines {
 public:
  // Lines that are looked at; /proc/vmstat has about 200.
  static constexpr std::size_t kMaxLines = 1024;
  // Bytes of a key, at most; lines with longer ones are passed over.
  static constexpr std::size_t kMaxKey = 64;

  KeyLines(SourceId source, Sample& sample) : source_(source), sample_(sample) {}

  // False where no value was found. Series whose key is gone, or whose value is no number, have
  // lost theirs.
  bool read(std::string_view text);
  void lose();

 private:
  struct Line {
    std::size_t offset;  // of its key, in keys_
    std::size_t size;    // of its key, the blank or newline behind it included
    bool bare;           // nothing stands behind the key
    Sample::Alias alias;
    double scale;
  };
  bool follow(std::string_view text);
  void learn(std::string_view text);
  void take(Scanner& scanner, const Line& line);

  SourceId source_;
  Sample& sample_;
  std::string keys_;
  std::vector<Line> lines_;
  std::size_t values_ = 0;  // found in this text
};

// A source that is nothing but such a file.
class KeyLinesSource : public Source {
 public:
  KeyLinesSource(SourceId source, Sample& sample) : Source(sample), lines_(source, sample) {}

  bool read(const TextReading& reading, Instant) override { return lines_.read(reading.text); }
  void lose() override { lines_.lose(); }

 private:
  KeyLines lines_;
};

}  // namespace bw::agent
