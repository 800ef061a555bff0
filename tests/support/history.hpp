#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

/// What is known of an experiment after a storm, real or simulated, from three sides that did not agree on it: what its
/// trainables wrote down themselves, what its drivers said was safe, and its journal. And what must be true of it.
namespace history {

using iteration_number = std::int64_t;

/// A run of a trial. The trial's name is whatever all three sides call it.
struct attempt {
  std::string trial;
  std::uint64_t number = 0;

  friend bool operator<(const attempt& a, const attempt& b) {
    return std::tie(a.trial, a.number) < std::tie(b.trial, b.number);
  }
  friend bool operator==(const attempt& a, const attempt& b) { return a.trial == b.trial && a.number == b.number; }
};

// ---- What a trainable wrote down, itself and at once.

/// It has begun, on that node, and found a checkpoint's content to be of this iteration; 0: it was given none.
struct began {
  attempt by;
  std::string node; ///< Empty: unknown.
  iteration_number from = 0;
};

/// It has done an iteration, and is about to report it.
struct performed {
  attempt by;
  iteration_number iteration = 0;
};

using deed = std::variant<began, performed>;

// ---- What a driver said.

/// This result is on disk.
struct acknowledged {
  std::string trial;
  iteration_number iteration = 0;
};

// ---- What is in the journal.

struct started {
  attempt what;
  iteration_number from = 0;
  std::string lender; ///< Whose checkpoint it restores; empty: its own trial's.
};

struct counted {
  attempt by;
  iteration_number iteration = 0;
  bool has_checkpoint = false;
};

struct saved { ///< A checkpoint.
  attempt by;
  iteration_number iteration = 0;
};

struct ended {
  attempt what;
};

struct trial_ended {
  std::string trial;
};

using record = std::variant<started, counted, saved, ended, trial_ended>;

/// All of it. What is not known is left out: then nothing is decided from it.
struct storm {
  std::vector<deed> deeds; ///< In one order for all, as they were done.
  std::vector<acknowledged> acknowledgements;
  std::vector<record> journal;              ///< As it is after all of it.
  std::map<std::string, std::size_t> slots; ///< How many attempts a node has room for.
};

enum class rule {
  no_node_overbooked = 1, ///< I1
  counted_once = 2,       ///< I2
  one_attempt = 3,        ///< I3
  whole_checkpoints = 4,  ///< I4
  nothing_lost = 5,       ///< I5
};

struct violation {
  rule which = rule::counted_once;
  std::string what; ///< In words, with the trial, the attempt and the iteration.
};

/// What was found, and how much there was to decide from.
struct judgement {
  std::vector<violation> violations;
  std::size_t placed = 0;       ///< Deeds of attempts whose node and its room are known (I1).
  std::size_t counted = 0;      ///< Results (I2, I3).
  std::size_t restored = 0;     ///< Attempts that found a checkpoint (I4).
  std::size_t acknowledged = 0; ///< Results that were said to be on disk (I5).
};

/// Decides from a storm whether
///   I1  no more attempts were at work on a node, at any instant between two deeds, than it has room for;
///   I2  the results of each trial are counted from 1 on, each once, and each was really performed by its attempt;
///   I3  only the newest attempt of a trial is counted, and only until it or its trial has ended;
///   I4  each attempt has found the whole of the checkpoint that it was told to restore, and that had been counted
///       before; or it began anew;
///   I5  whatever was acknowledged is counted.
/// An attempt is at work from its first to its last deed: what it holds before and after is not seen.
[[nodiscard]] judgement judge(const storm& all);

std::string to_text(const std::vector<violation>& all); ///< A line for each.

} // namespace history
