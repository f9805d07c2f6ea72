#include "base/runtime/mqtt_inbox.h"

#include <utility>

namespace bw {

std::size_t MqttInbox::cost(const MqttMessage& message) {
  return message.payload.size() + message.topic.size() + sizeof(MqttEvent);
}

void MqttInbox::push(MqttEvent event) {
  const std::lock_guard lock(mutex_);
  // A run of the same answers is one event: the loop wakes once for it.
  const bool answers =
      event.kind == MqttEvent::Kind::completed || event.kind == MqttEvent::Kind::refused;
  if (answers && !events_.empty()) {
    MqttEvent& last = events_.back();
    if (last.kind == event.kind && last.connection == event.connection &&
        last.reason == event.reason) {
      last.count += event.count;
      return;
    }
  }
  push_locked(std::move(event));
}

void MqttInbox::push_message(std::uint64_t connection, MqttMessage message, int qos) {
  const std::lock_guard lock(mutex_);
  if (unread_bytes_ + cost(message) > kMaxUnreadBytes) {
    if (qos == 0) {
      ++dropped_;
    } else {
      push_locked({.kind = MqttEvent::Kind::failed,
                   .connection = connection,
                   .reason = "messages come faster than they are handled"});
    }
    return;
  }
  unread_bytes_ += cost(message);
  push_locked({.kind = MqttEvent::Kind::message,
               .connection = connection,
               .message = std::move(message),
               .qos = qos});
}

void MqttInbox::push_locked(MqttEvent event) {
  if (!wake_) return;
  events_.push_back(std::move(event));
  if (events_.size() == 1) wake_();
}

std::deque<MqttEvent> MqttInbox::take() {
  const std::lock_guard lock(mutex_);
  unread_bytes_ = 0;
  return std::exchange(events_, {});
}

void MqttInbox::close() {
  const std::lock_guard lock(mutex_);
  wake_ = nullptr;
  events_.clear();
}

std::uint64_t MqttInbox::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

}  // namespace bw
