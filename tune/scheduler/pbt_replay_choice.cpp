#include "tune/scheduler/pbt_choice.hpp"
#include "tune/scheduler/pbt_replay_scheduler.hpp"
#include "tune/value/json_options.hpp"
#include "tune/value/json_text.hpp"

#include <string>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace tune {
namespace {

using json = nlohmann::ordered_json;

std::vector<std::string> mistakes_of(const pbt_policy& policy) {
  std::vector<std::string> found;
  iteration_number last = 0;
  for (std::size_t i = 0; i < policy.steps.size(); ++i) {
    const auto after = policy.steps[i].after;
    if (after <= last)
      found.push_back(fmt::format("policy: step {} is after iteration {}, but must be after {}", i + 1, after,
                                  last == 0 ? "0" : fmt::format("{}, as the one before it", last)));
    last = std::max(last, after);
  }
  return found;
}

[[nodiscard]] result<config> config_from(const json& from) {
  if (!from.is_object())
    return fail(errc::invalid_argument, from.dump() + " is no configuration");
  return values_from(from).map(
    [](const named_values& all) { return config(std::vector<named_values::entry>(all.begin(), all.end())); });
}

/// A step from {"after": 4, "config": {..}}, by these names.
[[nodiscard]] result<pbt_policy::step> step_from(const json& from, const char* after, const char* values) {
  if (!from.is_object() || !from.contains(after) || !from[after].is_number_integer() || !from.contains(values))
    return fail(errc::invalid_argument, fmt::format("it needs \"{}\", an integer, and \"{}\"", after, values));
  return config_from(from[values]).map([&](config&& made) {
    return pbt_policy::step{from[after].get<iteration_number>(), std::move(made)};
  });
}

std::string json_of(const pbt_policy& policy) {
  auto steps = json::array();
  for (const auto& each : policy.steps)
    steps.push_back({{"after", each.after}, {"config", json_of(each.values)}});
  return (steps.empty() ? json::object() : json{{"policy", std::move(steps)}})
    .dump(-1, ' ', false, json::error_handler_t::replace);
}

} // namespace

scheduler_choice pbt_replay(const pbt_policy& policy) {
  scheduler_choice::kind made;
  made.make = [policy](const scheduler_setup&) -> std::unique_ptr<scheduler> {
    return std::make_unique<pbt_replay_scheduler>(policy);
  };
  made.mistakes = [policy] {
    auto mistakes = mistakes_of(policy);
    for (auto& each : mistakes)
      each.insert(0, "scheduler: ");
    return mistakes;
  };
  return {"pbt_replay", json_of(policy), std::move(made)};
}

result<void> validate(const pbt_policy& policy) {
  if (const auto mistakes = mistakes_of(policy); !mistakes.empty())
    return fail(errc::invalid_argument, fmt::format("pbt_replay: {}", fmt::join(mistakes, "; ")));
  return {};
}

result<pbt_policy> pbt_policy_from(std::string_view lines) {
  pbt_policy policy;
  for (std::size_t number = 1; !lines.empty(); ++number) {
    const auto end = lines.find('\n');
    const auto text = lines.substr(0, end);
    lines.remove_prefix(end == std::string_view::npos ? lines.size() : end + 1);
    const auto line = json::parse(text, nullptr, /*allow_exceptions=*/false);
    auto step = step_from(line, "seen", "new_config");
    auto first = step && number == 1 ? config_from(line.value("old_config", json())) : result<config>(policy.first);
    if (!step || !first)
      return fail(errc::invalid_argument,
                  fmt::format("policy: line {}: {}", number, (step ? first.error() : step.error()).message));
    policy.first = std::move(*first);
    policy.steps.push_back(std::move(*step));
  }
  if (const auto mistakes = mistakes_of(policy); !mistakes.empty())
    return fail(errc::invalid_argument, mistakes.front());
  return policy;
}

result<scheduler_choice> pbt_replay_from_json(std::string_view text) {
  std::string steps = "[]";
  json_options fields("scheduler pbt_replay", text);
  fields.read_json("policy", steps);
  pbt_policy policy;
  const auto list = json::parse(steps, nullptr, /*allow_exceptions=*/false);
  if (!list.is_array())
    fields.add("policy", "is " + steps + ", but must be a list of steps");
  for (std::size_t i = 0; list.is_array() && i < list.size(); ++i)
    if (auto step = step_from(list[i], "after", "config"))
      policy.steps.push_back(std::move(*step));
    else
      fields.add("policy", fmt::format("has a step {} that cannot be: {}", i + 1, step.error().message));
  auto mistakes = fields.mistakes();
  if (mistakes.empty())
    for (const auto& each : mistakes_of(policy))
      mistakes.push_back("scheduler pbt_replay: " + each);
  if (!mistakes.empty())
    return fail(errc::invalid_argument, fmt::format("{}", fmt::join(mistakes, "\n")));
  return pbt_replay(policy);
}

} // namespace tune
