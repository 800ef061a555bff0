#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tune {

/// A segment of a journal, byte by byte; numbers are little-endian:
///
///   "CAFTUNEJ"  the format's version, 4 bytes
///   frames:     kind, 1 byte, above the payload's size, 3 bytes; CRC32C of these 4 bytes and the payload; the payload
///
/// The first frame is the header. What is written and synced in one go (a group) begins with a mark, which says how
/// many bytes of the file had been synced by then: whatever is broken before that was whole once, and is damage;
/// whatever is broken behind the last such place may be what a crash left of a write, and is a torn tail.
namespace segment_format {

inline constexpr char magic[] = "CAFTUNEJ";
inline constexpr std::uint32_t version = 1;
inline constexpr std::size_t preamble_bytes = 12;
inline constexpr std::size_t frame_head_bytes = 8;
inline constexpr std::size_t most_payload_bytes = (1u << 24) - 1;

enum class frame_kind : std::uint8_t { header = 1, record = 2, mark = 3 };

void append_preamble(std::string& out);
/// The payload has 1 to most_payload_bytes.
void append_frame(frame_kind kind, std::string_view payload, std::string& out);
void append_mark(std::uint64_t synced_bytes, std::string& out);

inline constexpr char mark_word[] = "synced->"; ///< A mark's payload: this, and 8 bytes of a number.
inline constexpr std::size_t mark_payload_bytes = 16;

[[nodiscard]] std::uint64_t read_number(std::string_view bytes) noexcept; ///< At most 8 bytes.
/// Whether the frame's checksum is right; `head` has frame_head_bytes.
[[nodiscard]] bool is_whole(std::string_view head, std::string_view payload) noexcept;

/// "000007.segment"; and back, 0 for a file that is no segment.
[[nodiscard]] std::string file_name(std::uint64_t number);
[[nodiscard]] std::uint64_t number_of(std::string_view file_name) noexcept;

} // namespace segment_format
} // namespace tune
