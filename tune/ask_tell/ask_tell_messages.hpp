#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "tune/config.hpp"
#include "tune/scheduler/scheduler.hpp"
#include "tune/searcher/searcher.hpp"
#include "tune/vocabulary.hpp"

/// What a program says to a search that it runs itself, and what it is answered.
namespace tune::ask_tell {

using numbers = std::vector<double>; ///< One for each objective; what is not finite counts as NaN.

// ---- Said.

inline constexpr std::uint64_t most_asked = 100'000; ///< At once.

/// For so many configurations.
struct ask {
  std::uint64_t count = 1;
};
/// The trial has ended.
struct tell {
  trial_id trial;
  trial_outcome how = trial_outcome::completed; ///< completed, failed or ignored.
  std::optional<numbers> values;                ///< Absent: those of its last report count.
};
/// The trial goes on unless it is answered otherwise.
struct report {
  trial_id trial;
  iteration_number iteration = 0;
  numbers values;
};
struct best {};    ///< Which trial is it?
struct pending {}; ///< Which trials were asked for and have not ended?

using command = std::variant<ask, tell, report, best, pending>;

// ---- Answered.

/// To an ask, one for each configuration.
struct proposed {
  trial_id trial;
  config values;
  iteration_number after = 0; ///< The trial was paused after this iteration, and goes on there; 0: it begins.
  trial_id from = {};         ///< With a copy of this one's state, instead of its own; 0: with its own.
};
/// To an ask, after the last configuration if those are fewer than were asked for.
struct no_more {
  bool for_good = true; ///< The space is exhausted; else there may be more after further tells.
  std::string reason;
};
struct told {
  trial_id trial;
};
struct decided {
  trial_id trial;
  decision what;
};
struct candidate {
  trial_id trial;
  config values;
  numbers results;
};
/// None has a result: nothing in it. One objective: the best. Several: those that no other is better than in all, by
/// the first objective.
struct best_found {
  std::vector<candidate> front;
};
struct open_trials {
  struct trial {
    trial_id id;
    config values;
    iteration_number iteration = 0; ///< Its last report; 0: none.
    trial_id from = {};             ///< As in `proposed`, until it reports.
  };
  std::vector<trial> running;
  std::vector<trial_id> paused; ///< An ask gives them back when they may go on.
};
struct refused {
  std::string why;
};

using answer = std::variant<proposed, no_more, told, decided, best_found, open_trials, refused>;

} // namespace tune::ask_tell
