#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

/// One TLS record, as anybody sees it who reads the network.
struct tls_record {
  enum class type : std::uint8_t { change_cipher_spec = 20, alert = 21, handshake = 22, application_data = 23 };
  type what;
  std::size_t size; ///< Without its header.
};

/// What one side of a connection said, cut into records. Bytes that are no record, or the beginning of one that never
/// ended, are `rest`.
struct tls_records {
  std::vector<tls_record> all;
  std::size_t rest = 0;

  explicit tls_records(const std::string& said) {
    std::size_t at = 0;
    while (said.size() - at >= 5) {
      const auto byte = [&](std::size_t i) { return static_cast<std::uint8_t>(said[at + i]); };
      const std::size_t size = byte(3) << 8u | byte(4);
      const bool is_record = byte(0) >= 20 && byte(0) <= 23 && byte(1) == 3 && (byte(2) == 1 || byte(2) == 3) &&
                             size > 0 && size <= 16384 + 256;
      if (!is_record || said.size() - at - 5 < size)
        break;
      all.push_back({tls_record::type{byte(0)}, size});
      at += 5 + size;
    }
    rest = said.size() - at;
  }

  /// One hello in the clear, and from then on nothing but what is encrypted. (TLS 1.3 encrypts the rest of its
  /// handshake and its alerts as application data; an empty "change cipher spec" is there for the sake of old middle
  /// boxes.)
  bool is_hello_and_then_encrypted() const {
    if (all.empty() || rest != 0 || all[0].what != tls_record::type::handshake)
      return false;
    for (std::size_t i = 1; i < all.size(); ++i)
      if (all[i].what != tls_record::type::application_data &&
          !(all[i].what == tls_record::type::change_cipher_spec && all[i].size == 1))
        return false;
    return true;
  }
};
