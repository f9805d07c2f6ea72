// The coordinator's API, asked over HTTP: builds targets, follows pages, and turns whatever goes
// wrong into words for the operator.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "coordinator/cli/decode.h"
#include "coordinator/cli/http_client.h"
#include "coordinator/cli/model.h"

namespace bw::cli {

// Names and values, not yet escaped; those with an empty value are left out.
using Parameters = std::vector<std::pair<std::string, std::string>>;

struct Answer {
  long status = 0;    // of HTTP; 0: none came
  std::string body;   // where all is well
  std::string error;  // else, in words, ready to be shown
  bool ok() const { return status >= 200 && status < 300; }
};

class ApiClient {
 public:
  static constexpr std::size_t kMaxPages = 1000;

  // `http` must outlive the client. base_url: "http://host:port", a '/' at its end is dropped.
  ApiClient(std::string base_url, HttpClient& http);

  // path: "/api/v1/status".
  Answer get(const std::string& path, const Parameters& parameters = {});

  // The same by another method, which may change something; `body` is sent as it is.
  Answer send(const std::string& method, const std::string& path, const Parameters& parameters = {},
              std::string body = {});

  // All pages of the list of nodes, as they came.
  Result<std::vector<std::string>> node_pages(const Parameters& parameters);
  Result<std::vector<Node>> nodes(const Parameters& parameters);

  const std::string& base_url() const { return base_url_; }

 private:
  using TakePage = std::function<void(std::string body, NodePage& page)>;
  Result<void> walk_nodes(const Parameters& parameters, const TakePage& take);

  std::string base_url_;
  HttpClient& http_;
};

// "http://host:port" or "https://..." without a query; else what would be right.
Result<void> check_base_url(const std::string& url);

}  // namespace bw::cli
