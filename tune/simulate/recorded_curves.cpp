#include "tune/simulate/recorded_curves.hpp"

#include "runtime/base/overloaded.hpp"
#include "tune/space/unit_encoding.hpp"
#include "tune/trial/trial_state.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

namespace tune {

class recorded_curves::curve final : public trial_curve {
public:
  curve(const recorded_curves& all, const one& which, std::optional<std::chrono::nanoseconds> time)
    : all_(all),
      which_(which),
      time_(time),
      mean_s_(std::accumulate(which.seconds.begin(), which.seconds.end(), 0.0) /
              static_cast<double>(which.seconds.size())) {}

  metrics at(iteration_number iteration) const override {
    const auto& names = all_.options_.metrics;
    const auto known = static_cast<iteration_number>(which_.seconds.size());
    const auto row = static_cast<std::size_t>(std::min(iteration, known) - 1);
    metrics values;
    for (std::size_t i = 0; i < names.size(); ++i)
      values.add(names[i], static_cast<double>(which_.metrics[row * names.size() + i]));
    if (iteration >= all_.iterations_ || (which_.is_done && iteration >= known))
      values.set("done", true);
    return values;
  }
  std::chrono::nanoseconds time(iteration_number iteration) const override {
    if (time_)
      return *time_;
    const auto row = static_cast<std::size_t>(iteration - 1);
    const double s = row < which_.seconds.size() ? static_cast<double>(which_.seconds[row]) : mean_s_;
    return std::chrono::nanoseconds(std::llround(s * 1e9));
  }

private:
  const recorded_curves& all_;
  const one& which_;
  std::optional<std::chrono::nanoseconds> time_;
  double mean_s_;
};

recorded_curves::recorded_curves(const search_space& space, recorded_curves_options options)
  : plan_(space),
    options_(std::move(options)) {
}

void recorded_curves::on_record(const journal_record& past) {
  std::visit(runtime::overloaded{
               [&](const record::trial_created& made) { open_[made.trial].values = made.values; },
               [&](const record::result_reported& counted) { count(counted); },
               // What goes on with other values is no curve of one configuration any more.
               [&](const record::trial_exploited& exploited) { end(exploited.trial); },
               [&](const record::trial_changed& changed) {
                 if (has_ended(changed.state))
                   end(changed.trial);
               },
               [](const auto&) {},
             },
             past);
}

void recorded_curves::count(const record::result_reported& counted) {
  const auto found = open_.find(counted.trial);
  if (found == open_.end())
    return;
  auto& trial = found->second;
  const auto next = static_cast<iteration_number>(trial.seconds.size()) + 1;
  const auto& names = options_.metrics;
  if (counted.iteration != next ||
      !std::all_of(names.begin(), names.end(), [&](const auto& name) { return counted.values.contains(name); })) {
    if (other_metrics_.empty())
      for (const auto& each : counted.values)
        other_metrics_.push_back(each.first);
    return;
  }
  for (const auto& name : names)
    trial.metrics.push_back(static_cast<float>(counted.values.find(name)->to_number()));
  trial.seconds.push_back(static_cast<float>(counted.time_this_iteration_s));
  trial.is_done = counted.done;
}

void recorded_curves::end(trial_id trial) {
  const auto found = open_.find(trial);
  if (found == open_.end())
    return;
  if (!found->second.seconds.empty())
    curves_.push_back(std::move(found->second));
  open_.erase(found);
}

result<void> recorded_curves::finish() {
  for (auto& [trial, each] : open_) // Of an experiment that was interrupted, or runs.
    if (!each.seconds.empty())
      curves_.push_back(std::move(each));
  open_.clear();
  if (curves_.empty())
    return fail(errc::invalid_argument, other_metrics_.empty() ? std::string("it has no results")
                                                               : fmt::format("its results have no \"{}\", but {}",
                                                                             fmt::join(options_.metrics, "\", \""),
                                                                             fmt::join(other_metrics_, ", ")));
  bool has_parameter = false;
  for (auto& each : curves_) {
    each.units = units_of(each.values);
    has_parameter = has_parameter || std::any_of(each.units.begin(), each.units.end(), [](double u) { return u == u; });
    iterations_ = std::max(iterations_, static_cast<iteration_number>(each.seconds.size()));
    each.values = {};
  }
  if (!has_parameter)
    return fail(errc::invalid_argument, "its trials have none of the parameters of the space");
  if (options_.iterations)
    iterations_ = *options_.iterations;
  return {};
}

std::vector<double> recorded_curves::units_of(const config& values) const {
  std::vector<double> units;
  for (const auto& each : plan_.dimensions()) {
    const auto* x = values.find(each.name);
    units.push_back(x == nullptr ? std::nan("") : to_unit(each.what, *x));
  }
  return units;
}

std::unique_ptr<trial_curve> recorded_curves::curve_of(trial_id trial, const config& values, std::uint64_t seed) const {
  const auto units = units_of(values);
  const one* nearest = nullptr;
  double least = std::numeric_limits<double>::infinity();
  for (const auto& each : curves_) {
    double distance = 0;
    for (std::size_t i = 0; i < units.size(); ++i) {
      const bool has_it = each.units[i] == each.units[i];
      const bool wants_it = units[i] == units[i];
      if (has_it && wants_it)
        distance += (units[i] - each.units[i]) * (units[i] - each.units[i]);
      else if (has_it != wants_it)
        distance += 1;
    }
    if (distance < least) {
      least = distance;
      nearest = &each;
    }
  }
  std::optional<std::chrono::nanoseconds> time;
  if (options_.iteration_time) {
    chance random(seed, "recorded curve", trial.value);
    time = options_.iteration_time->draw(random);
  }
  return std::make_unique<curve>(*this, *nearest, time);
}

} // namespace tune
