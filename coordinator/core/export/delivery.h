// How one receiver gets the blocks of the store: which are read next, what goes into a request,
// what is sent again, when, and what is given up. It owns the cursor: all blocks up to it are
// delivered, or counted as not. Reading, encoding and sending are its caller's.
//
// A batch is a bounded number of blocks in the order of the store, sent in the order of their
// times, since receivers want each series' samples to ascend. A refused request is halved until the
// piece that is at fault stands alone; only that is dropped. Nothing else is ever dropped here: a
// receiver that is away for a month gets what the store still has.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "base/backoff.h"
#include "base/rng.h"
#include "base/time.h"
#include "coordinator/core/export/verdict.h"

namespace bw::coordinator::exporting {

struct DeliveryOptions {
  Protocol protocol = Protocol::remote_write;
  Duration interval = std::chrono::seconds{10};  // between looks into a store with nothing new
  std::int64_t samples_per_s = 200'000;          // at most, on average
  std::uint64_t seed = 0;
};

// What is to be known of a block before it is sent.
struct BlockShape {
  std::int64_t id = 0;
  std::string node;
  std::int64_t start_ms = 0;
  std::int64_t end_ms = 0;
  std::size_t rows = 0;
  std::size_t series = 0;  // that are to be sent
  bool is_lost = false;    // nothing can be: nobody knows its series
};

// Part of a block: series [first, last) of those that are to be sent.
struct Piece {
  std::size_t block = 0;  // into the batch
  std::size_t first = 0;
  std::size_t last = 0;
  std::size_t samples = 0;  // at most
};

struct DeliveryCounts {
  std::uint64_t requests = 0;
  std::uint64_t samples = 0;      // taken by the receiver
  std::uint64_t refused = 0;      // samples that the receiver will never take
  std::uint64_t late = 0;         // of these: older than what it has
  std::uint64_t lost_blocks = 0;  // left the store before they were sent, or lost their table
  std::uint64_t retries = 0;
};

class Delivery {
 public:
  static constexpr std::size_t kMaxBlocks = 64;       // of a batch
  static constexpr std::size_t kMaxBytes = 8U << 20;  // their columns, but one block at least
  static constexpr std::size_t kMaxSamples = 40'000;  // of a request: a few MB unpacked
  static constexpr Duration kFirstRetry = std::chrono::milliseconds{500};
  static constexpr Duration kLastRetry = std::chrono::seconds{60};
  static constexpr std::int64_t kMaxRetryAfterS = 600;  // a receiver that asks for more is asked
  static constexpr Duration kSettingsRetry = std::chrono::seconds{30};

  explicit Delivery(DeliveryOptions options);

  // Where it goes on: blocks with higher ids are still to be sent.
  void start_at(std::int64_t cursor) { cursor_ = cursor; }

  struct Read {
    std::int64_t after = 0;
  };
  struct Send {
    std::vector<Piece> pieces;
  };
  struct Wait {
    Instant until{};
  };
  using Next = std::variant<Read, Send, Wait>;
  // What is to be done now; asked again after it is done, or after the wait.
  Next next(Instant now);

  // The answer to Read: blocks with ids above `after`, ascending, and the highest id there is. Ids
  // are given without gaps, so that a missing one is a block that left.
  void have_read(std::vector<BlockShape> blocks, std::int64_t newest, Instant now);
  void could_not_read(const std::string& reason, Instant now);

  // The answer to Send. `samples`: in the request; `rejected`: of them, by a partial success.
  void answered(const HttpAnswer& answer, std::uint64_t samples, std::uint64_t rejected,
                const std::string& warning, Instant now);

  // What the store holds now, while a batch waits.
  void see_newest(std::int64_t newest) { newest_ = newest; }

  std::int64_t cursor() const { return cursor_; }
  const DeliveryCounts& counts() const { return counts_; }
  // Why it does not get on; empty where it does.
  const std::string& trouble() const { return trouble_; }
  // The last thing that was dropped or warned of, and why; empty where nothing was.
  const std::string& last_refusal() const { return last_refusal_; }
  std::int64_t lag_blocks() const { return newest_ > cursor_ ? newest_ - cursor_ : 0; }
  // Of the last row of the oldest block that waits; nothing where none does.
  std::optional<std::int64_t> oldest_waiting_ms() const;

 private:
  // Pieces [first, last) of the plan, still to be sent, the next of them at the back.
  struct Range {
    std::size_t first = 0;
    std::size_t last = 0;
  };

  void plan();
  std::size_t end_of_request(const Range& range) const;
  void finish_batch(Instant now);
  void taken(std::uint64_t samples, std::uint64_t rejected, const std::string& warning);
  void refuse(const Range& request, std::uint64_t samples, const Judgement& judgement);
  void retry(const HttpAnswer& answer, const Judgement& judgement, Instant now);

  DeliveryOptions options_;
  Rng rng_;
  Backoff backoff_{kFirstRetry, kLastRetry};
  std::int64_t cursor_ = 0;
  std::int64_t newest_ = 0;
  std::vector<BlockShape> batch_;
  std::int64_t batch_end_ = 0;  // the cursor once it is done
  std::vector<Piece> pieces_;
  std::vector<Range> todo_;
  std::optional<Range> under_way_;
  Instant not_before_{};
  Instant read_at_{};
  DeliveryCounts counts_;
  std::string trouble_;
  std::string last_refusal_;
};

}  // namespace bw::coordinator::exporting
