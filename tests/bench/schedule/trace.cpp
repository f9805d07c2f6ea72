#include "tests/bench/schedule/trace.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <map>

namespace bw::bench {

namespace {

using coordinator::schedule::Gpu;
using coordinator::schedule::kWholeGpu;
using coordinator::schedule::Node;
using coordinator::schedule::Resources;

std::vector<std::string> split(const std::string& line, char at) {
  std::vector<std::string> parts(1);
  for (const char c : line) {
    if (c == at) {
      parts.emplace_back();
    } else if (c != '\r') {
      parts.back() += c;
    }
  }
  return parts;
}

std::vector<std::vector<std::string>> rows_of(const std::string& path, std::size_t columns) {
  std::ifstream file(path);
  std::vector<std::vector<std::string>> rows;
  std::string line;
  std::getline(file, line);
  while (std::getline(file, line)) {
    rows.push_back(split(line, ','));
    if (rows.back().size() < columns) {
      std::fprintf(stderr, "%s:%zu: fewer than %zu columns\n", path.c_str(), rows.size() + 1,
                   columns);
      std::exit(2);
    }
  }
  if (rows.empty()) {
    std::fprintf(stderr, "%s: no rows\n", path.c_str());
    std::exit(2);
  }
  return rows;
}

int number(const std::string& text) {
  return static_cast<int>(std::strtol(text.c_str(), nullptr, 10));
}

constexpr std::int64_t kMiB = std::int64_t{1} << 20;

}  // namespace

double Trace::asked(std::size_t of) const {
  const Resources& resources = classes[of].resources;
  return resources.gpus > 0 ? resources.gpus * kWholeGpu : resources.gpu_milli;
}

Trace read_trace(const std::string& nodes, const std::string& pods) {
  Trace trace;
  for (const auto& row : rows_of(nodes, 5)) {
    Node node;
    node.id = row[0];
    node.cpu_milli = number(row[1]);
    node.memory_bytes = number(row[2]) * kMiB;
    for (int i = 0; i < number(row[3]); ++i) {
      Gpu gpu;
      gpu.uuid = row[0] + "-" + std::to_string(i);
      gpu.model = row[4];
      gpu.memory_bytes = 16384 * kMiB;
      node.gpus.push_back(gpu);
    }
    trace.gpu_milli += static_cast<double>(node.gpus.size()) * kWholeGpu;
    trace.nodes.push_back(node);
  }
  auto rows = rows_of(pods, 5);
  std::sort(rows.begin(), rows.end());
  std::map<std::vector<std::string>, std::size_t> known;
  for (const auto& row : rows) {
    const std::string models = row.size() > 5 ? row[5] : "";
    const auto [it, is_new] =
        known.emplace(std::vector{row[1], row[2], row[3], row[4], models}, trace.classes.size());
    if (is_new) {
      Resources asked;
      asked.cpu_milli = number(row[1]);
      asked.memory_bytes = number(row[2]) * kMiB;
      const int count = number(row[3]);
      const int milli = number(row[4]);
      if (count > 1 || (count == 1 && milli >= kWholeGpu)) {
        asked.gpus = count;
      } else if (count == 1) {
        asked.gpu_milli = milli;
      }
      if (!models.empty()) asked.gpu_models = split(models, '|');
      trace.classes.push_back({asked, 0});
    }
    trace.classes[it->second].weight += 1;
    trace.pods.push_back(it->second);
  }
  return trace;
}

}  // namespace bw::bench
