#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <functional>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "runtime/base/result.hpp"

namespace runtime {

/// A SHA-256 digest. All zero names nothing. It is only a value: digests are made in file_digest.hpp.
struct sha256 {
  std::array<std::uint8_t, 32> value{};

  explicit operator bool() const noexcept { return *this != sha256{}; }
  /// The 32 bytes, as messages carry them.
  std::string_view bytes() const noexcept { return {reinterpret_cast<const char*>(value.data()), value.size()}; }

  friend bool operator==(const sha256& a, const sha256& b) noexcept { return a.value == b.value; }
  friend bool operator!=(const sha256& a, const sha256& b) noexcept { return a.value != b.value; }
  friend bool operator<(const sha256& a, const sha256& b) noexcept { return a.value < b.value; }
};

/// 64 lower-case hexadecimal digits.
[[nodiscard]] std::string to_hex(const sha256& digest);
[[nodiscard]] result<sha256> parse_sha256(std::string_view hex);
[[nodiscard]] result<sha256> sha256_from_bytes(std::string_view bytes); ///< What bytes() gave: exactly 32.

} // namespace runtime

template <>
struct std::hash<runtime::sha256> {
  std::size_t operator()(const runtime::sha256& digest) const noexcept {
    std::size_t start = 0; // A digest is as good as random already.
    std::memcpy(&start, digest.value.data(), sizeof start);
    return start;
  }
};

template <>
struct fmt::formatter<runtime::sha256> : fmt::formatter<std::string> {
  template <class Context>
  auto format(const runtime::sha256& digest, Context& context) const {
    return fmt::formatter<std::string>::format(runtime::to_hex(digest), context);
  }
};
