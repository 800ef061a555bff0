#pragma once

#include <string>

namespace runtime {

/// This machine's address on the way to a host, given in numbers; with "" on the way to the world. Nothing is sent.
/// "127.0.0.1" where there is no way.
[[nodiscard]] std::string own_address_towards(const std::string& host);

/// Whether it says to listen on every address, "0.0.0.0" or "::": nobody can be reached there.
[[nodiscard]] bool is_wildcard(const std::string& host);

} // namespace runtime
