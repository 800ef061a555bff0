#pragma once

#include <cstdint>

#include "runtime/base/id.hpp"

namespace runtime {

/// A run of something under a lease: an ordinary lease has the one work 1, a bundle may have several.
struct work_key {
  lease_id lease;
  std::uint32_t number = 0; ///< From 1.

  friend bool operator==(work_key a, work_key b) noexcept { return a.lease == b.lease && a.number == b.number; }
  friend bool operator!=(work_key a, work_key b) noexcept { return !(a == b); }
  friend bool operator<(work_key a, work_key b) noexcept {
    return a.lease != b.lease ? a.lease < b.lease : a.number < b.number;
  }
};

} // namespace runtime
