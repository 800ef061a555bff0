#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "tune/objective.hpp"
#include "tune/schedulers.hpp"
#include "tune/search_space.hpp"
#include "tune/searchers.hpp"
#include "tune/spec/spec_mistake.hpp"

namespace tune {

/// What of a spec file a search is: what is varied, what is good, and who proposes and decides.
struct search_spec {
  search_space space;
  std::vector<objective> objectives; ///< At least one.
  std::uint64_t samples = 1;         ///< Times the grid, if there is one.
  std::uint64_t seed = 0;
  searcher_choice searcher = auto_search();
  scheduler_choice scheduler = fifo();
  std::vector<point> points_to_evaluate;
};

/// What flags say goes before what the file says.
struct search_flags {
  std::optional<std::string> searcher;  ///< A name, with the file's options if it is the file's; or a JSON object.
  std::optional<std::string> scheduler; ///< The same.
  std::optional<std::string> mode;      ///< "min" or "max"; of several objectives "min,max".
  std::optional<std::string> metric;    ///< "accuracy"; of several objectives "accuracy,latency".
  std::optional<std::uint64_t> samples;
  std::optional<std::uint64_t> seed;
};

/// Reads YAML or JSON: a spec file with `space`, or only the mapping of parameters that would stand there. Of a spec
/// file's other fields those are checked that it names here; those of running a program (trainable, stop, resources,
/// ...) are left alone, and what is no field at all is a mistake. All mistakes are told, each with its line.
struct search_spec_read {
  std::optional<search_spec> spec; ///< None: there are mistakes.
  std::vector<spec_mistake> mistakes;
};
[[nodiscard]] search_spec_read read_search_spec(std::string_view text, const search_flags& flags = {});

/// As a spec file says it, one JSON object: equal for equal searches.
[[nodiscard]] std::string to_json(const search_spec& spec);

/// What has changed between two that to_json() wrote, in words, one line each; empty: nothing.
[[nodiscard]] std::vector<std::string> differences_of_specs(const std::string& before, const std::string& now);

} // namespace tune
