#include "tune/search_space.hpp"

#include <algorithm>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace tune {
namespace {

using json = nlohmann::ordered_json;

std::vector<std::string> names_in(const json& space, const json& other) {
  std::vector<std::string> names;
  for (const auto& [name, form] : space.items())
    if (name != "require" && other.contains(name))
      names.push_back(name);
  return names;
}

std::string listed(const std::vector<std::string>& names) {
  std::string text;
  for (const auto& each : names)
    text += (text.empty() ? "\"" : ", \"") + each + "\"";
  return text;
}

json constraints_of(const json& space) {
  return space.contains("require") ? space["require"] : json::array();
}

bool has(const json& list, const json& what) {
  return std::find(list.begin(), list.end(), what) != list.end();
}

} // namespace

std::vector<std::string> differences(const std::string& old_text, const std::string& new_text) {
  const auto before = json::parse(old_text, nullptr, /*allow_exceptions=*/false);
  const auto after = json::parse(new_text, nullptr, /*allow_exceptions=*/false);
  if (!before.is_object() || !after.is_object())
    return before == after && !before.is_discarded()
             ? std::vector<std::string>{}
             : std::vector<std::string>{fmt::format("the space was {} and is {}", old_text, new_text)};

  std::vector<std::string> found;
  for (const auto& [name, form] : before.items())
    if (name == "require")
      continue;
    else if (!after.contains(name))
      found.push_back(fmt::format("\"{}\" is gone; it was {}", name, form.dump()));
    else if (form.dump() != after[name].dump()) // As text, for which 1 and 1.0 are two.
      found.push_back(fmt::format("\"{}\" was {} and is {}", name, form.dump(), after[name].dump()));
  for (const auto& [name, form] : after.items())
    if (name != "require" && !before.contains(name))
      found.push_back(fmt::format("\"{}\" is new: {}", name, form.dump()));
  if (const auto was = names_in(before, after), is = names_in(after, before); was != is)
    found.push_back(fmt::format("the order was {} and is {}", listed(was), listed(is)));

  const auto old_constraints = constraints_of(before);
  const auto new_constraints = constraints_of(after);
  for (const auto& each : old_constraints)
    if (!has(new_constraints, each))
      found.push_back(fmt::format("the constraint {} is gone", each.dump()));
  for (const auto& each : new_constraints)
    if (!has(old_constraints, each))
      found.push_back(fmt::format("the constraint {} is new", each.dump()));
  return found;
}

} // namespace tune
