#pragma once

#include "runtime/base/result.hpp"
#include "runtime/value_stream.hpp"

#include <string>
#include <string_view>
#include <tuple>
#include <utility>

namespace runtime {

/// Values as bytes, in CAF's binary form: numbers, strings, containers, and your own structs that have an
/// `inspect(Inspector& f, your_struct& x) { return f(x.a, x.b); }`. Both ends are the same program, so the form needs
/// no version. Thread-safe.
template <class... Values>
[[nodiscard]] std::string to_bytes(const Values&... values) {
  std::string bytes;
  if constexpr (sizeof...(Values) > 0) {
    value_writer sink(bytes);
    (void)sink(const_cast<Values&>(values)...); // Cannot fail: it writes to memory.
  }
  return bytes;
}

/// What to_bytes() made of values of these types. errc::invalid_argument when the bytes are of something else.
template <class... Values>
[[nodiscard]] result<std::tuple<Values...>> from_bytes(std::string_view bytes) {
  std::tuple<Values...> values;
  value_reader source(bytes);
  if constexpr (sizeof...(Values) > 0)
    if (std::apply([&](auto&... each) { return source(each...); }, values))
      return fail(errc::invalid_argument, "the bytes do not hold the values that are expected here");
  if (source.remaining() != 0)
    return fail(errc::invalid_argument, "more bytes came than the values that are expected here take");
  return values;
}

} // namespace runtime
