#include "tune/results/event_record.hpp"

#include <array>
#include <cstring>
#include <limits>

namespace tune {
namespace {

using tables = std::array<std::array<std::uint32_t, 256>, 8>;

/// Table k says what a byte does to the checksum when k more bytes follow it ("slicing by 8").
constexpr tables make_tables() {
  tables t{};
  for (std::uint32_t i = 0; i < 256; ++i) {
    std::uint32_t crc = i;
    for (int bit = 0; bit < 8; ++bit)
      crc = (crc >> 1) ^ ((crc & 1) != 0 ? 0x82f63b78u : 0u);
    t[0][i] = crc;
  }
  for (std::size_t k = 1; k < 8; ++k)
    for (std::size_t i = 0; i < 256; ++i)
      t[k][i] = (t[k - 1][i] >> 8) ^ t[0][t[k - 1][i] & 0xff];
  return t;
}

constexpr tables table = make_tables();

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

std::uint32_t crc32c(std::string_view bytes) noexcept {
  std::uint32_t crc = 0xffffffff;
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(bytes[i]); };
  while (bytes.size() >= 8) {
    crc ^= static_cast<std::uint32_t>(read_little_endian(bytes, 4));
    crc = table[7][crc & 0xff] ^ table[6][(crc >> 8) & 0xff] ^ table[5][(crc >> 16) & 0xff] ^ table[4][crc >> 24] ^
          table[3][byte(4)] ^ table[2][byte(5)] ^ table[1][byte(6)] ^ table[0][byte(7)];
    bytes.remove_prefix(8);
  }
  for (const char c : bytes)
    crc = (crc >> 8) ^ table[0][(crc ^ static_cast<unsigned char>(c)) & 0xff];
  return ~crc;
}

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
