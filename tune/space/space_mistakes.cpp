#include "tune/search_space.hpp"
#include "tune/space/domain_mistakes.hpp"
#include "tune/space/domain_values.hpp"
#include "tune/space/finite_points.hpp"
#include "tune/space/near_name.hpp"
#include "tune/space/space_plan.hpp"

#include <algorithm>
#include <set>

#include <fmt/format.h>

namespace tune {
namespace {

using mistakes = std::vector<std::string>;
using parameters = std::vector<search_space::parameter>;

constexpr std::uint64_t tries = 10'000;             ///< Draws until constraints are given up.
constexpr std::uint64_t most_looked_at = 1'000'000; ///< Points of a finite space that are looked at one by one.

std::string at(const std::string& name, const std::string& what) {
  return "space: \"" + name + "\": " + what;
}

std::vector<std::string> names_of(const parameters& all) {
  std::vector<std::string> names;
  for (const auto& each : all)
    if (std::find(names.begin(), names.end(), each.name) == names.end())
      names.push_back(each.name);
  return names;
}

std::string wrong_name(const std::string& name) {
  if (name.empty())
    return "a parameter without a name";
  if (name.front() == '/' || name.back() == '/' || name.find("//") != std::string::npos)
    return "each part of a name between slashes needs at least one character";
  if (name == "require")
    return "this name stands for the constraints; use another";
  return {};
}

void check_names(const parameters& all, mistakes& found) {
  std::set<std::string> seen;
  std::set<std::string> twice;
  for (const auto& each : all) {
    if (const auto wrong = wrong_name(each.name); !wrong.empty())
      found.push_back(at(each.name, wrong));
    if (!seen.insert(each.name).second && twice.insert(each.name).second)
      found.push_back(at(each.name, "two parameters have this name"));
  }
  for (const auto& name : seen)
    for (auto slash = name.find('/'); slash != std::string::npos; slash = name.find('/', slash + 1))
      if (const auto group = name.substr(0, slash); seen.count(group) != 0)
        found.push_back(at(name, fmt::format("\"{}\" cannot be a parameter and a group; rename one", group)));
}

void check_condition(const parameters& all, std::size_t i, const domain::condition& condition, mistakes& found) {
  const auto& child = all[i];
  const auto parent = std::find_if(
    all.begin(), all.end(), [&](const search_space::parameter& each) { return each.name == condition.parameter; });
  if (parent == all.end()) {
    found.push_back(at(child.name, fmt::format("its condition names \"{}\", which is not a parameter{}",
                                               condition.parameter, hint(condition.parameter, names_of(all)))));
    return;
  }
  const auto place = static_cast<std::size_t>(parent - all.begin());
  if (place == i)
    found.push_back(at(child.name, "its condition names itself"));
  else if (place > i)
    found.push_back(at(child.name, fmt::format("its condition names \"{}\", which comes after it; put \"{}\" first",
                                               condition.parameter, condition.parameter)));
  if (condition.values.empty())
    found.push_back(at(child.name, fmt::format("its condition names no value of \"{}\"", condition.parameter)));
  if (!mistakes_of_domain(parent->what).empty())
    return; // Told once.
  for (const auto& x : condition.values)
    if (const auto fits = fitted(parent->what, x); !fits)
      found.push_back(at(child.name, fmt::format("its condition on \"{}\" can never hold: {}", condition.parameter,
                                                 fits.error().message)));
}

/// Every point of a finite space, or so many draws: is there one that can be tried?
void check_constraints(const search_space& space, mistakes& found) {
  const space_plan plan(space);
  if (!plan.has_constraints() && !plan.has_functions())
    return;
  std::vector<std::size_t> axes;
  for (std::size_t i = 0; i < plan.size(); ++i)
    if (plan.at(i).count)
      axes.push_back(i);
  result<config> last = fail(errc::not_found, "");
  if (const auto points = axes.size() == plan.size() ? finite_points::of(plan, axes) : std::nullopt;
      points && points->ranks() <= most_looked_at) {
    for (auto rank = points->at_or_after(0); rank; rank = points->at_or_after(*rank + 1)) {
      last = plan.draw(points->values_at(*rank), chance(0, "check", *rank), 0);
      if (last)
        return;
    }
    found.push_back("space: none of its points can be tried: " + last.error().message);
    return;
  }
  last = plan.first_draw({}, chance(0, "check", 0), tries);
  if (!last)
    found.push_back(fmt::format("space: none of {} draws can be tried; of the last: {}", tries, last.error().message));
}

} // namespace

std::vector<std::string> mistakes_of(const search_space& space) {
  mistakes found;
  const auto& all = space.parameters();
  check_names(all, found);
  for (std::size_t i = 0; i < all.size(); ++i) {
    for (const auto& what : mistakes_of_domain(all[i].what))
      found.push_back(at(all[i].name, what));
    for (const auto& condition : all[i].what.conditions())
      check_condition(all, i, condition, found);
  }
  for (const auto& each : space.constraints())
    if (!each.holds)
      found.push_back("space: constraint \"" + each.text + "\" has no predicate");
  if (found.empty())
    check_constraints(space, found);
  return found;
}

} // namespace tune
