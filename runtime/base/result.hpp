#pragma once

#include <stdexcept>
#include <string>
#include <utility>

#include <tl/expected.hpp>

namespace runtime {

/// What a program may react to: one code for each sensible reaction.
enum class errc {
  invalid_argument, ///< The input is wrong; mend it.
  not_found,        ///< There is no such thing.
  already_exists,   ///< There is such a thing already.
  infeasible,       ///< No node of the cluster could ever hold it.
  timed_out,        ///< No answer within the deadline; whether it happened is unknown.
  unreachable,      ///< The other side cannot be reached, or was lost.
  refused,          ///< The other side understood and said no.
  permission_denied,
  incompatible, ///< Another version or another cluster.
  io,           ///< Disk or another resource of the operating system.
  too_large,    ///< Exceeds a stated limit.
  cancelled,    ///< Ended because somebody asked for it.
  user_code,    ///< The user's own code threw or said that it failed.
  worker_lost,  ///< The worker ended under the work: signal, exit, memory limit.
  node_lost,    ///< The node was lost under the work.
};

[[nodiscard]] const char* to_string(errc code) noexcept;

struct error {
  errc code = errc::invalid_argument;
  std::string message; ///< For people: where, what was wrong, what would be right.

  friend bool operator==(const error& a, const error& b) { return a.code == b.code && a.message == b.message; }
  friend bool operator!=(const error& a, const error& b) { return !(a == b); }
};

/// A value, or why there is none. For whatever can go wrong without a bug.
template <class T>
using result = tl::expected<T, error>;

[[nodiscard]] inline tl::unexpected<error> fail(errc code, std::string message) {
  return tl::unexpected<error>(error{code, std::move(message)});
}

[[nodiscard]] inline tl::unexpected<error> fail(error why) {
  return tl::unexpected<error>(std::move(why));
}

/// The same error, with the place that only the caller knows in front.
[[nodiscard]] error within(const std::string& where, error why);

/// For main, examples and tests, where a thrown message is the pleasant answer.
struct failure : std::runtime_error {
  explicit failure(error e) : std::runtime_error(e.message), why(std::move(e)) {}
  error why;
};

template <class T>
T or_throw(result<T> r) {
  if (!r)
    throw failure(std::move(r.error()));
  if constexpr (!std::is_void_v<T>)
    return std::move(*r);
}

} // namespace runtime
