#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "tune/searcher/searcher.hpp"
#include "tune/searchers.hpp"

#include <nlohmann/json.hpp>

namespace tune {

// What the choices of searchers that learn have in common.

/// One error of them all, a line each.
inline error all_of(const std::vector<std::string>& mistakes) {
  std::string text;
  for (const auto& each : mistakes)
    text += (text.empty() ? "" : "\n") + each;
  return {errc::invalid_argument, std::move(text)};
}

template <class Searcher, class Options>
searcher_choice::kind learned_by(const Options& options) {
  searcher_choice::kind made;
  made.make = [options](const searcher_setup& setup) -> std::unique_ptr<searcher> {
    auto with_seed = setup;
    with_seed.seed = options.seed.value_or(setup.seed);
    return std::make_unique<Searcher>(with_seed, options);
  };
  made.mistakes = [options](const search_space& space) { return Searcher::mistakes(space, options); };
  made.trials = [](const searcher_setup& setup) { return std::max(setup.points, setup.samples); };
  return made;
}

/// The options that both have.
template <class Options>
nlohmann::ordered_json json_of_sampling(const Options& options) {
  auto all = nlohmann::ordered_json::object();
  if (options.seed)
    all["seed"] = *options.seed;
  if (options.repeat)
    all["repeat"] = true;
  return all;
}

} // namespace tune
