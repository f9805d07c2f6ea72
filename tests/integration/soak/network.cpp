#include "tests/integration/soak/network.h"

#include <cstdlib>

#include <unistd.h>

namespace bw::integration {

namespace {

bool run(const std::string& command) {
  return std::system((command + " >/dev/null 2>&1").c_str()) == 0;
}

}  // namespace

Network::Network() : name_("bw" + std::to_string(getpid())) {
  const std::string outside = name_ + "o";
  const std::string inside = name_ + "i";
  is_up_ = run("ip netns add " + name_) &&
           run("ip link add " + outside + " type veth peer name " + inside + " netns " + name_) &&
           run("ip addr add 10.213.77.1/24 dev " + outside) &&
           run("ip link set " + outside + " up") &&
           run("ip -n " + name_ + " addr add 10.213.77.2/24 dev " + inside) &&
           run("ip -n " + name_ + " link set lo up") &&
           run("ip -n " + name_ + " link set " + inside + " up");
  const std::string nft = "ip netns exec " + name_ + " nft ";
  can_lose_ = is_up_ && run(nft + "add table inet bw") &&
              run(nft + "add chain inet bw in '{ type filter hook input priority 0; }'") &&
              run(nft + "add chain inet bw out '{ type filter hook output priority 0; }'") &&
              run(nft + "add rule inet bw in numgen random mod 100 '<' 1 drop");
  lose(0);
}

Network::~Network() {
  run("ip netns del " + name_);
  run("ip link del " + name_ + "o");
}

std::vector<std::string> Network::inside() const {
  if (!is_up_) return {};
  return {"ip", "netns", "exec", name_};
}

void Network::lose(int percent) {
  if (!can_lose_) return;
  const std::string nft = "ip netns exec " + name_ + " nft ";
  for (const char* chain : {"in", "out"}) {
    run(nft + "flush chain inet bw " + chain);
    if (percent == 0) continue;
    run(nft + "add rule inet bw " + chain + " numgen random mod 100 '<' " +
        std::to_string(percent) + " drop");
  }
}

}  // namespace bw::integration
