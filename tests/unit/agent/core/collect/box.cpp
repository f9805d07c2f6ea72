#include "tests/unit/agent/core/collect/box.h"

#include <algorithm>
#include <cerrno>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <sstream>

#include <fnmatch.h>
#include <gtest/gtest.h>

#include "base/assert.h"

namespace bw::agent {
namespace {

// The patterns of a source: its path is one, or several separated by blanks.
std::vector<std::string> patterns_of(const SourceSpec& spec) {
  std::vector<std::string> patterns;
  if (spec.lane == metrics::Lane::call) return patterns;
  std::istringstream words{std::string(spec.path)};
  for (std::string word; words >> word;) patterns.push_back(word);
  return patterns;
}

// Most files are of one source.
std::vector<SourceId> sources_of(std::string_view path) {
  std::vector<SourceId> sources;
  for (const SourceSpec& spec : kSources) {
    const std::vector<std::string> patterns = patterns_of(spec);
    if (std::any_of(patterns.begin(), patterns.end(), [&](const std::string& pattern) {
          return fnmatch(pattern.c_str(), std::string(path).c_str(), FNM_PATHNAME) == 0;
        })) {
      sources.push_back(spec.id);
    }
  }
  if (!sources.empty()) return sources;
  ADD_FAILURE() << path << " is no path of a source";
  return {SourceId::stat};
}

SourceId source_of(std::string_view path) {
  return sources_of(path).front();
}

// All paths below `root` that match the pattern, as paths of the box.
void expand(const std::string& root, std::string_view pattern, std::string done,
            std::vector<std::string>& out) {
  const std::size_t end = std::min(pattern.find('/', 1), pattern.size());
  const std::string component(pattern.substr(1, end - 1));
  std::vector<std::string> names;
  if (component.find('*') == std::string::npos) {
    names.push_back(component);
  } else {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(root + done, error)) {
      const std::string name = entry.path().filename().string();
      if (fnmatch(component.c_str(), name.c_str(), 0) == 0) names.push_back(name);
    }
  }
  for (const std::string& name : names) {
    const std::string path = done + "/" + name;
    if (!std::filesystem::exists(root + path)) continue;
    if (end == pattern.size()) {
      out.push_back(path);
    } else {
      expand(root, pattern.substr(end), path, out);
    }
  }
}

}  // namespace

std::string repeated(std::size_t count, char letter) {
  std::string text;
  text.assign(count, letter);
  return text;
}

Box Box::fixture(std::string_view name) {
  std::string directory = BW_FIXTURES "/";
  directory += name;
  return root(directory);
}

Box Box::root(const std::string& directory) {
  Box box;
  for (const SourceSpec& spec : kSources) {
    // A drive's log page is no text.
    if (spec.id == SourceId::nvme_smart) continue;
    std::vector<std::string> paths;
    for (const std::string& pattern : patterns_of(spec)) {
      expand(directory == "/" ? "" : directory, pattern, "", paths);
    }
    for (const std::string& path : paths) {
      std::ifstream file(directory + path);
      std::ostringstream text;
      errno = 0;
      text << file.rdbuf();
      if (text.str().empty() && errno != 0) {
        box.fail(path, errno);
      } else {
        box.set(path, text.str());
      }
    }
  }
  return box;
}

Box& Box::set(std::string_view path, const std::string& text) {
  for (const SourceId source : sources_of(path)) {
    files_[{source, std::string(path)}] = {source, text, 0};
  }
  return *this;
}

Box& Box::fail(std::string_view path, int error) {
  for (const SourceId source : sources_of(path)) {
    files_[{source, std::string(path)}] = {source, {}, error};
  }
  return *this;
}

Box& Box::remove(std::string_view path) {
  for (const SourceId source : sources_of(path)) {
    EXPECT_EQ(files_.erase({source, std::string(path)}), 1U) << path;
  }
  return *this;
}

std::string Box::text(std::string_view path) const {
  const auto it = files_.find({source_of(path), std::string(path)});
  BW_ASSERT(it != files_.end());
  return it->second.text;
}

bool Box::has_file(std::string_view path) const {
  return files_.contains({source_of(path), std::string(path)});
}

Box& Box::replace(std::string_view path, std::string_view from, std::string_view to) {
  std::string changed = text(path);
  const std::size_t at = changed.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  if (at != std::string::npos) changed.replace(at, from.size(), to);
  return set(path, changed);
}

bool Box::is_single(const SourceSpec& spec) {
  return spec.lane != metrics::Lane::call &&
         spec.path.find_first_of("* ") == std::string_view::npos;
}

void Box::prepare() {
  texts_.clear();
  for (const auto& [key, file] : files_) {
    if (tick_ % kSources[static_cast<std::size_t>(key.first)].every != 0) continue;
    texts_.push_back(
        {.source = file.source,
         .path = key.second,
         .text = file.text,
         .error = file.error,
         .took = took,
         .waited = file.error == ETIMEDOUT || file.error == EBUSY ? waited : Duration{}});
  }
  now_ += period;
  readings_.when = now_;
  readings_.wall = WallTime{} + std::chrono::duration_cast<std::chrono::milliseconds>(
                                    now_.time_since_epoch() + wall_offset);
  readings_.clock = clock;
  readings_.cpu_counters = cpu_counters;
  readings_.page_size = page_size;
  readings_.processes = processes;
  readings_.suspended = suspended;
  readings_.tick = tick_++;
  readings_.texts = texts_;
  readings_.file_systems = file_systems;
  readings_.self = self;
}

void Box::ticks(int count) {
  for (int i = 0; i < count; ++i) tick();
}

std::size_t Box::find(std::string_view name, const Labels& labels) const {
  const auto& series = sample().series();
  const auto it = std::find_if(series.begin(), series.end(), [&](const wire::SeriesInfo& info) {
    return info.name == name && info.labels == labels;
  });
  return static_cast<std::size_t>(it - series.begin());
}

bool Box::has(std::string_view name, const Labels& labels) const {
  return find(name, labels) < sample().series().size();
}

double Box::value(std::string_view name, const Labels& labels) const {
  const std::size_t alias = find(name, labels);
  return alias < sample().series().size() ? sample().values()[alias] : Sample::kNoValue;
}

double Box::live(std::string_view name, const Labels& labels) const {
  const std::size_t alias = find(name, labels);
  return alias < sample().series().size() ? sample().live()[alias] : Sample::kNoValue;
}

std::size_t Box::count(std::string_view name) const {
  const auto& series = sample().series();
  return static_cast<std::size_t>(
      std::count_if(series.begin(), series.end(),
                    [&](const wire::SeriesInfo& info) { return info.name == name; }));
}

std::size_t Box::values() const {
  const auto values = sample().values();
  return static_cast<std::size_t>(
      std::count_if(values.begin(), values.end(), [](double value) { return !std::isnan(value); }));
}

std::string Box::trouble(std::string_view source) const {
  for (const auto& trouble : collector_->troubles()) {
    if (trouble.source == source) return std::string(trouble.what);
  }
  return {};
}

}  // namespace bw::agent
