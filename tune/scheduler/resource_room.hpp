#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tune/vocabulary.hpp"

namespace tune {

/// How many times the resources that it declares a trial has; at least 1.
using trial_size = std::uint32_t;

/// What a cluster has for the trials of an experiment, in places: one place is what a trial declares, and a trial of
/// size 3 takes three of one part. What others than the experiment hold is not among them.
struct cluster_room {
  struct part { ///< A node; or a device of one, where a trial wants less than a whole gpu.
    std::string node;
    std::uint32_t places = 0;

    friend bool operator==(const part& a, const part& b) { return a.node == b.node && a.places == b.places; }
  };
  std::vector<part> parts;
  bool is_wanted = false; ///< Others than the experiment wait for something that would fit.

  friend bool operator==(const cluster_room& a, const cluster_room& b) {
    return a.parts == b.parts && a.is_wanted == b.is_wanted;
  }
  friend bool operator!=(const cluster_room& a, const cluster_room& b) { return !(a == b); }
};

/// The same, and who needs it.
struct resource_room {
  struct holder {
    trial_id trial;
    trial_size size = 1;
    std::string node; ///< Empty: it waits for its place.
  };
  cluster_room cluster;
  std::vector<holder> holders; ///< The trials that run or wait, each once, ascending.
  std::uint64_t to_come = 0;   ///< So many more take a place each as soon as they can.
};

/// A trial gets another size.
struct resizing {
  trial_size size = 1;
  std::string reason;
};

} // namespace tune
