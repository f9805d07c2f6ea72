#include "agent/shell/gpu/pci_gpus.h"

#include <cmath>
#include <utility>

#include <gtest/gtest.h>

#include "tests/unit/agent/shell/gpu/fake_gpus.h"

namespace bw::agent {
namespace {

TEST(PciGpus, DisplayDevicesOfNvidiaAreFoundInOrder) {
  const FakeGpus gpus(2);
  const FakeRoot& root = gpus.root();
  root.write("/sys/bus/pci/devices/0000:00:1f.0/vendor", "0x8086\n");
  root.write("/sys/bus/pci/devices/0000:00:1f.0/class", "0x030000\n");
  root.write("/sys/bus/pci/devices/0000:01:00.1/vendor", "0x10de\n");
  root.write("/sys/bus/pci/devices/0000:01:00.1/class", "0x040300\n");  // its sound
  EXPECT_EQ(nvidia_gpus_on_pci(root.path()),
            (std::vector<std::string>{"0000:01:00.0", "0000:02:00.0"}));
  EXPECT_TRUE(nvidia_gpus_on_pci("/nowhere").empty());
}

TEST(PciGpus, AGpuOfAVirtualMachineIsNotOurs) {
  const FakeGpus gpus(1);
  std::filesystem::create_symlink("../../../../bus/pci/drivers/vfio-pci",
                                  gpus.root().at("/sys/bus/pci/devices/0000:01:00.0/driver"));
  EXPECT_TRUE(nvidia_gpus_on_pci(gpus.root().path()).empty());
}

TEST(PciGpus, ThereIsABoundOfGpus) {
  const FakeGpus gpus(kMaxGpus + 1);
  EXPECT_EQ(nvidia_gpus_on_pci(gpus.root().path()).size(), kMaxGpus);
}

TEST(RuntimePower, TellsWhetherTheGpuSleeps) {
  const FakeGpus gpus(1);
  RuntimePower power(gpus.root().path(), pci_of(0));
  RuntimePower::State state = power.read();
  EXPECT_TRUE(state.present);
  EXPECT_FALSE(state.asleep);
  EXPECT_EQ(state.d_state, 0);
  gpus.plug(0, "suspended", "D3cold");
  state = power.read();
  EXPECT_TRUE(state.asleep);
  EXPECT_EQ(state.d_state, 4);
  gpus.plug(0, "suspending", "D3hot");
  state = power.read();
  EXPECT_TRUE(state.asleep);
  EXPECT_EQ(state.d_state, 3);
}

TEST(RuntimePower, OlderKernelsTellOnlyWhetherItIsOn) {
  const FakeGpus gpus(1);
  gpus.root().remove("/sys/bus/pci/devices/0000:01:00.0/power_state");
  RuntimePower power(gpus.root().path(), pci_of(0));
  EXPECT_EQ(power.read().d_state, 0);
  gpus.plug(0, "suspended", "unknown");
  EXPECT_TRUE(std::isnan(power.read().d_state));
  EXPECT_TRUE(power.read().asleep);
}

TEST(RuntimePower, ADeviceWithoutPowerManagementIsAwakeAndThere) {
  const FakeGpus gpus(1);
  gpus.root().remove("/sys/bus/pci/devices/0000:01:00.0/power_state");
  gpus.root().remove("/sys/bus/pci/devices/0000:01:00.0/power");
  RuntimePower power(gpus.root().path(), pci_of(0));
  EXPECT_TRUE(power.read().present);
  EXPECT_FALSE(power.read().asleep);
  gpus.unplug(0);
  EXPECT_FALSE(power.read().present);
}

TEST(RuntimePower, GoesOnAfterItWasMoved) {
  const FakeGpus gpus(1);
  RuntimePower power(gpus.root().path(), pci_of(0));
  EXPECT_TRUE(power.read().present);
  RuntimePower moved = std::move(power);
  EXPECT_TRUE(moved.read().present);
}

}  // namespace
}  // namespace bw::agent
