#pragma once

#include <cstdint>
#include <string_view>

namespace tune {

/// The Castagnoli checksum (RFC 3720, appendix B.4), of `bytes` after those that gave `before`.
[[nodiscard]] std::uint32_t crc32c(std::string_view bytes, std::uint32_t before = 0) noexcept;

} // namespace tune
