// What this box is, for its birth: read once at start from below a root directory.
#pragma once

#include <string>

#include "schemas/wire/messages.h"

namespace bw::agent {

// What can't be found out stays empty or 0.
wire::Hardware read_hardware(const std::string& root);

// "web3" of "web3.shop.example": the default node id.
std::string short_host_name();

}  // namespace bw::agent
