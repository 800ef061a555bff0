#pragma once

#include <stdexcept>
#include <string>

#include <fmt/format.h>

namespace runtime {

/// A mistake of our own. Whoever catches it never uses the core again: the shell ends its process or experiment.
struct broken_invariant : std::logic_error {
  using std::logic_error::logic_error;
};

[[noreturn]] void break_invariant(const char* condition, const char* file, int line, const std::string& details);

} // namespace runtime

/// On in every build. Nothing that arrives from outside may reach it: that is checked before.
#define CAF_TUNE_INVARIANT(condition, ...)                                                                             \
  do {                                                                                                                 \
    if (!(condition))                                                                                                  \
      ::runtime::break_invariant(#condition, __FILE__, __LINE__, ::fmt::format(__VA_ARGS__));                          \
  } while (false)
