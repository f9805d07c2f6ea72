#include "tests/sim/simulation.h"

#include <memory>

#include "tests/sim/agent_host.h"

namespace bw::sim {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

namespace {

constexpr Duration kFaulty = minutes{6};
// Longer than the longest resend wait of an outbox and the longest back-off of a link.
constexpr Duration kSettling = minutes{12};

class Simulation {
 public:
  Simulation(std::uint64_t seed, Canary canary)
      : world_(seed), broker_(world_), coordinator_(world_, broker_, ledger_, canary) {
    Rng& rng = world_.rng();
    broker_.faults.lose_qos0 = rng.chance(0.5) ? rng.unit() * 0.3 : 0;
    broker_.faults.duplicate_qos1 = rng.chance(0.5) ? rng.unit() * 0.3 : 0;
    broker_.faults.fail_loads = rng.chance(0.3) ? rng.unit() * 0.3 : 0;
    broker_.faults.delay_most =
        world_.draw(milliseconds{2}, rng.chance(0.2) ? seconds{3} : milliseconds{200});
    // Often a thin one, so that an outage takes long to catch up with.
    broker_.faults.bytes_per_s = rng.chance(0.4) ? 300 + rng.unit() * 8000 : 0;
    faults_a_minute_ = static_cast<double>(rng.below(12));
    const std::size_t boxes = 1 + rng.below(3);
    for (std::size_t i = 0; i < boxes; ++i) {
      const std::uint64_t outbox = rng.chance(0.2) ? 30'000 : 200'000;
      agents_.push_back(std::make_unique<AgentHost>(
          world_, broker_, ledger_, NodeId::parse("box-" + std::to_string(i)).value(), outbox));
    }
  }

  Outcome run() {
    coordinator_.start();
    for (const auto& agent : agents_) {
      world_.after(world_.draw(milliseconds{0}, seconds{5}), [&] { agent->start(); });
    }
    draw_next_fault();
    world_.run_until(Instant{} + kFaulty);
    heal();
    world_.run_until(Instant{} + kFaulty + kSettling);
    return judge();
  }

 private:
  void note(const std::string& what) {
    history_ += std::to_string(to_seconds(world_.now().time_since_epoch())) + " s: " + what + "\n";
  }

  void draw_next_fault() {
    if (faults_a_minute_ == 0) return;
    const double mean_s = 60 / faults_a_minute_;
    world_.after(world_.draw(Duration{0}, std::chrono::duration_cast<Duration>(
                                              std::chrono::duration<double>(2 * mean_s))),
                 [this] {
                   if (healed_) return;
                   fault();
                   draw_next_fault();
                 });
  }

  void for_a_while(Duration most, std::function<void()> undo) {
    world_.after(world_.draw(milliseconds{10}, most), [this, undo = std::move(undo)] {
      if (!healed_) undo();
    });
  }

  void fault() {
    Rng& rng = world_.rng();
    AgentHost& agent = *agents_[rng.below(agents_.size())];
    switch (rng.below(11)) {
      case 0:
        note(agent.node().str() + " dies");
        agent.crash();
        for_a_while(seconds{40}, [&] {
          if (!agent.running()) agent.start();
        });
        break;
      case 1:
        note(agent.node().str() + " is stopped");
        agent.stop_gracefully();
        for_a_while(seconds{40}, [&] {
          if (!agent.running()) agent.start();
        });
        break;
      case 2:
        note("the coordinator dies");
        coordinator_.crash();
        for_a_while(seconds{60}, [&] {
          if (!coordinator_.running()) coordinator_.start();
        });
        break;
      case 3: {
        const bool keeps = rng.chance(0.5);
        note(keeps ? "the broker dies and keeps its state" : "the broker dies and loses its state");
        broker_.crash(keeps);
        for_a_while(seconds{60}, [&] { broker_.restart(); });
        break;
      }
      case 4:
      case 5:
        note(agent.node().str() + " loses its connection");
        agent.break_network();
        break;
      case 6:
        note("the coordinator loses its connection");
        coordinator_.break_network();
        break;
      case 7:
        note(agent.node().str() + "'s disk is full");
        agent.fill_disk(true);
        for_a_while(seconds{90}, [&] { agent.fill_disk(false); });
        break;
      case 8:
        note("the coordinator's disk is full");
        coordinator_.fill_disk(true);
        for_a_while(seconds{90}, [&] { coordinator_.fill_disk(false); });
        break;
      case 9:
        note(agent.node().str() + " gets another disk");
        agent.plug_in_disk();
        break;
      case 10:
        if (rng.chance(0.7)) {
          const auto by = milliseconds{static_cast<std::int64_t>(rng.below(7'200'000)) - 3'600'000};
          note("all clocks are set by " + std::to_string(by.count()) + " ms");
          world_.shift_wall(by);
        } else {
          note("the store is damaged");
          coordinator_.damage_store();
        }
        break;
      default:
        break;
    }
  }

  void heal() {
    note("healed");
    healed_ = true;
    broker_.faults = Faults{};
    broker_.restart();
    coordinator_.fill_disk(false);
    if (!coordinator_.running()) coordinator_.start();
    for (const auto& agent : agents_) {
      agent->fill_disk(false);
      if (!agent->running()) agent->start();
    }
    // One that was just about to stop has done so by then.
    world_.after(seconds{40}, [this] {
      for (const auto& agent : agents_) {
        if (!agent->running()) agent->start();
      }
    });
  }

  Outcome judge() {
    Outcome outcome;
    // The boxes stop as they should, so that the last open block is a record too.
    for (const auto& agent : agents_) {
      if (!agent->running()) outcome.faults.push_back(agent->node().str() + " does not run");
      if (agent->refused())
        outcome.faults.push_back(agent->node().str() + " was refused its own name");
      const std::string path = "/api/v1/nodes/" + agent->node().str();
      if (coordinator_.get(path).find("\"status\":\"online\"") == std::string::npos) {
        outcome.faults.push_back(agent->node().str() + " is not online: " + coordinator_.get(path));
      }
      if (agent->waiting() > 1) {
        outcome.faults.push_back(agent->node().str() + " still has " +
                                 std::to_string(agent->waiting()) + " records waiting");
      }
      agent->stop_gracefully();
    }
    world_.run_until(world_.now() + seconds{30});
    for (const auto& fault : ledger_.verdict()) outcome.faults.push_back(fault);
    outcome.records_made = ledger_.records_made();
    outcome.records_stored = ledger_.records_stored();
    outcome.history = history_;
    return outcome;
  }

  World world_;
  Broker broker_;
  Ledger ledger_;
  CoordinatorHost coordinator_;
  std::vector<std::unique_ptr<AgentHost>> agents_;
  double faults_a_minute_ = 0;
  bool healed_ = false;
  std::string history_;
};

}  // namespace

Outcome simulate(std::uint64_t seed, Canary canary) {
  return Simulation(seed, canary).run();
}

}  // namespace bw::sim
