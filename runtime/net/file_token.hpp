#pragma once

#include "runtime/base/result.hpp"
#include "runtime/net/token_ring.hpp"

#include <string>

namespace runtime {

/// The file of a cluster's tokens (token_text.hpp says what it holds), for nobody but its owner (mode 0600). One that
/// others can read is refused: whoever has a token can run programs on every node.

/// The tokens of an existing file. The error says what would be right; it never quotes what the file holds.
[[nodiscard]] result<token_ring> load_tokens(const std::string& file);

/// The same, but makes a new random token if there is no file, and the directories above it. Survives power loss once
/// it has returned. Of several processes that do this at once one makes the token and all get it.
[[nodiscard]] result<token_ring> create_or_load_tokens(const std::string& file);

/// Puts a newer ring in the place of what the file holds, seen whole or not at all, even after power loss; a symbolic
/// link stays one. A file whose ring is of the same generation or a newer one stays as it is: another process of this
/// machine was first. Errors: the file is not there any more, cannot be replaced (its directory must be writable), or
/// is another cluster's.
[[nodiscard]] result<void> save_tokens(const std::string& file, const token_ring& ring);

/// `$XDG_STATE_HOME/caf-tune/token`, or under ~/.local/state when that is not set.
[[nodiscard]] result<std::string> default_token_file();
[[nodiscard]] result<std::string> default_token_file(const char* state_home, const char* home); ///< Null: not set.

/// A token that nobody has had yet. An error only where the operating system has no random numbers.
[[nodiscard]] result<good_token> random_token();

} // namespace runtime
