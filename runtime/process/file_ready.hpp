#pragma once

#include "runtime/base/result.hpp"

#include <string>

namespace runtime {

// The file that tells scripts that leases can be granted.

/// At the start: that of an earlier process is removed, so that nobody takes it for this one's, and whether a new one
/// can be written is known before anything else is done.
[[nodiscard]] result<void> prepare_ready_file(const std::string& file);

/// It appears whole: it is written under another name first.
[[nodiscard]] result<void> write_ready_file(const std::string& file, const std::string& address);

} // namespace runtime
