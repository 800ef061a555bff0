#include "tune/journal/record_fields_wire.hpp"

#include <chrono>

#include <fmt/format.h>

namespace tune::record_wire {

using std::chrono::nanoseconds;

std::int64_t unix_ns_of(record::wall_time at) {
  return std::chrono::duration_cast<nanoseconds>(at.time_since_epoch()).count();
}

record::wall_time time_from(std::int64_t unix_ns) {
  return record::wall_time(std::chrono::duration_cast<record::wall_time::duration>(nanoseconds(unix_ns)));
}

result<void> check_trial(std::uint64_t trial) {
  if (trial == 0)
    return fail(errc::invalid_argument, "trial: they are numbered from 1");
  return {};
}

result<void> check_attempt(std::uint64_t trial, attempt_number attempt) {
  if (trial != 0 && attempt == 0)
    return fail(errc::invalid_argument, "attempt: they are numbered from 1");
  return check_trial(trial);
}

result<void> check_iteration(const char* what, iteration_number iteration, iteration_number least) {
  if (iteration < least)
    return fail(errc::invalid_argument, fmt::format("{}: {} is less than {}", what, iteration, least));
  return {};
}

} // namespace tune::record_wire
