#pragma once

#include "runtime/base/result.hpp"
#include "runtime/net/tls_session.hpp"

#include <string>

namespace runtime {

/// The token's file: 64 hexadecimal digits and a newline, for nobody but its owner (mode 0600). One that others can
/// read is refused: whoever has the token can run programs on every node.

/// The token of an existing file. The error says what would be right; it never quotes what the file holds.
[[nodiscard]] result<cluster_token> load_token(const std::string& file);

/// The same, but makes a new random token if there is no file, and the directories above it. Survives power loss once
/// it has returned. Of several processes that do this at once one makes the token and all get it.
[[nodiscard]] result<cluster_token> create_or_load_token(const std::string& file);

/// `$XDG_STATE_HOME/caf-tune/token`, or under ~/.local/state when that is not set.
[[nodiscard]] result<std::string> default_token_file();
[[nodiscard]] result<std::string> default_token_file(const char* state_home, const char* home); ///< Null: not set.

/// 16 hexadecimal digits that tell clusters apart in files and messages, and tell nothing of the token.
[[nodiscard]] std::string fingerprint(const cluster_token& token);

} // namespace runtime
