// The scheduler: a snapshot in, a plan out. Reconcile, then filter, then score, then commit; the
// same snapshot gives the same plan, in whatever order its lists are. See SCHEDULE.md.
#pragma once

#include "coordinator/core/schedule/plan.h"
#include "coordinator/core/schedule/scorers.h"

namespace bw::coordinator::schedule {

// Workloads without a place that are explained node by node; the others are named.
inline constexpr std::size_t kMaxExplained = 256;
// Rounds over what had no place, as others made room or company.
inline constexpr int kMaxRounds = 8;

struct PlanOptions {
  Policy policy = kPolicyTable[0];
  // An empty mix is taken from the snapshot's workloads.
  Expectations expected;
};

Plan plan(const Snapshot& snapshot, const PlanOptions& options = {});

}  // namespace bw::coordinator::schedule
