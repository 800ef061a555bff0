#include "tune/search_space.hpp"

#include <algorithm>

namespace tune {
namespace {

bool has(const search_space& space, const std::string& name) {
  return std::any_of(space.parameters().begin(), space.parameters().end(),
                     [&](const search_space::parameter& each) { return each.name == name; });
}

} // namespace

search_space::search_space(std::initializer_list<std::pair<std::string, domain>> parameters) {
  for (const auto& [name, what] : parameters)
    add(name, what);
}

search_space& search_space::add(const std::string& name, const domain& what) {
  const auto* group = std::get_if<domain::group>(&what.get());
  if (group == nullptr) {
    parameters_.push_back({name, what});
    return *this;
  }
  const auto prefix = name + "/";
  for (const auto& [inner_name, inner] : group->inner->parameters()) {
    domain flat(inner.get());
    for (const auto& each : what.conditions())
      flat = flat.when(each.parameter, each.values);
    for (const auto& each : inner.conditions()) // Names of the group go before those outside of it.
      flat = flat.when(has(*group->inner, each.parameter) ? prefix + each.parameter : each.parameter, each.values);
    parameters_.push_back({prefix + inner_name, flat});
  }
  for (const auto& each : group->inner->constraints())
    constraints_.push_back({each.text, each.holds, each.group.empty() ? name : prefix + each.group});
  return *this;
}

search_space& search_space::require(std::string text, predicate holds) {
  constraints_.push_back({std::move(text), std::move(holds), {}});
  return *this;
}

} // namespace tune
