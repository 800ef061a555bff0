#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "tune/config.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// What one report may hold. More is a mistake of the trainable: what is large belongs into a file of its trial.
inline constexpr std::size_t most_reported_bytes = 1u << 20; ///< Names and values together.
inline constexpr std::size_t most_reported_values = 1'000;
inline constexpr std::size_t most_value_depth = 16; ///< Of lists in lists.

/// Whether the trainable may report this: each wanted metric is there and a number (NaN is one), names and texts are
/// UTF-8, "done" is a truth value, and the limits are kept. The error says everything that is wrong.
[[nodiscard]] result<void> check_reported(const metrics& values, const std::vector<std::string>& wanted);

/// {"done", true}: the trainable says that it was the last one.
[[nodiscard]] bool says_done(const metrics& values);

} // namespace tune
