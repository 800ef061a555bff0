#pragma once

namespace tune {

/// The standard normal distribution: how much of it lies below z, and below which z lies the share p in (0, 1).
double normal_share_below(double z) noexcept;
double normal_quantile(double p) noexcept;

} // namespace tune
