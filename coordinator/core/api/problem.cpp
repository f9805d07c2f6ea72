#include "coordinator/core/api/problem.h"

#include "base/json_writer.h"

namespace bw::coordinator::api {

std::string_view title_of(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 409:
      return "Conflict";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 422:
      return "Unprocessable Content";
    case 500:
      return "Internal Server Error";
    case 503:
      return "Service Unavailable";
    default:
      return "Error";
  }
}

Response problem(int status, std::string_view detail, std::string_view instance,
                 std::string_view parameter) {
  JsonWriter json;
  json.begin_object();
  json.member("type", "about:blank");
  json.member("title", title_of(status));
  json.member("status", status);
  json.member("detail", detail);
  json.member("instance", instance);
  if (!parameter.empty()) json.member("parameter", parameter);
  json.end_object();
  Response response;
  response.status = status;
  response.content_type = "application/problem+json";
  response.body = json.take();
  return response;
}

}  // namespace bw::coordinator::api
