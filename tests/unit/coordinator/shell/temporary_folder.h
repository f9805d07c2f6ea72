// A folder below the system's temporary one, gone at the end.
#pragma once

#include <cstdlib>
#include <filesystem>
#include <string>
#include <system_error>

namespace bw::coordinator {

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "bw-shell-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  const std::string& path() const { return path_; }
  std::string operator/(const std::string& name) const { return path_ + "/" + name; }

  // Files of it whose names begin so, but for a database's companions.
  std::size_t count(const std::string& prefix) const {
    std::size_t found = 0;
    for (const auto& entry : std::filesystem::directory_iterator(path_)) {
      const std::string name = entry.path().filename().string();
      const bool is_companion = name.ends_with("-wal") || name.ends_with("-shm");
      if (name.starts_with(prefix) && !is_companion) ++found;
    }
    return found;
  }

 private:
  std::string path_;
};

}  // namespace bw::coordinator
