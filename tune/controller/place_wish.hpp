#pragma once

#include <string>

#include "tune/scheduler/resource_room.hpp"

namespace tune {

/// Where an attempt wants to run, and with how much.
struct place_wish {
  std::string avoid_node;      ///< Another one first. Empty: none.
  bool waits_for_node = false; ///< What fits on no node waits for one to come.
  trial_size size = 1;
};

} // namespace tune
