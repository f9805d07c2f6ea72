#include "coordinator/cli/http_client.h"

#include <cstring>

#include <curl/curl.h>

#include "base/assert.h"

namespace bw::cli {

namespace {

struct Body {
  std::string text;
  std::size_t limit;
  bool too_large = false;
};

std::size_t append_body(char* data, std::size_t, std::size_t size, void* context) {
  Body& body = *static_cast<Body*>(context);
  if (size > body.limit - body.text.size()) {
    body.too_large = true;
    return 0;  // ends the transfer
  }
  body.text.append(data, size);
  return size;
}

int is_cancelled(void* context, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<std::atomic<bool>*>(context)->load() ? 1 : 0;
}

std::string seconds(std::chrono::milliseconds limit) {
  return std::to_string((limit.count() + 999) / 1000) + " s";
}

// curl's own words where it has any about this very transfer.
std::string words_of(CURLcode code, const char* detail) {
  return detail[0] != '\0' ? detail : curl_easy_strerror(code);
}

}  // namespace

struct HttpClient::Handle {
  CURL* easy = nullptr;
  curl_slist* binary = nullptr;  // headers
  char error[CURL_ERROR_SIZE] = "";
};

HttpClient::HttpClient(HttpLimits limits) : limits_(limits), handle_(std::make_unique<Handle>()) {
  static const CURLcode kInitialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  BW_ASSERT(kInitialised == CURLE_OK);
  handle_->easy = curl_easy_init();
  BW_ASSERT(handle_->easy != nullptr);
  handle_->binary = curl_slist_append(nullptr, "Content-Type: application/octet-stream");
  BW_ASSERT(handle_->binary != nullptr);
}

HttpClient::~HttpClient() {
  curl_easy_cleanup(handle_->easy);
  curl_slist_free_all(handle_->binary);
}

HttpReply HttpClient::request(const HttpRequest& request) {
  CURL* easy = handle_->easy;
  Body body{{}, limits_.body_bytes, false};
  handle_->error[0] = '\0';
  curl_easy_reset(easy);  // keeps connections
  curl_easy_setopt(easy, CURLOPT_URL, request.url.c_str());
  if (request.method != "GET") {
    curl_easy_setopt(easy, CURLOPT_CUSTOMREQUEST, request.method.c_str());
    // An empty body too, so that a server knows that none follows.
    const bool has_body = request.method == "POST";
    if (has_body) {
      curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE,
                       static_cast<curl_off_t>(request.body.size()));
      curl_easy_setopt(easy, CURLOPT_POSTFIELDS, request.body.data());
      curl_easy_setopt(easy, CURLOPT_HTTPHEADER, handle_->binary);
    }
  }
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_PROXY, "");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "bellwether/" BW_VERSION);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(limits_.connect.count()));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(limits_.total.count()));
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, handle_->error);
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, append_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &body);
  curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, is_cancelled);
  curl_easy_setopt(easy, CURLOPT_XFERINFODATA, &cancelled_);

  const CURLcode code = curl_easy_perform(easy);
  HttpReply reply;
  if (code == CURLE_OK) {
    reply.outcome = HttpReply::Outcome::answered;
    reply.body = std::move(body.text);
    curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &reply.status);
    const char* type = nullptr;
    curl_easy_getinfo(easy, CURLINFO_CONTENT_TYPE, &type);
    if (type != nullptr) reply.content_type = type;
    return reply;
  }
  curl_off_t connected_after = 0;
  curl_easy_getinfo(easy, CURLINFO_CONNECT_TIME_T, &connected_after);
  if (code == CURLE_ABORTED_BY_CALLBACK) {
    reply.outcome = HttpReply::Outcome::cancelled;
    reply.reason = "cancelled";
  } else if (body.too_large) {
    reply.reason = "its answer is larger than " + std::to_string(limits_.body_bytes >> 20U) +
                   " MiB: ask for less";
  } else if (code == CURLE_OPERATION_TIMEDOUT && connected_after > 0) {
    reply.reason = "no whole answer within " + seconds(limits_.total);
  } else if (code == CURLE_OPERATION_TIMEDOUT) {
    reply.outcome = HttpReply::Outcome::unreachable;
    reply.reason = "no connection within " + seconds(limits_.connect);
  } else if (code == CURLE_COULDNT_CONNECT || code == CURLE_COULDNT_RESOLVE_HOST) {
    reply.outcome = HttpReply::Outcome::unreachable;
    long system_error = 0;
    curl_easy_getinfo(easy, CURLINFO_OS_ERRNO, &system_error);
    const bool is_refusal = code == CURLE_COULDNT_CONNECT && system_error != 0;
    reply.reason =
        is_refusal ? std::strerror(static_cast<int>(system_error)) : words_of(code, handle_->error);
  } else if (code == CURLE_PARTIAL_FILE) {
    reply.reason = "its answer was cut short";
  } else {
    reply.reason = words_of(code, handle_->error);
  }
  return reply;
}

std::string HttpClient::escape(const std::string& text) {
  constexpr char kHex[] = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool unreserved = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                            (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
    if (unreserved) {
      out += c;
    } else {
      out += '%';
      out += kHex[byte >> 4U];
      out += kHex[byte & 15U];
    }
  }
  return out;
}

}  // namespace bw::cli
