#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "tune/vocabulary.hpp"

namespace tools {

/// How the program of an experiment is started again, to go on with what lies in `directory`: as it was started, with
/// --resume, and with --storage and --name of where the experiment lies now; with other samples if they are given.
[[nodiscard]] tune::result<std::vector<std::string>> resume_command(const std::vector<std::string>& started_with,
                                                                    const std::string& directory,
                                                                    std::optional<std::uint64_t> samples);

} // namespace tools
