// A request to the API and its answer, free of any HTTP library.
#pragma once

#include <string>

namespace bw::coordinator::api {

struct Request {
  std::string method;  // "GET"
  std::string target;  // "/api/v1/nodes?limit=10", still percent-encoded
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
};

}  // namespace bw::coordinator::api
