#pragma once

#include <chrono>

#include "tests/simulation/simulated_search.hpp"

namespace sim {

// What goes wrong with a search, each by itself, so that they combine.

/// The driver is killed, and started again at most that long after.
search_fault driver_deaths(std::chrono::nanoseconds every, std::chrono::nanoseconds longest);

/// The user has it end in good order, and starts it again.
search_fault interruptions(std::chrono::nanoseconds every);

/// In the midst of something that is written the power of the whole machine goes, for at most that long.
search_fault power_losses(std::chrono::nanoseconds every, std::chrono::nanoseconds longest);

/// The disk has no room for at most that long.
search_fault full_disks(std::chrono::nanoseconds every, std::chrono::nanoseconds longest);

/// For at most that long some of what is written, synced or read fails. What could not be synced is lost.
search_fault disk_errors(std::chrono::nanoseconds every, std::chrono::nanoseconds longest);

/// A bit of a checkpoint changes for good.
search_fault rotting_checkpoints(std::chrono::nanoseconds every);

/// For at most that long some of what is read from the journal has another bit: also when a driver opens it.
search_fault flipped_bits(std::chrono::nanoseconds every, std::chrono::nanoseconds longest);

/// For at most that long everything on the disk takes up to three seconds.
search_fault slow_disks(std::chrono::nanoseconds every, std::chrono::nanoseconds longest);

/// A worker is killed.
search_fault killed_workers(std::chrono::nanoseconds every);

/// A node is lost to the driver, while its workers may run on for seconds.
search_fault lost_nodes(std::chrono::nanoseconds every);

/// For at most that long half of what attempts tell comes a second time, up to eight seconds later.
search_fault repeated_news(std::chrono::nanoseconds every, std::chrono::nanoseconds longest);

/// The user wants something of a trial.
search_fault user_orders(std::chrono::nanoseconds every);

/// The cluster becomes larger or smaller.
search_fault other_places(std::chrono::nanoseconds every);

/// The wall clock jumps by up to a day.
search_fault clock_jumps(std::chrono::nanoseconds every);

} // namespace sim
