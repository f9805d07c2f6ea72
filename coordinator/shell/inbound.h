// What came over MQTT, as the event that the core hears of it.
#pragma once

#include "base/runtime/mqtt_link.h"
#include "coordinator/core/coordinator.h"

namespace bw::coordinator {

// MessageReceived, or PayloadRefused where the topic or the payload fails verification. The event
// points into `message`.
Event inbound_event(const MqttMessage& message, WallTime now);

}  // namespace bw::coordinator
