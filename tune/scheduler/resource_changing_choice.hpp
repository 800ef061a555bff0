#pragma once

#include <string_view>

#include "tune/schedulers.hpp"

namespace tune {

/// Of options as a JSON object.
[[nodiscard]] result<scheduler_choice> resource_changing_from_json(std::string_view options);

} // namespace tune
