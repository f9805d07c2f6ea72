#include "coordinator/core/learn/registry.h"

#include <cmath>
#include <type_traits>
#include <utility>

#include "base/crc32c.h"

namespace bw::coordinator {

void Registry::restore(StoredModels stored) {
  models_.clear();
  versions_.clear();
  wishes_.clear();
  classes_.clear();
  for (ModelRecord& model : stored.models) {
    const ModelId id = model.id;
    models_.insert_or_assign(id, std::move(model));
  }
  for (auto& [node, wish] : stored.wishes) wishes_.insert_or_assign(node, std::move(wish));
  for (auto& [name, wish] : stored.classes) classes_.insert_or_assign(name, std::move(wish));
  for (auto& [name, version] : stored.names) versions_.insert_or_assign(name, version);
}

const ModelRecord* Registry::find(std::string_view id) const {
  const auto parsed = parse_model_id(id);
  if (!parsed) return nullptr;
  const auto found = models_.find(*parsed);
  return found == models_.end() ? nullptr : &found->second;
}

Wish* Registry::wish_of(const NodeId& node) {
  const auto found = wishes_.find(node);
  return found == wishes_.end() ? nullptr : &found->second;
}

const Wish* Registry::wish_of(const NodeId& node) const {
  const auto found = wishes_.find(node);
  return found == wishes_.end() ? nullptr : &found->second;
}

std::optional<RequestRefused> Registry::no_room_for(const std::string& name) const {
  if (models_.size() >= kMaxModels) {
    return RequestRefused{409, std::to_string(kMaxModels) +
                                   " models are kept, the most there may be: remove one that is "
                                   "not needed any more (bellwether model rm ID)"};
  }
  if (versions_.size() >= kMaxModelNames && !versions_.contains(name)) {
    return RequestRefused{409, std::to_string(kMaxModelNames) +
                                   " names were given to models, the most there may be: use one "
                                   "of them again"};
  }
  return std::nullopt;
}

Registry::Plan Registry::plan(Newcomer newcomer, std::int64_t now_ms) const {
  if (auto refused = no_room_for(newcomer.name)) return {*std::move(refused)};
  if (!std::isfinite(newcomer.model.threshold) || newcomer.model.threshold < 0) {
    return {RequestRefused{422, "its threshold is no number from 0 on"}};
  }
  const auto last = versions_.find(newcomer.name);
  const ModelId id{newcomer.name, last == versions_.end() ? 1 : last->second + 1};
  newcomer.model.id = id.text();
  auto payload = wire::encode_model(newcomer.model);
  if (!payload) return {RequestRefused{422, payload.error().message}};
  ModelRecord record;
  record.id = id;
  record.node_class = std::move(newcomer.node_class);
  record.source = std::move(newcomer.source);
  record.created_ms = now_ms;
  record.from_ms = newcomer.model.from_ms;
  record.to_ms = newcomer.model.to_ms;
  record.rows = newcomer.model.rows;
  record.metrics = std::move(newcomer.model.metrics);
  record.threshold = newcomer.model.threshold;
  record.bytes = payload->size();
  record.crc = crc32c(*payload);
  record.note = std::move(newcomer.note);
  Plan plan{ModelStored{record}};
  plan.changes.emplace_back(PutModel{std::move(record), *std::move(payload)});
  return plan;
}

void Registry::apply(const Change& change) {
  std::visit(
      [this](const auto& one) {
        using Kind = std::decay_t<decltype(one)>;
        if constexpr (std::is_same_v<Kind, PutModel>) {
          models_.insert_or_assign(one.model.id, one.model);
          versions_[one.model.id.name] = one.model.id.version;
        } else if constexpr (std::is_same_v<Kind, DropModel>) {
          models_.erase(one.id);
        } else if constexpr (std::is_same_v<Kind, PutWish>) {
          wishes_.insert_or_assign(one.node, one.wish);
        } else if constexpr (std::is_same_v<Kind, PutClassWish>) {
          classes_.insert_or_assign(one.node_class, one.wish);
        }
      },
      change);
}

}  // namespace bw::coordinator
