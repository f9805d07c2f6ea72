// Counts this thread's calls of operator new, for what promises not to allocate.
#pragma once

#include <cstddef>

namespace bw::agent {

std::size_t allocations();

}  // namespace bw::agent
