// What every source is: something that understands one kind of file.
#pragma once

#include <cstdint>

#include "agent/core/collect/readings.h"
#include "agent/core/collect/sample.h"

namespace bw::agent {

class Source {
 public:
  explicit Source(Sample& sample) : sample_(sample) {}
  virtual ~Source() = default;
  Source(const Source&) = delete;
  Source& operator=(const Source&) = delete;

  // Understands one file read at `when`. False where nothing in it was understood; what was not
  // understood, or is no longer there, has lost its value.
  virtual bool read(const TextReading& reading, Instant when) = 0;

  // One file could not be read. True where that is an answer as well.
  virtual bool refused(const TextReading&) {
    lose();
    return false;
  }

  // All files of this source's tick were handed over.
  virtual void finish() {}

  // All its series lose their value.
  virtual void lose() = 0;

  // Devices there were at the last tick beyond what is kept.
  virtual std::uint64_t ignored() const { return 0; }

 protected:
  Sample& sample_;
};

}  // namespace bw::agent
