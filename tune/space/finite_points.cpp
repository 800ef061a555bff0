#include "tune/space/finite_points.hpp"

#include "tune/space/domain_values.hpp"

#include <algorithm>

namespace tune {

std::optional<finite_points> finite_points::of(const space_plan& plan, std::vector<std::size_t> axes) {
  finite_points all(plan);
  all.axes_ = std::move(axes);
  for (const auto place : all.axes_) {
    const auto& from = plan.at(place);
    axis made;
    made.count = from.count.value();
    for (const auto& each : from.links) {
      const auto& parent = plan.at(each.parent);
      const auto found = std::find(all.axes_.begin(), all.axes_.end(), each.parent);
      if (found == all.axes_.end()) {
        if (const auto* fixed = std::get_if<domain::constant>(&parent.what.get()))
          made.is_never_active =
            made.is_never_active || std::find(each.values.begin(), each.values.end(), fixed->what) == each.values.end();
        continue;
      }
      link to{static_cast<std::size_t>(found - all.axes_.begin()), {}};
      for (const auto& x : each.values)
        to.digits.push_back(index_of(parent.what, x).value());
      made.links.push_back(std::move(to));
    }
    all.has_conditions_ = all.has_conditions_ || made.is_never_active || !made.links.empty();
    if (made.count == 0 || all.ranks_ > static_cast<std::uint64_t>(INT64_MAX) / made.count)
      return std::nullopt;
    all.ranks_ *= made.count;
    all.forms_.push_back(std::move(made));
  }
  return all;
}

finite_points::digits finite_points::digits_of(std::uint64_t rank) const {
  digits point(forms_.size());
  for (std::size_t i = forms_.size(); i-- > 0;) {
    point[i] = rank % forms_[i].count;
    rank /= forms_[i].count;
  }
  return point;
}

bool finite_points::is_active(std::size_t i, const digits& point, const std::vector<bool>& active) const {
  const auto& form = forms_[i];
  return !form.is_never_active && std::all_of(form.links.begin(), form.links.end(), [&](const link& each) {
    return active[each.parent] &&
           std::find(each.digits.begin(), each.digits.end(), point[each.parent]) != each.digits.end();
  });
}

std::vector<bool> finite_points::activity(const digits& point) const {
  std::vector<bool> active(forms_.size());
  for (std::size_t i = 0; i < forms_.size(); ++i)
    active[i] = is_active(i, point, active);
  return active;
}

std::optional<std::uint64_t> finite_points::at_or_after(std::uint64_t rank) const {
  if (rank >= ranks_)
    return std::nullopt;
  if (!has_conditions_)
    return rank;
  const auto point = digits_of(rank);
  std::vector<bool> active(forms_.size());
  std::uint64_t prefix = 0; // The rank of what has been looked at.
  for (std::size_t i = 0; i < forms_.size(); ++i) {
    active[i] = is_active(i, point, active);
    prefix = prefix * forms_[i].count + point[i];
    if (active[i] || point[i] == 0)
      continue;
    // No point begins like this; the next one has the prefix before this axis increased, and zeros behind.
    std::uint64_t behind = 1;
    for (std::size_t j = i; j < forms_.size(); ++j)
      behind *= forms_[j].count;
    const auto before = (prefix - point[i]) / forms_[i].count;
    return before + 1 > (ranks_ - 1) / behind ? std::nullopt : at_or_after((before + 1) * behind);
  }
  return rank;
}

space_plan::values finite_points::values_at(std::uint64_t rank) const {
  const auto point = digits_of(rank);
  const auto active = has_conditions_ ? activity(point) : std::vector<bool>(forms_.size(), true);
  space_plan::values fixed(plan_->size());
  for (std::size_t i = 0; i < axes_.size(); ++i)
    if (active[i])
      fixed[axes_[i]] = value_at(plan_->at(axes_[i]).what, point[i]);
  return fixed;
}

std::optional<std::uint64_t> finite_points::rank_of(const config& values) const {
  std::uint64_t rank = 0;
  std::size_t hint = 0; // Both are in the order of the space.
  for (std::size_t i = 0; i < axes_.size(); ++i) {
    const auto& dimension = plan_->at(axes_[i]);
    while (hint < values.size() && (values.begin() + static_cast<std::ptrdiff_t>(hint))->first != dimension.name)
      ++hint;
    const auto* x = hint < values.size() ? &(values.begin() + static_cast<std::ptrdiff_t>(hint))->second
                                         : values.find(dimension.name);
    if (hint == values.size())
      hint = 0;
    std::uint64_t digit = 0;
    if (x != nullptr) {
      const auto index = index_of(dimension.what, *x);
      if (!index)
        return std::nullopt;
      digit = *index;
    }
    rank = rank * forms_[i].count + digit;
  }
  return rank;
}

} // namespace tune
