#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace tune {

/// What the command line of a program says about its experiment.
struct session_flags {
  std::optional<std::string> storage, name;
  std::optional<std::uint64_t> samples, seed;
  bool resume = false;
  bool json = false;
  bool quiet = false;
  std::vector<std::string> rest; ///< What else is there, in order.
  /// Every mistake, as "--samples: \"x\" is not a number": flags without value or twice, and, if `refuse_rest`, what
  /// nobody expects.
  std::vector<std::string> mistakes;
};

[[nodiscard]] session_flags read_session_flags(const std::vector<std::string>& words, bool refuse_rest);

/// For --help.
extern const char* const session_flags_help;

} // namespace tune
