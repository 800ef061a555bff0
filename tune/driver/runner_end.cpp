#include "tune/driver/runner_end.hpp"

#include <utility>

#include <fmt/format.h>

#include "tune/worker/trial_runner_actor.hpp"

namespace tune {

std::string without_runner(std::string message) {
  static const std::string named = fmt::format("actor of type \"{}\"", trial_runner_name);
  if (message.compare(0, named.size(), named) != 0)
    return message;
  if (message.compare(named.size(), 2, ": ") == 0)
    return message.substr(named.size() + 2);
  return "its worker" + message.substr(named.size());
}

attempt_end end_of_runner(const result<void>& how) {
  if (how)
    return {end_cause::not_started, "its worker ended in good order before it began"};
  const auto code = how.error().code;
  auto why = without_runner(how.error().message);
  switch (code) {
  case errc::infeasible: return {end_cause::infeasible, "resources: " + why};
  case errc::node_lost:
  case errc::unreachable: return {end_cause::lost, std::move(why)};
  case errc::worker_lost: return {end_cause::crashed, std::move(why)};
  case errc::cancelled: return {end_cause::stopped, std::move(why)};
  case errc::user_code:
  case errc::too_large:
  case errc::invalid_argument:
  case errc::not_found: return {end_cause::threw, std::move(why)};
  case errc::already_exists:
  case errc::timed_out:
  case errc::refused:
  case errc::permission_denied:
  case errc::incompatible:
  case errc::io: return {end_cause::not_started, std::move(why)};
  }
  return {end_cause::not_started, std::move(why)};
}

} // namespace tune
