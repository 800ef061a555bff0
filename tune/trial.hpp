#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "tune/config.hpp"
#include "tune/path.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// What report() answers.
enum class next_step {
  go_on,
  stop, ///< Return: nothing more is counted. Whoever reports again all the same is ended there.
};
inline namespace next_steps { // Of its own: else GCC's -Wshadow warns of every other enum with such a word.
inline constexpr next_step stop = next_step::stop;
inline constexpr next_step go_on = next_step::go_on;
} // namespace next_steps

/// A trial as its function sees it: what it is to evaluate, and whom it reports to. Used by the thread that the
/// function was called on, and only while it runs.
class trial {
public:
  using save_function = std::function<void(const path& directory)>;

  virtual ~trial() = default;

  virtual const tune::config& config() const = 0;
  template <class T>
  T get(const std::string& name) const {
    return config().get<T>(name);
  }

  /// The directory of the checkpoint to go on from: the newest whole one of this trial, or, with tune::pbt(), one of
  /// another trial. None for a new trial.
  virtual std::optional<path> checkpoint() const = 0;
  /// The iterations that are in that checkpoint, or, if it is another trial's, that this one has done; the next report
  /// is the one after. 0 without a checkpoint.
  virtual iteration_number iteration() const = 0;

  /// Tells a result, one iteration, and waits for the decision. The experiment's metric must be among them. Where the
  /// trial cannot be stopped or paused at this iteration, it waits no longer than 5 % of the iteration's time for its
  /// result to be on disk, unless experiment::wait_for_disk is set.
  next_step report(const metrics& values) { return report(values, save_function()); }
  /// The same, with a way to save the state: called, on this thread, when the experiment's checkpoint policy wants
  /// one, with an empty directory. What it throws fails the attempt.
  virtual next_step report(const metrics& values, const save_function& save) = 0;

  virtual const std::string& id() const = 0;  ///< "7f3a91c2_00004"
  virtual attempt_number attempt() const = 0; ///< From 1.
  virtual const path& directory() const = 0;  ///< The trial's own, on this machine; it is the working directory, too.
  virtual std::uint64_t seed() const = 0;     ///< Of this trial: the same in each attempt, another for each trial.
  /// What this attempt has: {{"cpu", 4}, {"memory", 8589934592}}, memory in bytes. It is what the experiment's
  /// resources say, or, with tune::resource_changing(), a whole number of times that; the same as long as the attempt
  /// lasts. So `trial.resources().at("cpu")` is how many threads there is room for.
  virtual const std::map<std::string, double>& resources() const = 0;
};

} // namespace tune
