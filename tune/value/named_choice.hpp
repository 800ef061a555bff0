#pragma once

#include <string>
#include <string_view>

#include "tune/vocabulary.hpp"

namespace tune {

/// {"name": "asha", "max_t": 27}, from a name and a JSON object of options; and back. A name alone, in quotes,
/// has no options.
std::string json_of_choice(const std::string& name, const std::string& options);
struct choice_text {
  std::string name;
  std::string options;
};
[[nodiscard]] result<choice_text> choice_from_json(const std::string& what, std::string_view json);

} // namespace tune
