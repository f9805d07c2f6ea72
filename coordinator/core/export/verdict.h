// What a receiver's answer means for the batch it answers: safe, to be sent again, or not wanted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace bw::coordinator::exporting {

enum class Protocol : std::uint8_t { remote_write, otlp };
std::string_view name_of(Protocol protocol);

struct HttpAnswer {
  int status = 0;      // 0: none came, `error` tells why
  std::string error;   // of the network
  std::string reason;  // what the receiver said, its beginning
  std::optional<std::int64_t> retry_after_s;
};

enum class Verdict : std::uint8_t {
  taken,
  again,    // the network, or a receiver in trouble: the same batch, later
  refused,  // this batch will never be taken, or not whole
};

struct Judgement {
  Verdict verdict = Verdict::again;
  bool is_late = false;      // refused since samples are older than what the receiver has
  bool is_settings = false;  // again, but what is wrong is the address or who we say we are
  std::string words;         // what is wrong, for people; empty where nothing is
};

// Remote write: 2xx taken, 5xx and 429 again, other 4xx refused. OTLP: 429, 502, 503 and 504 again,
// others refused. For both, answers that judge not the batch but the sender (401, 403, 404, 407,
// 408 and redirections) are tried again, slowly: a token that ran out must not throw history away.
// Prometheus 2.42 answers 500 to samples older than its out-of-order window, as if they could be
// sent again: told by its words.
Judgement judge(Protocol protocol, const HttpAnswer& answer);

inline constexpr std::size_t kMaxReason = 300;  // bytes of a receiver's words that are kept

}  // namespace bw::coordinator::exporting
