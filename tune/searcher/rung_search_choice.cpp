#include "tune/searcher/rung_search_choice.hpp"

#include "tune/searcher/bohb.hpp"
#include "tune/searcher/dehb.hpp"
#include "tune/searcher/hyper_tune_searcher.hpp"
#include "tune/searcher/learned_choice.hpp"
#include "tune/value/json_options.hpp"

#include <nlohmann/json.hpp>

namespace tune {
namespace {

using json = nlohmann::ordered_json;

[[nodiscard]] result<bohb_search_options> bohb_from(std::string_view text) {
  bohb_search_options options;
  json_options fields("searcher bohb", text);
  fields.read("seed", options.seed);
  fields.read("repeat", options.repeat);
  fields.read("grace_period", options.grace_period);
  fields.read("reduction_factor", options.reduction_factor);
  fields.read("random_share", options.random_share);
  fields.read("candidates", options.candidates);
  fields.read("good_share", options.good_share);
  if (const auto mistakes = fields.mistakes(); !mistakes.empty())
    return fail(all_of(mistakes));
  return options;
}

json json_of(const bohb_search_options& options) {
  const bohb_search_options usual;
  auto all = json_of_sampling(options);
  if (options.grace_period != usual.grace_period)
    all["grace_period"] = options.grace_period;
  if (options.reduction_factor != usual.reduction_factor)
    all["reduction_factor"] = options.reduction_factor;
  if (options.random_share != usual.random_share)
    all["random_share"] = options.random_share;
  if (options.candidates != usual.candidates)
    all["candidates"] = options.candidates;
  if (options.good_share != usual.good_share)
    all["good_share"] = options.good_share;
  return all;
}

[[nodiscard]] result<dehb_search_options> dehb_from(std::string_view text) {
  dehb_search_options options;
  json_options fields("searcher dehb", text);
  fields.read("seed", options.seed);
  fields.read("repeat", options.repeat);
  fields.read("grace_period", options.grace_period);
  fields.read("reduction_factor", options.reduction_factor);
  fields.read("population", options.population);
  fields.read("weight", options.weight);
  fields.read("crossover", options.crossover);
  if (const auto mistakes = fields.mistakes(); !mistakes.empty())
    return fail(all_of(mistakes));
  return options;
}

json json_of(const dehb_search_options& options) {
  const dehb_search_options usual;
  auto all = json_of_sampling(options);
  if (options.grace_period != usual.grace_period)
    all["grace_period"] = options.grace_period;
  if (options.reduction_factor != usual.reduction_factor)
    all["reduction_factor"] = options.reduction_factor;
  if (options.population != usual.population)
    all["population"] = options.population;
  if (options.weight != usual.weight)
    all["weight"] = options.weight;
  if (options.crossover != usual.crossover)
    all["crossover"] = options.crossover;
  return all;
}

[[nodiscard]] result<hyper_tune_search_options> hyper_tune_from(std::string_view text) {
  hyper_tune_search_options options;
  json_options fields("searcher hyper_tune", text);
  fields.read("seed", options.seed);
  fields.read("repeat", options.repeat);
  fields.read("grace_period", options.grace_period);
  fields.read("reduction_factor", options.reduction_factor);
  fields.read("startup_trials", options.startup_trials);
  fields.read("random_share", options.random_share);
  if (const auto mistakes = fields.mistakes(); !mistakes.empty())
    return fail(all_of(mistakes));
  return options;
}

json json_of(const hyper_tune_search_options& options) {
  const hyper_tune_search_options usual;
  auto all = json_of_sampling(options);
  if (options.grace_period != usual.grace_period)
    all["grace_period"] = options.grace_period;
  if (options.reduction_factor != usual.reduction_factor)
    all["reduction_factor"] = options.reduction_factor;
  if (options.startup_trials)
    all["startup_trials"] = *options.startup_trials;
  if (options.random_share != usual.random_share)
    all["random_share"] = options.random_share;
  return all;
}

} // namespace

searcher_choice bohb_search(const bohb_search_options& options) {
  return {"bohb", json_of(options).dump(), learned_by<bohb>(options)};
}

searcher_choice dehb_search(const dehb_search_options& options) {
  return {"dehb", json_of(options).dump(), learned_by<dehb>(options)};
}

searcher_choice hyper_tune_search(const hyper_tune_search_options& options) {
  return {"hyper_tune", json_of(options).dump(), learned_by<hyper_tune_searcher>(options)};
}

result<searcher_choice> bohb_from_json(std::string_view text) {
  return bohb_from(text).map(bohb_search);
}

result<searcher_choice> dehb_from_json(std::string_view text) {
  return dehb_from(text).map(dehb_search);
}

result<searcher_choice> hyper_tune_searcher_from_json(std::string_view text) {
  return hyper_tune_from(text).map(hyper_tune_search);
}

} // namespace tune
