// Opens a payload: checksum, identifier, and the FlatBuffer's own verifier, in this order. For the
// codec's own files.
#pragma once

#include <cstdint>
#include <cstring>
#include <string_view>
#include <vector>

#include "schemas/wire/codec.h"
#include "schemas/wire/payload.h"

namespace bw::wire {

// A verified FlatBuffer. Its reader loads words where they lie, so a payload that is not aligned is
// copied to where it is.
template <typename Root>
struct Opened {
  std::vector<std::uint64_t> aligned;  // empty where the payload itself is read
  const Root* root = nullptr;
};

// `verify(bytes, size)` gives the root of a FlatBuffer that holds to its schema, else null.
template <typename Root, typename Verify>
Decoded<Opened<Root>> open_payload(Bytes payload, std::string_view identifier, Verify verify) {
  if (!checksum_holds(payload)) return Refusal::bad_checksum;
  const Bytes body = payload.first(payload.size() - kChecksumBytes);
  if (body.size() < kIdentifierAt + kIdentifierBytes ||
      std::memcmp(body.data() + kIdentifierAt, identifier.data(), kIdentifierBytes) != 0) {
    return Refusal::wrong_schema;
  }
  Opened<Root> opened;
  const std::byte* data = body.data();
  if (reinterpret_cast<std::uintptr_t>(data) % alignof(std::uint64_t) != 0) {
    opened.aligned.resize((body.size() + 7) / 8);
    std::memcpy(opened.aligned.data(), body.data(), body.size());
    data = reinterpret_cast<const std::byte*>(opened.aligned.data());
  }
  opened.root = verify(reinterpret_cast<const std::uint8_t*>(data), body.size());
  if (opened.root == nullptr) return Refusal::malformed;
  return opened;
}

}  // namespace bw::wire
