// The claim on a state directory: two agents must never share an outbox.
#pragma once

#include <string>

#include "base/result.h"

namespace bw::agent {

// Held until destroyed; the kernel lets go of it however the process ends.
class StateLock {
 public:
  // Makes the directory where it is missing. `taken` says whether the error is that another process
  // holds it.
  static Result<StateLock> take(const std::string& directory, bool& taken);

  StateLock(StateLock&& other) noexcept;
  StateLock& operator=(StateLock&& other) noexcept;
  ~StateLock();

 private:
  explicit StateLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace bw::agent
