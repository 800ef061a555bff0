#pragma once

#include <fmt/format.h>

#include "runtime/head/work_key.hpp"

/// As in "17.1": the lease, then the number under it.
template <>
struct fmt::formatter<runtime::work_key> {
  template <class ParseContext>
  constexpr auto parse(ParseContext& context) {
    return context.begin();
  }
  template <class Context>
  auto format(runtime::work_key key, Context& context) const {
    return fmt::format_to(context.out(), "{}.{}", key.lease, key.number);
  }
};
