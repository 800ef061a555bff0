#include "runtime/net/stranger_log.hpp"

#include "runtime/net/dial_failure.hpp"

#include <spdlog/spdlog.h>

namespace runtime {
namespace {

bool is_power_of_ten(std::uint64_t times) {
  while (times >= 10 && times % 10 == 0)
    times /= 10;
  return times == 1;
}

} // namespace

stranger_log::stranger_log(std::shared_ptr<spdlog::logger> log, std::size_t most_kinds)
  : log_(log ? std::move(log) : spdlog::default_logger()),
    most_kinds_(most_kinds) {
}

void stranger_log::refused(const std::string& address, const std::string& why) {
  tell(spdlog::level::warn, "stranger refused", address, why);
}

void stranger_log::failed_handshake(const std::string& address, handshake_failure why) {
  if (why == handshake_failure::closed)
    tell(spdlog::level::info, "stranger left", address, describe_stranger(why));
  else
    refused(address, describe_stranger(why));
}

void stranger_log::tell(spdlog::level::level_enum level, const char* what, const std::string& address,
                        const std::string& why) {
  std::lock_guard guard(mutex_);
  auto kind = std::make_pair(address, why);
  if (times_.size() >= most_kinds_ && times_.count(kind) == 0)
    kind.first = "many"; // However many addresses come, they take no more memory than this, nor more lines.
  const auto times = ++times_[kind];
  if (times == 1)
    log_->log(level, "{} address={} why=\"{}\"", what, kind.first, why);
  else if (is_power_of_ten(times))
    log_->log(level, "{} address={} repeated={} why=\"{}\"", what, kind.first, times, why);
}

} // namespace runtime
