#include "tests/sim/agent_host.h"

#include <algorithm>
#include <array>
#include <utility>

#include "base/crc32c.h"

namespace bw::sim {

using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

// Boxes whose agent watches for anomalies: it has a part in restarts and stops, and costs more time
// than all else together.
constexpr double kDetecting = 0.1;

std::uint64_t detail(const wire::EventRecord& event, std::string_view name) {
  for (const auto& label : event.details) {
    if (label.name == name) return std::stoull(label.value);
  }
  BW_ASSERT(false);
}

}  // namespace

AgentHost::AgentHost(World& world, Broker& broker, Ledger& ledger, NodeId node,
                     std::uint64_t outbox_bytes)
    : outbox_bytes_(outbox_bytes),
      world_(world),
      broker_(broker),
      ledger_(ledger),
      node_(std::move(node)),
      store_id_(world.rng().next() | 1),
      block_(seconds{1 + static_cast<std::int64_t>(world.rng().below(10))}),
      detects_(world.rng().chance(kDetecting)) {}

void AgentHost::start() {
  ++run_;
  tick_ = 0;
  refused_ = false;
  disk_free_at_ = world_.now();
  agent::AgentOptions options{node_};
  options.site = "sim";
  options.version = "sim";
  options.epoch = world_.rng().next() | 1;
  options.store_id = store_id_;
  options.seed = world_.rng().next();
  options.started_ms = to_ms(world_.wall());
  options.block = block_;
  options.first_block = seconds{3};
  options.outbox.max_bytes = outbox_bytes_;
  if (detects_) options.detect.emplace();
  agent_ = std::make_unique<agent::Agent>(options);

  const std::string up = "bw/v1/" + node_.str() + "/down/#";
  Link::Handlers handlers;
  handlers.will = [this] {
    const wire::Bytes will = agent_->last_will();
    return Message{
        wire::topic_name(node_, wire::Topic::state), {will.begin(), will.end()}, 1, true};
  };
  handlers.up = [this] { step(agent::LinkUp{}); };
  handlers.down = [this] { step(agent::LinkDown{}); };
  handlers.taken = [this](const Message& message) {
    const auto parsed = wire::parse_topic(message.topic);
    if (parsed->topic == wire::Topic::history || parsed->topic == wire::Topic::event) {
      step(agent::PublishTaken{});
    }
  };
  handlers.message = [this](const Message& message) {
    const auto parsed = wire::parse_topic(message.topic);
    BW_ASSERT(parsed && parsed->topic);
    if (*parsed->topic == wire::Topic::ack) {
      auto ack = wire::decode_ack(message.payload);
      BW_ASSERT(static_cast<bool>(ack));
      step(agent::AckReceived{*ack});
    } else if (*parsed->topic == wire::Topic::command) {
      auto command = wire::decode_command(message.payload);
      BW_ASSERT(static_cast<bool>(command));
      step(agent::CommandReceived{*command});
    }
  };
  const std::string client = "agent-" + node_.str() + "-" + std::to_string(options.epoch);
  link_ = std::make_unique<Link>(world_, broker_, Link::Options{client, true, {up}}, handlers);

  found_outbox_ = false;
  last_try_failed_ = false;
  step(disk_full_ ? agent::OutboxOpened{} : open_outbox());
  tick();
  link_->start();
}

void AgentHost::crash() {
  if (!agent_) return;
  ++run_;
  link_->die();
  // The power goes while the disk writes: all of it is there, or nothing.
  if (!writing_.empty() && !disk_full_ && found_outbox_ && world_.rng().chance(0.5)) {
    apply(writing_.front());
  }
  writing_.clear();
  gathered_ = {};
  ledger_.run_ended(node_.str(), agent_->options().epoch);
  link_.reset();
  agent_.reset();
}

void AgentHost::stop_gracefully() {
  if (agent_) step(agent::StopRequested{});
}

void AgentHost::step(const agent::Event& event) {
  if (!agent_) return;
  agent::Effects effects;
  agent_->step(event, world_.now(), effects);
  carry_out(effects);
}

void AgentHost::carry_out(const agent::Effects& effects) {
  for (const agent::Effect& effect : effects) {
    if (const auto* publish = std::get_if<agent::Publish>(&effect)) {
      note(publish->topic, publish->payload);
      const wire::TopicInfo& info = wire::topic_info(publish->topic);
      link_->publish(Message{wire::topic_name(node_, publish->topic),
                             {publish->payload.begin(), publish->payload.end()},
                             info.qos,
                             info.retained});
    } else if (const auto* write = std::get_if<agent::PersistRecord>(&effect)) {
      gather(*write);
    } else if (const auto* load = std::get_if<agent::LoadRecord>(&effect)) {
      const auto run = run_;
      const auto key = load->key;
      world_.after(world_.draw(milliseconds{0}, milliseconds{20}), [this, run, key] {
        if (run != run_) return;
        agent::RecordLoaded loaded{key, {}, {}};
        loaded.later = world_.rng().chance(broker_.faults.fail_loads);
        if (loaded.later) return step(loaded);
        for (const auto& [order, on_disk] : disk_) {
          if (on_disk.record.key != key) continue;
          loaded.payload = on_disk.payload;
          loaded.series = on_disk.series;
        }
        step(loaded);
      });
    } else if (const auto* keep = std::get_if<agent::KeepModel>(&effect)) {
      keep_model({keep->payload.begin(), keep->payload.end()});
    } else if (const auto* stop = std::get_if<agent::Stop>(&effect)) {
      refused_ = stop->exit_code == 3;
      const auto run = run_;
      world_.after(milliseconds{0}, [this, run] {
        if (run != run_) return;
        ++run_;
        link_->say_goodbye();
        // With room on the disk at its last try a run that ends as it should loses nothing.
        if (last_try_failed_) ledger_.run_ended(node_.str(), agent_->options().epoch);
        link_.reset();
        agent_.reset();
      });
    }
  }
}

void AgentHost::keep_model(std::vector<std::byte> payload) {
  const auto run = run_;
  world_.after(world_.draw(milliseconds{1}, milliseconds{300}),
               [this, run, payload = std::move(payload)] {
                 if (run != run_) return;
                 if (!disk_full_ && found_outbox_) model_ = payload;
                 step(agent::ModelKept{disk_full_ ? "disk full" : ""});
               });
}

agent::OutboxOpened AgentHost::open_outbox() {
  found_outbox_ = true;
  agent::OutboxOpened opened;
  for (const auto& [order, on_disk] : disk_) {
    if (on_disk.record.key.epoch != agent_->options().epoch) {
      opened.records.push_back(on_disk.record);
    }
  }
  for (const auto& [name, value] : facts_) opened.facts.push_back({name, value});
  opened.model = model_;
  return opened;
}

// Tells the ledger of a record at its first sight; the checksum is of what stays the same however
// often, and with whatever table, a record is sent.
void AgentHost::note(wire::Topic topic, wire::Bytes payload) {
  if (topic == wire::Topic::history) {
    auto block = wire::decode_history(payload);
    BW_ASSERT(static_cast<bool>(block));
    ledger_.made(node_.str(), block->epoch, block->number, crc32c(block->columns));
  } else if (topic == wire::Topic::event) {
    auto event = wire::decode_event(payload);
    BW_ASSERT(static_cast<bool>(event));
    ledger_.made(node_.str(), event->epoch, event->number,
                 crc32c(std::as_bytes(std::span(event->text))));
    if (event->kind == "outbox_gap") {
      ledger_.gave_up(node_.str(), detail(*event, "epoch"), detail(*event, "first"),
                      detail(*event, "last"));
    }
  }
}

void AgentHost::gather(const agent::PersistRecord& write) {
  note(write.record.topic, write.payload);
  OnDisk on_disk{write.record, {write.payload.begin(), write.payload.end()}, {}};
  if (write.series != nullptr) on_disk.series = *write.series;
  gathered_.records.push_back(std::move(on_disk));
  const auto append = [](auto& to, const auto& from) {
    to.insert(to.end(), from.begin(), from.end());
  };
  append(gathered_.trims, write.trims);
  append(gathered_.drops, write.drops);
  append(gathered_.facts, write.facts);
  if (!write.more) this->write();
}

// One write after the other, as the spool's thread does it.
void AgentHost::write() {
  writing_.push_back(std::exchange(gathered_, {}));
  const auto run = run_;
  disk_free_at_ =
      std::max(disk_free_at_, world_.now()) + world_.draw(milliseconds{1}, milliseconds{300});
  world_.after(disk_free_at_ - world_.now(), [this, run] {
    if (run != run_) return;
    const Transaction transaction = std::move(writing_.front());
    writing_.pop_front();
    if (disk_full_) {
      last_try_failed_ = last_try_failed_ || agent_->stopping();
      for (const OnDisk& written : transaction.records) {
        step(agent::PersistFailed{written.record.key, "disk full"});
      }
      return;
    }
    apply(transaction);
    for (const OnDisk& written : transaction.records) {
      step(agent::RecordPersisted{written.record.key});
    }
  });
}

void AgentHost::apply(const Transaction& transaction) {
  std::erase_if(disk_, [&](const auto& entry) {
    const auto& stored = entry.second.record.key;
    for (const auto& trim : transaction.trims) {
      if (stored.epoch == trim.epoch && stored.number <= trim.number) return true;
    }
    for (const auto& drop : transaction.drops) {
      if (stored != drop) continue;
      ledger_.gave_up(node_.str(), drop.epoch, drop.number, drop.number);
      return true;
    }
    return false;
  });
  // The first write that succeeds after a start on a full disk finds what lies there.
  if (!found_outbox_) step(open_outbox());
  for (const OnDisk& written : transaction.records) {
    const auto& key = written.record.key;
    const auto same = std::find_if(disk_.begin(), disk_.end(), [&](const auto& entry) {
      return entry.second.record.key == key;
    });
    if (same == disk_.end()) {
      disk_.emplace(next_write_++, written);
    } else {
      same->second = written;  // a gap that has grown
    }
    ledger_.on_disk(node_.str(), key.epoch, key.number);
  }
  for (const auto& fact : transaction.facts) {
    facts_[fact.name] = fact.value;
    if (fact.value.empty()) facts_.erase(fact.name);
  }
}

void AgentHost::tick() {
  const auto run = run_;
  world_.after(seconds{1}, [this, run] {
    if (run == run_) tick();
  });
  const std::string load = std::to_string(world_.rng().below(400)) + ".25 0.40 0.30 1/200 4242\n";
  std::string disks;
  for (int i = 0; i < disks_; ++i) {
    const auto reads = std::to_string(100 + tick_ * 7);
    disks += "   8  " + std::to_string(16 * i) + " sd" + static_cast<char>('a' + i) + " " + reads +
             " 0 800 50 9 0 72 5 0 40 55\n";
  }
  const std::array texts{
      agent::TextReading{agent::SourceId::loadavg, "/proc/loadavg", load, 0},
      agent::TextReading{agent::SourceId::diskstats, "/proc/diskstats", disks, 0}};
  agent::Readings readings;
  readings.when = world_.now();
  readings.wall = world_.wall();
  readings.tick = tick_++;
  readings.texts = texts;
  step(agent::Ticked{readings});
}

}  // namespace bw::sim
