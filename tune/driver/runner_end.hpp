#pragma once

#include <string>

#include "tune/trial/attempt_end.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// What the end of a trial runner means to the attempt that it had, or was to have. Users know nothing of runners, so
/// the texts do not name them.
[[nodiscard]] attempt_end end_of_runner(const result<void>& how);

/// The runtime says of which actor it speaks; of a trial that is its worker.
[[nodiscard]] std::string without_runner(std::string message);

} // namespace tune
