#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "tune/ask_tell/ask_tell_messages.hpp"
#include "tune/objective.hpp"

namespace tune {

/// One line of ask-tell, a JSON object: {"ask": 2}, {"tell": {"trial": 1, "value": 0.5}}, {"best": true}, ... A value
/// may be null, NaN or an infinity, also as a text, and also as Python's json writes them, without quotes: all these
/// count as NaN. An error says what is wrong and what would be right.
[[nodiscard]] result<ask_tell::command> command_from(std::string_view line, const std::vector<objective>& objectives);

} // namespace tune
