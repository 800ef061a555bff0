#pragma once

#include <string>
#include <vector>

namespace tune {

/// What keeps an experiment from being gone on with as another one: their space, objectives, trainable and points, each
/// difference in words. `before` and `now` are what to_json(experiment) wrote. Other fields may change.
[[nodiscard]] std::vector<std::string> differences_of_experiments(const std::string& before, const std::string& now);

} // namespace tune
