#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tune/search_space.hpp"

namespace tune {

/// A space in the form of a spec file. Only .cpp files include this: nlohmann's header is large.
nlohmann::ordered_json json_of(const search_space& space);

/// A space from that form; mistakes of the form are added to `mistakes`, those of the space are not looked for.
search_space space_from(const nlohmann::ordered_json& json, std::vector<std::string>& mistakes);

} // namespace tune
