// A made-up fleet behind the API, and its answers as JSON, for the tests beside this file.
#pragma once

#include <map>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "coordinator/core/api/api.h"

namespace bw::coordinator::api {

using Json = nlohmann::json;

// A node as a test describes it; the view points into it.
struct FakeNode {
  std::string id;
  NodeStatus status = NodeStatus::online;
  wire::NodeBirth birth;
  std::vector<wire::SeriesInfo> series;
  std::vector<float> live;
  std::int64_t live_ms = 0;
  std::array<std::uint64_t, wire::kRefusals> refused{};
  bool is_born = true;

  NodeView view() const {
    NodeView view;
    view.id = id;
    view.status = status;
    view.since_ms = 1'700'000'000'000;
    view.last_seen_ms = 1'700'000'001'000;
    view.birth = is_born ? &birth : nullptr;
    view.series = is_born ? &series : nullptr;
    view.live = live;
    view.live_ms = live_ms;
    view.live_sequence = live.empty() ? 0 : 5;
    view.records = {10, 2, 1, 1'700'000'002'000};
    view.refused = &refused;
    return view;
  }
};

class FakeFleet final : public FleetView {
 public:
  FakeNode& add(std::string id) {
    FakeNode& node = nodes_[id];
    node.id = std::move(id);
    return node;
  }
  std::optional<NodeView> find(std::string_view id) const override {
    const auto entry = nodes_.find(std::string(id));
    if (entry == nodes_.end()) return std::nullopt;
    return entry->second.view();
  }
  void each(std::string_view after,
            const std::function<bool(const NodeView&)>& visit) const override {
    for (auto one = nodes_.upper_bound(std::string(after)); one != nodes_.end(); ++one) {
      if (!visit(one->second.view())) return;
    }
  }

 private:
  std::map<std::string, FakeNode> nodes_;
};

class FakeModels final : public ModelsView {
 public:
  const ModelRecord* find(std::string_view id) const override {
    for (const ModelRecord& model : models) {
      if (model.id.text() == id) return &model;
    }
    return nullptr;
  }
  void each(const std::function<void(const ModelRecord&)>& visit) const override {
    for (const ModelRecord& model : models) visit(model);
  }
  void each_wish(const std::function<void(const NodeId&, const Wish&)>& visit) const override {
    for (const auto& [node, wish] : wishes) visit(*NodeId::parse(node), wish);
  }
  void each_class(
      const std::function<void(const std::string&, const Wish&)>& visit) const override {
    for (const auto& [name, wish] : classes) visit(name, wish);
  }
  std::optional<CommandRecord> command(std::string_view id) const override {
    for (const CommandRecord& one : commands) {
      if (one.id == id) return one;
    }
    return std::nullopt;
  }

  std::vector<ModelRecord> models;
  std::map<std::string, Wish> wishes;
  std::map<std::string, Wish> classes;
  std::vector<CommandRecord> commands;
};

class ApiTest : public testing::Test {
 protected:
  static constexpr std::int64_t kNowMs = 1'700'000'100'000;

  ApiTest() {
    service.version = "1.2.3";
    service.now_ms = kNowMs;
    service.started_ms = 1'700'000'000'000;
    service.is_connected = true;
    service.store_is_open = true;
    service.store_is_well = true;
    service.each_refused = [](const auto&) {};
    service.models = &models;
  }

  Answer ask(std::string target, std::string method = "GET") {
    return api.handle(++last_id, {std::move(method), std::move(target)}, fleet, service);
  }
  // The response to a request that needs no store.
  Response get(std::string target, std::string method = "GET") {
    Answer answer = ask(target, std::move(method));
    if (auto* response = std::get_if<Response>(&answer)) return std::move(*response);
    ADD_FAILURE() << target << " asks the store";
    return {};
  }
  Json get_json(std::string target, int status = 200) {
    const Response response = get(target);
    EXPECT_EQ(response.status, status) << target << ": " << response.body;
    EXPECT_EQ(response.content_type, "application/json");
    return Json::parse(response.body);
  }
  // The problem that a request is answered with.
  Json problem_of(std::string target, int status = 400) {
    const Response response = get(target);
    EXPECT_EQ(response.status, status) << target << ": " << response.body;
    EXPECT_EQ(response.content_type, "application/problem+json");
    const Json json = Json::parse(response.body);
    EXPECT_EQ(json["status"], status);
    return json;
  }
  // The question that a request puts to the store.
  template <typename Q>
  Q question(std::string target) {
    Answer answer = ask(target);
    if (auto* query = std::get_if<StoreQuery>(&answer)) return std::get<Q>(*query);
    ADD_FAILURE() << target << ": " << std::get<Response>(answer).body;
    return {};
  }
  // The answer once the store has answered what was asked last.
  Json finish(QueryResult result, int status = 200) {
    const auto response = api.finish(last_id, std::move(result), fleet);
    if (!response) {
      ADD_FAILURE() << "no request waits";
      return {};
    }
    EXPECT_EQ(response->status, status) << response->body;
    return Json::parse(response->body);
  }

  // What is to be done for a request that changes something.
  template <typename R>
  R wanted(Request request) {
    Answer answer = api.handle(++last_id, request, fleet, service);
    if (auto* what = std::get_if<ModelRequest>(&answer)) return std::get<R>(std::move(*what));
    ADD_FAILURE() << request.target << ": " << std::get<Response>(answer).body;
    return {};
  }
  template <typename R>
  R wanted(std::string target, std::string method = "POST") {
    return wanted<R>(Request{std::move(method), std::move(target)});
  }
  // The response once it is done.
  Response done(const ModelOutcome& outcome) {
    const auto response = api.finish_request(last_id, outcome);
    if (response) return *response;
    ADD_FAILURE() << "no request waits";
    return {};
  }

  Api api;
  FakeFleet fleet;
  FakeModels models;
  ServiceView service;
  std::uint64_t last_id = 0;
};

}  // namespace bw::coordinator::api
