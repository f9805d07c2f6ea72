#include "coordinator/core/learn/command_book.h"

#include <algorithm>

#include "base/assert.h"
#include "schemas/wire/limits.h"

namespace bw::coordinator {

namespace {

bool is_settled(CommandState state) {
  return state != CommandState::sent && state != CommandState::storing;
}

}  // namespace

std::int64_t expiry_of(const NodeView& node, std::int64_t now_ms, std::int64_t life_ms) {
  const std::int64_t at = now_ms + life_ms + node.clock_offset_ms.value_or(0);
  return std::clamp(at, wire::kMinTimeMs, wire::kMaxTimeMs);
}

std::string CommandBook::draw_id() {
  constexpr char kDigits[] = "0123456789abcdef";
  std::string text;
  std::uint64_t number = rng_.next();
  for (int i = 0; i < 16; ++i, number >>= 4) text += kDigits[number & 15];
  return text;
}

const CommandBook::Entry* CommandBook::find_open(const std::string& node,
                                                 wire::CommandKind kind) const {
  // A walk through all that are kept, kMaxKept at most: once for each request of an operator.
  for (const auto& [id, entry] : entries_) {
    const CommandRecord& record = entry.record;
    if (record.node == node && record.kind == kind && !is_settled(record.state)) return &entry;
  }
  return nullptr;
}

std::pair<const CommandBook::Entry*, wire::Command> CommandBook::open(const NodeView& node,
                                                                      Entry entry, Instant now,
                                                                      std::int64_t now_ms) {
  BW_ASSERT(has_room() && node.birth != nullptr);
  static_assert(kMaxOpen < kMaxKept);
  while (entries_.size() >= kMaxKept) {
    const auto oldest = std::find_if(order_.begin(), order_.end(), [this](const std::string& id) {
      return is_settled(entries_.at(id).record.state);
    });
    BW_ASSERT(oldest != order_.end());
    entries_.erase(*oldest);
    order_.erase(oldest);
  }
  entry.record.id = draw_id();
  entry.record.node = node.id;
  entry.record.state = CommandState::sent;
  entry.record.created_ms = now_ms;
  entry.epoch = node.birth->epoch;
  const bool brings_model = entry.record.kind == wire::CommandKind::train && !entry.is_fresh;
  entry.within = brings_model ? kModelWithin : kAnswerWithin;
  entry.deadline = now + entry.within;
  wire::Command command;
  command.id = entry.record.id;
  command.kind = entry.record.kind;
  command.epoch = entry.epoch;
  command.expires_ms = expiry_of(node, now_ms, kLifeMs);
  command.reason = entry.note;
  command.for_ms = entry.for_ms;
  command.fresh = entry.is_fresh;
  order_.push_back(command.id);
  ++open_;
  const auto [place, is_new] = entries_.insert_or_assign(command.id, std::move(entry));
  return {&place->second, std::move(command)};
}

CommandBook::Entry* CommandBook::answered(const NodeId& node, const wire::CommandResult& result) {
  Entry* const entry = find(result.id);
  if (entry == nullptr || entry->record.state != CommandState::sent) return nullptr;
  return entry->record.node == node.str() && entry->epoch == result.epoch ? entry : nullptr;
}

CommandBook::Entry* CommandBook::find(std::string_view id) {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : &found->second;
}

const CommandBook::Entry* CommandBook::find(std::string_view id) const {
  const auto found = entries_.find(id);
  return found == entries_.end() ? nullptr : &found->second;
}

void CommandBook::settle(Entry& entry, CommandState state, std::string text, std::int64_t now_ms) {
  const bool was_open = !is_settled(entry.record.state);
  entry.record.state = state;
  entry.record.text = std::move(text);
  if (!is_settled(state)) return;
  entry.record.settled_ms = now_ms;
  if (was_open) --open_;
}

void CommandBook::tick(Instant now, std::int64_t now_ms) {
  if (open_ == 0) return;
  for (auto& [id, entry] : entries_) {
    if (entry.record.state != CommandState::sent || now < entry.deadline) continue;
    settle(entry, CommandState::timed_out,
           "no answer came within " + std::to_string(entry.within / std::chrono::seconds{1}) + " s",
           now_ms);
  }
}

}  // namespace bw::coordinator
