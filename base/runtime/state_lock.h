// The claim on a state directory: two of one daemon must never share a database.
#pragma once

#include <string>

#include "base/result.h"

namespace bw {

// Held until destroyed; the kernel lets go of it however the process ends.
class StateLock {
 public:
  // Makes the directory where it is missing, for its owner alone, and locks
  // `directory`/`daemon`.lock. `taken` says whether the error is that another process holds it.
  static Result<StateLock> take(const std::string& directory, const std::string& daemon,
                                bool& taken);

  StateLock(StateLock&& other) noexcept;
  StateLock& operator=(StateLock&& other) noexcept;
  ~StateLock();

 private:
  explicit StateLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace bw
