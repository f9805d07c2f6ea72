#include "coordinator/cli/detect_model.h"

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <span>

#include <sys/stat.h>

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
  const std::string beside = path + ".new";
  std::ofstream file(beside, std::ios::binary | std::ios::trunc);
  const std::string text(reinterpret_cast<const char*>(bytes->data()), bytes->size());
  file.write(text.data(), static_cast<std::streamsize>(text.size()));
  file.close();
  if (!file) return Error{beside + ": " + std::strerror(errno)};
  if (std::rename(beside.c_str(), path.c_str()) == 0) return {};
  const std::string why = std::strerror(errno);
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
