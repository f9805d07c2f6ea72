#include "coordinator/shell/export_poster.h"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <sstream>
#include <vector>

#include <curl/curl.h>
#include <snappy-c.h>
#include <zlib.h>

#include "base/assert.h"

namespace bw::coordinator {

namespace {

using exporting::Protocol;

constexpr std::size_t kMaxSecret = 8U << 10;
constexpr long kConnectMs = 10'000;
constexpr int kPollMs = 500;

struct Body {
  std::string text;
};

// What is more than the bound is read and dropped: the connection stays of use.
std::size_t append_body(char* data, std::size_t, std::size_t size, void* context) {
  std::string& text = static_cast<Body*>(context)->text;
  text.append(data, std::min(size, ExportPoster::kMaxAnswer - text.size()));
  return size;
}

// A file's first line: an editor ends it with a line break that is no part of the secret.
Result<std::string> read_secret(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::string line;
  if (!file || !std::getline(file, line)) return Error{"cannot read " + path};
  if (!line.empty() && line.back() == '\r') line.pop_back();
  if (line.empty() || line.size() > kMaxSecret) return Error{path + " holds no header's value"};
  for (const char c : line) {
    if (static_cast<unsigned char>(c) < 0x20) return Error{path + " holds control characters"};
  }
  return line;
}

class HeaderList {
 public:
  HeaderList() = default;
  ~HeaderList() { curl_slist_free_all(list_); }
  HeaderList(const HeaderList&) = delete;
  HeaderList& operator=(const HeaderList&) = delete;
  void add(const std::string& name, const std::string& value) {
    curl_slist* const longer = curl_slist_append(list_, (name + ": " + value).c_str());
    BW_ASSERT(longer != nullptr);
    list_ = longer;
  }
  curl_slist* get() const { return list_; }

 private:
  curl_slist* list_ = nullptr;
};

}  // namespace

std::string pack_snappy(const std::string& bytes) {
  std::size_t size = snappy_max_compressed_length(bytes.size());
  std::string packed(size, '\0');
  const snappy_status done = snappy_compress(bytes.data(), bytes.size(), packed.data(), &size);
  BW_ASSERT(done == SNAPPY_OK);  // fails only where the room is too small
  packed.resize(size);
  return packed;
}

std::string pack_gzip(const std::string& bytes) {
  constexpr int kGzipWindow = 15 + 16;  // zlib's way to ask for gzip's header
  constexpr int kMemory = 8;
  z_stream stream{};
  const int begun =
      deflateInit2(&stream, Z_BEST_SPEED, Z_DEFLATED, kGzipWindow, kMemory, Z_DEFAULT_STRATEGY);
  BW_ASSERT(begun == Z_OK);
  std::string packed(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(packed.data());
  stream.avail_out = static_cast<uInt>(packed.size());
  const int done = deflate(&stream, Z_FINISH);
  BW_ASSERT(done == Z_STREAM_END);  // the room is as large as it can need
  packed.resize(stream.total_out);
  deflateEnd(&stream);
  return packed;
}

struct ExportPoster::State {
  explicit State(const ExportTarget& to) : target(to) {}

  Result<void> add_headers(HeaderList& headers) const;
  void set_up(const std::string& packed, const HeaderList& headers, Body& body);
  CURLcode transfer();

  const ExportTarget& target;
  CURL* easy = nullptr;
  CURLM* multi = nullptr;
  char error[CURL_ERROR_SIZE] = "";
  std::atomic<bool> is_interrupted = false;
};

ExportPoster::ExportPoster(const ExportTarget& target) : state_(std::make_unique<State>(target)) {
  static const CURLcode kInitialised = curl_global_init(CURL_GLOBAL_DEFAULT);
  BW_ASSERT(kInitialised == CURLE_OK);
  state_->easy = curl_easy_init();
  state_->multi = curl_multi_init();
  BW_ASSERT(state_->easy != nullptr && state_->multi != nullptr);
}

ExportPoster::~ExportPoster() {
  curl_easy_cleanup(state_->easy);
  curl_multi_cleanup(state_->multi);
}

void ExportPoster::interrupt() {
  state_->is_interrupted = true;
  curl_multi_wakeup(state_->multi);
}

Result<void> ExportPoster::State::add_headers(HeaderList& headers) const {
  headers.add("Content-Type", "application/x-protobuf");
  headers.add("Expect", "");  // no round trip before the body
  if (target.protocol == Protocol::remote_write) {
    headers.add("Content-Encoding", "snappy");
    headers.add("X-Prometheus-Remote-Write-Version", "0.1.0");
  } else if (target.compress) {
    headers.add("Content-Encoding", "gzip");
  }
  for (const auto& [name, value] : target.headers) headers.add(name, value);
  for (const auto& [name, path] : target.header_files) {
    const auto secret = read_secret(path);
    if (!secret) return secret.error().within("header " + name);
    headers.add(name, *secret);
  }
  return {};
}

void ExportPoster::State::set_up(const std::string& packed, const HeaderList& headers, Body& body) {
  error[0] = '\0';
  curl_easy_reset(easy);  // keeps connections
  curl_easy_setopt(easy, CURLOPT_URL, target.url.c_str());
  curl_easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
  curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(easy, CURLOPT_USERAGENT, "bellwether/" BW_VERSION);
  curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS,
                   std::min(kConnectMs, static_cast<long>(target.timeout_s * 1000)));
  curl_easy_setopt(easy, CURLOPT_TIMEOUT_MS, static_cast<long>(target.timeout_s * 1000));
  curl_easy_setopt(easy, CURLOPT_POST, 1L);
  curl_easy_setopt(easy, CURLOPT_POSTFIELDS, packed.data());
  curl_easy_setopt(easy, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(packed.size()));
  curl_easy_setopt(easy, CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, append_body);
  curl_easy_setopt(easy, CURLOPT_WRITEDATA, &body);
  curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, error);
  if (!target.ca_file.empty()) curl_easy_setopt(easy, CURLOPT_CAINFO, target.ca_file.c_str());
}

CURLcode ExportPoster::State::transfer() {
  if (curl_multi_add_handle(multi, easy) != CURLM_OK) return CURLE_FAILED_INIT;
  CURLcode result = CURLE_ABORTED_BY_CALLBACK;
  for (int running = 1; running > 0 && !is_interrupted;) {
    if (curl_multi_perform(multi, &running) != CURLM_OK) break;
    if (running > 0) curl_multi_poll(multi, nullptr, 0, kPollMs, nullptr);
  }
  int left = 0;
  while (const CURLMsg* const message = curl_multi_info_read(multi, &left)) {
    if (message->msg == CURLMSG_DONE) result = message->data.result;
  }
  curl_multi_remove_handle(multi, easy);
  return result;
}

ExportPoster::Reply ExportPoster::post(const std::string& request) {
  State& s = *state_;
  Reply reply;
  HeaderList headers;
  if (const auto added = s.add_headers(headers); !added) {
    reply.answer.error = added.error().message;
    return reply;
  }
  const bool is_plain = s.target.protocol == Protocol::otlp && !s.target.compress;
  const std::string packed = is_plain                                      ? request
                             : s.target.protocol == Protocol::remote_write ? pack_snappy(request)
                                                                           : pack_gzip(request);
  Body body;
  s.set_up(packed, headers, body);
  const CURLcode code = s.transfer();
  if (code != CURLE_OK) {
    reply.answer.error = s.error[0] != '\0' ? s.error : curl_easy_strerror(code);
    return reply;
  }
  long status = 0;
  curl_off_t retry_after_s = 0;
  curl_easy_getinfo(s.easy, CURLINFO_RESPONSE_CODE, &status);
  curl_easy_getinfo(s.easy, CURLINFO_RETRY_AFTER, &retry_after_s);
  reply.answer.status = static_cast<int>(status);
  reply.answer.reason = body.text.substr(0, 4 * exporting::kMaxReason);
  if (retry_after_s > 0) reply.answer.retry_after_s = retry_after_s;
  reply.body = std::move(body.text);
  return reply;
}

}  // namespace bw::coordinator
