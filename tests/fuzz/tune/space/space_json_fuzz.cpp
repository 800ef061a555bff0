#include "tests/fuzz/fuzz_target.hpp"

#include <algorithm>

#include "tune/search_space.hpp"
#include "tune/searcher/searcher.hpp"
#include "tune/searchers.hpp"

/// A search space as JSON. What has no mistakes reads the same when it was written, and can be searched.

namespace {

using namespace tune;

bool has(const search_space& space, const std::string& name) {
  const auto& all = space.parameters();
  return std::any_of(all.begin(), all.end(), [&](const auto& each) { return each.name == name; });
}

void check_search(const search_space& space) {
  constexpr std::uint64_t seed = 1;
  const auto choice = random_search();
  if (!choice.mistakes(space).empty())
    return;
  const auto search = choice.make({space, seed, 1, 0, 1});
  const auto answer = search->ask({trial_id(1), trial_id(2)});
  for (const auto& each : answer.proposals)
    for (const auto& [name, x] : each.values)
      fuzz::require(has(space, name), "a parameter is proposed that is not in the space");
}

void run(std::string_view text) {
  const auto read = space_from_json(text);
  for (const auto& each : read.mistakes)
    fuzz::require(!each.empty(), "a mistake says nothing");
  if (!read.mistakes.empty())
    return;
  const auto written = to_json(read.space);
  const auto again = space_from_json(written);
  fuzz::require(again.mistakes.empty(), "what was written cannot be read");
  fuzz::require(to_json(again.space) == written, "what was written reads as something else");
  fuzz::require(differences(written, to_json(again.space)).empty(), "a space differs from itself");
  check_search(read.space);
}

fuzz::inputs seeds() {
  search_space space = {
    {"lr", log_uniform(1e-5, 0.1)},
    {"step", quniform(0, 1, 0.25)},
    {"scale", qlog_uniform(1e-3, 10, 1e-3)},
    {"layers", integer(1, 3)},
    {"noise", normal(0, 1)},
    {"optimizer", choice({"sgd", "adam", 3, true, 0.5})},
    {"momentum", uniform(0, 0.99).when("optimizer", "sgd")},
    {"width", ordinal({16, 32, 64})},
    {"group/data", "x"},
  };
  return {to_json(space), to_json(search_space{{"a", grid({0.1, 0.2})}, {"b", grid({1, 2})}})};
}

const fuzz::target space_json_target("tune/space/space_json", run, seeds);

} // namespace
