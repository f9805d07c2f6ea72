#include "base/assert.h"

#include <cstdio>
#include <cstdlib>

namespace bw {

void assertion_failed(const char* expression, const char* file, int line) {
  std::fprintf(stderr, "bug: %s does not hold at %s:%d\n", expression, file, line);
  std::abort();
}

}  // namespace bw
