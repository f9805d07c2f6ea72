// Which series are worth watching for anomalies, the most telling first, and how many of a kind.
//
// What is read every tick, and temperatures and fans, which are read every tenth and held between:
// they move slowly, so a held one is no lie. Rates read every tenth are left out: they would look
// still, then jump. Left out too are the agent's own cost, event counters, single processes, what
// only ever grows or never changes (sizes, file systems' use), and averages of what is here itself.
#pragma once

#include <cstddef>
#include <string_view>

namespace bw::agent {

struct WatchedMetric {
  std::string_view name;
  std::size_t most = 1;  // series of it in all, in the order of their aliases
  // What it lies between by its nature, as live samples have it: counters a second. The same: not
  // known.
  double low = 0;
  double high = 0;
};

// A name may come again with more of it: there is room for so many only after those before.
inline constexpr WatchedMetric kWatchList[] = {
    {"cpu.util", 1, 0, 100},
    {"mem.util", 1, 0, 100},
    {"psi.io.some.total", 1, 0, 1e6},
    {"psi.mem.some.total", 1, 0, 1e6},
    {"psi.cpu.some.total", 1, 0, 1e6},
    {"cpu.load1"},
    {"gpu.util", 8, 0, 100},
    {"gpu.fb_used", 8},
    {"gpu.power", 8},
    {"gpu.temp", 8},
    {"gpu.clock_sm", 8},
    {"tegra.gpu_load", 2, 0, 100},
    {"tegra.gpu_freq", 2},
    {"tegra.emc_util", 1, 0, 100},
    {"tegra.rail_power", 3},
    {"cpu.iowait"},
    {"cpu.system"},
    {"sched.ctx_switches"},
    {"sched.procs_running"},
    {"vm.pgmajfault"},
    {"swap.used"},
    {"disk.util", 2, 0, 100},
    {"disk.await", 2},
    {"disk.write_bytes", 2},
    {"disk.read_bytes", 2},
    {"net.rx_bytes", 2},
    {"net.tx_bytes", 2},
    // A box with eight GPUs is full here.
    {"tcp.retrans_segs"},
    {"tcp.curr_estab"},
    {"sched.procs_blocked"},
    {"cpu.softirq"},
    {"cpu.steal"},
    {"thermal.zone_temp", 3},
    {"hwmon.temp", 3},
    {"nvme.temp", 2},
    {"hwmon.fan", 2},
    {"sys.procs"},
    {"sys.fds_allocated"},
    {"sys.forks"},
    {"sched.interrupts"},
    {"vm.pgfault"},
    {"swap.in"},
    {"swap.out"},
    {"mem.dirty"},
    {"mem.anon"},
    {"net.rx_drop", 2},
    {"disk.util", 4, 0, 100},
    {"disk.await", 4},
    {"disk.write_bytes", 4},
    {"disk.read_bytes", 4},
};

// Series of these metrics that are left out all the same: they double others, or come and go.
struct UnwatchedDevice {
  std::string_view metric;  // begins so
  std::string_view device;  // any label's value begins so
};
inline constexpr UnwatchedDevice kUnwatchedDevices[] = {
    {"disk.", "dm-"},  {"disk.", "md"},    {"disk.", "zram"},   {"disk.", "nbd"},
    {"net.", "lo"},    {"net.", "veth"},   {"net.", "docker"},  {"net.", "br-"},
    {"net.", "cali"},  {"net.", "lxc"},    {"net.", "tap"},     {"net.", "vnet"},
    {"net.", "vif"},   {"net.", "cilium"}, {"net.", "flannel"}, {"net.", "cni"},
    {"net.", "dummy"}, {"net.", "sit"},    {"net.", "ip6tnl"},  {"net.", "tunl"},
};

}  // namespace bw::agent
