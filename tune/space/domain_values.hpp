#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tune/domain.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// The values of one domain without mistakes. Those of which there are finitely many have an index, from 0.
std::optional<std::uint64_t> count_of(const domain& x); ///< None: no end of them.
value value_at(const domain& x, std::uint64_t index);
std::optional<std::uint64_t> index_of(const domain& x, const value& what); ///< None: not one of them.

/// The value as the domain has it (1 becomes 1.0 among numbers), or why it has none such: "5 is above high 1".
[[nodiscard]] result<value> fitted(const domain& x, const value& what);

std::string description_of(const domain& x); ///< uniform(0, 1)

/// By its index: low + i * step, and exactly high at the end.
double stepped(const domain::numbers& x, std::uint64_t index);

} // namespace tune
