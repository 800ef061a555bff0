#include "tune/scheduler/hyper_tune_choice.hpp"

#include "tune/scheduler/hyper_tune_scheduler.hpp"
#include "tune/scheduler/scheduler.hpp"
#include "tune/value/json_options.hpp"

#include <memory>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace tune {
namespace {

using json = nlohmann::ordered_json;

constexpr iteration_number most_iterations = 1'000'000'000'000; // Rungs are computed in double.

std::vector<std::string> mistakes_of(const hyper_tune_options& options) {
  std::vector<std::string> found;
  if (options.grace_period < 1)
    found.push_back(fmt::format("grace_period is {}, but must be at least 1", options.grace_period));
  if (options.max_t < 1 || options.max_t > most_iterations)
    found.push_back(fmt::format("max_t is {}, but must be from 1 to {}", options.max_t, most_iterations));
  else if (options.max_t < options.grace_period)
    found.push_back(
      fmt::format("max_t is {}, but must be at least grace_period, which is {}", options.max_t, options.grace_period));
  if (!(options.reduction_factor >= 1.5 && options.reduction_factor <= 1e6)) // Else there are very many rungs.
    found.push_back(
      fmt::format("reduction_factor is {}, but must be from 1.5 to 1e6; use for example 3", options.reduction_factor));
  return found;
}

std::vector<std::string> within(const char* where, std::vector<std::string> mistakes) {
  for (auto& each : mistakes)
    each.insert(0, std::string(where) + ": ");
  return mistakes;
}

json json_of(const hyper_tune_options& options) {
  const hyper_tune_options plain;
  auto all = json::object();
  if (options.max_t != plain.max_t)
    all["max_t"] = options.max_t;
  if (options.grace_period != plain.grace_period)
    all["grace_period"] = options.grace_period;
  if (options.reduction_factor != plain.reduction_factor)
    all["reduction_factor"] = options.reduction_factor;
  if (options.delayed != plain.delayed)
    all["delayed"] = options.delayed;
  return all;
}

} // namespace

scheduler_choice hyper_tune(const hyper_tune_options& options) {
  scheduler_choice::kind made;
  made.make = [options](const scheduler_setup& setup) -> std::unique_ptr<scheduler> {
    return std::make_unique<hyper_tune_scheduler>(options, setup);
  };
  made.mistakes = [options] { return within("scheduler", mistakes_of(options)); };
  return {"hyper_tune", json_of(options).dump(), std::move(made)};
}

result<void> validate(const hyper_tune_options& options) {
  if (const auto mistakes = mistakes_of(options); !mistakes.empty())
    return fail(errc::invalid_argument, fmt::format("hyper_tune: {}", fmt::join(mistakes, "; ")));
  return {};
}

result<scheduler_choice> hyper_tune_scheduler_from_json(std::string_view text) {
  hyper_tune_options options;
  json_options fields("scheduler hyper_tune", text);
  fields.read("max_t", options.max_t);
  fields.read("grace_period", options.grace_period);
  fields.read("reduction_factor", options.reduction_factor);
  fields.read("delayed", options.delayed);
  auto mistakes = fields.mistakes();
  if (mistakes.empty())
    mistakes = within("scheduler hyper_tune", mistakes_of(options));
  if (!mistakes.empty())
    return fail(errc::invalid_argument, fmt::format("{}", fmt::join(mistakes, "\n")));
  return hyper_tune(options);
}

} // namespace tune
