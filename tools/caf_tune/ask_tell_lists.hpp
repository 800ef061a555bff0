#pragma once

#include <string>

#include <nlohmann/json.hpp>

namespace tools {

/// What each searcher and each scheduler supports, for `--searcher list` and `--scheduler list`: as a table, and as a
/// list of objects.
std::string searchers_text();
nlohmann::ordered_json searchers_json();
std::string schedulers_text();
nlohmann::ordered_json schedulers_json();

} // namespace tools
