#pragma once

#include <cstdint>

#include "runtime/base/id.hpp"
#include "runtime/base/result.hpp"

/// The words that the tune layer takes over from the runtime, and its own ids.
namespace tune {

using runtime::errc;
using runtime::error;
using runtime::fail;
using runtime::failure;
using runtime::or_throw;
using runtime::result;

/// A trial of an experiment: its number, from 1, in the order of creation.
using trial_id = runtime::id<struct trial_tag>;

/// Which run of a trial: from 1; the fencing token. 0 names none.
using attempt_number = std::uint32_t;

/// Counts what a trial has reported: from 1. 0 is before the first.
using iteration_number = std::int64_t;

} // namespace tune
