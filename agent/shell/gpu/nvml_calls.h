// Calls of NVML, counted, so that a thread that does not wait for them can see one that hangs; and
// what their answers mean.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <utility>

#include "agent/shell/gpu/nvml_library.h"

namespace bw::agent {

class NvmlCalls {
 public:
  // `progress` counts up with each call: while a round lasts and it stands still, a call does not
  // return.
  NvmlCalls(std::shared_ptr<const NvmlLibrary> library, std::atomic<std::uint64_t>& progress)
      : library_(std::move(library)), progress_(progress) {}

  const NvmlLibrary& library() const { return *library_; }

  // kFunctionNotFound where the library lacks it.
  template <typename... Parameters, typename... Arguments>
  nvml::Return operator()(nvml::Return (*function)(Parameters...), Arguments&&... arguments) {
    if (function == nullptr) return nvml::kFunctionNotFound;
    progress_.fetch_add(1, std::memory_order_relaxed);
    const nvml::Return result = function(std::forward<Arguments>(arguments)...);
    if (ends_all(result)) broken_ = result;
    return result;
  }

  // The answer after which nothing is worth asking until the library is opened anew: the driver was
  // unloaded or exchanged. kSuccess where there was none.
  nvml::Return broken() const { return broken_; }

  // An answer that will be the same next time, until something about the GPU is changed.
  static bool lasting(nvml::Return result) {
    return result == nvml::kNotSupported || result == nvml::kInvalidArgument ||
           result == nvml::kNoPermission || result == nvml::kFunctionNotFound ||
           result == nvml::kDeprecated || result == nvml::kArgumentVersionMismatch;
  }

 private:
  static bool ends_all(nvml::Return result) {
    return result == nvml::kUninitialized || result == nvml::kDriverNotLoaded ||
           result == nvml::kLibRmVersionMismatch;
  }

  std::shared_ptr<const NvmlLibrary> library_;
  std::atomic<std::uint64_t>& progress_;
  nvml::Return broken_ = nvml::kSuccess;
};

}  // namespace bw::agent
