#include "coordinator/cli/command_table.h"

#include <array>

namespace bw::cli {

namespace {

using Words = std::string_view;

constexpr Words kOutputs[] = {"table", "wide", "json", "yaml", "name"};
constexpr Words kStatuses[] = {"online", "draining", "offline", "silent"};
constexpr Words kSeverities[] = {"info", "warning", "critical"};
constexpr Words kFunctions[] = {"avg",  "min",      "max", "sum", "count", "last",
                                "rate", "increase", "p50", "p95", "p99"};
constexpr Words kAcross[] = {"avg", "min", "max", "sum", "count", "p95"};
constexpr Words kSorts[] = {"name", "cpu", "mem", "load", "net", "disk", "temp", "status"};
constexpr Words kShells[] = {"bash", "zsh", "fish"};

constexpr FlagSpec kLabelFlag = {"--label", "", "K=V",
                                 "only what has this label; several: all of them"};
constexpr FlagSpec kNodeFlag = {"--node", "", "ID", "only of this node", {}, Completes::nodes};

constexpr FlagSpec kGlobal[] = {
    {"--url", "", "URL", "the coordinator; else BELLWETHER_URL, else http://127.0.0.1:8420"},
    {"--output", "-o", "FORMAT", "table (the default), wide, json, yaml or name", kOutputs,
     Completes::choices},
    {"--no-color", "", "", "no colours; so too where NO_COLOR is set or the output is no terminal"},
    {"--help", "-h", "", "this text"},
};

constexpr FlagSpec kNodesFlags[] = {
    {"--site", "", "SITE", "only nodes of this site"},
    {"--status", "", "STATUS", "only nodes that are online, draining, offline or silent", kStatuses,
     Completes::choices},
    kLabelFlag,
};
constexpr FlagSpec kNodeShowFlags[] = {
    {"--series", "", "", "the newest value of each of its series instead"},
};
constexpr FlagSpec kTopFlags[] = {
    {"--once", "", "",
     "print one frame as plain text and end; so too where the output is no terminal"},
    {"--sort", "", "KEY",
     "begin sorted by name, cpu (the default), mem, load, net, disk, temp or status", kSorts,
     Completes::choices},
};
constexpr FlagSpec kQueryFlags[] = {
    kNodeFlag,
    kLabelFlag,
    {"--from", "", "TIME", "begin: -15m (the default), 10:00, '2026-03-01 10:00', RFC 3339"},
    {"--to", "", "TIME", "end: now (the default), or as --from"},
    {"--step", "", "LENGTH", "one point each 10s, 1m, 1h; else chosen by the range"},
    {"--func", "", "HOW",
     "avg, min, max, sum, count, last, rate, increase, p50, p95, p99 of its samples", kFunctions,
     Completes::choices},
    {"--by", "", "LABEL", "one series of all with the same LABEL; node and site are labels too"},
    {"--across", "", "HOW",
     "avg, min, max, sum, count or p95 of the series made one; alone: of all", kAcross,
     Completes::choices},
};
constexpr FlagSpec kEventsFlags[] = {
    kNodeFlag,
    {"--kind", "", "KIND", "only of this kind"},
    {"--severity", "", "LEVEL", "only info, warning or critical and worse", kSeverities,
     Completes::choices},
    {"--from", "", "TIME", "begin: -24h, 10:00, '2026-03-01 10:00', RFC 3339"},
    {"--to", "", "TIME", "end: now (the default), or as --from"},
    {"--limit", "", "N", "the newest N"},
};

constexpr Words kLevels[] = {"minor", "major", "critical"};
constexpr FlagSpec kAnomaliesFlags[] = {
    kNodeFlag,
    {"--site", "", "SITE", "only of nodes of this site"},
    {"--severity", "", "LEVEL", "only minor, major or critical and worse, at their worst", kLevels,
     Completes::choices},
    {"--from", "", "TIME", "on then or later: -24h, 10:00, '2026-03-01 10:00', RFC 3339"},
    {"--to", "", "TIME", "begun before: as --from"},
    {"--active", "", "", "only those that are on now"},
    {"--limit", "", "N", "the newest N: 100 unless told, 500 at most"},
};
constexpr FlagSpec kDetectFlags[] = {
    {"--csv", "", "FILE", "the rows: names in the first line or none, a time in the first column"},
    {"--labels", "", "FILE", "what is known to be anomalous: 0 or 1 a row, or begin,end ranges"},
    {"--columns", "", "PATTERN", "only columns of that name, with * and ?; several: all of them"},
    {"--period", "", "LENGTH", "time between rows where the file has none: 1s (the default), 5m"},
    {"--train", "", "FILE", "learn from these rows first, and from none of --csv"},
    {"--train-rows", "", "N", "learn from the first N rows of --csv, and from none behind them"},
    {"--false-alarms-a-day", "", "N", "wanted: sets the threshold; .7 unless told"},
    {"--alert-threshold", "", "SCORE", "a threshold of your own instead"},
    {"--contamination", "", "SHARE", "or the share of rows that lie above it, such as .01"},
    {"--window", "", "N", "rows of the rolling features: 10 unless told"},
    {"--seed", "", "N", "of the forest: 0 unless told"},
    {"--model", "", "FILE", "begin with what this model knows"},
    {"--save-model", "", "FILE", "keep what is known at the end"},
    {"--scores", "", "FILE", "every row's score as CSV; - prints it instead of the episodes"},
};
constexpr Words kDetectExamples[] = {
    "bellwether detect --csv metrics.csv", "bellwether detect --csv metrics.csv -o wide",
    "bellwether detect --csv test.csv --train normal.csv --labels labels.csv --period 1m",
    "bellwether detect --csv metrics.csv --columns 'disk.*' --scores scores.csv -o json"};
constexpr Words kDetectAbout =
    "Runs the detector of the nodes over a file: the same code, so that it can be tried on data "
    "of\n"
    "your own. No coordinator is asked. It learns as it goes, as on a node: the first score comes\n"
    "after 64 rows, the first threshold after some 500 more.\n"
    "Exit code 2 where a file is not what it should be; the file, line and column are told.";
constexpr Words kAnomaliesExamples[] = {"bellwether anomalies", "bellwether anomalies --active",
                                        "bellwether anomalies --node box-1 --from -7d -o wide",
                                        "bellwether anomalies --site paris --severity major"};
constexpr Words kAnomalyShowExamples[] = {"bellwether anomaly show box-1",
                                          "bellwether anomaly show box-1:3",
                                          "bellwether anomaly show box-1:00f3a2c4d5e6b701:3"};
constexpr Words kNodeHealthExamples[] = {"bellwether node health box-1",
                                         "bellwether node health box-1 && echo well",
                                         "bellwether node health box-1 -o json"};
constexpr Words kAnomalyShowAbout =
    "ID is an anomaly's id as 'bellwether anomalies' has it; in short NODE:NUMBER, the newest of\n"
    "that node with that number (numbers begin anew with each run of its agent), or NODE alone,\n"
    "its newest.";
constexpr Words kNodeHealthAbout =
    "well: heard, no anomaly is on, no critical event stands. learning: the same, and its "
    "detector\n"
    "does not know yet what is usual. unwell: an anomaly is on, a critical condition was not told\n"
    "to be over, or a critical event is less than an hour old. unknown: it is not heard.\n"
    "Exit code 0 for well and learning, else 1.";

constexpr FlagSpec kSilenceFlags[] = {
    {"--for", "", "LENGTH", "for how long: 30m, 2h, 1d; a year at most"},
    {"--end", "", "", "end a silence instead"},
    {"--why", "", "TEXT", "for those who wonder: 'disks are replaced'"},
};
constexpr FlagSpec kTrainFlags[] = {
    {"--name", "", "NAME", "what to keep it as; else the node's class, as 'model list -o wide'"},
    {"--note", "", "TEXT", "for those who come after"},
    {"--fresh", "", "", "instead, let the node forget what it learnt and begin anew"},
};
constexpr FlagSpec kSelectFlags[] = {
    {"--node", "", "ID", "this node; several: each of them", {}, Completes::nodes},
    {"--class", "", "CLASS", "nodes of this class; given alone, its new nodes begin with it too"},
    {"--site", "", "SITE", "nodes of this site"},
    kLabelFlag,
    {"--all", "", "", "all nodes"},
};
constexpr FlagSpec kImportFlags[] = {
    {"--name", "", "NAME", "what to keep it as"},
    {"--note", "", "TEXT", "for those who come after"},
};
constexpr FlagSpec kExportFlags[] = {
    {"--file", "", "FILE", "where to; a file that is there is left as it is"},
};
constexpr Words kSilenceExamples[] = {"bellwether node silence box-1 --for 2h --why 'new disks'",
                                      "bellwether node silence box-1 --end"};
constexpr Words kModelListExamples[] = {"bellwether model list", "bellwether model list -o wide",
                                        "bellwether model list -o name"};
constexpr Words kModelShowExamples[] = {"bellwether model show edge@3",
                                        "bellwether model show edge@3 -o json"};
constexpr Words kTrainExamples[] = {"bellwether model train box-1",
                                    "bellwether model train box-1 --name edge --note 'quiet week'",
                                    "bellwether model train box-1 --fresh"};
constexpr Words kDeployExamples[] = {"bellwether model deploy edge@3 --node box-2 --node box-3",
                                     "bellwether model deploy edge@3 --class edge",
                                     "bellwether model deploy edge@3 --site paris --label role=gpu",
                                     "bellwether model deploy edge@3 --all"};
constexpr Words kRollbackExamples[] = {"bellwether model rollback --node box-2",
                                       "bellwether model rollback --class edge"};
constexpr Words kModelRmExamples[] = {"bellwether model rm edge@1"};
constexpr Words kImportExamples[] = {"bellwether model import edge-3.bwmodel --name edge"};
constexpr Words kExportExamples[] = {"bellwether model export edge@3 --file edge-3.bwmodel"};
constexpr Words kSilenceAbout =
    "The node tells no anomalies meanwhile; it goes on watching. Waits up to half a minute for\n"
    "its answer; exit code 1 where none comes.";
constexpr Words kTrainAbout =
    "Asks the node for the model of what it has learnt, and keeps it as the next version of NAME:\n"
    "edge@1, edge@2. Waits up to three minutes for the node's answer. 64 models are kept at most;\n"
    "none is dropped to make room.";
constexpr Words kDeployAbout =
    "Nodes get it a few at a time, those that are away when they are back, until each has said\n"
    "that it runs it or refused. All flags that are given must fit a node. Its class is its label\n"
    "'class' or made of its hardware.";
constexpr Words kRollbackAbout =
    "Each node runs the model again that was deployed to it before: up to eight times in a row.";
constexpr Words kModelRmAbout = "Not while a node runs it or is to run it.";

constexpr Words kStatusExamples[] = {"bellwether status", "bellwether status -o json",
                                     "bellwether status && echo well"};
constexpr Words kNodesExamples[] = {
    "bellwether nodes", "bellwether nodes --site paris --status silent",
    "bellwether nodes --label role=gpu -o wide", "bellwether nodes -o name"};
constexpr Words kNodeShowExamples[] = {"bellwether node show box-1",
                                       "bellwether node show box-1 --series",
                                       "bellwether node show box-1 -o yaml"};
constexpr Words kTopExamples[] = {"bellwether top", "bellwether top --sort temp",
                                  "bellwether top --once"};
constexpr Words kQueryExamples[] = {
    "bellwether query cpu.util --node box-1",
    "bellwether query net.rx_bytes --func rate --from -1h --step 1m",
    "bellwether query cpu.util --func p95 --by site --across max --from -1d --step 1h",
    "bellwether query disk.util --label device=sda --step 10s",
    "bellwether query mem.used --from '2026-03-01 10:00' --to '2026-03-01 11:00' -o json"};
constexpr Words kEventsExamples[] = {"bellwether events",
                                     "bellwether events --severity warning --from -24h",
                                     "bellwether events --node box-1 -o wide"};
constexpr FlagSpec kMetricsFlags[] = {
    {"--node",
     "",
     "ID",
     "only what this node has now, and how many series of each",
     {},
     Completes::nodes},
};
constexpr Words kMetricsExamples[] = {
    "bellwether metrics", "bellwether metrics 'cpu.*'", "bellwether metrics temp -o wide",
    "bellwether metrics --node box-1", "bellwether metrics -o json"};
constexpr Words kMetricsAbout =
    "PATTERN is a name with * and ?, or part of one. Without --node nothing is asked of the\n"
    "coordinator: it is the list of what agents of this version can measure.";

constexpr Words kVersionExamples[] = {"bellwether version", "bellwether version -o json"};
constexpr Words kCompletionExamples[] = {
    "source <(bellwether completion bash)",
    "bellwether completion zsh > \"${fpath[1]}/_bellwether\"",
    "bellwether completion fish > ~/.config/fish/completions/bellwether.fish"};

constexpr Words kTopAbout =
    "Keys: c cpu  m mem  l load  n net  d disk  t temp  s status  a name; r the other way round;\n"
    "up, down, page up, page down; Enter shows one node, / filters there; q leaves.";
constexpr Words kStatusAbout =
    "Exit code 1 where something is unwell: the store, the broker, or no answer at all.";

constexpr CommandSpec kCommands[] = {
    {"status",
     "is the coordinator well, and how many nodes has it",
     kStatusAbout,
     {},
     {},
     kStatusExamples},
    {"nodes", "all nodes, one a line", "", {}, kNodesFlags, kNodesExamples},
    {"node show",
     "one node in full",
     "",
     {"ID", {}, Completes::nodes},
     kNodeShowFlags,
     kNodeShowExamples},
    {"node health",
     "is a node well, and why not",
     kNodeHealthAbout,
     {"ID", {}, Completes::nodes},
     {},
     kNodeHealthExamples},
    {"node silence",
     "tell no anomalies of a node for a while",
     kSilenceAbout,
     {"ID", {}, Completes::nodes},
     kSilenceFlags,
     kSilenceExamples},
    {"model list",
     "the anomaly models that are kept, and where they run",
     "",
     {},
     {},
     kModelListExamples},
    {"model show", "one model in full, and its nodes", "", {"MODEL"}, {}, kModelShowExamples},
    {"model train",
     "keep what a node has learnt as a model",
     kTrainAbout,
     {"NODE", {}, Completes::nodes},
     kTrainFlags,
     kTrainExamples},
    {"model deploy",
     "let nodes run a model",
     kDeployAbout,
     {"MODEL"},
     kSelectFlags,
     kDeployExamples},
    {"model rollback",
     "let nodes run the model before",
     kRollbackAbout,
     {},
     kSelectFlags,
     kRollbackExamples},
    {"model rm", "forget a model", kModelRmAbout, {"MODEL"}, {}, kModelRmExamples},
    {"model import", "keep a model from a file", "", {"FILE"}, kImportFlags, kImportExamples},
    {"model export", "write a model into a file", "", {"MODEL"}, kExportFlags, kExportExamples},
    {"top", "a live view of all nodes", kTopAbout, {}, kTopFlags, kTopExamples, false},
    {"query", "a metric over time", "", {"METRIC"}, kQueryFlags, kQueryExamples},
    {"events", "what happened, the newest last", "", {}, kEventsFlags, kEventsExamples},
    {"anomalies",
     "when nodes behaved unlike themselves, the newest last",
     "",
     {},
     kAnomaliesFlags,
     kAnomaliesExamples},
    {"anomaly show",
     "one anomaly in full: its causes, and what to look at next",
     kAnomalyShowAbout,
     {"ID", {}, Completes::nodes},
     {},
     kAnomalyShowExamples},
    {"detect",
     "find anomalies in a file of your own",
     kDetectAbout,
     {},
     kDetectFlags,
     kDetectExamples},
    {"metrics",
     "what is measured: names, units and what they tell",
     kMetricsAbout,
     {"PATTERN", {}, Completes::nothing, true},
     kMetricsFlags,
     kMetricsExamples},
    {"version", "the version of this program", "", {}, {}, kVersionExamples},
    {"completion",
     "the completion script of a shell",
     "",
     {"SHELL", kShells, Completes::choices},
     {},
     kCompletionExamples,
     false},
};

}  // namespace

std::span<const CommandSpec> commands() {
  return kCommands;
}

std::span<const FlagSpec> global_flags() {
  return kGlobal;
}

bool applies(const FlagSpec& global, const CommandSpec& command) {
  return global.name != "--output" || command.prints_data;
}

}  // namespace bw::cli
