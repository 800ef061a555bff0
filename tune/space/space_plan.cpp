#include "tune/space/space_plan.hpp"

#include "runtime/base/describe_exception.hpp"
#include "tune/space/domain_values.hpp"
#include "tune/space/unit_encoding.hpp"

#include <algorithm>
#include <exception>
#include <limits>

namespace tune {
namespace {

constexpr auto nowhere = std::numeric_limits<std::size_t>::max();

/// The parameters of a group, by their names in it.
config part_of(const config& whole, const std::string& group) {
  config part;
  for (const auto& [name, x] : whole)
    if (name.size() > group.size() && name.compare(0, group.size(), group) == 0 && name[group.size()] == '/')
      part.add(name.substr(group.size() + 1), x);
  return part;
}

} // namespace

space_plan::space_plan(const search_space& space) : constraints_(space.constraints()) {
  for (const auto& each : space.parameters()) {
    dimension next{each.name, each.what, {}, count_of(each.what)};
    for (const auto& condition : each.what.conditions()) {
      link made{place_of(condition.parameter).value(), {}};
      for (const auto& x : condition.values)
        made.values.push_back(fitted(dimensions_[made.parent].what, x).value());
      next.links.push_back(std::move(made));
    }
    has_functions_ = has_functions_ || std::holds_alternative<domain::sampled>(each.what.get());
    dimensions_.push_back(std::move(next));
  }
}

std::optional<std::size_t> space_plan::place_of(const std::string& name) const {
  for (std::size_t i = 0; i < dimensions_.size(); ++i)
    if (dimensions_[i].name == name)
      return i;
  return std::nullopt;
}

bool space_plan::is_active(const dimension& x, const config& chosen, const std::vector<std::size_t>& places) const {
  return std::all_of(x.links.begin(), x.links.end(), [&](const link& each) {
    if (places[each.parent] == nowhere)
      return false;
    const auto& is = (chosen.begin() + static_cast<std::ptrdiff_t>(places[each.parent]))->second;
    return std::find(each.values.begin(), each.values.end(), is) != each.values.end();
  });
}

result<config> space_plan::complete(const std::vector<double>& units, const values& fixed, chance& functions) const {
  return filled(units, fixed, functions, inactive::is_refused);
}

result<config> space_plan::complete_near(const std::vector<double>& units, const values& wishes,
                                         chance& functions) const {
  return filled(units, wishes, functions, inactive::is_left_out);
}

result<config> space_plan::filled(const std::vector<double>& units, const values& fixed, chance& functions,
                                  inactive what) const {
  config chosen;
  std::vector<std::size_t> places(size(), nowhere); // In `chosen`.
  for (std::size_t i = 0; i < size(); ++i) {
    const auto& next = dimensions_[i];
    const bool is_fixed = i < fixed.size() && fixed[i].has_value();
    if (!is_active(next, chosen, places)) {
      if (is_fixed && what == inactive::is_refused)
        return fail(errc::not_found, "\"" + next.name + "\" is not active in it");
      continue;
    }
    places[i] = chosen.size();
    if (is_fixed) {
      chosen.add(next.name, *fixed[i]);
    } else if (const auto* sampled = std::get_if<domain::sampled>(&next.what.get())) {
      try {
        chosen.add(next.name, sampled->function(chosen, functions));
      } catch (...) {
        return fail(errc::user_code, "\"" + next.name + "\": sample_from threw: " +
                                       runtime::describe_exception(std::current_exception()));
      }
    } else {
      chosen.add(next.name, from_unit(next.what, units[i]));
    }
  }
  return chosen;
}

result<void> space_plan::check(const config& whole) const {
  for (const auto& each : constraints_) {
    try {
      if (each.group.empty() ? each.holds(whole) : each.holds(part_of(whole, each.group)))
        continue;
    } catch (...) {
      return fail(errc::user_code,
                  "\"" + each.text + "\" threw: " + runtime::describe_exception(std::current_exception()));
    }
    return fail(errc::invalid_argument, "\"" + each.text + "\" does not hold");
  }
  return {};
}

result<config> space_plan::draw(const values& fixed, const chance& random, std::uint64_t i) const {
  std::vector<double> units(size());
  auto functions = random.branch("sample_from", i);
  for (auto& unit : units)
    unit = random.unit(i++);
  auto made = complete(units, fixed, functions);
  if (made)
    if (auto holds = check(*made); !holds)
      return fail(holds.error());
  return made;
}

result<config> space_plan::first_draw(const values& fixed, const chance& random, std::uint64_t tries) const {
  result<config> best = fail(errc::not_found, "nothing was drawn");
  for (std::uint64_t i = 0; i < tries; ++i) {
    auto made = draw(fixed, random, i * size());
    if (made)
      return made;
    if (made.error().code != errc::not_found || best.error().code == errc::not_found)
      best = std::move(made); // Which constraint does not hold says more than what was not active.
  }
  return best;
}

} // namespace tune
