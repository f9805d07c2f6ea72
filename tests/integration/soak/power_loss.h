// Takes from a program's files what it had not synced when it was killed, as a loss of power would:
// the other half of tests/support/power_loss_preload.cpp.
#pragma once

#include <cstddef>
#include <map>
#include <string>

#include "base/rng.h"

namespace bw::integration {

// The environment under which a program's files below `directory` are journaled into `journal`.
std::map<std::string, std::string> power_loss_environment(const std::string& directory,
                                                          const std::string& journal);

// Of what lies unsynced, nothing, all, or any of its sectors of 512 bytes stays, as drawn. To be
// called while the program is dead; the journal is empty afterwards. How many changes had not been
// synced.
std::size_t lose_power(const std::string& directory, const std::string& journal, Rng& rng);

}  // namespace bw::integration
