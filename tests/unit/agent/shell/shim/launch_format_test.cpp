#include "agent/shell/shim/launch_format.h"

#include <gtest/gtest.h>

#include "base/rng.h"

namespace bw::agent {
namespace {

Launch a_launch() {
  Launch launch;
  launch.is_probe = true;
  launch.argv = {"/bin/program", "", "a b"};
  launch.environment = {"A=1", "B="};
  launch.directory = "/srv";
  launch.user = "web";
  launch.cgroup = "/sys/fs/cgroup/x/cgroup.procs";
  launch.data_bytes = 1ULL << 40;
  launch.stop_signal = 31;
  launch.log_bytes = 77;
  return launch;
}

TEST(LaunchFormat, gives_back_what_went_in) {
  EXPECT_EQ(decode_launch(encode_launch(a_launch())).value(), a_launch());
  Launch plain;
  plain.argv = {"x"};
  EXPECT_EQ(decode_launch(encode_launch(plain)).value(), plain);
}

TEST(LaunchFormat, refuses_what_was_cut_anywhere_or_goes_on) {
  const std::string blob = encode_launch(a_launch());
  for (std::size_t size = 0; size < blob.size(); ++size) {
    EXPECT_FALSE(decode_launch(blob.substr(0, size))) << size;
  }
  EXPECT_FALSE(decode_launch(blob + "x"));
}

TEST(LaunchFormat, refuses_another_version_and_no_program) {
  std::string blob = encode_launch(a_launch());
  blob[0] = 2;
  EXPECT_FALSE(decode_launch(blob));
  EXPECT_FALSE(decode_launch(encode_launch(Launch{})));
}

TEST(LaunchFormat, survives_any_bytes) {
  Rng rng(3);
  const std::string whole = encode_launch(a_launch());
  for (int round = 0; round < 3000; ++round) {
    std::string blob = whole;
    for (int i = 0; i < 3; ++i) blob[rng.below(blob.size())] = static_cast<char>(rng.next());
    (void)decode_launch(blob).has_value();
  }
}

}  // namespace
}  // namespace bw::agent
