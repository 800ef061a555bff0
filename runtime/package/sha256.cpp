#include "runtime/package/sha256.hpp"

namespace runtime {
namespace {

/// 16 for what is no lower-case hexadecimal digit.
unsigned value_of(char digit) noexcept {
  if (digit >= '0' && digit <= '9')
    return static_cast<unsigned>(digit - '0');
  if (digit >= 'a' && digit <= 'f')
    return static_cast<unsigned>(digit - 'a') + 10;
  return 16;
}

} // namespace

std::string to_hex(const sha256& digest) {
  constexpr char digits[] = "0123456789abcdef";
  std::string out;
  out.reserve(2 * digest.value.size());
  for (const auto byte : digest.value) {
    out += digits[byte >> 4];
    out += digits[byte & 15];
  }
  return out;
}

result<sha256> parse_sha256(std::string_view hex) {
  sha256 digest;
  bool good = hex.size() == 2 * digest.value.size();
  for (std::size_t i = 0; good && i < digest.value.size(); ++i) {
    const auto high = value_of(hex[2 * i]);
    const auto low = value_of(hex[2 * i + 1]);
    good = high < 16 && low < 16;
    digest.value[i] = static_cast<std::uint8_t>(high << 4 | low);
  }
  if (!good)
    return fail(errc::invalid_argument,
                fmt::format("\"{}\" is no SHA-256; it has 64 of the digits 0-9 and a-f", hex.substr(0, 80)));
  return digest;
}

result<sha256> sha256_from_bytes(std::string_view bytes) {
  sha256 digest;
  if (bytes.size() != digest.value.size())
    return fail(errc::invalid_argument,
                fmt::format("a SHA-256 has {} bytes, not {}", digest.value.size(), bytes.size()));
  std::memcpy(digest.value.data(), bytes.data(), bytes.size());
  return digest;
}

} // namespace runtime
