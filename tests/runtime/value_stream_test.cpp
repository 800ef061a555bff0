#include "runtime/value_stream.hpp"

#include "runtime/codec.hpp"
#include "runtime/message_codec.hpp"

#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <vector>

#include <caf/actor_system.hpp>
#include <caf/actor_system_config.hpp>
#include <caf/binary_serializer.hpp>
#include <caf/make_message.hpp>
#include <doctest/doctest.h>

using namespace runtime;

namespace {

template <class Number>
Number sent(Number x) {
  return std::get<0>(or_throw(from_bytes<Number>(to_bytes(x))));
}

template <class Number>
void check_numbers() {
  using limits = std::numeric_limits<Number>;
  for (const Number x :
       {Number{0}, Number{-0.0}, Number{1.5}, Number{-1} / 3, limits::max(), limits::lowest(), limits::min(),
        limits::denorm_min(), -limits::denorm_min(), limits::infinity(), -limits::infinity()}) {
    CAPTURE(x);
    CHECK(sent(x) == x);
    CHECK(std::signbit(sent(x)) == std::signbit(x));
  }
  CHECK(std::isnan(sent(limits::quiet_NaN())));
}

struct nothing {};
template <class Inspector>
auto inspect(Inspector& f, nothing&) {
  return f();
}

struct quiet_config : caf::actor_system_config {
  quiet_config() { set("scheduler.max-threads", 1u); }
};

/// So many messages in each other, as message_to_bytes() has them: no number, a list of the types, then the values.
std::string nested_messages(int depth) {
  const std::string list = "@<>+@message";
  const std::string level = std::string(2, '\0') + static_cast<char>(list.size()) + list;
  std::string bytes;
  for (int i = 0; i < depth; ++i)
    bytes += level;
  return bytes + std::string("\0\0\3@<>", 6);
}

} // namespace

TEST_CASE("value stream: every number comes back as it was") {
  check_numbers<float>();
  check_numbers<double>();
  check_numbers<long double>();
}

TEST_CASE("value stream: a message keeps an infinity, also within a container") {
  quiet_config config;
  caf::actor_system system{config};
  const double infinity = std::numeric_limits<double>::infinity();

  const auto bytes = message_to_bytes(system, caf::make_message(infinity, std::string("text")));
  const auto message = or_throw(message_from_bytes(system, or_throw(bytes)));

  CHECK(message.get_as<double>(0) == infinity);
  CHECK(message.get_as<std::string>(1) == "text");
  CHECK(sent(std::vector<double>{infinity, 1}) == std::vector<double>{infinity, 1});
}

TEST_CASE("value stream: all else has the form that CAF gives it") {
  std::int8_t tiny = -1;
  std::uint16_t small = 0x1234;
  std::int32_t number = -2;
  std::uint64_t large = 0x0123456789abcdef;
  std::string text(300, 'x');
  std::u16string wide = u"wide";
  std::u32string wider = U"wider";
  std::vector<bool> truths = {true, false, true, true, false, false, true, false, true};
  std::vector<char> raw = {'r', 'a', 'w'};
  std::map<std::string, std::int64_t> names = {{"one", 1}, {"two", 2}};

  std::vector<char> expected;
  caf::binary_serializer sink{static_cast<caf::execution_unit*>(nullptr), expected};
  REQUIRE_FALSE(sink(tiny, small, number, large, text, wide, wider, truths, raw, names));
  const auto bytes = to_bytes(tiny, small, number, large, text, wide, wider, truths, raw, names);

  CHECK(bytes == std::string(expected.begin(), expected.end()));
  const auto back =
    from_bytes<std::int8_t, std::uint16_t, std::int32_t, std::uint64_t, std::string, std::u16string, std::u32string,
               std::vector<bool>, std::vector<char>, std::map<std::string, std::int64_t>>(bytes);
  REQUIRE(back);
  CHECK(*back == std::make_tuple(tiny, small, number, large, text, wide, wider, truths, raw, names));
}

TEST_CASE("value stream: what is cut off anywhere is an error") {
  using rows = std::vector<std::string>;
  const auto bytes = to_bytes(std::uint32_t{7}, rows{"one", "two"}, 1.5, true);
  for (std::size_t size = 0; size < bytes.size(); ++size)
    CHECK_FALSE(from_bytes<std::uint32_t, rows, double, bool>(bytes.substr(0, size)));
  CHECK_FALSE(from_bytes<std::uint32_t, rows, double, bool>(bytes + "x"));
}

TEST_CASE("value stream: a size that the bytes cannot hold is an error, and takes no memory") {
  const std::string four_billion = "\xff\xff\xff\xff\x0f";
  CHECK_FALSE(from_bytes<std::vector<char>>(four_billion));
  CHECK_FALSE(from_bytes<std::string>(four_billion));
  CHECK_FALSE(from_bytes<std::vector<bool>>(four_billion));
  CHECK_FALSE(from_bytes<std::vector<nothing>>(four_billion));
  CHECK_FALSE(from_bytes<std::string>(std::string(10, '\x80') + '\0'));

  CHECK(sent(std::vector<bool>(5'000'000, true)).size() == 5'000'000);
  CHECK(std::get<0>(or_throw(from_bytes<std::vector<nothing>>("\x05"))).size() == 5);
}

TEST_CASE("value stream: messages in messages are read, but not so deep that the stack runs out") {
  quiet_config config;
  caf::actor_system system{config};

  CHECK(message_from_bytes(system, nested_messages(20)));
  const auto refused = message_from_bytes(system, nested_messages(1'000'000));

  REQUIRE_FALSE(refused);
  CHECK(refused.error().code == errc::invalid_argument);
  CHECK(refused.error().message.find("the message cannot be read: ") == 0);
}
