#pragma once

#include <cstdint>
#include <string>

#include "tune/ask_tell/ask_tell_messages.hpp"

namespace tune {

/// An answer of ask-tell as one line of JSON, which ends with a newline. `line`: of the command, for what is refused.
void append_answer(const ask_tell::answer& what, std::uint64_t line, std::string& out);

} // namespace tune
