#pragma once

#include <string>

namespace tune {

/// Where an attempt wants to run.
struct place_wish {
  std::string avoid_node;      ///< Another one first. Empty: none.
  bool waits_for_node = false; ///< What fits on no node waits for one to come.
};

} // namespace tune
