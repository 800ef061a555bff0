#pragma once

#include <chrono>

#include "tests/simulation/simulated_cluster.hpp"

namespace sim {

// What goes wrong, each by itself, so that they combine. Which machines it hits is drawn anew each time.

/// The connections of two machines end. What is on its way partly arrives: so things are repeated that were heard.
fault link_breaks(std::chrono::nanoseconds every);

/// As before, but one of the two learns of it seconds after the other has dialled again, and still hears old messages.
fault half_open_links(std::chrono::nanoseconds every);

/// Nothing passes between two machines, one way or both; what was sent arrives late.
fault partitions(std::chrono::nanoseconds every, std::chrono::nanoseconds longest);

/// Nothing passes between one node and all others.
fault isolations(std::chrono::nanoseconds every, std::chrono::nanoseconds longest);

/// A node dies with its workers and starts anew, as the same node, after at most that long.
fault node_deaths(std::chrono::nanoseconds every, std::chrono::nanoseconds longest);

/// The head dies and is started anew, on the same state, after at most that long.
fault head_deaths(std::chrono::nanoseconds every, std::chrono::nanoseconds longest);

/// An owner dies, and after at most that long another one begins on its machine.
fault owner_deaths(std::chrono::nanoseconds every, std::chrono::nanoseconds longest);

/// As before, but it ends in good order.
fault owner_departures(std::chrono::nanoseconds every, std::chrono::nanoseconds longest);

/// A node is told to leave the cluster in good order, and started anew at most that long after it was told: also when
/// it has not left yet.
fault drains(std::chrono::nanoseconds every, std::chrono::nanoseconds longest);

/// For half a second each other message between actors is sent twice.
fault repeated_messages(std::chrono::nanoseconds every);

/// A worker process ends under its work.
fault worker_crashes(std::chrono::nanoseconds every);

} // namespace sim
