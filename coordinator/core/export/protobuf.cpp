#include "coordinator/core/export/protobuf.h"

namespace bw::coordinator::exporting {

namespace {

constexpr int kMaxVarintBytes = 10;

std::string varint_bytes(std::uint64_t value) {
  std::string bytes;
  for (; value >= 0x80; value >>= 7) bytes += static_cast<char>(value | 0x80);
  bytes += static_cast<char>(value);
  return bytes;
}

}  // namespace

void ProtobufWriter::raw(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out_ += static_cast<char>(value | 0x80);
  out_ += static_cast<char>(value);
}

void ProtobufWriter::insert_length(std::size_t at) {
  out_.insert(at, varint_bytes(out_.size() - at));
}

std::optional<std::uint64_t> ProtobufReader::varint() {
  std::uint64_t value = 0;
  for (int i = 0; i < kMaxVarintBytes && !rest_.empty(); ++i) {
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    value |= std::uint64_t{byte & 0x7fU} << (7 * i);
    if (byte < 0x80) return value;
  }
  return std::nullopt;
}

std::optional<std::string_view> ProtobufReader::take(std::uint64_t size) {
  if (size > rest_.size()) return std::nullopt;
  const auto taken = rest_.substr(0, static_cast<std::size_t>(size));
  rest_.remove_prefix(taken.size());
  return taken;
}

bool ProtobufReader::read(std::uint64_t type, Field& field) {
  if (type == 0) {
    const auto value = varint();
    field.value = value.value_or(0);
    return value.has_value();
  }
  if (type != 1 && type != 2 && type != 5) return false;
  std::uint64_t size = type == 1 ? 8 : 4;
  if (type == 2) {
    const auto length = varint();
    if (!length) return false;
    size = *length;
  }
  const auto taken = take(size);
  if (!taken) return false;
  field.bytes = *taken;
  if (type == 2) return true;
  for (std::size_t i = taken->size(); i-- > 0;) {
    field.value = field.value << 8 | static_cast<unsigned char>((*taken)[i]);
  }
  return true;
}

std::optional<ProtobufReader::Field> ProtobufReader::next() {
  if (rest_.empty() || !ok_) return std::nullopt;
  Field field;
  const auto key = varint();
  ok_ = key && *key >> 3 != 0 && *key >> 32 == 0;
  if (!ok_) return std::nullopt;
  field.number = static_cast<std::uint32_t>(*key >> 3);
  ok_ = read(*key & 7, field);
  if (!ok_) return std::nullopt;
  return field;
}

}  // namespace bw::coordinator::exporting
