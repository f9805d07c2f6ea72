// Answers of the API about anomalies and health, for the tests beside this file.
#pragma once

namespace bw::cli::testing {

inline constexpr const char* kAnomaly = R"({"id":"box-1:00f3a2c4d5e6b701:3","node":"box-1",
  "site":"paris","active":true,"level":"major","outcome":"active","start":"2026-11-21T03:00:00Z",
  "peak":"2026-11-21T03:01:00Z","end":null,"duration_s":302,"troubled_s":200,"flares":1,
  "score":31.25,"threshold":20,"text":"unlike itself","causes":[
  {"metric":"disk.util{device=sda}","name":"disk.util","labels":{"device":"sda"},"unit":"%",
   "share":0.54,"value":98.1,"low":1,"high":40,"direction":"above"},
  {"metric":"cpu.load1","name":"cpu.load1","labels":{},"unit":"1","share":0.31,"value":null,
   "low":0.5,"high":2,"direction":"unlike"}]})";

inline constexpr const char* kHealth = R"({"node":"box-1","site":"paris","status":"online",
  "since":"2026-11-21T02:00:00Z","last_seen":"2026-11-21T03:05:00Z","verdict":"unwell",
  "reasons":[{"severity":"critical","text":"gpu_lost 1h ago"},{"severity":"info","text":"well"}],
  "detector":{"state":"watching","score":31.25,"threshold":20,"series":40,"anomalies_a_day":0.5},
  "model":{"id":"edge@3","rows":86400,"age_s":259200,"drift":0.31,"drifted":true},
  "anomalies":[],"anomalies_24h":2,"events":[{"kind":"gpu_lost","severity":"critical","count":2,
  "open":true,"last":"2026-11-21T02:05:02Z","text":"GPU 0 no longer answers"}],
  "truncated":false})";

}  // namespace bw::cli::testing
