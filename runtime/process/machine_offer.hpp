#pragma once

#include "runtime/base/result.hpp"
#include "runtime/resources/resource_set.hpp"

#include <map>
#include <string>
#include <vector>

namespace runtime {

/// What a node offers to the cluster.
struct machine_offer {
  resource_set resources;
  std::vector<std::string> gpu_names; ///< What CUDA calls the GPU of each index; empty: "0", "1", …
  std::string explanation;            ///< For the log.
};

/// What this machine has, but where an amount is given by name that one, zero for none of it.
[[nodiscard]] result<machine_offer> offer_of_this_machine(const std::map<std::string, amount>& given);

} // namespace runtime
