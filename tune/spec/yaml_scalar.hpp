#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace tune {

/// What a YAML scalar without quotes means, by version 1.2's core schema: a number, true, false or a text. (What means
/// null is found before.)
[[nodiscard]] nlohmann::ordered_json yaml_scalar(const std::string& text);

} // namespace tune
