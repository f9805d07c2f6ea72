// A small tmpfs is filled to the last byte under a database, and emptied again.
#include <filesystem>
#include <fstream>
#include <thread>

#include <gtest/gtest.h>
#include <sys/mount.h>
#include <unistd.h>

#include "tests/integration/harness.h"

namespace bw::integration {
namespace {

using std::chrono::seconds;

class SmallDisk {
 public:
  explicit SmallDisk(const std::string& path) : path_(path) {
    std::filesystem::create_directories(path_);
    mounted_ = mount("tmpfs", path_.c_str(), "tmpfs", 0, "size=3m") == 0;
  }
  ~SmallDisk() {
    if (mounted_) umount2(path_.c_str(), MNT_DETACH);
  }
  bool mounted() const { return mounted_; }
  void fill() {
    std::ofstream file(path_ + "/filler", std::ios::binary);
    const std::string block(4096, 'x');
    while (file.write(block.data(), 4096).flush()) {
    }
  }
  void empty() { std::filesystem::remove(path_ + "/filler"); }

 private:
  std::string path_;
  bool mounted_ = false;
};

bool all_stored(Site& site) {
  const auto stored = site.stored_records();
  for (const auto& [epoch, numbers] : site.recorded_records()) {
    for (const long number : numbers) {
      if (!stored.contains(epoch) || !stored.at(epoch).contains(number)) return false;
    }
  }
  return true;
}

TEST(FullDiskTest, UnderTheCoordinatorsDatabaseItIsLoudAndRecoversAndNothingIsLost) {
  Site site;
  SmallDisk disk(site.coordinator_state);
  if (!disk.mounted()) GTEST_SKIP() << "needs the right to mount a tmpfs";
  site.start_broker();
  site.start_coordinator();
  site.start_agent();
  ASSERT_TRUE(site.live());
  ASSERT_TRUE(eventually(seconds{40}, [&] { return !site.stored_records().empty(); }));

  disk.fill();
  EXPECT_TRUE(eventually(seconds{20}, [&] {
    return http_get(site.api_port, "/readyz").status == 503;
  })) << http_get(site.api_port, "/readyz").body;
  EXPECT_NE(http_get(site.api_port, "/readyz").body.find("full"), std::string::npos)
      << http_get(site.api_port, "/readyz").body;
  EXPECT_NE(site.coordinator.log().find("full"), std::string::npos) << site.coordinator.log();
  EXPECT_EQ(site.metric("bw_store_ok"), 0);
  EXPECT_TRUE(site.live()) << "screens and rules go on";
  std::this_thread::sleep_for(seconds{3});

  disk.empty();
  EXPECT_TRUE(eventually(seconds{40}, [&] {
    return http_get(site.api_port, "/readyz").status == 200;
  })) << http_get(site.api_port, "/readyz").body;
  EXPECT_TRUE(eventually(seconds{60}, [&] { return all_stored(site); }));
  EXPECT_EQ(site.stored_gaps(), 0);
}

TEST(FullDiskTest, UnderTheOutboxRecordsGoOnFromMemoryAndItRecovers) {
  Site site;
  SmallDisk disk(site.agent_state);
  if (!disk.mounted()) GTEST_SKIP() << "needs the right to mount a tmpfs";
  site.start_broker();
  site.start_coordinator();
  site.start_agent();
  ASSERT_TRUE(site.live());
  ASSERT_TRUE(eventually(seconds{40}, [&] { return !site.stored_records().empty(); }));

  disk.fill();
  ASSERT_TRUE(eventually(seconds{20}, [&] {
    return site.agent.log().find("the outbox can't be written") != std::string::npos;
  })) << site.agent.log();
  const auto stored = [&] {
    std::size_t count = 0;
    for (const auto& [epoch, numbers] : site.stored_records()) count += numbers.size();
    return count;
  };
  const std::size_t during = stored();
  EXPECT_TRUE(eventually(seconds{20}, [&] { return stored() > during + 3; }))
      << "the coordinator still gets them";
  disk.empty();
  EXPECT_TRUE(eventually(seconds{90}, [&] {
    return site.agent.log().find("the disk takes records again") != std::string::npos;
  }));
  EXPECT_TRUE(eventually(seconds{30}, [&] { return all_stored(site); }));
  EXPECT_EQ(site.stored_gaps(), 0);
}

}  // namespace
}  // namespace bw::integration
