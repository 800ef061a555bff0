#pragma once

#include <string>

#include <nlohmann/json.hpp>

#include "tune/schedulers.hpp"

namespace tools {

/// What each searcher and each scheduler supports, for `--searcher list` and `--scheduler list`: as a table, and as a
/// list of objects.
std::string searchers_text();
nlohmann::ordered_json searchers_json();
std::string schedulers_text();
nlohmann::ordered_json schedulers_json();

/// Not one that changes what trials have: whoever runs the trials of an ask-tell gives it to them.
bool is_for_ask_tell(const tune::scheduler_choice& choice);

} // namespace tools
