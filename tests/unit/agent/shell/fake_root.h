// A directory of its own for one test, with files as the test wants them; gone when it ends.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>

#include "base/assert.h"

namespace bw::agent {

class FakeRoot {
 public:
  FakeRoot() {
    std::string name = (std::filesystem::temp_directory_path() / "bellwether-test-XXXXXX").string();
    BW_ASSERT(mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~FakeRoot() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  FakeRoot(const FakeRoot&) = delete;
  FakeRoot& operator=(const FakeRoot&) = delete;

  const std::string& path() const { return path_; }
  std::string at(std::string_view below) const { return path_ + std::string(below); }

  // In place: who has the file open sees the new text.
  void write(std::string_view below, std::string_view text) const {
    const std::filesystem::path path = at(below);
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary | std::ios::trunc) << text;
  }
  void remove(std::string_view below) const { std::filesystem::remove_all(at(below)); }

 private:
  std::string path_;
};

}  // namespace bw::agent
