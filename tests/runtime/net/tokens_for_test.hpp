#pragma once

#include "runtime/net/token_ring.hpp"

#include <cstdint>
#include <string>

/// Tokens that a test can tell apart.
namespace tokens_for_test {

/// Filled with the number; its name, unless another is given, is 16 times that digit and has nothing to do with it.
inline runtime::good_token token(std::uint8_t number, std::string fingerprint = {}) {
  runtime::cluster_token secret{};
  secret.fill(number);
  return {secret, fingerprint.empty() ? std::string(16, static_cast<char>('0' + number)) : std::move(fingerprint)};
}

} // namespace tokens_for_test
