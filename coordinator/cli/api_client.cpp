#include "coordinator/cli/api_client.h"

#include "coordinator/cli/display.h"

namespace bw::cli {

namespace {

constexpr const char* kPageLimit = "1000";  // the most that the coordinator gives at once

std::string query_of(const Parameters& parameters) {
  std::string query;
  for (const auto& [name, value] : parameters) {
    if (value.empty()) continue;
    query += query.empty() ? '?' : '&';
    query += HttpClient::escape(name) + "=" + HttpClient::escape(value);
  }
  return query;
}

std::string unreachable_text(const std::string& url, const std::string& reason) {
  return "no coordinator answers at " + url + ": " + reason +
         "\n  Is it running there? 'systemctl status bellwether-coordinator' tells on its machine."
         "\n  If it is elsewhere, name it with --url or BELLWETHER_URL.";
}

}  // namespace

ApiClient::ApiClient(std::string base_url, HttpClient& http)
    : base_url_(std::move(base_url)), http_(http) {
  while (base_url_.ends_with('/')) base_url_.pop_back();
}

Answer ApiClient::get(const std::string& path, const Parameters& parameters) {
  return send("GET", path, parameters);
}

Answer ApiClient::send(const std::string& method, const std::string& path,
                       const Parameters& parameters, std::string body) {
  HttpReply reply = http_.request(
      {.method = method, .url = base_url_ + path + query_of(parameters), .body = std::move(body)});
  Answer answer;
  if (reply.outcome == HttpReply::Outcome::unreachable) {
    answer.error = unreachable_text(base_url_, visible(reply.reason));
  } else if (reply.outcome != HttpReply::Outcome::answered) {
    answer.error = "the coordinator at " + base_url_ + " gave no answer: " + visible(reply.reason);
  } else if (answer.status = reply.status; answer.ok()) {
    answer.body = std::move(reply.body);
  } else {
    const std::string problem = decode_problem(reply.body);
    answer.error = problem.empty() ? base_url_ + " answered " + path + " with HTTP status " +
                                         std::to_string(reply.status) +
                                         ", not as a coordinator does: is this one?"
                                   : visible(problem);
  }
  return answer;
}

Result<void> ApiClient::walk_nodes(const Parameters& parameters, const TakePage& take) {
  std::string after;
  for (std::size_t pages = 0; pages < kMaxPages; ++pages) {
    Parameters with_page = parameters;
    with_page.emplace_back("limit", kPageLimit);
    with_page.emplace_back("after", after);
    Answer answer = get("/api/v1/nodes", with_page);
    if (!answer.ok()) return Error{answer.error};
    auto page = decode_nodes(answer.body);
    if (!page) return page.error().within(base_url_);
    const std::string next = page->next;
    take(std::move(answer.body), *page);
    if (next.empty()) return {};
    if (next == after) return Error{base_url_ + ": its pages lead in a circle"};
    after = next;
  }
  return Error{base_url_ + ": more pages than a fleet can have"};
}

Result<std::vector<std::string>> ApiClient::node_pages(const Parameters& parameters) {
  std::vector<std::string> pages;
  const auto walked = walk_nodes(
      parameters, [&](std::string body, NodePage&) { pages.push_back(std::move(body)); });
  if (!walked) return walked.error();
  return pages;
}

Result<std::vector<Node>> ApiClient::nodes(const Parameters& parameters) {
  std::vector<Node> nodes;
  const auto walked = walk_nodes(parameters, [&](const std::string&, NodePage& page) {
    for (Node& node : page.nodes) nodes.push_back(std::move(node));
  });
  if (!walked) return walked.error();
  return nodes;
}

Result<void> check_base_url(const std::string& url) {
  const std::size_t scheme = url.starts_with("http://") ? 7 : url.starts_with("https://") ? 8 : 0;
  const bool is_clean = url.find_first_of(" ?#\t\n\r") == std::string::npos;
  if (scheme > 0 && url.size() > scheme && url[scheme] != '/' && is_clean) return {};
  std::string text = "'" + visible(url) + "' is no address of a coordinator: write ";
  text += scheme == 0 && is_clean && !url.empty() && url.find("://") == std::string::npos
              ? "http://" + visible(url)
              : "http://host:8420";
  return Error{text};
}

}  // namespace bw::cli
