// BW_ASSERT: an invariant of ours, checked in release builds too.
//
// A failure is a bug, never an expected failure: it prints where and aborts, and the service
// manager starts the program again from what is on disk.
#pragma once

namespace bw {

[[noreturn]] void assertion_failed(const char* expression, const char* file, int line);

}  // namespace bw

#define BW_ASSERT(expression) \
  ((expression) ? static_cast<void>(0) : ::bw::assertion_failed(#expression, __FILE__, __LINE__))
