#include "runtime/net/liveness_frame.hpp"

#include <algorithm>

namespace runtime {
namespace {

// "CTL", the format's version, the kind, three zeros; then node, incarnation and time, each with its lowest byte first.
constexpr std::array<std::uint8_t, 4> magic{'C', 'T', 'L', 1};

void put(liveness_bytes& bytes, std::size_t at, std::uint64_t value) {
  for (std::size_t i = 0; i < 8; ++i)
    bytes[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
}

std::uint64_t get(const liveness_bytes& bytes, std::size_t at) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < 8; ++i)
    value |= std::uint64_t{bytes[at + i]} << (8 * i);
  return value;
}

} // namespace

liveness_bytes encode(const liveness_frame& frame) {
  liveness_bytes bytes{};
  std::copy(magic.begin(), magic.end(), bytes.begin());
  bytes[4] = static_cast<std::uint8_t>(frame.what);
  put(bytes, 8, frame.node.value);
  put(bytes, 16, frame.life.value);
  put(bytes, 24, static_cast<std::uint64_t>(frame.sent.time_since_epoch().count()));
  return bytes;
}

std::optional<liveness_frame> decode(const liveness_bytes& bytes) {
  if (!std::equal(magic.begin(), magic.end(), bytes.begin()) || bytes[5] != 0 || bytes[6] != 0 || bytes[7] != 0)
    return std::nullopt;
  liveness_frame frame;
  switch (bytes[4]) {
  case 1: frame.what = liveness_frame::kind::heartbeat; break;
  case 2: frame.what = liveness_frame::kind::answer; break;
  default: return std::nullopt;
  }
  frame.node = node_id{get(bytes, 8)};
  frame.life = incarnation{get(bytes, 16)};
  frame.sent = instant{core_clock::duration{static_cast<std::int64_t>(get(bytes, 24))}};
  return frame;
}

} // namespace runtime
