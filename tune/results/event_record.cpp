#include "tune/results/event_record.hpp"

#include "tune/journal/crc32c.hpp"

#include <cstring>
#include <limits>

namespace tune {
namespace {

template <class Integer>
void append_little_endian(std::string& to, Integer x) {
  for (std::size_t i = 0; i < sizeof x; ++i)
    to += static_cast<char>(x >> (8 * i));
}

std::uint64_t read_little_endian(std::string_view bytes, std::size_t size) {
  std::uint64_t x = 0;
  for (std::size_t i = 0; i < size; ++i)
    x |= static_cast<std::uint64_t>(static_cast<unsigned char>(bytes[i])) << (8 * i);
  return x;
}

void append_varint(std::string& to, std::uint64_t x) {
  for (; x >= 0x80; x >>= 7)
    to += static_cast<char>(x | 0x80);
  to += static_cast<char>(x);
}

std::size_t varint_size(std::uint64_t x) {
  std::size_t size = 1;
  for (; x >= 0x80; x >>= 7)
    ++size;
  return size;
}

template <class Float, class Bits>
void append_float(std::string& to, Float x) {
  Bits bits;
  static_assert(sizeof bits == sizeof x);
  std::memcpy(&bits, &x, sizeof x);
  append_little_endian(to, bits);
}

// Tags of the fields: number << 3 | wire type.
constexpr char event_wall_time = 1 << 3 | 1;
constexpr char event_step = 2 << 3 | 0;
constexpr char event_file_version = 3 << 3 | 2;
constexpr char event_summary = 5 << 3 | 2;
constexpr char summary_value = 1 << 3 | 2;
constexpr char value_tag = 1 << 3 | 2;
constexpr char value_simple = 2 << 3 | 5;

/// Puts the length and the checksums around the message that `to` ends with; room for the header was left.
void finish_record(std::string& to, std::size_t begin) {
  const auto message = std::string_view(to).substr(begin + event_header_bytes);
  const auto checksum = masked_crc32c(message);
  std::string header;
  append_little_endian(header, static_cast<std::uint64_t>(message.size()));
  append_little_endian(header, masked_crc32c(header));
  to.replace(begin, event_header_bytes, header);
  append_little_endian(to, checksum);
}

std::size_t value_size(const scalar& x) {
  return 1 + varint_size(x.tag.size()) + x.tag.size() + 5;
}

} // namespace

std::uint32_t masked_crc32c(std::string_view bytes) noexcept {
  const auto crc = crc32c(bytes);
  return ((crc >> 15) | (crc << 17)) + 0xa282ead8u;
}

std::string event_file_begin(double wall_time_s) {
  constexpr std::string_view version = "brain.Event:2";
  std::string record(event_header_bytes, '\0');
  record += event_wall_time;
  append_float<double, std::uint64_t>(record, wall_time_s);
  record += event_file_version;
  append_varint(record, version.size());
  record += version;
  finish_record(record, 0);
  return record;
}

void append_event(std::string& to, double wall_time_s, std::int64_t step, const std::vector<scalar>& scalars) {
  const auto begin = to.size();
  to.append(event_header_bytes, '\0');
  to += event_wall_time;
  append_float<double, std::uint64_t>(to, wall_time_s);
  to += event_step;
  append_varint(to, static_cast<std::uint64_t>(step));
  std::size_t summary_size = 0;
  for (const auto& each : scalars)
    summary_size += 1 + varint_size(value_size(each)) + value_size(each);
  to += event_summary;
  append_varint(to, summary_size);
  for (const auto& each : scalars) {
    to += summary_value;
    append_varint(to, value_size(each));
    to += value_tag;
    append_varint(to, each.tag.size());
    to += each.tag;
    to += value_simple;
    append_float<float, std::uint32_t>(to, each.number);
  }
  finish_record(to, begin);
}

std::uint64_t event_length(std::string_view header) noexcept {
  if (header.size() < event_header_bytes ||
      read_little_endian(header.substr(8), 4) != masked_crc32c(header.substr(0, 8)))
    return std::numeric_limits<std::uint64_t>::max();
  return read_little_endian(header, 8);
}

} // namespace tune
