#include "tests/unit/coordinator/core/schedule/golden.h"

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include <gtest/gtest.h>

namespace bw::coordinator::schedule {
namespace {

std::vector<std::string> cases() {
  std::vector<std::string> paths;
  const std::string folder = BW_SOURCE_DIR "/tests/golden/schedule";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() == ".toml") paths.push_back(entry.path().string());
  }
  std::sort(paths.begin(), paths.end());
  return paths;
}

// The name of the file is the sentence it says, in small letters and underscores.
std::string file_name_of(const std::string& sentence) {
  std::string name;
  for (const char c : sentence) {
    const bool is_word = (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
    if (c >= 'A' && c <= 'Z') {
      name += static_cast<char>(c - 'A' + 'a');
    } else if (is_word) {
      name += c;
    } else if (!name.empty() && name.back() != '_') {
      name += '_';
    }
  }
  while (!name.empty() && name.back() == '_') name.pop_back();
  return name;
}

// BW_UPDATE_GOLDEN=1 writes what comes out into the cases instead of comparing: read the
// difference before keeping it.
bool is_update() {
  const char* text = std::getenv("BW_UPDATE_GOLDEN");
  return text != nullptr && std::string(text) == "1";
}

TEST(GoldenSchedule, EachCaseGivesItsPlanAndStaysWithIt) {
  const auto paths = cases();
  ASSERT_FALSE(paths.empty());
  for (const std::string& path : paths) {
    SCOPED_TRACE(path);
    const auto read = read_golden(path);
    ASSERT_TRUE(read.has_value()) << read.error().message;
    EXPECT_EQ(std::filesystem::path(path).stem().string(), file_name_of(read->says));
    const Plan made = plan(read->snapshot, read->options);
    const auto lines = lines_of(made);
    if (is_update()) {
      std::stringstream text;
      text << std::ifstream(path).rdbuf();
      std::ofstream(path) << with_expected(text.str(), lines);
    } else {
      EXPECT_EQ(lines, read->expected);
    }
    if (read->is_stable) {
      const Plan again = plan(carried_out(read->snapshot, made), read->options);
      EXPECT_TRUE(again.changes_nothing()) << ::testing::PrintToString(lines_of(again));
    }
  }
}

TEST(GoldenSchedule, TheOrderOfTheListsSaysNothing) {
  for (const std::string& path : cases()) {
    SCOPED_TRACE(path);
    auto read = read_golden(path);
    ASSERT_TRUE(read.has_value());
    const Plan made = plan(read->snapshot, read->options);
    std::reverse(read->snapshot.nodes.begin(), read->snapshot.nodes.end());
    std::reverse(read->snapshot.workloads.begin(), read->snapshot.workloads.end());
    std::reverse(read->snapshot.assignments.begin(), read->snapshot.assignments.end());
    EXPECT_EQ(plan(read->snapshot, read->options), made);
  }
}

TEST(GoldenSchedule, AMistakeInACaseIsSaid) {
  const std::string path = ::testing::TempDir() + "/bw_golden_mistake.toml";
  std::ofstream(path) << "says = \"x\"\n[[node]]\nid = \"a\"\ncolour = \"red\"\n";
  const auto read = read_golden(path);
  ASSERT_FALSE(read.has_value());
  EXPECT_NE(read.error().message.find("unknown key colour"), std::string::npos);
}

}  // namespace
}  // namespace bw::coordinator::schedule
