#pragma once

#include <cstdint>
#include <string>

#include "tune/vocabulary.hpp"

namespace tune {

/// A whole checkpoint that an attempt has written, with its manifest.
struct checkpoint_ref {
  iteration_number iteration = 0; ///< What it was written after.
  attempt_number attempt = 0;     ///< Who wrote it.
  std::string node;               ///< Where it was written.
  std::string directory;          ///< Its path there. In the experiment's storage if that node sees it.
  bool in_storage = false;        ///< Whether `directory` is inside the experiment's storage.
  std::uint64_t bytes = 0;

  friend bool operator==(const checkpoint_ref& a, const checkpoint_ref& b) {
    return a.iteration == b.iteration && a.attempt == b.attempt && a.node == b.node && a.directory == b.directory &&
           a.in_storage == b.in_storage && a.bytes == b.bytes;
  }
};

/// Of another trial: what a trial goes on from that has none of its own yet for its present values.
struct lent_checkpoint {
  trial_id donor;
  checkpoint_ref checkpoint;
};

/// The result that a checkpoint was written after.
struct checkpoint_result {
  double loss = 0;         ///< Less is better; NaN: none is known.
  double time_total_s = 0; ///< Of the trial, until then.
};

} // namespace tune
