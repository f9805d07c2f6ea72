// How a configuration key is called in the environment: BELLWETHER_BROKER_URL is broker.url.
#pragma once

#include <string>
#include <string_view>

namespace bw {

inline constexpr std::string_view kEnvironmentPrefix = "BELLWETHER_";

std::string environment_name(std::string_view key);

}  // namespace bw
