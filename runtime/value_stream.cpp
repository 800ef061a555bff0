#include "runtime/value_stream.hpp"

#include <cfloat>
#include <cstring>
#include <limits>
#include <type_traits>

#include <caf/sec.hpp>

namespace runtime {
namespace {

constexpr std::size_t most_stack_bytes = 256u << 10; ///< Of the 8 MiB that a thread has as a rule.
constexpr std::size_t most_elements_in_a_byte = 8;   ///< Truth values; what takes no bytes at all can be no more:
constexpr std::size_t most_elements_of_nothing = 1'000'000;
/// Of the 16 bytes that x86's have, the others are not set.
constexpr std::size_t long_double_bytes = LDBL_MANT_DIG == 64 ? 10 : sizeof(long double);

caf::error too_short() {
  return caf::sec::end_of_stream;
}

caf::error wrong(const char* why) {
  return caf::make_error(caf::sec::invalid_argument, std::string(why));
}

/// Most significant byte first, as CAF has it.
template <class Integer>
caf::error write_integer(std::string& to, Integer x) {
  const auto bits = static_cast<std::make_unsigned_t<Integer>>(x);
  for (std::size_t i = sizeof bits; i > 0; --i)
    to += static_cast<char>(static_cast<std::uint64_t>(bits) >> (8 * (i - 1)) & 0xff);
  return caf::none;
}

template <class Integer>
caf::error read_integer(std::string_view& from, Integer& x) {
  if (from.size() < sizeof x)
    return too_short();
  std::uint64_t bits = 0;
  for (std::size_t i = 0; i < sizeof x; ++i)
    bits = bits << 8 | static_cast<unsigned char>(from[i]);
  x = static_cast<Integer>(static_cast<std::make_unsigned_t<Integer>>(bits));
  from.remove_prefix(sizeof x);
  return caf::none;
}

template <class Bits, class Number>
caf::error write_bits(std::string& to, Number x) {
  static_assert(sizeof(Bits) == sizeof x);
  Bits bits;
  std::memcpy(&bits, &x, sizeof x);
  return write_integer(to, bits);
}

template <class Bits, class Number>
caf::error read_bits(std::string_view& from, Number& x) {
  static_assert(sizeof(Bits) == sizeof x);
  Bits bits = 0;
  if (auto failure = read_integer(from, bits))
    return failure;
  std::memcpy(&x, &bits, sizeof x);
  return caf::none;
}

} // namespace

// ---- Out.

value_writer::value_writer(std::string& to, caf::execution_unit* context) : caf::serializer(context), to_(to) {
}

caf::error value_writer::begin_object(std::uint16_t& type, std::string& name) {
  if (auto failure = apply_impl(type))
    return failure;
  return type != 0 ? caf::error{} : apply_impl(name);
}

caf::error value_writer::end_object() {
  return caf::none;
}

/// Seven bits a byte, the lowest first; the highest bit says that there are more.
caf::error value_writer::begin_sequence(std::size_t& size) {
  if (size > std::numeric_limits<std::uint32_t>::max())
    return wrong("more than 4294967295 elements");
  auto rest = size;
  for (; rest > 0x7f; rest >>= 7)
    to_ += static_cast<char>((rest & 0x7f) | 0x80);
  to_ += static_cast<char>(rest);
  return caf::none;
}

caf::error value_writer::end_sequence() {
  return caf::none;
}

caf::error value_writer::apply_raw(std::size_t count, void* data) {
  to_.append(static_cast<const char*>(data), count);
  return caf::none;
}

caf::error value_writer::apply_impl(std::int8_t& x) {
  return write_integer(to_, x);
}
caf::error value_writer::apply_impl(std::uint8_t& x) {
  return write_integer(to_, x);
}
caf::error value_writer::apply_impl(std::int16_t& x) {
  return write_integer(to_, x);
}
caf::error value_writer::apply_impl(std::uint16_t& x) {
  return write_integer(to_, x);
}
caf::error value_writer::apply_impl(std::int32_t& x) {
  return write_integer(to_, x);
}
caf::error value_writer::apply_impl(std::uint32_t& x) {
  return write_integer(to_, x);
}
caf::error value_writer::apply_impl(std::int64_t& x) {
  return write_integer(to_, x);
}
caf::error value_writer::apply_impl(std::uint64_t& x) {
  return write_integer(to_, x);
}
caf::error value_writer::apply_impl(float& x) {
  return write_bits<std::uint32_t>(to_, x);
}
caf::error value_writer::apply_impl(double& x) {
  return write_bits<std::uint64_t>(to_, x);
}

caf::error value_writer::apply_impl(long double& x) {
  return apply_raw(long_double_bytes, &x);
}

caf::error value_writer::apply_impl(std::string& x) {
  auto size = x.size();
  if (auto failure = begin_sequence(size))
    return failure;
  to_ += x;
  return caf::none;
}

caf::error value_writer::apply_impl(std::u16string& x) {
  auto size = x.size();
  if (auto failure = begin_sequence(size))
    return failure;
  for (const auto each : x)
    (void)write_integer(to_, static_cast<std::uint16_t>(each));
  return caf::none;
}

caf::error value_writer::apply_impl(std::u32string& x) {
  auto size = x.size();
  if (auto failure = begin_sequence(size))
    return failure;
  for (const auto each : x)
    (void)write_integer(to_, static_cast<std::uint32_t>(each));
  return caf::none;
}

// ---- In.

value_reader::value_reader(std::string_view from, caf::execution_unit* context)
  : caf::deserializer(context),
    rest_(from),
    outermost_(__builtin_frame_address(0)) {
}

/// Whoever reads values in values comes by here once for each: a message begins with its types, a container with its
/// size.
bool value_reader::is_too_deep() const noexcept {
  const auto here = reinterpret_cast<std::uintptr_t>(__builtin_frame_address(0));
  const auto there = reinterpret_cast<std::uintptr_t>(outermost_);
  return (here < there ? there - here : here - there) > most_stack_bytes;
}

caf::error value_reader::begin_object(std::uint16_t& type, std::string& name) {
  if (auto failure = apply_impl(type))
    return failure;
  return type != 0 ? caf::error{} : apply_impl(name);
}

caf::error value_reader::end_object() {
  return caf::none;
}

caf::error value_reader::begin_sequence(std::size_t& size) {
  if (is_too_deep())
    return wrong("values in values, deeper than can be read");
  std::uint64_t read = 0;
  for (unsigned shift = 0;; shift += 7) {
    if (rest_.empty())
      return too_short();
    const auto byte = static_cast<unsigned char>(rest_.front());
    rest_.remove_prefix(1);
    read |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if (byte < 0x80)
      break;
    if (shift == 28)
      return wrong("a size of more than five bytes");
  }
  if (read > rest_.size() * most_elements_in_a_byte && read > most_elements_of_nothing)
    return too_short();
  size = read;
  return caf::none;
}

caf::error value_reader::end_sequence() {
  return caf::none;
}

caf::error value_reader::apply_raw(std::size_t count, void* data) {
  if (count > rest_.size())
    return too_short();
  if (count > 0) // An empty container may have no data.
    std::memcpy(data, rest_.data(), count);
  rest_.remove_prefix(count);
  return caf::none;
}

caf::error value_reader::apply_impl(std::int8_t& x) {
  return read_integer(rest_, x);
}
caf::error value_reader::apply_impl(std::uint8_t& x) {
  return read_integer(rest_, x);
}
caf::error value_reader::apply_impl(std::int16_t& x) {
  return read_integer(rest_, x);
}
caf::error value_reader::apply_impl(std::uint16_t& x) {
  return read_integer(rest_, x);
}
caf::error value_reader::apply_impl(std::int32_t& x) {
  return read_integer(rest_, x);
}
caf::error value_reader::apply_impl(std::uint32_t& x) {
  return read_integer(rest_, x);
}
caf::error value_reader::apply_impl(std::int64_t& x) {
  return read_integer(rest_, x);
}
caf::error value_reader::apply_impl(std::uint64_t& x) {
  return read_integer(rest_, x);
}
caf::error value_reader::apply_impl(float& x) {
  return read_bits<std::uint32_t>(rest_, x);
}
caf::error value_reader::apply_impl(double& x) {
  return read_bits<std::uint64_t>(rest_, x);
}

caf::error value_reader::apply_impl(long double& x) {
  x = 0;
  return apply_raw(long_double_bytes, &x);
}

caf::error value_reader::apply_impl(std::string& x) {
  std::size_t size = 0;
  if (auto failure = begin_sequence(size))
    return failure;
  if (size > rest_.size())
    return too_short();
  x.assign(rest_.substr(0, size));
  rest_.remove_prefix(size);
  return caf::none;
}

caf::error value_reader::apply_impl(std::u16string& x) {
  std::size_t size = 0;
  if (auto failure = begin_sequence(size))
    return failure;
  x.clear();
  for (; size > 0; --size) {
    std::uint16_t each = 0;
    if (auto failure = read_integer(rest_, each))
      return failure;
    x += static_cast<char16_t>(each);
  }
  return caf::none;
}

caf::error value_reader::apply_impl(std::u32string& x) {
  std::size_t size = 0;
  if (auto failure = begin_sequence(size))
    return failure;
  x.clear();
  for (; size > 0; --size) {
    std::uint32_t each = 0;
    if (auto failure = read_integer(rest_, each))
      return failure;
    x += static_cast<char32_t>(each);
  }
  return caf::none;
}

} // namespace runtime
