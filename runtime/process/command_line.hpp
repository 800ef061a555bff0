#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "runtime/base/result.hpp"

namespace CLI {
class App;
}

namespace runtime {

inline constexpr int exit_failure = 1;     ///< It could not be done.
inline constexpr int exit_wrong_usage = 2; ///< The command line was wrong.

/// Reads the command line into what the app's options are bound to. `--help` and `--version` print and end the
/// process with 0; what is wrong is printed, one line a mistake, and ends it with exit_wrong_usage.
void read_command_line(CLI::App& app, int argc, char** argv);

/// Prints "program: mistake" for each and ends the process with exit_wrong_usage, if there are any.
void end_if_wrong(const std::string& program, const std::vector<std::string>& mistakes);

/// 0 to 65535, in digits and nothing else.
[[nodiscard]] result<std::uint16_t> parse_port(std::string_view text);

/// A name or an address, without the brackets of an IPv6 one.
[[nodiscard]] result<std::string> parse_host(std::string_view text);

/// "HOST:PORT" or "[v6]:PORT", as two.
[[nodiscard]] result<std::pair<std::string, std::uint16_t>> parse_address(std::string_view text);

/// A name that people give: 1 to 63 characters of UTF-8 without spaces, quotes and control characters. `what`: "a
/// name".
[[nodiscard]] result<void> check_word(std::string_view text, const char* what);

[[nodiscard]] result<void> check_path(const std::string& path); ///< Not empty.
[[nodiscard]] result<void> check_log_level(const std::string& level);

/// The same error with the flag that it is about before it: --host, or the one that chose the port.
[[nodiscard]] error about_listening(const std::string& port_flag, error why);

/// "name=value", as two; the name is not empty.
[[nodiscard]] result<std::pair<std::string, std::string>> parse_name_and_value(std::string_view text);

} // namespace runtime
