// ModelLife with a fleet, a store that commits when it is told to, and nodes that answer.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "coordinator/core/learn/model_life.h"
#include "tests/unit/coordinator/core/learn/fakes.h"

namespace bw::coordinator {

class LifeTest : public testing::Test {
 protected:
  static constexpr std::int64_t kNowMs = 1'700'000'000'000;

  LifeTest() {
    fleet.add("n1");
    fleet.add("n2");
  }

  const ModelOutcome& answer_to_request(std::uint64_t id) {
    static const ModelOutcome kNone = RequestRefused{0, "no answer"};
    for (const auto& answer : work.answers) {
      if (answer.request == id) return answer.outcome;
    }
    ADD_FAILURE() << "request " << id << " was not answered";
    return kNone;
  }
  // The answer to a request that needs no disk.
  ModelOutcome request_now(ModelRequest request) {
    work.answers.clear();
    life.request(++last_request, std::move(request), fleet, now, kNowMs, work);
    return answer_to_request(last_request);
  }
  RequestRefused refusal_of(ModelRequest request) {
    const ModelOutcome outcome = request_now(std::move(request));
    if (const auto* refused = std::get_if<RequestRefused>(&outcome)) return *refused;
    ADD_FAILURE() << "it was not refused";
    return {};
  }
  CommandSent ask_to_train(const std::string& node) {
    const ModelOutcome outcome = request_now(TrainRequest{node, "", "", false});
    if (const auto* sent = std::get_if<CommandSent>(&outcome)) return *sent;
    ADD_FAILURE() << std::get<RequestRefused>(outcome).detail;
    return {};
  }
  CommandRecord command(const CommandSent& sent) {
    return life.command(sent.command.id).value_or(CommandRecord{});
  }

  std::vector<Change> next_changes() {
    auto changes = life.next_changes(fleet, now, kNowMs, work);
    for (const Change& change : changes) {
      if (const auto* put = std::get_if<PutModel>(&change)) stored[put->model.id] = put->payload;
    }
    return changes;
  }
  void commit() { life.committed(kNowMs, work); }
  // Until nothing waits for the disk.
  void commit_all() {
    while (life.has_changes()) {
      next_changes();
      commit();
    }
  }
  void keep(const std::string& name) {
    life.request(++last_request, ImportRequest{name, "", model_bytes()}, fleet, now, kNowMs, work);
    commit_all();
  }
  ModelOutcome deploy(const std::string& model, NodeSelector selector) {
    life.request(++last_request, DeployRequest{model, std::move(selector)}, fleet, now, kNowMs,
                 work);
    commit_all();
    return answer_to_request(last_request);
  }

  void tick_after(Duration wait) {
    now += wait;
    work.sends.clear();
    life.tick(fleet, true, now, kNowMs, work);
  }
  // Pumps, and answers what is asked of the store.
  void send_models() {
    for (int i = 0; i < 5; ++i) {
      work.loads.clear();
      life.pump(fleet, now, kNowMs, work);
      const auto loads = work.loads;
      for (const auto& load : loads) life.take_payload(load.query, stored[load.model], now, work);
    }
  }
  const LearnWork::Send& last_send() {
    static const LearnWork::Send kNone{learn_node("nobody"), {}};
    if (!work.sends.empty()) return work.sends.back();
    ADD_FAILURE() << "nothing was sent";
    return kNone;
  }
  void answer_to(const LearnWork::Send& send, std::vector<std::byte> model,
                 wire::CommandStatus status = wire::CommandStatus::done, std::string text = "") {
    const wire::CommandResult result{send.command.id, send.command.epoch, status, std::move(text),
                                     std::move(model)};
    life.take_result(send.node, result, now, kNowMs, work);
  }
  // To the last command that was sent.
  void answer(std::vector<std::byte> model, wire::CommandStatus status = wire::CommandStatus::done,
              std::string text = "") {
    answer_to(LearnWork::Send(last_send()), std::move(model), status, std::move(text));
  }
  void be_born(const std::string& node, std::uint64_t epoch, const std::string& model,
               bool is_new = false) {
    auto& birth = fleet.at(node).birth;
    birth.epoch = epoch;
    birth.model = model;
    life.take_birth(learn_node(node), birth, is_new, now);
  }
  Wish wish_of(const std::string& node) {
    Wish found;
    life.each_wish([&](const NodeId& id, const Wish& wish) {
      if (id.str() == node) found = wish;
    });
    return found;
  }
  std::string logged() {
    std::string text;
    for (const auto& line : work.log) text += line.text + "\n";
    return text;
  }

  LearnFleet fleet;
  ModelLife life{1};
  LearnWork work;
  std::map<ModelId, std::vector<std::byte>> stored;
  std::uint64_t last_request = 0;
  Instant now{std::chrono::hours{1}};
};

}  // namespace bw::coordinator
