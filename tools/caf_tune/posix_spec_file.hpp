#pragma once

#include <string>

#include "tune/vocabulary.hpp"

namespace tools {

/// The text of a spec file, of 16 MiB at most; also from a pipe.
[[nodiscard]] tune::result<std::string> read_spec_file(const std::string& path);

} // namespace tools
