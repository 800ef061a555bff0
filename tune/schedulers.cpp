#include "tune/schedulers.hpp"

#include "tune/scheduler/asha_promotion.hpp"
#include "tune/scheduler/asha_stopping.hpp"
#include "tune/scheduler/fifo.hpp"
#include "tune/scheduler/hyper_tune_choice.hpp"
#include "tune/scheduler/median_stopping_scheduler.hpp"
#include "tune/scheduler/pasha_scheduler.hpp"
#include "tune/scheduler/patient.hpp"
#include "tune/scheduler/pbt_choice.hpp"
#include "tune/scheduler/resource_changing_choice.hpp"
#include "tune/scheduler/rung_levels.hpp"
#include "tune/scheduler/synchronous_hyperband.hpp"
#include "tune/scheduler/threshold_stopping.hpp"
#include "tune/scheduler/wilcoxon_stopping.hpp"
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

constexpr iteration_number most_iterations = 1'000'000'000'000; // Rungs are computed in double.

std::string joined(const std::vector<std::string>& lines, const char* between) {
  std::string text;
  for (const auto& each : lines)
    text += (text.empty() ? "" : between) + each;
  return text;
}

std::vector<std::string> mistakes_of(iteration_number grace_period) {
  if (grace_period < 1)
    return {fmt::format("grace_period is {}, but must be at least 1", grace_period)};
  return {};
}

std::vector<std::string> mistakes_of(iteration_number grace_period, iteration_number max_t) {
  auto found = mistakes_of(grace_period);
  if (max_t < 1 || max_t > most_iterations)
    found.push_back(fmt::format("max_t is {}, but must be from 1 to {}", max_t, most_iterations));
  else if (max_t < grace_period)
    found.push_back(fmt::format("max_t is {}, but must be at least grace_period, which is {}", max_t, grace_period));
  return found;
}

std::vector<std::string> mistakes_of(const asha_options& options) {
  auto found = mistakes_of(options.grace_period, options.max_t);
  if (!(options.reduction_factor >= 1.01 && options.reduction_factor <= 1e6)) // Else the rungs have no end.
    found.push_back(fmt::format("reduction_factor is {}, but must be more than 1, from 1.01 to 1e6; use for example 3",
                                options.reduction_factor));
  if (options.brackets < 1)
    found.push_back(fmt::format("brackets is {}, but must be at least 1", options.brackets));
  else if (found.empty() && options.brackets > most_brackets(options))
    found.push_back(fmt::format("brackets is {}, but there is room for at most {} between grace_period and max_t",
                                options.brackets, most_brackets(options)));
  if (options.delayed && options.type == variant::stopping)
    found.emplace_back("delayed is true, but that is for type = promotion");
  return found;
}

std::vector<std::string> mistakes_of(const pasha_options& options) {
  asha_options rungs;
  rungs.max_t = options.max_t;
  rungs.grace_period = options.grace_period;
  rungs.reduction_factor = options.reduction_factor;
  return mistakes_of(rungs);
}

std::vector<std::string> mistakes_of(const hyperband_options& options) {
  auto found = mistakes_of(options.grace_period, options.max_t);
  if (!(options.reduction_factor >= 1.5 && options.reduction_factor <= 1e6)) // Else there are very many brackets.
    found.push_back(
      fmt::format("reduction_factor is {}, but must be from 1.5 to 1e6; use for example 3", options.reduction_factor));
  return found;
}

std::vector<std::string> mistakes_of(const median_stopping_options& options) {
  auto found = mistakes_of(options.grace_period);
  if (options.min_samples < 1)
    found.push_back(fmt::format("min_samples is {}, but must be at least 1", options.min_samples));
  return found;
}

std::vector<std::string> mistakes_of(const wilcoxon_options& options) {
  std::vector<std::string> found;
  if (!(options.p_threshold > 0 && options.p_threshold < 1))
    found.push_back(fmt::format("p_threshold is {}, but must be more than 0 and less than 1; use for example 0.1",
                                options.p_threshold));
  if (options.startup_steps < 2)
    found.push_back(fmt::format("startup_steps is {}, but must be at least 2", options.startup_steps));
  return found;
}

std::vector<std::string> mistakes_of(const threshold_options& options) {
  auto found = mistakes_of(options.grace_period);
  const auto check = [&](const char* name, const std::optional<double>& bound) {
    if (bound && !std::isfinite(*bound))
      found.push_back(fmt::format("{} is {}, but must be a finite number", name, *bound));
  };
  check("lower", options.lower);
  check("upper", options.upper);
  if (options.lower && options.upper && *options.upper < *options.lower)
    found.push_back(
      fmt::format("upper is {}, but must be at least lower, which is {}", *options.upper, *options.lower));
  return found;
}

std::vector<std::string> mistakes_of(const patient_options& options) {
  std::vector<std::string> found;
  if (options.patience < 0 || options.patience > 1'000'000)
    found.push_back(fmt::format("patience is {}, but must be from 0 to 1000000", options.patience));
  if (!(options.min_delta >= 0 && std::isfinite(options.min_delta)))
    found.push_back(fmt::format("min_delta is {}, but must be 0 or more", options.min_delta));
  if (!options.scheduler)
    return found;
  const auto inside = options.scheduler->mistakes();
  for (const auto& each : inside)
    found.push_back("its " + each);
  if (inside.empty() && options.scheduler->make({})->needs_checkpoints())
    found.push_back("its scheduler " + options.scheduler->name() + " pauses trials, but must only stop them");
  return found;
}

/// Of these options, made by `make` from (options, setup).
template <class Options, class Make>
scheduler_choice choice_of(const char* name, const Options& options, const json& fields, Make make) {
  scheduler_choice::kind made;
  made.make = [options, make](const scheduler_setup& setup) -> std::unique_ptr<scheduler> {
    return make(options, setup);
  };
  made.mistakes = [options] {
    auto mistakes = mistakes_of(options);
    for (auto& each : mistakes)
      each = "scheduler: " + each;
    return mistakes;
  };
  return {name, fields.dump(), std::move(made)};
}

template <class T>
void add_unless(json& fields, const char* name, const T& x, const T& by_default) {
  if (x != by_default)
    fields[name] = x;
}

/// What was read, if nothing was wrong with it.
template <class Options>
[[nodiscard]] result<Options> checked(const std::string& where, std::vector<std::string> mistakes, Options options) {
  if (mistakes.empty())
    for (const auto& each : mistakes_of(options))
      mistakes.push_back(where + ": " + each);
  if (!mistakes.empty())
    return fail(errc::invalid_argument, joined(mistakes, "\n"));
  return options;
}

[[nodiscard]] result<hyperband_options> hyperband_from(std::string_view text) {
  hyperband_options options;
  std::string type = "asynchronous";
  json_options fields("scheduler hyperband", text);
  fields.read("max_t", options.max_t);
  fields.read("grace_period", options.grace_period);
  fields.read("reduction_factor", options.reduction_factor);
  fields.read("type", type);
  if (type == "synchronous")
    options.type = hyperband_options::variant::synchronous;
  else if (type != "asynchronous")
    fields.add("type", "is \"" + type + "\", but must be \"asynchronous\" or \"synchronous\"");
  return checked("scheduler hyperband", fields.mistakes(), options);
}

[[nodiscard]] result<pasha_options> pasha_from(std::string_view text) {
  pasha_options options;
  json_options fields("scheduler pasha", text);
  fields.read("max_t", options.max_t);
  fields.read("grace_period", options.grace_period);
  fields.read("reduction_factor", options.reduction_factor);
  return checked("scheduler pasha", fields.mistakes(), options);
}

[[nodiscard]] result<median_stopping_options> median_stopping_from(std::string_view text) {
  median_stopping_options options;
  json_options fields("scheduler median_stopping", text);
  fields.read("grace_period", options.grace_period);
  fields.read("min_samples", options.min_samples);
  return checked("scheduler median_stopping", fields.mistakes(), options);
}

[[nodiscard]] result<wilcoxon_options> wilcoxon_from(std::string_view text) {
  wilcoxon_options options;
  json_options fields("scheduler wilcoxon", text);
  fields.read("p_threshold", options.p_threshold);
  fields.read("startup_steps", options.startup_steps);
  return checked("scheduler wilcoxon", fields.mistakes(), options);
}

[[nodiscard]] result<threshold_options> threshold_from(std::string_view text) {
  threshold_options options;
  json_options fields("scheduler threshold", text);
  fields.read("lower", options.lower);
  fields.read("upper", options.upper);
  fields.read("grace_period", options.grace_period);
  return checked("scheduler threshold", fields.mistakes(), options);
}

[[nodiscard]] result<patient_options> patient_from(std::string_view text) {
  patient_options options;
  std::string inside;
  json_options fields("scheduler patient", text);
  fields.read("patience", options.patience);
  fields.read("min_delta", options.min_delta);
  fields.read_json("scheduler", inside);
  auto mistakes = fields.mistakes();
  if (!inside.empty()) {
    if (auto made = scheduler_from_json(inside))
      options.scheduler = std::move(*made);
    else
      mistakes.push_back("scheduler patient: its " + made.error().message);
  }
  return checked("scheduler patient", std::move(mistakes), std::move(options));
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
  add("delayed", options.delayed, plain.delayed);
  return all.dump();
}

[[nodiscard]] result<scheduler_choice> asha_from(std::string_view text) {
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
  fields.read("delayed", options.delayed);
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

[[nodiscard]] result<void> valid(const char* name, const std::vector<std::string>& mistakes) {
  if (!mistakes.empty())
    return fail(errc::invalid_argument, std::string(name) + ": " + joined(mistakes, "; "));
  return {};
}

[[nodiscard]] result<scheduler_choice> fifo_from(std::string_view text) {
  if (const auto mistakes = json_options("scheduler fifo", text).mistakes(); !mistakes.empty())
    return fail(errc::invalid_argument, joined(mistakes, "\n"));
  return fifo();
}

const std::map<std::string, result<scheduler_choice> (*)(std::string_view), std::less<>>& makers() {
  static const std::map<std::string, result<scheduler_choice> (*)(std::string_view), std::less<>> all = {
    {"asha", asha_from},
    {"fifo", fifo_from},
    {"hyperband", [](std::string_view text) { return hyperband_from(text).map(hyperband); }},
    {"hyper_tune", hyper_tune_scheduler_from_json},
    {"median_stopping", [](std::string_view text) { return median_stopping_from(text).map(median_stopping); }},
    {"pasha", [](std::string_view text) { return pasha_from(text).map(pasha); }},
    {"patient", [](std::string_view text) { return patient_from(text).map(patient); }},
    {"pb2", pb2_from_json},
    {"pbt", pbt_from_json},
    {"pbt_replay", pbt_replay_from_json},
    {"resource_changing", resource_changing_from_json},
    {"threshold", [](std::string_view text) { return threshold_from(text).map(threshold); }},
    {"wilcoxon", [](std::string_view text) { return wilcoxon_from(text).map(wilcoxon); }},
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

std::vector<std::string> scheduler_choice::mistakes(const search_space& space) const {
  auto found = mistakes();
  if (found.empty() && kind_.mistakes_with)
    found = kind_.mistakes_with(space);
  return found;
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

scheduler_choice hyperband(const hyperband_options& options) {
  const hyperband_options plain;
  auto fields = json::object();
  add_unless(fields, "max_t", options.max_t, plain.max_t);
  add_unless(fields, "grace_period", options.grace_period, plain.grace_period);
  add_unless(fields, "reduction_factor", options.reduction_factor, plain.reduction_factor);
  if (options.type != plain.type)
    fields["type"] = "synchronous";
  return choice_of("hyperband", options, fields,
                   [](const hyperband_options& how, const scheduler_setup& setup) -> std::unique_ptr<scheduler> {
                     if (how.type == hyperband_options::variant::synchronous)
                       return std::make_unique<synchronous_hyperband>(how, setup);
                     asha_options brackets;
                     brackets.max_t = how.max_t;
                     brackets.grace_period = how.grace_period;
                     brackets.reduction_factor = how.reduction_factor;
                     brackets.brackets = most_brackets(brackets);
                     return std::make_unique<asha_stopping>(brackets, setup);
                   });
}

scheduler_choice pasha(const pasha_options& options) {
  const pasha_options plain;
  auto fields = json::object();
  add_unless(fields, "max_t", options.max_t, plain.max_t);
  add_unless(fields, "grace_period", options.grace_period, plain.grace_period);
  add_unless(fields, "reduction_factor", options.reduction_factor, plain.reduction_factor);
  return choice_of("pasha", options, fields,
                   std::make_unique<pasha_scheduler, const pasha_options&, const scheduler_setup&>);
}

scheduler_choice median_stopping(const median_stopping_options& options) {
  const median_stopping_options plain;
  auto fields = json::object();
  add_unless(fields, "grace_period", options.grace_period, plain.grace_period);
  add_unless(fields, "min_samples", options.min_samples, plain.min_samples);
  return choice_of("median_stopping", options, fields,
                   std::make_unique<median_stopping_scheduler, const median_stopping_options&, const scheduler_setup&>);
}

scheduler_choice wilcoxon(const wilcoxon_options& options) {
  const wilcoxon_options plain;
  auto fields = json::object();
  add_unless(fields, "p_threshold", options.p_threshold, plain.p_threshold);
  add_unless(fields, "startup_steps", options.startup_steps, plain.startup_steps);
  return choice_of("wilcoxon", options, fields,
                   std::make_unique<wilcoxon_stopping, const wilcoxon_options&, const scheduler_setup&>);
}

scheduler_choice threshold(const threshold_options& options) {
  auto fields = json::object();
  if (options.lower)
    fields["lower"] = *options.lower;
  if (options.upper)
    fields["upper"] = *options.upper;
  add_unless(fields, "grace_period", options.grace_period, threshold_options().grace_period);
  return choice_of("threshold", options, fields,
                   std::make_unique<threshold_stopping, const threshold_options&, const scheduler_setup&>);
}

scheduler_choice patient(const patient_options& options) {
  const patient_options plain;
  auto fields = json::object();
  add_unless(fields, "patience", options.patience, plain.patience);
  add_unless(fields, "min_delta", options.min_delta, plain.min_delta);
  if (options.scheduler)
    fields["scheduler"] = json::parse(to_json(*options.scheduler));
  return choice_of("patient", options, fields, [](const patient_options& how, const scheduler_setup& setup) {
    auto inside = how.scheduler ? how.scheduler->make(setup) : nullptr;
    return std::make_unique<patient_scheduler>(how, setup, std::move(inside));
  });
}

result<void> validate(const pasha_options& options) {
  return valid("pasha", mistakes_of(options));
}

result<void> validate(const hyperband_options& options) {
  return valid("hyperband", mistakes_of(options));
}

result<void> validate(const median_stopping_options& options) {
  return valid("median_stopping", mistakes_of(options));
}

result<void> validate(const wilcoxon_options& options) {
  return valid("wilcoxon", mistakes_of(options));
}

result<void> validate(const threshold_options& options) {
  return valid("threshold", mistakes_of(options));
}

result<void> validate(const patient_options& options) {
  return valid("patient", mistakes_of(options));
}

result<void> validate(const asha_options& options) {
  return valid("asha", mistakes_of(options));
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
