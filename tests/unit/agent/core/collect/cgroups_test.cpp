#include "agent/core/collect/cgroups.h"

#include <cerrno>
#include <cmath>
#include <string>

#include <gtest/gtest.h>

#include "tests/unit/agent/core/collect/box.h"

namespace bw::agent {
namespace {

const std::string kRoot = "/sys/fs/cgroup/";

Box::Labels group(const std::string& name) {
  return {{"cgroup", name}};
}

TEST(Cgroups, SlicesAndTheirServicesAreTold) {
  Box box;
  const std::string service = "system.slice/nginx.service";
  box.set(kRoot + "system.slice/memory.current", "104857600\n");
  box.set(kRoot + service + "/memory.current", "52428800\n");
  box.set(kRoot + service + "/memory.events",
          "low 0\nhigh 12\nmax 3\noom 2\noom_kill 1\noom_group_kill 0\n");
  box.set(kRoot + service + "/memory.pressure",
          "some avg10=1.25 avg60=0.40 avg300=0.10 total=17509117\n"
          "full avg10=0.75 avg60=0.00 avg300=0.00 total=9000001\n");
  box.tick();
  EXPECT_EQ(box.value("cgroup.mem.current", group("system.slice")), 104857600);
  EXPECT_EQ(box.value("cgroup.mem.current", group(service)), 52428800);
  EXPECT_EQ(box.value("cgroup.mem.high_events", group(service)), 12);
  EXPECT_EQ(box.value("cgroup.mem.max_events", group(service)), 3);
  EXPECT_EQ(box.value("cgroup.mem.oom_events", group(service)), 2);
  EXPECT_EQ(box.value("cgroup.mem.oom_kills", group(service)), 1);
  EXPECT_EQ(box.value("cgroup.psi.mem.some.avg10", group(service)), 1.25);
  EXPECT_EQ(box.value("cgroup.psi.mem.some.total", group(service)), 17509117);
  EXPECT_EQ(box.value("cgroup.psi.mem.full.avg10", group(service)), 0.75);
  EXPECT_EQ(box.value("cgroup.psi.mem.full.total", group(service)), 9000001);
}

TEST(Cgroups, AServiceThatStopsLosesItsValuesAndReturns) {
  Box box;
  const std::string path = kRoot + "system.slice/cron.service/memory.current";
  box.set(path, "4096\n").set(kRoot + "user.slice/memory.current", "1\n").tick();
  box.remove(path).ticks(10);
  EXPECT_TRUE(std::isnan(box.value("cgroup.mem.current", group("system.slice/cron.service"))));
  box.set(path, "8192\n").ticks(10);
  EXPECT_EQ(box.value("cgroup.mem.current", group("system.slice/cron.service")), 8192);
}

TEST(Cgroups, TheSecondVersionBesideTheFirstIsNoGroup) {
  Box box;
  box.set(kRoot + "unified/memory.pressure",
          "some avg10=1.25 avg60=0.40 avg300=0.10 total=17509117\n")
      .tick();
  EXPECT_EQ(box.count("cgroup.psi.mem.some.avg10"), 0U);
  EXPECT_EQ(box.trouble("cgroup_pressure"), "");
}

TEST(Cgroups, NonsenseIsNoValue) {
  Box box;
  const std::string path = kRoot + "user.slice/memory.";
  box.set(path + "pressure", "some avg10=\n").set(path + "events", "high many\n");
  box.set(path + "current", "lots\n").tick();
  EXPECT_EQ(box.trouble("cgroup_pressure"), path + "pressure: not understood");
  EXPECT_EQ(box.trouble("cgroup_events"), path + "events: not understood");
  EXPECT_EQ(box.trouble("cgroup_memory"), path + "current: not understood");
}

TEST(Cgroups, GroupsBeyondTheBoundAreIgnoredAndCounted) {
  Box box;
  for (std::size_t i = 0; i < CgroupSource::kMaxGroups + 3; ++i) {
    box.set(kRoot + "group" + std::to_string(i) + "/memory.current", "1\n");
  }
  box.tick();
  EXPECT_EQ(box.count("cgroup.mem.current"), CgroupSource::kMaxGroups);
  EXPECT_EQ(box.value("self.devices_ignored"), 3);
}

TEST(Cgroups, ContainersAndShortJobsGiveTheirSeriesToOthersOnceTheyAreGone) {
  Box box;
  const auto path = [](std::size_t i) {
    return kRoot + "system.slice/docker-" + std::to_string(i) + ".scope/memory.current";
  };
  for (std::size_t i = 0; i < CgroupSource::kMaxGroups; ++i) box.set(path(i), "1\n");
  box.tick();
  box.remove(path(3)).set(kRoot + "system.slice/new.service/memory.current", "8192\n").ticks(10);
  EXPECT_FALSE(box.has("cgroup.mem.current", group("system.slice/new.service")));
  box.ticks(70);
  EXPECT_EQ(box.value("cgroup.mem.current", group("system.slice/new.service")), 8192);
  EXPECT_FALSE(box.has("cgroup.mem.current", group("system.slice/docker-3.scope")));
  EXPECT_EQ(box.value("cgroup.mem.current", group("system.slice/docker-4.scope")), 1);
  EXPECT_EQ(box.count("cgroup.mem.current"), CgroupSource::kMaxGroups);
  EXPECT_EQ(box.value("self.devices_ignored"), 0);
}

}  // namespace
}  // namespace bw::agent
