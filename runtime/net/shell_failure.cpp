#include "runtime/net/shell_failure.hpp"

#include "runtime/base/describe_exception.hpp"

#include <cstdlib>
#include <utility>

#include <caf/error.hpp>
#include <caf/exit_reason.hpp>
#include <fmt/format.h>
#include <spdlog/spdlog.h>

namespace runtime {
namespace {

/// What is logged last must not be lost with the process.
void log_end(spdlog::logger* log, const std::string& who, const std::string& why) {
  auto& to = log ? *log : *spdlog::default_logger_raw();
  to.critical("{} ends why=\"{}\"", who, why);
  to.flush();
}

} // namespace

exception_handler ends_process(std::string who, std::shared_ptr<spdlog::logger> log, std::function<void()> die) {
  return [who = std::move(who), log = std::move(log), die = std::move(die)](std::exception_ptr& thrown) -> caf::error {
    log_end(log.get(), who, describe_exception(thrown));
    if (!die)
      std::abort();
    die();
    return caf::exit_reason::unhandled_exception;
  };
}

exception_handler ends_actor(std::string who, std::shared_ptr<spdlog::logger> log,
                             std::function<void(const error&)> last_act) {
  return [who = std::move(who), log = std::move(log),
          last_act = std::move(last_act)](std::exception_ptr& thrown) -> caf::error {
    const auto why = describe_exception(thrown);
    log_end(log.get(), who, why);
    if (last_act)
      last_act({errc::cancelled, fmt::format("{} has failed: {}", who, why)});
    return caf::exit_reason::unhandled_exception;
  };
}

} // namespace runtime
