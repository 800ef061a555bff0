#include "runtime/net/key_derivation.hpp"

#include "runtime/base/invariant.hpp"

#include <openssl/core_names.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <fmt/format.h>

namespace runtime {

std::array<std::uint8_t, 32> derive_key(const cluster_token& token, std::string_view purpose) {
  auto* kdf = EVP_KDF_fetch(nullptr, "HKDF", nullptr);
  auto* state = EVP_KDF_CTX_new(kdf);
  char digest[] = "SHA256";
  const OSSL_PARAM parameters[] = {
    OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest, 0),
    OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, const_cast<std::uint8_t*>(token.data()), token.size()),
    OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, const_cast<char*>(purpose.data()), purpose.size()),
    OSSL_PARAM_construct_end(),
  };
  std::array<std::uint8_t, 32> key{};
  const bool derived = state != nullptr && EVP_KDF_derive(state, key.data(), key.size(), parameters) == 1;
  EVP_KDF_CTX_free(state);
  EVP_KDF_free(kdf);
  CAF_TUNE_INVARIANT(derived, "OpenSSL has no HKDF");
  return key;
}

std::string fingerprint(const cluster_token& token) {
  return hex_of(derive_key(token, "caf-tune cluster fingerprint v1").data(), 8);
}

std::string hex_of(const std::uint8_t* bytes, std::size_t count) {
  std::string digits;
  for (std::size_t i = 0; i < count; ++i)
    digits += fmt::format("{:02x}", bytes[i]);
  return digits;
}

good_token named(const cluster_token& token) {
  return {token, fingerprint(token)};
}

} // namespace runtime
