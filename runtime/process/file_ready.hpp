#pragma once

#include "runtime/base/result.hpp"

#include <string>

namespace runtime {

/// The file that tells scripts that leases can be granted. It appears whole: it is written under another name first.
[[nodiscard]] result<void> write_ready_file(const std::string& file, const std::string& address);

} // namespace runtime
