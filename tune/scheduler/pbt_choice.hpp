#pragma once

#include <string_view>

#include "tune/schedulers.hpp"

namespace tune {

/// Of options as a JSON object.
[[nodiscard]] result<scheduler_choice> pb2_from_json(std::string_view options);
[[nodiscard]] result<scheduler_choice> pbt_from_json(std::string_view options);
[[nodiscard]] result<scheduler_choice> pbt_replay_from_json(std::string_view options);

} // namespace tune
