#pragma once

#include <cstdint>
#include <functional>

/// What a property test draws its history from.
using seed = std::uint64_t;

/// Calls the test with seeds 1 to count; a failure names its seed. CAF_TUNE_SEED=n in the environment runs n alone.
void for_each_seed(std::uint64_t count, const std::function<void(seed)>& test);
