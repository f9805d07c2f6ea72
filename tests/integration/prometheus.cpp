#include "tests/integration/prometheus.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>
#include <unistd.h>

namespace bw::integration {

namespace {

constexpr const char* kExecutable = "/usr/bin/prometheus";

std::string escaped(const std::string& text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4];
      out += kHex[byte & 15];
    }
  }
  return out;
}

// Long answers come in chunks, each behind a line with its size.
std::string without_chunks(const std::string& body) {
  if (body.starts_with('{')) return body;
  std::string whole;
  for (std::size_t at = 0; at < body.size();) {
    const std::size_t size = std::strtoul(body.c_str() + at, nullptr, 16);
    const std::size_t begin = body.find("\r\n", at);
    if (size == 0 || begin == std::string::npos) break;
    whole += body.substr(begin + 2, size);
    at = begin + 2 + size + 2;
  }
  return whole;
}

nlohmann::json result_of(int port, const std::string& expression, std::int64_t at_ms) {
  const auto answer = http_get(port, "/api/v1/query?query=" + escaped(expression) +
                                         "&time=" + std::to_string(at_ms / 1000) + "." +
                                         std::to_string(1000 + at_ms % 1000).substr(1));
  const auto json = nlohmann::json::parse(without_chunks(answer.body), nullptr, false);
  if (json.is_discarded() || !json.contains("data")) return nlohmann::json::array();
  return json["data"]["result"];
}

std::string label_of(const nlohmann::json& series, const std::string& label) {
  return series["metric"].value(label, "");
}

}  // namespace

bool Prometheus::is_there() {
  return access(kExecutable, X_OK) == 0;
}

Prometheus::Prometheus(const std::string& folder)
    : folder_(folder + "/prometheus"), process_(folder + "/prometheus.log") {
  std::filesystem::create_directories(folder_);
}

void Prometheus::start(const std::string& out_of_order) {
  std::ofstream file(folder_ + "/prometheus.yml");
  file << "global: {}\n";
  if (!out_of_order.empty()) {
    file << "storage:\n  tsdb:\n    out_of_order_time_window: " << out_of_order << "\n";
  }
  file.close();
  process_.start({kExecutable, "--config.file=" + folder_ + "/prometheus.yml",
                  "--storage.tsdb.path=" + folder_ + "/data",
                  "--web.listen-address=127.0.0.1:" + std::to_string(port_),
                  "--web.enable-remote-write-receiver"},
                 {{"GOMAXPROCS", "1"}});
}

bool Prometheus::is_ready() {
  return http_get(port_, "/-/ready").status == 200;
}

std::map<std::string, double> Prometheus::query(const std::string& expression, std::int64_t at_ms,
                                                const std::string& label) {
  std::map<std::string, double> found;
  for (const auto& series : result_of(port_, expression, at_ms)) {
    found[label_of(series, label)] = std::stod(series["value"][1].get<std::string>());
  }
  return found;
}

Prometheus::Samples Prometheus::samples(const std::string& selector, std::int64_t at_ms,
                                        const std::string& label) {
  Samples found;
  for (const auto& series : result_of(port_, selector, at_ms)) {
    auto& samples = found[label_of(series, label)];
    for (const auto& value : series["values"]) {
      samples.emplace_back(static_cast<std::int64_t>(value[0].get<double>() * 1000 + .5),
                           std::stod(value[1].get<std::string>()));
    }
  }
  return found;
}

}  // namespace bw::integration
