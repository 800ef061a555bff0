#pragma once

#include "tests/simulation/simulated_cluster.hpp"

namespace sim {

// What must hold between any two events, each by itself.

/// I1: on each node, what is held on its own book, what is held there on the head's book, and what its processes really
/// have, is never more than it has.
check no_node_overbooked();

/// A lease that a node holds is on the books of the head that counts this start of the node as living, and it is the
/// same one on both; but for one that this head dropped when it declared the node lost, which the node must still be
/// told.
check head_knows_what_is_held();

/// No work runs in two places. Holds only where no link breaks without silence: an owner, or a head, that has lost a
/// link gives up what it cannot see any more.
check no_work_runs_twice();

} // namespace sim
