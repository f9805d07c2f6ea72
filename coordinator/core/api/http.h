// A request to the API and its answer, free of any HTTP library.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace bw::coordinator::api {

struct Request {
  std::string method;  // "GET"; HEAD is answered like GET, leaving out the body is the server's
  std::string target;  // "/api/v1/nodes?limit=10", still percent-encoded
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  // beside Content-Type
};

}  // namespace bw::coordinator::api
