// Against a folder that looks like a cgroup; what the kernel makes of it is its own.
#include "agent/shell/workload_cgroup.h"

#include <filesystem>
#include <fstream>
#include <iterator>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/agent/shell/fake_root.h"

namespace bw::agent {
namespace {

using testing::HasSubstr;

wire::Resources half_a_cpu() {
  wire::Resources resources;
  resources.cpu_millis = 500;
  resources.memory_bytes = 64U << 20;
  return resources;
}

struct CgroupTest : testing::Test {
  CgroupTest() {
    root.write("/cgroup.controllers", "cpu memory pids");
    root.write("/cgroup.subtree_control", "");
    root.write("/bw/cgroup.subtree_control", "");
    for (const char* file : {"cpu.max", "memory.max", "memory.swap.max", "memory.oom.group",
                             "cgroup.procs", "cgroup.kill"}) {
      root.write("/bw/web@0/" + std::string(file), "");
    }
  }
  std::string text(const char* file) const {
    std::ifstream in(root.at("/bw/web@0/") + file);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  FakeRoot root;
};

TEST_F(CgroupTest, holds_a_run_to_its_resources) {
  const WorkloadCgroups cgroups(root.at("/bw"));
  const RunLimits limits = cgroups.make("web@0", half_a_cpu(), false);
  EXPECT_EQ(limits.procs, root.at("/bw/web@0/cgroup.procs"));
  EXPECT_EQ(limits.missing, "");
  EXPECT_EQ(limits.data_bytes, 0U);
  EXPECT_EQ(text("cpu.max"), "50000 100000");
  EXPECT_EQ(text("memory.max"), "67108864");
  EXPECT_EQ(text("memory.swap.max"), "0");
  EXPECT_EQ(text("memory.oom.group"), "1");
  EXPECT_EQ(cgroups.procs("web@0"), limits.procs);
  EXPECT_EQ(cgroups.procs("db@0"), "");
  cgroups.kill("web@0");
  EXPECT_EQ(text("cgroup.kill"), "1");
}

TEST_F(CgroupTest, takes_off_the_bounds_that_are_not_asked_for) {
  const WorkloadCgroups cgroups(root.at("/bw"));
  EXPECT_EQ(cgroups.make("web@0", {}, false).missing, "");
  EXPECT_EQ(text("cpu.max"), "max 100000");
  EXPECT_EQ(text("memory.max"), "max");
}

TEST_F(CgroupTest, keeps_to_the_least_share_that_the_kernel_takes) {
  wire::Resources little;
  little.cpu_millis = 1;
  (void)WorkloadCgroups(root.at("/bw")).make("web@0", little, false);
  EXPECT_EQ(text("cpu.max"), "1000 100000");
}

TEST_F(CgroupTest, says_which_bound_the_kernel_does_not_have) {
  root.remove("/bw/web@0/cpu.max");
  const RunLimits limits = WorkloadCgroups(root.at("/bw")).make("web@0", half_a_cpu(), false);
  EXPECT_THAT(limits.missing, HasSubstr("CPU share is not limited: cpu.max: No such file"));
  EXPECT_THAT(limits.missing, testing::Not(HasSubstr("memory")));
}

TEST_F(CgroupTest, goes_without_where_there_is_none) {
  for (const WorkloadCgroups& cgroups :
       {WorkloadCgroups(""), WorkloadCgroups(root.at("/bw/web@0/deep"))}) {
    const RunLimits limits = cgroups.make("web@0", half_a_cpu(), false);
    EXPECT_EQ(limits.procs, "");
    EXPECT_EQ(limits.data_bytes, 64U << 20) << "each process alone then";
    EXPECT_THAT(limits.missing, HasSubstr("for each process alone: no cgroup"));
    EXPECT_EQ(cgroups.procs("web@0"), "");
    EXPECT_EQ(cgroups.make("web@0", {}, false).missing, "") << "nothing was asked for";
    const RunLimits gpu = cgroups.make("web@0", half_a_cpu(), true);
    EXPECT_EQ(gpu.data_bytes, 0U) << "drivers of GPUs map more than they use";
    EXPECT_THAT(gpu.missing, HasSubstr("its memory is not limited"));
    cgroups.kill("web@0");
    cgroups.remove("web@0");
  }
  EXPECT_EQ(text("cgroup.kill"), "");
}

TEST_F(CgroupTest, says_where_a_cgroup_cannot_be_made) {
  root.write("/bw/db@0", "a file");
  const RunLimits limits = WorkloadCgroups(root.at("/bw")).make("db@0/x", half_a_cpu(), false);
  EXPECT_THAT(limits.missing, HasSubstr("Not a directory"));
  root.write("/file", "");
  EXPECT_THAT(WorkloadCgroups(root.at("/file/bw")).make("w", half_a_cpu(), false).missing,
              HasSubstr("no cgroup v2"));
}

TEST_F(CgroupTest, takes_away_what_is_empty) {
  root.write("/cgroup.controllers", "");
  const WorkloadCgroups cgroups(root.at("/new"));
  (void)cgroups.make("web@0", {}, false);
  ASSERT_TRUE(std::filesystem::exists(root.at("/new/web@0")));
  cgroups.remove("web@0");
  EXPECT_FALSE(std::filesystem::exists(root.at("/new/web@0")));
}

}  // namespace
}  // namespace bw::agent
