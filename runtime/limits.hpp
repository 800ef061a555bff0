#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include <fmt/format.h>

namespace runtime {

/// The most that one message, one task's arguments or its result may take.
inline constexpr std::size_t most_message_bytes = 16u << 20;

/// The most that messages which travel together may take: the largest one, and what has gathered beside it.
inline constexpr std::size_t most_batch_bytes = 2 * most_message_bytes;

/// The longest deadline that can be asked for: what is longer is a mistake, and might not fit into the time that is
/// counted with.
inline constexpr std::chrono::hours most_deadline(24 * 365);

/// The text of errc::too_large.
inline std::string too_large_message(const std::string& what, std::size_t bytes,
                                     std::size_t limit = most_message_bytes) {
  return fmt::format(
    "{} takes {} bytes, more than the limit of {} ({} MiB); put what is large into a file or store and "
    "pass its name, or split it into several messages",
    what, bytes, limit, limit >> 20);
}

} // namespace runtime
