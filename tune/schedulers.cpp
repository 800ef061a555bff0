#include "tune/schedulers.hpp"

#include "tune/scheduler/asha_promotion.hpp"
#include "tune/scheduler/asha_stopping.hpp"
#include "tune/scheduler/fifo.hpp"
#include "tune/scheduler/rung_levels.hpp"
#include "tune/space/near_name.hpp"
#include "tune/value/json_options.hpp"
#include "tune/value/named_choice.hpp"

#include <cmath>
#include <functional>
#include <map>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace tune {
namespace {

using json = nlohmann::ordered_json;
using variant = asha_options::variant;

std::string joined(const std::vector<std::string>& lines, const char* between) {
  std::string text;
  for (const auto& each : lines)
    text += (text.empty() ? "" : between) + each;
  return text;
}

std::vector<std::string> mistakes_of(const asha_options& options) {
  constexpr iteration_number most = 1'000'000'000'000; // Rungs are computed in double.
  std::vector<std::string> found;
  if (options.grace_period < 1)
    found.push_back(fmt::format("grace_period is {}, but must be at least 1", options.grace_period));
  if (options.max_t < 1 || options.max_t > most)
    found.push_back(fmt::format("max_t is {}, but must be from 1 to {}", options.max_t, most));
  else if (options.max_t < options.grace_period)
    found.push_back(
      fmt::format("max_t is {}, but must be at least grace_period, which is {}", options.max_t, options.grace_period));
  if (!(options.reduction_factor >= 1.01 && options.reduction_factor <= 1e6)) // Else the rungs have no end.
    found.push_back(fmt::format("reduction_factor is {}, but must be more than 1, from 1.01 to 1e6; use for example 3",
                                options.reduction_factor));
  if (options.brackets < 1)
    found.push_back(fmt::format("brackets is {}, but must be at least 1", options.brackets));
  else if (found.empty() && options.brackets > most_brackets(options))
    found.push_back(fmt::format("brackets is {}, but there is room for at most {} between grace_period and max_t",
                                options.brackets, most_brackets(options)));
  return found;
}

std::string json_of(const asha_options& options) {
  const asha_options plain;
  auto all = json::object();
  const auto add = [&](const char* name, const auto& x, const auto& by_default) {
    if (x != by_default)
      all[name] = x;
  };
  add("max_t", options.max_t, plain.max_t);
  add("grace_period", options.grace_period, plain.grace_period);
  add("reduction_factor", options.reduction_factor, plain.reduction_factor);
  add("brackets", options.brackets, plain.brackets);
  if (options.type != plain.type)
    all["type"] = "promotion";
  add("stop_last", options.stop_last, plain.stop_last);
  add("strict_ties", options.strict_ties, plain.strict_ties);
  return all.dump();
}

result<scheduler_choice> asha_from(std::string_view text) {
  asha_options options;
  std::string type = "stopping";
  json_options fields("scheduler asha", text);
  fields.read("max_t", options.max_t);
  fields.read("grace_period", options.grace_period);
  fields.read("reduction_factor", options.reduction_factor);
  fields.read("brackets", options.brackets);
  fields.read("type", type);
  fields.read("stop_last", options.stop_last);
  fields.read("strict_ties", options.strict_ties);
  if (type == "promotion")
    options.type = variant::promotion;
  else if (type != "stopping")
    fields.add("type", "is \"" + type + "\", but must be \"stopping\" or \"promotion\"");
  auto mistakes = fields.mistakes();
  if (mistakes.empty())
    for (const auto& each : mistakes_of(options))
      mistakes.push_back("scheduler asha: " + each);
  if (!mistakes.empty())
    return fail(errc::invalid_argument, joined(mistakes, "\n"));
  return asha(options);
}

result<scheduler_choice> fifo_from(std::string_view text) {
  if (const auto mistakes = json_options("scheduler fifo", text).mistakes(); !mistakes.empty())
    return fail(errc::invalid_argument, joined(mistakes, "\n"));
  return fifo();
}

const std::map<std::string, result<scheduler_choice> (*)(std::string_view), std::less<>>& makers() {
  static const std::map<std::string, result<scheduler_choice> (*)(std::string_view), std::less<>> all = {
    {"asha", asha_from},
    {"fifo", fifo_from},
  };
  return all;
}

} // namespace

scheduler_choice::scheduler_choice(std::string name, std::string options, kind what)
  : name_(std::move(name)),
    options_(std::move(options)),
    kind_(std::move(what)) {
}

std::unique_ptr<scheduler> scheduler_choice::make(const scheduler_setup& setup) const {
  return kind_.make(setup);
}

std::string to_json(const scheduler_choice& choice) {
  return json_of_choice(choice.name(), choice.options());
}

scheduler_choice fifo() {
  scheduler_choice::kind made;
  made.make = [](const scheduler_setup&) { return std::make_unique<fifo_scheduler>(); };
  made.mistakes = [] { return std::vector<std::string>(); };
  return {"fifo", "{}", std::move(made)};
}

scheduler_choice asha(const asha_options& options) {
  scheduler_choice::kind made;
  made.make = [options](const scheduler_setup& setup) -> std::unique_ptr<scheduler> {
    switch (options.type) {
    case variant::stopping: return std::make_unique<asha_stopping>(options, setup);
    case variant::promotion: return std::make_unique<asha_promotion>(options, setup);
    }
    return nullptr;
  };
  made.mistakes = [options] {
    auto mistakes = mistakes_of(options);
    for (auto& each : mistakes)
      each = "scheduler: " + each;
    return mistakes;
  };
  return {"asha", json_of(options), std::move(made)};
}

result<void> validate(const asha_options& options) {
  if (const auto mistakes = mistakes_of(options); !mistakes.empty())
    return fail(errc::invalid_argument, "asha: " + joined(mistakes, "; "));
  return {};
}

std::vector<std::string> scheduler_names() {
  std::vector<std::string> names;
  for (const auto& each : makers())
    names.push_back(each.first);
  return names;
}

result<scheduler_choice> scheduler_named(std::string_view name, std::string_view options) {
  if (const auto found = makers().find(name); found != makers().end())
    return found->second(options);
  const std::string wrong(name);
  return fail(errc::not_found, "scheduler: there is no \"" + wrong + "\"" + hint(wrong, scheduler_names()));
}

result<scheduler_choice> scheduler_from_json(std::string_view text) {
  return choice_from_json("scheduler", text).and_then([](const choice_text& each) {
    return scheduler_named(each.name, each.options);
  });
}

} // namespace tune
