#pragma once

#include <chrono>

namespace runtime {

/// When an owner gives up a dial. The middleman's own deadline is shorter; this one is for a middleman that is gone.
inline constexpr std::chrono::seconds dial_deadline{10};

} // namespace runtime
