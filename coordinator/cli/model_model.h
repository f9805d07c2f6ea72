// What the coordinator's API answers of models and commands, as plain structs.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace bw::cli {

struct ModelInfo {
  std::string id;
  std::string node_class;  // empty: unknown
  std::string source;      // empty: imported
  std::optional<std::int64_t> created_ms;
  std::optional<std::int64_t> from_ms;
  std::optional<std::int64_t> to_ms;
  std::uint64_t rows = 0;
  std::uint64_t metrics = 0;
  std::optional<double> threshold;
  std::uint64_t bytes = 0;
  std::string crc;
  std::string note;
  std::uint64_t running = 0;
  std::uint64_t waiting = 0;
  std::uint64_t refused = 0;
  std::optional<double> drift;
  std::optional<double> rate;  // anomalies a day
};

struct ClassStart {
  std::string node_class;
  std::string model;
};

struct ModelList {
  std::vector<ModelInfo> models;
  std::vector<ClassStart> classes;
};

struct ModelNode {
  std::string node;
  std::string status;
  std::string state;  // running, waiting, refused, done
  std::optional<std::int64_t> since_ms;
  std::string before;
  std::string reason;
  std::optional<double> drift;
  std::optional<double> rate;
  std::optional<double> threshold;
};

struct ModelDetail {
  ModelInfo model;
  std::vector<std::string> metrics;
  std::vector<ModelNode> nodes;
  bool truncated = false;
};

struct DeploymentNode {
  std::string node;
  std::string model;  // empty: nothing changed
  std::string text;
};

struct Deployment {
  std::string model;  // empty: each node its own
  std::string node_class;
  std::string class_text;
  std::uint64_t changed = 0;
  std::vector<DeploymentNode> nodes;
};

struct CommandInfo {
  std::string id;
  std::string node;
  std::string kind;
  std::string state;
  std::string text;
  std::string model;

  bool is_open() const { return state == "sent" || state == "storing"; }
};

}  // namespace bw::cli
