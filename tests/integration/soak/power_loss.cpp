#include "tests/integration/soak/power_loss.h"

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <vector>

namespace bw::integration {

namespace {

constexpr std::size_t kSector = 512;

struct Change {
  char op = 0;  // w: written, t: cut to `offset`
  std::size_t offset = 0;
  std::size_t size_before = 0;
  std::string old_bytes;
  std::string new_bytes;
};

std::string content_of(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

// What each file's last sync left behind it, oldest first.
std::map<std::string, std::vector<Change>> unsynced(const std::string& journal) {
  std::map<std::string, std::vector<Change>> files;
  const std::string text = content_of(journal);
  for (std::size_t at = 0; at < text.size();) {
    const auto end = text.find('\n', at);
    if (end == std::string::npos) break;
    Change change;
    std::size_t length = 0;
    std::size_t old_length = 0;
    std::istringstream header(text.substr(at, end - at));
    std::string path;
    header >> change.op >> length >> old_length >> change.offset >> change.size_before >> path;
    at = end + 1;
    if (at + old_length + length > text.size()) break;  // killed while it wrote this
    change.old_bytes = text.substr(at, old_length);
    change.new_bytes = text.substr(at + old_length, length);
    at += old_length + length;
    if (change.op == 's') {
      files[path].clear();
    } else {
      files[path].push_back(std::move(change));
    }
  }
  return files;
}

void put(std::string& content, std::size_t offset, const std::string& bytes) {
  if (content.size() < offset + bytes.size()) content.resize(offset + bytes.size());
  content.replace(offset, bytes.size(), bytes);
}

void undo(std::string& content, const Change& change) {
  if (change.op == 'w') put(content, change.offset, change.old_bytes);
  content.resize(change.size_before);
  if (change.op == 't') put(content, change.offset, change.old_bytes);
}

void redo_some(std::string& content, const Change& change, double chance, Rng& rng) {
  if (change.op == 't') {
    if (rng.chance(chance)) content.resize(change.offset);
    return;
  }
  for (std::size_t at = 0; at < change.new_bytes.size();) {
    const std::size_t length =
        std::min(kSector - (change.offset + at) % kSector, change.new_bytes.size() - at);
    if (rng.chance(chance)) put(content, change.offset + at, change.new_bytes.substr(at, length));
    at += length;
  }
}

}  // namespace

std::map<std::string, std::string> power_loss_environment(const std::string& directory,
                                                          const std::string& journal) {
  return {{"LD_PRELOAD", BW_POWER_LOSS_PRELOAD},
          {"BW_POWER_DIRECTORY", directory},
          {"BW_POWER_JOURNAL", journal}};
}

std::size_t lose_power(const std::string& directory, const std::string& journal, Rng& rng) {
  std::size_t changes = 0;
  const double chance = rng.chance(0.25) ? 0 : rng.chance(0.33) ? 1 : rng.unit();
  for (const auto& [path, since] : unsynced(journal)) {
    changes += since.size();
    if (since.empty() || !std::filesystem::exists(path)) continue;
    std::string content = content_of(path);
    for (auto change = since.rbegin(); change != since.rend(); ++change) undo(content, *change);
    for (const Change& change : since) redo_some(content, change, chance, rng);
    std::ofstream(path, std::ios::binary | std::ios::trunc) << content;
  }
  std::error_code ignored;
  for (const auto& entry : std::filesystem::directory_iterator(directory, ignored)) {
    if (entry.path().string().ends_with("-shm")) std::filesystem::remove(entry.path(), ignored);
  }
  std::filesystem::remove(journal, ignored);
  return changes;
}

}  // namespace bw::integration
