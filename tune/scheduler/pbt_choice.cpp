#include "tune/scheduler/pbt_choice.hpp"

#include "tune/scheduler/pb2_explorer.hpp"
#include "tune/scheduler/pbt_explorer.hpp"
#include "tune/scheduler/pbt_scheduler.hpp"
#include "tune/search_space.hpp"
#include "tune/space/near_name.hpp"
#include "tune/space/space_plan.hpp"
#include "tune/value/json_options.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace tune {
namespace {

using json = nlohmann::ordered_json;
using variant = pbt_options::variant;

constexpr iteration_number most_iterations = 1'000'000'000'000;

std::vector<std::string> mistakes_of(const pbt_options& options) {
  std::vector<std::string> found;
  if (options.perturbation_interval < 1 || options.perturbation_interval > most_iterations)
    found.push_back(fmt::format("perturbation_interval is {}, but must be from 1 to {}", options.perturbation_interval,
                                most_iterations));
  if (options.burn_in < 0 || options.burn_in > most_iterations)
    found.push_back(fmt::format("burn_in is {}, but must be from 0 to {}", options.burn_in, most_iterations));
  if (!(options.quantile_fraction >= 0 && options.quantile_fraction <= 0.5))
    found.push_back(fmt::format("quantile_fraction is {}, but must be from 0 to 0.5; use for example 0.25",
                                options.quantile_fraction));
  if (!(options.resample_probability >= 0 && options.resample_probability <= 1))
    found.push_back(fmt::format("resample_probability is {}, but must be from 0 to 1; use for example 0.25",
                                options.resample_probability));
  if (options.perturbation_factors.empty())
    found.emplace_back("perturbation_factors is empty, but must have at least one; use for example [1.2, 0.8]");
  for (const auto each : options.perturbation_factors)
    if (!(each > 0 && std::isfinite(each)))
      found.push_back(
        fmt::format("perturbation_factors has {}, but each must be more than 0; use for example [1.2, 0.8]", each));
  return found;
}

std::vector<std::string> within(const char* where, std::vector<std::string> mistakes) {
  for (auto& each : mistakes)
    each.insert(0, std::string(where) + ": ");
  return mistakes;
}

std::string joined(const std::vector<std::string>& lines, const char* between) {
  return fmt::format("{}", fmt::join(lines, between));
}

/// Of those names that the space does not have, or that are the same in all trials.
std::vector<std::string> mistakes_with(const pbt_options& options, const search_space& space) {
  std::vector<std::string> names;
  for (const auto& each : space.parameters())
    names.push_back(each.name);
  std::vector<std::string> found;
  for (const auto& name : options.parameters)
    if (std::find(names.begin(), names.end(), name) == names.end())
      found.push_back(fmt::format("parameters: the space has no \"{}\"{}", name, hint(name, names)));
  return found;
}

/// They have the same fields, but not the same defaults.
pbt_options as_pbt(const pb2_options& options) {
  pbt_options made;
  made.perturbation_interval = options.perturbation_interval;
  made.burn_in = options.burn_in;
  made.quantile_fraction = options.quantile_fraction;
  made.resample_probability = options.resample_probability;
  made.perturbation_factors = options.perturbation_factors;
  made.parameters = options.parameters;
  made.type = options.type;
  return made;
}

/// Of a space without a number that a model could choose.
std::vector<std::string> mistakes_of_pb2_with(const pbt_options& options, const search_space& space) {
  auto found = mistakes_with(options, space);
  if (found.empty() && pb2_explorer::modelled(options, space_plan(space)).empty())
    found.push_back(fmt::format("pb2 needs a number between two bounds, without steps, such as uniform(0, 1) or "
                                "log_uniform(1e-5, 0.1), but {} has none; use pbt",
                                options.parameters.empty() ? "the space" : "parameters"));
  return found;
}

std::string json_of(const pbt_options& options, const pbt_options& plain) {
  auto all = json::object();
  const auto add = [&](const char* name, const auto& x, const auto& by_default) {
    if (x != by_default)
      all[name] = x;
  };
  add("perturbation_interval", options.perturbation_interval, plain.perturbation_interval);
  add("burn_in", options.burn_in, plain.burn_in);
  add("quantile_fraction", options.quantile_fraction, plain.quantile_fraction);
  add("resample_probability", options.resample_probability, plain.resample_probability);
  add("perturbation_factors", options.perturbation_factors, plain.perturbation_factors);
  add("parameters", options.parameters, plain.parameters);
  if (options.type != plain.type)
    all["type"] = "synchronous";
  return all.dump();
}

/// A list of what `is_one` says, into the field; absent: as it is.
template <class T, class IsOne>
void read_list(json_options& fields, const char* name, const char* wanted, std::vector<T>& field, IsOne is_one) {
  std::string text;
  fields.read_json(name, text);
  if (text.empty())
    return;
  const auto list = json::parse(text, nullptr, /*allow_exceptions=*/false);
  if (!list.is_array() || !std::all_of(list.begin(), list.end(), is_one))
    return fields.add(name, "is " + text + ", but must be a list of " + wanted);
  field.clear();
  for (const auto& each : list)
    field.push_back(each.get<T>());
}

/// What the two have in common; `where`: "scheduler pbt".
[[nodiscard]] result<pbt_options> options_from_json(const char* where, std::string_view text, pbt_options options) {
  std::string type = "asynchronous";
  json_options fields(where, text);
  fields.read("perturbation_interval", options.perturbation_interval);
  fields.read("burn_in", options.burn_in);
  fields.read("quantile_fraction", options.quantile_fraction);
  fields.read("resample_probability", options.resample_probability);
  read_list(fields, "perturbation_factors", "numbers", options.perturbation_factors,
            [](const json& x) { return x.is_number(); });
  read_list(fields, "parameters", "names", options.parameters, [](const json& x) { return x.is_string(); });
  fields.read("type", type);
  if (type == "synchronous")
    options.type = variant::synchronous;
  else if (type != "asynchronous")
    fields.add("type", "is \"" + type + "\", but must be \"asynchronous\" or \"synchronous\"");
  auto mistakes = fields.mistakes();
  if (mistakes.empty())
    mistakes = within(where, mistakes_of(options));
  if (!mistakes.empty())
    return fail(errc::invalid_argument, joined(mistakes, "\n"));
  return options;
}

template <class Explorer>
scheduler_choice choice_of(const char* name, const pbt_options& options, const pbt_options& plain,
                           std::vector<std::string> (*misfits)(const pbt_options&, const search_space&)) {
  scheduler_choice::kind made;
  made.make = [options](const scheduler_setup& setup) -> std::unique_ptr<scheduler> {
    const auto space = setup.space == nullptr ? search_space() : *setup.space;
    return std::make_unique<pbt_scheduler>(options, setup, std::make_unique<Explorer>(options, space));
  };
  made.mistakes = [options] { return within("scheduler", mistakes_of(options)); };
  made.mistakes_with = [options, misfits](const search_space& space) {
    return within("scheduler", misfits(options, space));
  };
  return {name, json_of(options, plain), std::move(made)};
}

[[nodiscard]] result<void> valid(const char* name, const pbt_options& options) {
  if (const auto mistakes = mistakes_of(options); !mistakes.empty())
    return fail(errc::invalid_argument, std::string(name) + ": " + joined(mistakes, "; "));
  return {};
}

scheduler_choice pb2_of(const pbt_options& options) {
  return choice_of<pb2_explorer>("pb2", options, as_pbt({}), mistakes_of_pb2_with);
}

} // namespace

scheduler_choice pbt(const pbt_options& options) {
  return choice_of<pbt_explorer>("pbt", options, {}, mistakes_with);
}

scheduler_choice pb2(const pb2_options& options) {
  return pb2_of(as_pbt(options));
}

result<void> validate(const pbt_options& options) {
  return valid("pbt", options);
}

result<void> validate(const pb2_options& options) {
  return valid("pb2", as_pbt(options));
}

result<scheduler_choice> pbt_from_json(std::string_view text) {
  return options_from_json("scheduler pbt", text, {}).map(pbt);
}

result<scheduler_choice> pb2_from_json(std::string_view text) {
  return options_from_json("scheduler pb2", text, as_pbt({})).map(pb2_of);
}

} // namespace tune
