#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tune/simulate/invented_curves.hpp"
#include "tune/simulate/recorded_curves.hpp"
#include "tune/simulate/search_simulation.hpp"
#include "tune/spec/run_spec.hpp"
#include "tune/spec/search_spec.hpp"

namespace tune {

/// What a user says of a simulation beside the spec file.
struct simulation_wishes {
  std::vector<node_kind> nodes = {{1, runtime::cpus(8)}};
  std::optional<iteration_number>
    iterations;                           ///< Of a trial. Absent: the scheduler's, that of `stop`, or recorded ones.
  std::optional<time_law> iteration_time; ///< Absent: 1 s, or as recorded.
  time_law start_time = simulated_search().start_time;
  time_law checkpoint_time;
  bool can_save = true;
  std::optional<std::chrono::nanoseconds> mean_time_between_failures;
  time_law repair_time = simulated_nodes_options().repair_time;
  std::chrono::nanoseconds detection_time = simulated_nodes_options().detection_time;
  double failure_chance = 0;
  std::optional<double> target;
};

/// A search of a spec file, made ready to be simulated as often as is wanted.
class simulation_plan {
public:
  simulation_plan(search_spec search, run_spec run, simulation_wishes wishes);

  /// Beside those of the spec file: `--iterations: ...`, `stop: ...`. Empty: it can be simulated.
  std::vector<std::string> mistakes() const;
  std::vector<std::string> notes() const; ///< What of the spec file counts otherwise here.

  /// For curves of an earlier experiment: give them all its records, and finish(), before use_recorded().
  recorded_curves_options options_of_recorded() const;
  void use_recorded(std::shared_ptr<const recorded_curves> curves) { recorded_ = std::move(curves); }

  iteration_number iterations() const; ///< Of a trial, if nothing ends it before. 0: nobody says.
  std::uint64_t trials() const;        ///< If nothing ends the search before.
  simulated_outcome run(std::uint64_t seed) const;

  const search_spec& search() const noexcept { return search_; }
  const run_spec& how_to_run() const noexcept { return run_; }
  const simulation_wishes& wishes() const noexcept { return wishes_; }

private:
  std::vector<stop_condition> stop() const;
  controller_options controller_of(std::uint64_t seed) const;
  std::shared_ptr<const trial_model> model_of(std::uint64_t seed) const;

  search_spec search_;
  run_spec run_;
  simulation_wishes wishes_;
  std::shared_ptr<const recorded_curves> recorded_; ///< Null: curves are invented.
};

} // namespace tune
