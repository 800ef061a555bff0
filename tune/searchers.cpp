#include "tune/searchers.hpp"

#include "tune/searcher/automatic_search.hpp"
#include "tune/searcher/cma_es.hpp"
#include "tune/searcher/de.hpp"
#include "tune/searcher/design_search.hpp"
#include "tune/searcher/gp.hpp"
#include "tune/searcher/learned_choice.hpp"
#include "tune/searcher/nsga2.hpp"
#include "tune/searcher/rung_search_choice.hpp"
#include "tune/searcher/tpe.hpp"
#include "tune/space/near_name.hpp"
#include "tune/value/json_options.hpp"
#include "tune/value/named_choice.hpp"

#include <algorithm>
#include <functional>
#include <map>

#include <nlohmann/json.hpp>

namespace tune {
namespace {

using json = nlohmann::ordered_json;
using maker = std::function<result<searcher_choice>(std::string_view options)>;

searcher_choice::kind search_by(design_search::maker how, std::optional<std::uint64_t> seed,
                                const design_search_options& options, bool shuffle = false) {
  searcher_choice::kind made;
  made.make = [=](const searcher_setup& setup) -> std::unique_ptr<searcher> {
    auto with_seed = setup;
    with_seed.seed = seed.value_or(setup.seed);
    auto with_shuffle = options;
    if (shuffle)
      with_shuffle.shuffle = with_seed.seed;
    return std::make_unique<design_search>(with_seed, how, with_shuffle);
  };
  made.mistakes = [crossed = options.crossed](const search_space& space) {
    return design_search::mistakes(space, crossed);
  };
  made.trials = [crossed = options.crossed](const searcher_setup& setup) {
    return design_search::trials(setup, crossed);
  };
  return made;
}

template <class Options>
[[nodiscard]] result<Options> sampling_from(const char* where, std::string_view text) {
  Options options;
  json_options fields(where, text);
  fields.read("seed", options.seed);
  fields.read("repeat", options.repeat);
  if (const auto mistakes = fields.mistakes(); !mistakes.empty())
    return fail(all_of(mistakes));
  return options;
}

[[nodiscard]] result<grid_search_options> grid_from(std::string_view text) {
  grid_search_options options;
  json_options fields("searcher grid", text);
  fields.read("seed", options.seed);
  fields.read("shuffle", options.shuffle);
  if (const auto mistakes = fields.mistakes(); !mistakes.empty())
    return fail(all_of(mistakes));
  return options;
}

[[nodiscard]] result<tpe_search_options> tpe_from(std::string_view text) {
  tpe_search_options options;
  json_options fields("searcher tpe", text);
  fields.read("seed", options.seed);
  fields.read("repeat", options.repeat);
  fields.read("startup_trials", options.startup_trials);
  fields.read("candidates", options.candidates);
  fields.read("good_share", options.good_share);
  fields.read("most_good", options.most_good);
  fields.read("multivariate", options.multivariate);
  if (const auto mistakes = fields.mistakes(); !mistakes.empty())
    return fail(all_of(mistakes));
  return options;
}

json json_of(const tpe_search_options& options) {
  const tpe_search_options usual;
  auto all = json_of_sampling(options);
  if (options.startup_trials != usual.startup_trials)
    all["startup_trials"] = options.startup_trials;
  if (options.candidates != usual.candidates)
    all["candidates"] = options.candidates;
  if (options.good_share != usual.good_share)
    all["good_share"] = options.good_share;
  if (options.most_good != usual.most_good)
    all["most_good"] = options.most_good;
  if (!options.multivariate)
    all["multivariate"] = false;
  return all;
}

[[nodiscard]] result<cma_es_search_options> cma_es_from(std::string_view text) {
  using restart = cma_es_search_options::restart;
  using form = cma_es_search_options::form;
  cma_es_search_options options;
  std::string restarts = "bipop";
  std::string covariance = "automatic";
  json_options fields("searcher cma_es", text);
  fields.read("seed", options.seed);
  fields.read("repeat", options.repeat);
  fields.read("population", options.population);
  fields.read("deviation", options.deviation);
  fields.read("restarts", restarts);
  fields.read("covariance", covariance);
  if (restarts == "ipop")
    options.restarts = restart::ipop;
  else if (restarts != "bipop")
    fields.add("restarts", "is \"" + restarts + "\", but must be \"bipop\" or \"ipop\"");
  if (covariance == "full")
    options.covariance = form::full;
  else if (covariance == "sep")
    options.covariance = form::sep;
  else if (covariance != "automatic")
    fields.add("covariance", "is \"" + covariance + "\", but must be \"automatic\", \"full\" or \"sep\"");
  if (const auto mistakes = fields.mistakes(); !mistakes.empty())
    return fail(all_of(mistakes));
  return options;
}

[[nodiscard]] result<gp_search_options> gp_from(std::string_view text) {
  gp_search_options options;
  json_options fields("searcher gp", text);
  fields.read("seed", options.seed);
  fields.read("repeat", options.repeat);
  fields.read("startup_trials", options.startup_trials);
  fields.read("deterministic", options.deterministic);
  fields.read("input_warping", options.input_warping);
  fields.read("trust_region_from", options.trust_region_from);
  if (const auto mistakes = fields.mistakes(); !mistakes.empty())
    return fail(all_of(mistakes));
  return options;
}

json json_of(const cma_es_search_options& options) {
  const cma_es_search_options usual;
  auto all = json_of_sampling(options);
  if (options.population)
    all["population"] = *options.population;
  if (options.deviation != usual.deviation)
    all["deviation"] = options.deviation;
  if (options.restarts == cma_es_search_options::restart::ipop)
    all["restarts"] = "ipop";
  if (options.covariance != usual.covariance)
    all["covariance"] = options.covariance == cma_es_search_options::form::sep ? "sep" : "full";
  return all;
}

json json_of(const gp_search_options& options) {
  auto all = json_of_sampling(options);
  if (options.startup_trials)
    all["startup_trials"] = *options.startup_trials;
  if (options.deterministic)
    all["deterministic"] = true;
  if (options.input_warping)
    all["input_warping"] = true;
  if (options.trust_region_from != gp_search_options().trust_region_from)
    all["trust_region_from"] = options.trust_region_from;
  return all;
}

[[nodiscard]] result<de_search_options> de_from(std::string_view text) {
  de_search_options options;
  json_options fields("searcher de", text);
  fields.read("seed", options.seed);
  fields.read("repeat", options.repeat);
  fields.read("population", options.population);
  fields.read("weight", options.weight);
  fields.read("crossover", options.crossover);
  fields.read("self_adapting", options.self_adapting);
  if (const auto mistakes = fields.mistakes(); !mistakes.empty())
    return fail(all_of(mistakes));
  return options;
}

json json_of(const de_search_options& options) {
  const de_search_options usual;
  auto all = json_of_sampling(options);
  if (options.population != usual.population)
    all["population"] = options.population;
  if (options.weight != usual.weight)
    all["weight"] = options.weight;
  if (options.crossover != usual.crossover)
    all["crossover"] = options.crossover;
  if (options.self_adapting)
    all["self_adapting"] = true;
  return all;
}

const char* name_of(nsga2_search_options::variation x) {
  return x == nsga2_search_options::variation::uniform ? "uniform" : "simulated_binary";
}

[[nodiscard]] result<nsga2_search_options> nsga2_from(std::string_view text) {
  using variation = nsga2_search_options::variation;
  nsga2_search_options options;
  std::string children = name_of(options.children);
  json_options fields("searcher nsga2", text);
  fields.read("seed", options.seed);
  fields.read("repeat", options.repeat);
  fields.read("population", options.population);
  fields.read("crossover", options.crossover);
  fields.read("swapping", options.swapping);
  fields.read("mutation", options.mutation);
  fields.read("children", children);
  if (children != name_of(variation::uniform) && children != name_of(variation::simulated_binary))
    fields.add("children", "is \"" + children + "\", but must be \"uniform\" or \"simulated_binary\"");
  options.children = children == name_of(variation::uniform) ? variation::uniform : variation::simulated_binary;
  if (const auto mistakes = fields.mistakes(); !mistakes.empty())
    return fail(all_of(mistakes));
  return options;
}

json json_of(const nsga2_search_options& options) {
  const nsga2_search_options usual;
  auto all = json_of_sampling(options);
  if (options.population != usual.population)
    all["population"] = options.population;
  if (options.crossover != usual.crossover)
    all["crossover"] = options.crossover;
  if (options.swapping != usual.swapping)
    all["swapping"] = options.swapping;
  if (options.mutation)
    all["mutation"] = *options.mutation;
  if (options.children != usual.children)
    all["children"] = name_of(options.children);
  return all;
}

const std::map<std::string, maker, std::less<>>& makers() {
  static const std::map<std::string, maker, std::less<>> all = {
    {"auto",
     [](std::string_view text) { return sampling_from<auto_search_options>("searcher auto", text).map(auto_search); }},
    {"bohb", bohb_from_json},
    {"cma_es", [](std::string_view text) { return cma_es_from(text).map(cma_es_search); }},
    {"de", [](std::string_view text) { return de_from(text).map(de_search); }},
    {"dehb", dehb_from_json},
    {"gp", [](std::string_view text) { return gp_from(text).map(gp_search); }},
    {"grid", [](std::string_view text) { return grid_from(text).map(grid_search); }},
    {"halton",
     [](std::string_view text) {
       return sampling_from<halton_search_options>("searcher halton", text).map(halton_search);
     }},
    {"hyper_tune", hyper_tune_searcher_from_json},
    {"latin_hypercube",
     [](std::string_view text) {
       return sampling_from<latin_hypercube_search_options>("searcher latin_hypercube", text)
         .map(latin_hypercube_search);
     }},
    {"nsga2", [](std::string_view text) { return nsga2_from(text).map(nsga2_search); }},
    {"random",
     [](std::string_view text) {
       return sampling_from<random_search_options>("searcher random", text).map(random_search);
     }},
    {"sobol",
     [](std::string_view text) {
       return sampling_from<sobol_search_options>("searcher sobol", text).map(sobol_search);
     }},
    {"tpe", [](std::string_view text) { return tpe_from(text).map(tpe_search); }},
  };
  return all;
}

} // namespace

searcher_choice::searcher_choice(std::string name, std::string options, kind what)
  : name_(std::move(name)),
    options_(std::move(options)),
    kind_(std::move(what)) {
}

std::unique_ptr<searcher> searcher_choice::make(const searcher_setup& setup) const {
  return kind_.make(setup);
}

std::string to_json(const searcher_choice& choice) {
  return json_of_choice(choice.name(), choice.options());
}

searcher_choice auto_search(const auto_search_options& options) {
  searcher_choice::kind made;
  made.make = [options](const searcher_setup& setup) -> std::unique_ptr<searcher> {
    auto with_seed = setup;
    with_seed.seed = options.seed.value_or(setup.seed);
    return std::make_unique<automatic_search>(with_seed, options);
  };
  made.mistakes = [](const search_space& space) { return design_search::mistakes(space, crossing::grids); };
  made.trials = [](const searcher_setup& setup) { return design_search::trials(setup, crossing::grids); };
  return {"auto", json_of_sampling(options).dump(), std::move(made)};
}

searcher_choice random_search(const random_search_options& options) {
  design_search_options search;
  search.repeat = options.repeat;
  return {"random", json_of_sampling(options).dump(), search_by(random_design, options.seed, search)};
}

searcher_choice sobol_search(const sobol_search_options& options) {
  design_search_options search;
  search.repeat = options.repeat;
  return {"sobol", json_of_sampling(options).dump(), search_by(sobol_design, options.seed, search)};
}

searcher_choice halton_search(const halton_search_options& options) {
  design_search_options search;
  search.repeat = options.repeat;
  return {"halton", json_of_sampling(options).dump(), search_by(halton_design, options.seed, search)};
}

searcher_choice latin_hypercube_search(const latin_hypercube_search_options& options) {
  design_search_options search;
  search.repeat = options.repeat;
  return {"latin_hypercube", json_of_sampling(options).dump(), search_by(latin_hypercube_design, options.seed, search)};
}

searcher_choice grid_search(const grid_search_options& options) {
  auto fields = json::object();
  if (options.seed)
    fields["seed"] = *options.seed;
  if (options.shuffle)
    fields["shuffle"] = true;
  design_search_options search;
  search.crossed = crossing::everything;
  return {"grid", fields.dump(), search_by(random_design, options.seed, search, options.shuffle)};
}

searcher_choice tpe_search(const tpe_search_options& options) {
  return {"tpe", json_of(options).dump(), learned_by<tpe>(options)};
}

searcher_choice cma_es_search(const cma_es_search_options& options) {
  return {"cma_es", json_of(options).dump(), learned_by<cma_es>(options)};
}

searcher_choice de_search(const de_search_options& options) {
  return {"de", json_of(options).dump(), learned_by<de>(options)};
}

searcher_choice nsga2_search(const nsga2_search_options& options) {
  return {"nsga2", json_of(options).dump(), learned_by<nsga2>(options)};
}

searcher_choice gp_search(const gp_search_options& options) {
  return {"gp", json_of(options).dump(), learned_by<gp>(options)};
}

std::vector<std::string> searcher_names() {
  std::vector<std::string> names;
  for (const auto& each : makers())
    names.push_back(each.first);
  return names;
}

result<searcher_choice> searcher_named(std::string_view name, std::string_view options) {
  if (const auto found = makers().find(name); found != makers().end())
    return found->second(options);
  const std::string wrong(name);
  return fail(errc::not_found, "searcher: there is no \"" + wrong + "\"" + hint(wrong, searcher_names()));
}

result<searcher_choice> searcher_from_json(std::string_view text) {
  return choice_from_json("searcher", text).and_then([](const choice_text& each) {
    return searcher_named(each.name, each.options);
  });
}

} // namespace tune
