#pragma once

#include "tune/domain.hpp"

namespace tune {

/// Values of a domain without mistakes as numbers in [0, 1], for searchers that know nothing of domains: there every
/// value is as likely as every other. Of finitely many values each owns an interval, which is equally wide if the scale
/// is linear, and lies in its middle (Optuna's scheme). Sampled parameters have no such numbers: 0.5.
double to_unit(const domain& x, const value& what);
/// The value in whose interval u lies; u outside of [0, 1] is taken for the nearer end.
value from_unit(const domain& x, double u);

} // namespace tune
