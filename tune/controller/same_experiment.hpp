#pragma once

#include <string>
#include <vector>

#include "tune/searchers.hpp"

namespace tune {

/// What keeps an experiment from being gone on with as another one: their space, objectives, trainable and points, each
/// difference in words. `before` and `now` are what to_json(experiment) wrote. Other fields may change.
[[nodiscard]] std::vector<std::string> differences_of_experiments(const std::string& before, const std::string& now);

/// What searches on. Where it is the default now, that is what the experiment was begun with, whose default may have
/// been another one; an error where that is none of ours. `before` is what to_json(experiment) wrote.
[[nodiscard]] result<void> keep_searcher(searcher_choice& now, const std::string& before);

} // namespace tune
