#pragma once

#include <chrono>
#include <cstdint>
#include <memory>

#include "tune/config.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// How a trial that nobody runs goes: what it would report, and how long that would take. It is the same whenever it is
/// asked for, so that an attempt that goes on elsewhere does again what an earlier one did.
class trial_curve {
public:
  virtual ~trial_curve() = default;
  virtual metrics at(iteration_number iteration) const = 0; ///< From 1. {"done", true} among it: it was the last.
  virtual std::chrono::nanoseconds time(iteration_number iteration) const = 0;
};

/// What stands for the user's program in a simulation.
class trial_model {
public:
  virtual ~trial_model() = default;
  /// `seed`: of what is drawn for the trial. The model outlives the curve.
  virtual std::unique_ptr<trial_curve> curve_of(trial_id trial, const config& values, std::uint64_t seed) const = 0;
};

} // namespace tune
