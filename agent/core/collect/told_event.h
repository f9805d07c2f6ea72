// An event that a source of the collector tells, on its way to the record.
#pragma once

#include <string>

#include "schemas/wire/messages.h"

namespace bw::agent {

struct ToldEvent {
  wire::EventRecord record;  // but for epoch and number
  // How far the kernel log is told with it: to be stored in the event's own write. Empty: it is not
  // of the kernel log.
  std::string position;
};

}  // namespace bw::agent
