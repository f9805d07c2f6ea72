// The claim on a state directory: two coordinators must never share a store.
#pragma once

#include <string>

#include "base/result.h"

namespace bw::coordinator {

// Held until destroyed; the kernel lets go of it however the process ends.
class StateLock {
 public:
  // Makes the directory where it is missing, readable by its owner alone. An error where another
  // process holds the lock: it names that process.
  static Result<StateLock> take(const std::string& directory);

  StateLock(StateLock&& other) noexcept;
  StateLock& operator=(StateLock&& other) noexcept;
  ~StateLock();

 private:
  explicit StateLock(int fd) : fd_(fd) {}
  int fd_ = -1;
};

}  // namespace bw::coordinator
