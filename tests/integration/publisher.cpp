#include "tests/integration/publisher.h"

#include <future>
#include <memory>

namespace bw::integration {

namespace {

MqttOptions options(int port, std::vector<std::string> subscriptions) {
  MqttOptions options;
  options.url = "mqtt://127.0.0.1:" + std::to_string(port);
  options.client_id = "publisher";
  options.subscriptions = std::move(subscriptions);
  return options;
}

}  // namespace

Publisher::Publisher(int broker_port, std::vector<std::string> subscriptions)
    : link_(loop_, options(broker_port, std::move(subscriptions)),
            {.will = [] { return std::optional<MqttWill>(); },
             .up = [](bool) {},
             .down = [](const std::string&) {},
             .message =
                 [this](MqttMessage message) {
                   const std::lock_guard lock(mutex_);
                   heard_.push_back(std::move(message));
                 }}) {
  link_.start();
  thread_ = std::thread([this] { loop_.run(); });
}

Publisher::~Publisher() {
  loop_.post([this] { link_.stop(std::chrono::seconds{1}, [this] { loop_.stop(); }); });
  thread_.join();
}

void Publisher::publish(const std::string& topic, std::vector<std::byte> payload, int qos,
                        bool retained) {
  const auto done = std::make_shared<std::promise<void>>();
  // Tries until the connection is there.
  const auto attempt = std::make_shared<std::function<void()>>();
  *attempt = [this, topic, payload = std::move(payload), qos, retained, done, attempt] {
    if (link_.publish(topic, payload, qos, retained, 0)) {
      done->set_value();
      return;
    }
    const auto timer = std::make_shared<Timer>(loop_);
    timer->after(std::chrono::milliseconds{20}, [timer, attempt] { (*attempt)(); });
  };
  loop_.post([attempt] { (*attempt)(); });
  done->get_future().wait();
  *attempt = nullptr;
}

std::vector<MqttMessage> Publisher::heard() {
  const std::lock_guard lock(mutex_);
  return heard_;
}

}  // namespace bw::integration
