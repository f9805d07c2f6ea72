#include "coordinator/cli/detect_model.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <span>

#include <sys/stat.h>
#include <unistd.h>

#include "coordinator/cli/detect_table.h"

namespace bw::cli {

Result<wire::Model> read_model(const std::string& path) {
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) return Error{path + ": " + std::strerror(errno)};
  if (!S_ISREG(status.st_mode)) return Error{path + ": it is no file"};
  if (static_cast<std::uint64_t>(status.st_size) > wire::kMaxModelPayload) {
    return Error{path + ": it is larger than any model: " + std::to_string(wire::kMaxModelPayload) +
                 " bytes at most"};
  }
  std::ifstream file(path, std::ios::binary);
  std::string bytes(static_cast<std::size_t>(status.st_size), '\0');
  if (!file || !file.read(bytes.data(), static_cast<std::streamsize>(bytes.size()))) {
    return Error{path + ": " + std::strerror(errno)};
  }
  auto model = wire::decode_model(std::as_bytes(std::span(bytes)));
  if (!model) return model.error().within(path);
  return model;
}

Result<void> write_model(const std::string& path, const wire::Model& model) {
  const auto bytes = wire::encode_model(model);
  if (!bytes) return bytes.error().within(path);
  // A name of its own beside it: no other file is written over, and none is left where this fails.
  std::string beside = path + ".XXXXXX";
  const int descriptor = ::mkstemp(beside.data());
  if (descriptor < 0) return Error{path + ": " + std::strerror(errno)};
  const mode_t mask = ::umask(0);
  ::umask(mask);
  std::size_t written = 0;
  bool is_well = ::fchmod(descriptor, 0666 & ~mask) == 0;
  while (is_well && written < bytes->size()) {
    const ssize_t now = ::write(descriptor, bytes->data() + written, bytes->size() - written);
    is_well = now > 0 || (now < 0 && errno == EINTR);
    if (now > 0) written += static_cast<std::size_t>(now);
  }
  std::string why = is_well ? "" : std::strerror(errno);
  if (::close(descriptor) != 0 && why.empty()) why = std::strerror(errno);
  if (why.empty() && std::rename(beside.c_str(), path.c_str()) == 0) return {};
  if (why.empty()) why = std::strerror(errno);
  std::remove(beside.c_str());
  return Error{path + ": " + why};
}

Result<MetricPlaces> place_metrics(const std::vector<std::string>& of_model,
                                   const std::vector<std::string>& of_table,
                                   const std::string& model_path) {
  MetricPlaces out;
  out.names = of_model;
  std::size_t shared = 0;
  for (const std::string& name : of_table) {
    const auto known = std::find(of_model.begin(), of_model.end(), name);
    if (known != of_model.end()) {
      out.of.push_back(static_cast<std::size_t>(known - of_model.begin()));
      ++shared;
    } else {
      out.of.push_back(out.names.size());
      out.names.push_back(name);
    }
  }
  for (const std::string& name : of_model) {
    if (std::find(of_table.begin(), of_table.end(), name) == of_table.end()) {
      out.missing.push_back(name);
    }
  }
  if (!of_model.empty() && shared == 0) {
    return Error{model_path + ": it knows none of the file's metrics: it is of " +
                 of_model.front() + " and others"};
  }
  if (out.names.size() > kMostDetectMetrics) {
    return Error{model_path + ": its metrics and the file's are more than " +
                 std::to_string(kMostDetectMetrics) + " together"};
  }
  return out;
}

}  // namespace bw::cli
