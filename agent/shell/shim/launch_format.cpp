#include "agent/shell/shim/launch_format.h"

#include <cstring>

namespace bw::agent {

namespace {

constexpr std::uint64_t kLaunchVersion = 1;

void put(std::string& blob, std::uint64_t number) {
  for (int shift = 0; shift < 64; shift += 8) blob += static_cast<char>(number >> shift);
}

void put(std::string& blob, std::string_view text) {
  put(blob, text.size());
  blob += text;
}

void put(std::string& blob, const std::vector<std::string>& texts) {
  put(blob, texts.size());
  for (const std::string& text : texts) put(blob, text);
}

// After the first thing that is not there, all is empty and `is_whole` false.
struct LaunchReader {
  std::uint64_t number() {
    constexpr std::size_t kBytes = 8;
    if (blob.size() < kBytes) {
      is_whole = false;
      blob = {};
      return 0;
    }
    std::uint64_t value = 0;
    for (std::size_t i = 0; i < kBytes; ++i) {
      value |= std::uint64_t{static_cast<unsigned char>(blob[i])} << (8 * i);
    }
    blob.remove_prefix(kBytes);
    return value;
  }
  std::string text() {
    const std::uint64_t told = number();
    if (told > blob.size()) {
      is_whole = false;
      blob = {};
      return {};
    }
    const auto size = static_cast<std::size_t>(told);
    std::string text(blob.substr(0, size));
    blob.remove_prefix(size);
    return text;
  }
  std::vector<std::string> texts() {
    std::vector<std::string> texts;
    for (std::uint64_t left = number(); left > 0 && is_whole; --left) texts.push_back(text());
    return texts;
  }

  std::string_view blob;
  bool is_whole = true;
};

}  // namespace

std::string encode_launch(const Launch& launch) {
  std::string blob;
  put(blob, kLaunchVersion);
  put(blob, std::uint64_t{launch.is_probe ? 1U : 0U});
  put(blob, launch.argv);
  put(blob, launch.environment);
  put(blob, launch.directory);
  put(blob, launch.user);
  put(blob, launch.cgroup);
  put(blob, launch.data_bytes);
  put(blob, std::uint64_t{launch.stop_signal});
  put(blob, launch.log_bytes);
  return blob;
}

Result<Launch> decode_launch(std::string_view blob) {
  LaunchReader reader{blob};
  if (reader.number() != kLaunchVersion) return Error{"the shim is of another version"};
  Launch launch;
  launch.is_probe = reader.number() != 0;
  launch.argv = reader.texts();
  launch.environment = reader.texts();
  launch.directory = reader.text();
  launch.user = reader.text();
  launch.cgroup = reader.text();
  launch.data_bytes = reader.number();
  launch.stop_signal = static_cast<std::uint8_t>(reader.number());
  launch.log_bytes = reader.number();
  if (!reader.is_whole || !reader.blob.empty() || launch.argv.empty()) {
    return Error{"what is to be started came damaged"};
  }
  return launch;
}

}  // namespace bw::agent
