#include "tests/fuzz/fuzz_target.hpp"

#include <algorithm>

#include "runtime/net/liveness_frame.hpp"

/// What comes over a liveness link. There is one form for each frame, and nothing else is one.

namespace {

using namespace runtime;

void run(std::string_view input) {
  liveness_bytes bytes{};
  if (input.size() != bytes.size())
    return;
  std::copy(input.begin(), input.end(), bytes.begin());
  if (const auto frame = decode(bytes))
    fuzz::require(encode(*frame) == bytes, "a frame has a second form");
}

std::string bytes_of(const liveness_frame& frame) {
  const auto bytes = encode(frame);
  return {bytes.begin(), bytes.end()};
}

fuzz::inputs seeds() {
  using kind = liveness_frame::kind;
  return {
    bytes_of({kind::heartbeat, node_id{7}, incarnation{9}, instant{core_clock::duration{1'000'000'000}}}),
    bytes_of({kind::answer, node_id{UINT64_MAX}, incarnation{UINT64_MAX}, instant{core_clock::duration{-1}}}),
  };
}

const fuzz::target liveness_frame_target("runtime/net/liveness_frame", run, seeds);

} // namespace
