#include "coordinator/core/schedule/reconcile.h"

#include <algorithm>

#include "coordinator/core/schedule/hash.h"

namespace bw::coordinator::schedule {

namespace {

const Node* node_of(std::span<const Node> nodes, const std::string& id) {
  const auto it =
      std::lower_bound(nodes.begin(), nodes.end(), id,
                       [](const Node& node, const std::string& text) { return node.id < text; });
  return it == nodes.end() || it->id != id ? nullptr : &*it;
}

bool is_evicted(const Node& node, const Workload& workload) {
  return std::any_of(node.taints.begin(), node.taints.end(), [&](const Taint& taint) {
    const auto& all = workload.placement.tolerations;
    return taint.evicts && std::none_of(all.begin(), all.end(), [&](const Toleration& toleration) {
             return toleration.key == taint.key &&
                    (toleration.value.empty() || toleration.value == taint.value);
           });
  });
}

// Whether each of its GPUs is there and works, and there are as many as it was to have.
bool has_its_gpus(const Node& node, const Assignment& run) {
  const Resources& asked = run.resources;
  const bool wants_share = asked.gpus == 0 && (asked.gpu_milli > 0 || asked.gpu_memory_bytes > 0);
  const std::size_t count = wants_share ? 1 : static_cast<std::size_t>(std::max(asked.gpus, 0));
  if (run.gpus.size() < count) return false;
  return std::all_of(run.gpus.begin(), run.gpus.end(), [&](const std::string& uuid) {
    return std::any_of(node.gpus.begin(), node.gpus.end(),
                       [&](const Gpu& gpu) { return gpu.uuid == uuid && gpu.is_healthy; });
  });
}

Verdict judge(const Node* node, const Workload* workload, const Assignment& run) {
  if (workload == nullptr) return {Fate::stops, StopWhy::removed};
  if (run.replica < 0 || run.replica >= workload->replicas + workload->standbys) {
    return {Fate::stops, StopWhy::scaled_down};
  }
  if (node == nullptr || node->condition == Condition::offline) {
    return {Fate::stops, StopWhy::node_offline};
  }
  // Of a silent node nothing is known: what is said of it is old.
  if (node->condition == Condition::unknown) return {};
  if (!has_its_gpus(*node, run)) return {Fate::stops, StopWhy::gpu_lost};
  if (is_evicted(*node, *workload)) return {Fate::stops, StopWhy::tainted};
  if (run.revision != workload->revision) return {Fate::gives_way, StopWhy::replaced};
  if (node->condition == Condition::draining) return {Fate::gives_way, StopWhy::drained};
  return {};
}

class Reconciler {
 public:
  Reconciler(std::span<const Node> nodes, std::span<const Workload> workloads,
             std::span<const Assignment> assignments)
      : nodes_(nodes), workloads_(workloads), runs_(assignments) {}

  Reconciled run() {
    for (const Assignment& run : runs_) {
      done_.verdicts.push_back(judge(node_of(nodes_, run.node), workload_of(run), run));
    }
    std::size_t at = 0;
    for (std::size_t i = 0; i < workloads_.size(); ++i) {
      const Workload& workload = workloads_[i];
      while (at < runs_.size() && runs_[at].workload < workload.name) ++at;
      for (int replica = 0; replica < workload.replicas + workload.standbys; ++replica) {
        while (at < runs_.size() && runs_[at].workload == workload.name &&
               runs_[at].replica < replica) {
          ++at;
        }
        std::size_t end = at;
        while (end < runs_.size() && runs_[end].workload == workload.name &&
               runs_[end].replica == replica) {
          ++end;
        }
        settle(i, replica, at, end);
        at = end;
      }
    }
    return std::move(done_);
  }

 private:
  const Workload* workload_of(const Assignment& run) const {
    const auto it = std::lower_bound(
        workloads_.begin(), workloads_.end(), run.workload,
        [](const Workload& workload, const std::string& name) { return workload.name < name; });
    return it == workloads_.end() || it->name != run.workload ? nullptr : &*it;
  }

  bool is_silent(std::size_t run) const {
    const Node* node = node_of(nodes_, runs_[run].node);
    return node != nullptr && node->condition == Condition::unknown;
  }

  // Of one replica's assignments, [begin, end): one stays, or gives way to a successor.
  void settle(std::size_t workload, int replica, std::size_t begin, std::size_t end) {
    std::size_t best = Want::kNone;
    std::size_t silent = Want::kNone;
    std::size_t former = Want::kNone;
    for (std::size_t i = begin; i < end; ++i) {
      if (done_.verdicts[i].fate == Fate::stops) {
        former = i;
      } else if (is_silent(i)) {
        silent = i;
      } else if (best == Want::kNone || goes_before(i, best)) {
        best = i;
      }
    }
    for (std::size_t i = begin; i < end; ++i) {
      if (i != best && done_.verdicts[i].fate != Fate::stops && !is_silent(i)) {
        done_.verdicts[i] = {Fate::stops, StopWhy::duplicate};
      }
    }
    if (best != Want::kNone) {
      const bool gives_way = done_.verdicts[best].fate == Fate::gives_way;
      if (gives_way) done_.wants.push_back({workload, replica, best, Want::kNone});
      return;
    }
    // An exclusive one does not move on a guess; of the others, two are better than none.
    const bool waits = workloads_[workload].failover == FailoverClass::exclusive;
    if (silent != Want::kNone && waits) return;
    done_.wants.push_back({workload, replica, Want::kNone, former});
  }

  // Which of two that could stay does: the one that has not to give way, then by the nodes' hashes.
  bool goes_before(std::size_t a, std::size_t b) const {
    const bool a_stays = done_.verdicts[a].fate == Fate::stays;
    const bool b_stays = done_.verdicts[b].fate == Fate::stays;
    if (a_stays != b_stays) return a_stays;
    return hash_of(runs_[a].node) < hash_of(runs_[b].node);
  }

  std::span<const Node> nodes_;
  std::span<const Workload> workloads_;
  std::span<const Assignment> runs_;
  Reconciled done_;
};

}  // namespace

Reconciled reconcile(std::span<const Node> nodes, std::span<const Workload> workloads,
                     std::span<const Assignment> assignments) {
  return Reconciler(nodes, workloads, assignments).run();
}

}  // namespace bw::coordinator::schedule
