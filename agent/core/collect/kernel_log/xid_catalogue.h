// What the error numbers of NVIDIA GPUs (Xid) mean, and what to do about each.
//
// Codes, mnemonics and remedies: NVIDIA, "Xid Errors", docs.nvidia.com/deploy/xid-errors, and its
// Xid catalogue as of October 2025; the texts are our own. Codes that current GPUs no longer use
// are here all the same, with their meaning of old.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "schemas/wire/messages.h"

namespace bw::agent {

// The catalogue's "resolution buckets" for what to do at once.
enum class XidRemedy : std::uint8_t {
  none,
  restart_app,
  reset_gpu,
  restart_vm,
  restart_node,
  check_mechanicals,
  update_software,
  contact_support,
  see_other_xid,
  check_nvlink,
  check_nvlink5,
  see_workflow_48,
  check_uvm,
  as_told,
};

struct XidInfo {
  unsigned code;
  std::string_view mnemonic;  // NVIDIA's
  std::string_view meaning;
  XidRemedy remedy;
  wire::Severity severity;
};

const XidInfo* find_xid(unsigned code);  // null: not in the catalogue
std::span<const XidInfo> all_xids();

// What an event about an Xid says, whoever told it.
struct XidDescription {
  wire::Severity severity = wire::Severity::warning;
  std::string text;             // "Xid 79 on the GPU at 0000:3b:00: it has fallen off the bus"
  std::string_view mnemonic;    // these two empty where NVIDIA's list has none
  std::string_view resolution;  // its word for what to do about this code
  std::string_view action;
};
XidDescription describe_xid(unsigned code, std::string_view pci);

std::string_view remedy_name(XidRemedy remedy);    // NVIDIA's word: "RESET_GPU"
std::string_view remedy_action(XidRemedy remedy);  // what to do, in plain words

}  // namespace bw::agent
