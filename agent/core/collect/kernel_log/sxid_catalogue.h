// What the error numbers of NVIDIA NVSwitches (SXid) mean, and how bad each is.
//
// Codes and classes: NVIDIA, "Fabric Manager for NVIDIA NVSwitch Systems User Guide"
// (DU-09883-001), appendix D; the texts are our own.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace bw::agent {

enum class SxidClass : std::uint8_t {
  non_fatal,
  fatal,         // to the programs whose traffic crosses the link
  always_fatal,  // to the whole fabric
};

struct SxidInfo {
  unsigned code;
  SxidClass severity;
  std::string_view meaning;
};

const SxidInfo* find_sxid(unsigned code);  // null: not in the catalogue
std::span<const SxidInfo> all_sxids();
std::string_view sxid_action(SxidClass severity);  // what to do, in plain words

}  // namespace bw::agent
