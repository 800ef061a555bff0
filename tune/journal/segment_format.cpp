#include "tune/journal/segment_format.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "runtime/base/invariant.hpp"
#include "tune/journal/crc32c.hpp"

namespace tune::segment_format {
namespace {

constexpr std::string_view ending = ".segment";

void append_number(std::uint64_t number, std::size_t bytes, std::string& out) {
  for (std::size_t i = 0; i < bytes; ++i)
    out += static_cast<char>((number >> (8 * i)) & 0xff);
}

} // namespace

void append_preamble(std::string& out) {
  out.append(magic, 8);
  append_number(version, 4, out);
}

void append_frame(frame_kind kind, std::string_view payload, std::string& out) {
  CAF_TUNE_INVARIANT(!payload.empty() && payload.size() <= most_payload_bytes, "a frame of {} bytes", payload.size());
  const auto start = out.size();
  append_number(payload.size() | std::uint64_t{static_cast<std::uint8_t>(kind)} << 24, 4, out);
  const auto head = crc32c(std::string_view(out).substr(start));
  append_number(crc32c(payload, head), 4, out);
  out += payload;
}

void append_mark(std::uint64_t synced_bytes, std::string& out) {
  std::string payload(mark_word, 8);
  append_number(synced_bytes, 8, payload);
  append_frame(frame_kind::mark, payload, out);
}

std::uint64_t read_number(std::string_view bytes) noexcept {
  std::uint64_t number = 0;
  for (std::size_t i = bytes.size(); i > 0; --i)
    number = number << 8 | static_cast<unsigned char>(bytes[i - 1]);
  return number;
}

bool is_whole(std::string_view head, std::string_view payload) noexcept {
  return crc32c(payload, crc32c(head.substr(0, 4))) == read_number(head.substr(4, 4));
}

std::string file_name(std::uint64_t number) {
  return fmt::format("{:06}{}", number, ending);
}

std::uint64_t number_of(std::string_view file_name) noexcept {
  if (file_name.size() < 6 + ending.size() || file_name.size() > 18 + ending.size() ||
      file_name.substr(file_name.size() - ending.size()) != ending)
    return 0;
  std::uint64_t number = 0;
  for (const char digit : file_name.substr(0, file_name.size() - ending.size())) {
    if (digit < '0' || digit > '9')
      return 0;
    number = number * 10 + static_cast<std::uint64_t>(digit - '0');
  }
  return number;
}

} // namespace tune::segment_format
