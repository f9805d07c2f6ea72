// The words of models' life: what is kept of a model, what nodes are wished to run, what operators
// ask for and what became of it. learn/ decides, api/ shows and the store keeps.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "schemas/wire/messages.h"

namespace bw::coordinator {

inline constexpr std::size_t kMaxModels = 64;        // kept at once: 26 MB of 400 kB each
inline constexpr std::size_t kMaxModelNames = 1024;  // ever used; their versions never come again
inline constexpr std::size_t kMaxModelNameBytes = 64;
inline constexpr std::size_t kMaxClassWishes = 256;
inline constexpr std::size_t kMaxModelsBefore = 8;  // a wish can be rolled back so often
inline constexpr std::size_t kMaxNoteBytes = 256;

// "edge@3": the third model of the name "edge".
struct ModelId {
  std::string name;
  std::uint32_t version = 0;  // from 1 on

  std::string text() const { return name + "@" + std::to_string(version); }
  auto operator<=>(const ModelId&) const = default;
};

// The error says what a name may be: 1 to 64 of A-Z a-z 0-9 . _ -
Result<std::string> parse_model_name(std::string_view text);
Result<ModelId> parse_model_id(std::string_view text);

// Which class a node is of: what nodes of a kind have in common. It is the label `class` where that
// is given, else the hardware, as in "x86_64-8cpu-32gib-2xnvidia-l4". A name by its letters.
class NodeClasses {
 public:
  std::string of(const wire::NodeBirth& birth, const std::vector<wire::SeriesInfo>* series);

 private:
  // Nodes of one make share their table. By address: for as long as the tables live.
  std::map<const std::vector<wire::SeriesInfo>*, std::string> gpus_;
};

// All but the payload, which stays in the store.
struct ModelRecord {
  ModelId id;
  std::string node_class;  // of the node it was learnt on; empty where that is not known
  std::string source;      // that node; empty: imported
  std::int64_t created_ms = 0;
  std::int64_t from_ms = 0;  // what it was learnt from
  std::int64_t to_ms = 0;
  std::uint64_t rows = 0;
  std::vector<std::string> metrics;
  double threshold = 0;
  std::uint64_t bytes = 0;
  std::uint32_t crc = 0;  // CRC-32C of the payload
  std::string note;
  bool operator==(const ModelRecord&) const = default;
};

// waiting: to be sent, or sent and not answered yet. ended: nothing is wished any more; what was
// before is remembered.
enum class WishState : std::uint8_t { waiting, done, refused, ended };
inline constexpr std::size_t kWishStates = 4;
std::string_view name_of(WishState state);

// What a node is to run; or, of a class, what its new nodes begin with.
struct Wish {
  std::string model;
  std::int64_t since_ms = 0;
  WishState state = WishState::waiting;
  std::string reason;               // refused: the node's words
  std::vector<std::string> before;  // the models before, the last one last
  bool operator==(const Wish&) const = default;
};

struct StoredModels {
  std::vector<ModelRecord> models;
  std::vector<std::pair<NodeId, Wish>> wishes;
  std::vector<std::pair<std::string, Wish>> classes;
  std::vector<std::pair<std::string, std::uint32_t>> names;  // the highest version ever
};

// What an operator asks for, checked but for what only learn/ knows.

// Nodes that fit all that is given; several nodes are alternatives.
struct NodeSelector {
  std::vector<std::string> nodes;
  std::string site;
  std::string node_class;
  std::vector<wire::Label> labels;
  bool is_all = false;

  bool is_class_alone() const {
    return !node_class.empty() && nodes.empty() && site.empty() && labels.empty() && !is_all;
  }
};
struct TrainRequest {
  std::string node;
  std::string name;  // empty: the node's class
  std::string note;
  bool is_fresh = false;
};
struct SilenceRequest {
  std::string node;
  std::uint64_t for_ms = 0;  // 0 ends one
  std::string why;
};
struct DeployRequest {
  std::string model;
  NodeSelector selector;
};
struct RollbackRequest {
  NodeSelector selector;
};
struct RemoveRequest {
  std::string model;
};
struct ImportRequest {
  std::string name;
  std::string note;
  std::vector<std::byte> payload;
};
using ModelRequest = std::variant<TrainRequest, SilenceRequest, DeployRequest, RollbackRequest,
                                  RemoveRequest, ImportRequest>;

// What became of it.

enum class CommandState : std::uint8_t {
  sent,
  storing,  // answered; its model is on the way to the disk
  done,
  failed,     // the node could not, or what it sent was no model
  refused,    // by the node
  expired,    // came too late for the node
  timed_out,  // no answer came
};
std::string_view name_of(CommandState state);

struct CommandRecord {
  std::string id;
  std::string node;
  wire::CommandKind kind = wire::CommandKind::train;
  CommandState state = CommandState::sent;
  std::string text;   // what the node said, or what went wrong
  std::string model;  // of train: what it was stored as
  std::int64_t created_ms = 0;
  std::int64_t settled_ms = 0;  // 0: not yet
};

struct RequestRefused {
  int status = 409;  // of HTTP
  std::string detail;
};
struct CommandSent {
  CommandRecord command;
};
struct WishChange {
  std::string node;
  std::string model;      // wished now; empty: nothing changed
  std::string text;       // why nothing did, or what is to be known
  bool is_ended = false;  // what was wished of it, and never ran, is taken back
};
struct WishesChanged {
  std::string model;       // of a deployment
  std::string node_class;  // whose start was changed too; empty: none
  std::string class_text;
  std::vector<WishChange> nodes;
};
struct ModelStored {
  ModelRecord model;
};
struct ModelRemoved {
  std::string model;
};
using ModelOutcome =
    std::variant<RequestRefused, CommandSent, WishesChanged, ModelStored, ModelRemoved>;

// What the API sees of all that. Pointers are valid during one call.
class ModelsView {
 public:
  virtual ~ModelsView() = default;
  virtual const ModelRecord* find(std::string_view id) const = 0;
  virtual void each(const std::function<void(const ModelRecord&)>& visit) const = 0;
  virtual void each_wish(const std::function<void(const NodeId&, const Wish&)>& visit) const = 0;
  virtual void each_class(
      const std::function<void(const std::string&, const Wish&)>& visit) const = 0;
  virtual std::optional<CommandRecord> command(std::string_view id) const = 0;
};

}  // namespace bw::coordinator
