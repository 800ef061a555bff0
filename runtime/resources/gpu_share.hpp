#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "runtime/resources/amount.hpp"

namespace runtime {

/// A whole device or a part of it. Shares of two devices never add up to one.
struct gpu_share {
  std::uint32_t index = 0; ///< Which of the node's devices, from 0.
  amount share;            ///< More than 0, at most 1.

  friend bool operator==(const gpu_share& a, const gpu_share& b) noexcept {
    return a.index == b.index && a.share == b.share;
  }
  friend bool operator!=(const gpu_share& a, const gpu_share& b) noexcept { return !(a == b); }
};

/// For CUDA_VISIBLE_DEVICES: "0,2". Empty for no shares, which hides every device.
std::string visible_devices(const std::vector<gpu_share>& shares);

/// The same where the node's devices have names of their own ("3", "GPU-8f4c…"), as detection found them.
/// Each share's index must be one of names.
std::string visible_devices(const std::vector<gpu_share>& shares, const std::vector<std::string>& names);

} // namespace runtime
