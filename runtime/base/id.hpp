#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>

#include <fmt/format.h>

namespace runtime {

/// A number that names one kind of thing: explicit from a number, compares only with its own kind. 0 names nothing.
template <class Tag>
struct id {
  std::uint64_t value = 0;

  constexpr id() noexcept = default;
  constexpr explicit id(std::uint64_t number) noexcept : value(number) {}
  constexpr explicit operator bool() const noexcept { return value != 0; }

  friend constexpr bool operator==(id a, id b) noexcept { return a.value == b.value; }
  friend constexpr bool operator!=(id a, id b) noexcept { return a.value != b.value; }
  friend constexpr bool operator<(id a, id b) noexcept { return a.value < b.value; }
};

using node_id = id<struct node_tag>;       ///< A machine's node manager; kept in its state directory.
using owner_id = id<struct owner_tag>;     ///< A driver, or the head itself for what is detached.
using lease_id = id<struct lease_tag>;     ///< Never given twice, not even by a restarted head.
using group_id = id<struct group_tag>;     ///< A placement group; numbered by its owner.
using actor_id = id<struct actor_tag>;     ///< A remote actor through all its restarts; random.
using worker_id = id<struct worker_tag>;   ///< A worker process; numbered by its node manager.
using request_id = id<struct request_tag>; ///< A demand; numbered by its owner.
using incarnation =
  id<struct incarnation_tag>; ///< Random, new at each start of a process: tells a restart from a return.

/// What the head itself owns: everything detached.
inline constexpr owner_id detached_owner{1};

} // namespace runtime

template <class Tag>
struct std::hash<runtime::id<Tag>> {
  std::size_t operator()(runtime::id<Tag> x) const noexcept { return std::hash<std::uint64_t>{}(x.value); }
};

template <class Tag>
struct fmt::formatter<runtime::id<Tag>> : fmt::formatter<std::uint64_t> {
  template <class Context>
  auto format(runtime::id<Tag> x, Context& context) const {
    return fmt::formatter<std::uint64_t>::format(x.value, context);
  }
};
