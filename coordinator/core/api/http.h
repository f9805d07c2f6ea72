// A request to the API and its answer, free of any HTTP library.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <utility>
#include <vector>

namespace bw::coordinator::api {

struct Request {
  std::string method;  // "GET"; HEAD is answered like GET, leaving out the body is the server's
  std::string target;  // "/api/v1/nodes?limit=10", still percent-encoded
  std::string body = {};
  // As the headers of these names came; empty where they did not.
  std::string host = {};
  std::string origin = {};
  std::string fetch_site = {};  // Sec-Fetch-Site
};

struct Response {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers;  // beside Content-Type
  // Where set, the body goes on: each call gives the next piece of it, the last an empty one. So an
  // answer of many points is neither made nor held as one text.
  std::function<std::string()> more = {};
  std::size_t more_bytes = 0;  // about what `more` holds
};

}  // namespace bw::coordinator::api
