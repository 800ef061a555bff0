#pragma once

#include <string_view>

#include "tune/searchers.hpp"

namespace tune {

// Searchers that learn at rungs, of options as a JSON object.
[[nodiscard]] result<searcher_choice> bohb_from_json(std::string_view options);
[[nodiscard]] result<searcher_choice> dehb_from_json(std::string_view options);
[[nodiscard]] result<searcher_choice> hyper_tune_searcher_from_json(std::string_view options);

} // namespace tune
