#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "tune/config.hpp"
#include "tune/value.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// JSON and values. Only .cpp files include this: nlohmann's header is large.
nlohmann::ordered_json json_of(const value& x);             ///< NaN and the infinities become null.
nlohmann::ordered_json json_of(const named_values& values); ///< Names with slashes are nested.

/// null becomes NaN; an object is refused. Integers beyond 64 bits become numbers.
[[nodiscard]] result<value> value_from(const nlohmann::ordered_json& json);
/// Nested objects become names with slashes.
[[nodiscard]] result<named_values> values_from(const nlohmann::ordered_json& object);

} // namespace tune
