// A client of the broker that can publish anything under any name, and hear what is said.
#pragma once

#include <cstddef>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "base/runtime/event_loop.h"
#include "base/runtime/mqtt_link.h"

namespace bw::integration {

class Publisher {
 public:
  Publisher(int broker_port, std::vector<std::string> subscriptions = {});
  ~Publisher();

  void publish(const std::string& topic, std::vector<std::byte> payload, int qos = 1,
               bool retained = false);
  std::vector<MqttMessage> heard();

 private:
  EventLoop loop_;
  MqttLink link_;
  std::mutex mutex_;
  std::vector<MqttMessage> heard_;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace bw::integration
