#pragma once

#include <memory>
#include <string>

#include <spdlog/fwd.h>

namespace runtime {

/// A log on standard error, from this level on: "trace", "debug", "info", "warn", "error", "critical" or "off".
[[nodiscard]] std::shared_ptr<spdlog::logger> make_log(const std::string& level);

} // namespace runtime
