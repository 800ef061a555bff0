#pragma once

#include <cstdint>

#include "tune/journal/record.hpp"

/// The fields that many records have, as they are on disk and back, and what is checked of them.
namespace tune::record_wire {

std::int64_t unix_ns_of(record::wall_time at);
record::wall_time time_from(std::int64_t unix_ns);

[[nodiscard]] result<void> check_trial(std::uint64_t trial);
[[nodiscard]] result<void> check_attempt(std::uint64_t trial, attempt_number attempt);
[[nodiscard]] result<void> check_iteration(const char* what, iteration_number iteration, iteration_number least);

} // namespace tune::record_wire
