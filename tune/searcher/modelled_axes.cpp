#include "tune/searcher/modelled_axes.hpp"

#include "tune/space/unit_encoding.hpp"

#include <fmt/format.h>

namespace tune {

bool is_modelled(const space_plan::dimension& x) {
  const auto& form = x.what.get();
  return x.count != 1 && !std::holds_alternative<domain::sampled>(form) &&
         !std::holds_alternative<domain::crossed>(form);
}

std::vector<std::string> mistakes_of_crossed(const char* searcher, const search_space& space) {
  std::vector<std::string> found;
  for (const auto& each : space.parameters())
    if (std::holds_alternative<domain::crossed>(each.what.get()))
      found.push_back(
        fmt::format("space: \"{}\": searcher {} crosses no grids; use choice or ordinal", each.name, searcher));
  return found;
}

modelled_axes::modelled_axes(const space_plan& plan) : plan_(&plan) {
  for (std::size_t i = 0; i < plan.size(); ++i)
    if (is_modelled(plan.at(i))) {
      dimensions_.push_back(i);
      axes_.emplace_back(plan.at(i).what);
    }
}

result<config> modelled_axes::config_at(const std::vector<double>& numbers, const chance& random) const {
  std::vector<double> units(plan_->size(), 0.5);
  for (std::size_t i = 0; i < dimensions_.size(); ++i)
    units[dimensions_[i]] = numbers[i];
  auto functions = random.branch("sample_from", 0);
  return plan_->complete(units, {}, functions);
}

std::size_t modelled_axes::read(const config& values, std::vector<double>& numbers) const {
  std::size_t count = 0;
  for (std::size_t i = 0; i < dimensions_.size(); ++i) {
    const auto& each = plan_->at(dimensions_[i]);
    if (const auto* x = values.find(each.name)) {
      numbers[i] = to_unit(each.what, *x);
      ++count;
    }
  }
  return count;
}

} // namespace tune
