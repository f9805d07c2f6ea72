// The distribution's Prometheus as a receiver of remote write, with data of its own, and what it
// answers.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tests/integration/harness.h"

namespace bw::integration {

class Prometheus {
 public:
  // Whether it is installed.
  static bool is_there();

  explicit Prometheus(const std::string& folder);

  // out_of_order: how far behind the newest sample a late one may be, "30m"; empty: not at all.
  void start(const std::string& out_of_order = "");
  void kill() { process_.kill(); }
  bool is_ready();
  int port() const { return port_; }
  std::string log() const { return process_.log(); }

  // An instant query at a time: by the values of `label` (all in one where it is empty) the
  // results.
  std::map<std::string, double> query(const std::string& expression, std::int64_t at_ms,
                                      const std::string& label = "");
  // The samples of each series of a range selector: time in ms -> value, by `label`.
  using Samples = std::map<std::string, std::vector<std::pair<std::int64_t, double>>>;
  Samples samples(const std::string& selector, std::int64_t at_ms, const std::string& label);

 private:
  std::string folder_;
  int port_ = free_port();
  Process process_;
};

}  // namespace bw::integration
