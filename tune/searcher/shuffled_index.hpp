#pragma once

#include <cstdint>

namespace tune {

/// Where `index` of 0 .. count - 1 goes in a shuffle that is fixed by the key: a Feistel network of four rounds with
/// cycle walking, so that nothing has to be kept of it.
std::uint64_t shuffled_index(std::uint64_t index, std::uint64_t count, std::uint64_t key) noexcept;

} // namespace tune
