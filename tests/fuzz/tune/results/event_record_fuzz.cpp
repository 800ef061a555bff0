#include "tests/fuzz/fuzz_target.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <optional>

#include "tune/results/event_record.hpp"

/// What TensorBoard's files are written from: a time, a step, and tags with numbers, which are the user's names. A
/// second reader, written after the formats' descriptions and not after the writer, must find the same in what was
/// written.

namespace {

using namespace tune;

/// A message of Protocol Buffers, field by field.
class message_reader {
public:
  explicit message_reader(std::string_view bytes) : rest_(bytes) {}

  struct field {
    std::uint64_t number = 0;
    std::uint64_t integer = 0; ///< Of wire type 0.
    std::string_view bytes;    ///< Of all others.
  };
  std::optional<field> next() {
    if (rest_.empty())
      return std::nullopt;
    const auto tag = varint();
    field found;
    found.number = tag >> 3;
    switch (tag & 7) {
    case 0: found.integer = varint(); break;
    case 1: found.bytes = take(8); break;
    case 2: found.bytes = take(varint()); break;
    case 5: found.bytes = take(4); break;
    default: fuzz::require(false, "a field of a type that Event has not");
    }
    return found;
  }

private:
  std::string_view take(std::uint64_t size) {
    fuzz::require(size <= rest_.size(), "a message ends within a field");
    const auto taken = rest_.substr(0, size);
    rest_.remove_prefix(size);
    return taken;
  }
  std::uint64_t varint() {
    std::uint64_t number = 0;
    for (unsigned shift = 0; shift < 70; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1)[0]);
      number |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
      if (byte < 0x80)
        return number;
    }
    fuzz::require(false, "a number has no end");
    return 0;
  }

  std::string_view rest_;
};

/// Bit by bit: NaN is one, too.
template <class Number>
bool is_the_same(std::string_view bytes, Number number) {
  return bytes.size() == sizeof number && std::memcmp(bytes.data(), &number, sizeof number) == 0;
}

struct event {
  double wall_time_s = 0;
  std::int64_t step = 0;
  std::vector<scalar> scalars;
};

void check_value(std::string_view bytes, const scalar& expected) {
  bool has_tag = false;
  bool has_number = false;
  message_reader fields(bytes);
  while (const auto field = fields.next()) {
    has_tag = has_tag || (field->number == 1 && field->bytes == expected.tag);
    has_number = has_number || (field->number == 2 && is_the_same(field->bytes, expected.number));
  }
  fuzz::require(has_tag && has_number, "a scalar reads as another one");
}

void check_message(std::string_view bytes, const event& expected) {
  std::size_t values = 0;
  message_reader fields(bytes);
  while (const auto field = fields.next())
    switch (field->number) {
    case 1: fuzz::require(is_the_same(field->bytes, expected.wall_time_s), "a time reads as another one"); break;
    case 2: fuzz::require(static_cast<std::int64_t>(field->integer) == expected.step, "a step is another one"); break;
    case 5: {
      message_reader summary(field->bytes);
      while (const auto value = summary.next()) {
        fuzz::require(value->number == 1 && values < expected.scalars.size(), "there is more than was written");
        check_value(value->bytes, expected.scalars[values++]);
      }
      break;
    }
    default: fuzz::require(false, "there is more than was written");
    }
  fuzz::require(values == expected.scalars.size(), "there is less than was written");
}

/// As TensorFlow's record_reader.cc checks it.
void check_record(std::string_view record, const event& expected) {
  const auto number = [&](std::size_t at) {
    std::uint32_t found = 0;
    std::memcpy(&found, record.data() + at, sizeof found);
    return found;
  };
  const auto length = event_length(record);
  fuzz::require(length == record.size() - event_header_bytes - event_footer_bytes, "a record has another length");
  fuzz::require(number(8) == masked_crc32c(record.substr(0, 8)), "the length's checksum is wrong");
  const auto message = record.substr(event_header_bytes, length);
  fuzz::require(number(event_header_bytes + length) == masked_crc32c(message), "the message's checksum is wrong");
  check_message(message, expected);
}

template <class Number>
Number number_from(fuzz::parts& parts) {
  Number number{};
  const auto bytes = parts.text(sizeof number);
  std::memcpy(&number, bytes.data(), bytes.size());
  return number;
}

void run(std::string_view input) {
  fuzz::parts parts(input);
  event said;
  said.wall_time_s = number_from<double>(parts);
  said.step = number_from<std::int64_t>(parts);
  while (!parts.empty()) {
    const auto number = number_from<float>(parts);
    said.scalars.push_back({parts.piece(), number});
  }

  std::string file = event_file_begin(said.wall_time_s);
  const auto begin = file.size();
  fuzz::require(event_length(file) == begin - event_header_bytes - event_footer_bytes, "a file begins otherwise");
  append_event(file, said.wall_time_s, said.step, said.scalars);
  check_record(std::string_view(file).substr(begin), said);
  const auto none = std::numeric_limits<std::uint64_t>::max();
  const auto found = event_length(input); // Also where a file has something else.
  fuzz::require(found == none || input.size() >= event_header_bytes, "what is too short is taken for a record");
}

template <class Number>
std::string bytes_of(Number number) {
  std::string bytes(sizeof number, '\0');
  std::memcpy(bytes.data(), &number, sizeof number);
  return bytes;
}

std::string input_of(const event& what) {
  auto input = bytes_of(what.wall_time_s) + bytes_of(what.step);
  for (const auto& each : what.scalars) {
    input += bytes_of(each.number);
    fuzz::put_piece(input, each.tag);
  }
  return input;
}

fuzz::inputs seeds() {
  std::string record;
  append_event(record, 1.5, 300, {{"loss", 0.5f}});
  return {
    input_of({1.5, 300, {{"loss", 0.5f}}}),
    input_of(
      {1'795'610'894.25, 1, {{"accuracy", 0.71f}, {"group/loss", std::numeric_limits<float>::quiet_NaN()}, {"", 0}}}),
    input_of({0, -1, {}}),
    record,
  };
}

const fuzz::target event_record_target("tune/results/event_record", run, seeds);

} // namespace
