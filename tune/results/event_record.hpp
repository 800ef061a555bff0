#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// What TensorBoard reads: files of records, each a length, its checksum, an Event message and its checksum
/// (tensorflow/core/lib/io/record_writer.h, tensorflow/core/util/event.proto, tensorflow/core/framework/summary.proto).
namespace tune {

/// CRC-32C as records hold it: so that the checksum of something that contains checksums is not degenerate.
std::uint32_t masked_crc32c(std::string_view bytes) noexcept;

/// The first record of each file: its version.
std::string event_file_begin(double wall_time_s);

struct scalar {
  std::string_view tag;
  float number;
};

/// A record with the scalars of one step.
void append_event(std::string& to, double wall_time_s, std::int64_t step, const std::vector<scalar>& scalars);

inline constexpr std::size_t event_header_bytes = 12; ///< Length and its checksum.
inline constexpr std::size_t event_footer_bytes = 4;
/// The length of the message of the record that begins with `header`; max: it is no such header.
std::uint64_t event_length(std::string_view header) noexcept;

} // namespace tune
