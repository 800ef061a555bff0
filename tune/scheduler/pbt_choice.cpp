#include "tune/scheduler/pbt_choice.hpp"

#include "tune/scheduler/pbt_explorer.hpp"
#include "tune/scheduler/pbt_scheduler.hpp"
#include "tune/search_space.hpp"
#include "tune/space/near_name.hpp"
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

std::string json_of(const pbt_options& options) {
  const pbt_options plain;
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

} // namespace

scheduler_choice pbt(const pbt_options& options) {
  scheduler_choice::kind made;
  made.make = [options](const scheduler_setup& setup) -> std::unique_ptr<scheduler> {
    const auto space = setup.space == nullptr ? search_space() : *setup.space;
    return std::make_unique<pbt_scheduler>(options, setup, std::make_unique<pbt_explorer>(options, space));
  };
  made.mistakes = [options] { return within("scheduler", mistakes_of(options)); };
  made.mistakes_with = [options](const search_space& space) {
    return within("scheduler", mistakes_with(options, space));
  };
  return {"pbt", json_of(options), std::move(made)};
}

result<void> validate(const pbt_options& options) {
  if (const auto mistakes = mistakes_of(options); !mistakes.empty())
    return fail(errc::invalid_argument, "pbt: " + joined(mistakes, "; "));
  return {};
}

result<scheduler_choice> pbt_from_json(std::string_view text) {
  pbt_options options;
  std::string type = "asynchronous";
  json_options fields("scheduler pbt", text);
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
    mistakes = within("scheduler pbt", mistakes_of(options));
  if (!mistakes.empty())
    return fail(errc::invalid_argument, joined(mistakes, "\n"));
  return pbt(options);
}

} // namespace tune
