#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>

#include <spdlog/common.h>
#include <spdlog/fwd.h>

#include "runtime/net/tls_session.hpp"

namespace runtime {

/// Warns of strangers that were refused. A stranger that comes again with the same fault is counted, and told of at its
/// 10th, 100th, 1000th time: a port scanner must not fill the disk. Any thread.
class stranger_log {
public:
  explicit stranger_log(std::shared_ptr<spdlog::logger> log, std::size_t most_kinds = 256);

  void refused(const std::string& address, const std::string& why);
  /// One that left by itself is told of without a warning: a node or a program that is killed while it dials, or a
  /// check of the port, is no attack, and nothing was refused.
  void failed_handshake(const std::string& address, handshake_failure why);

private:
  void tell(spdlog::level::level_enum level, const char* what, const std::string& address, const std::string& why);

  std::shared_ptr<spdlog::logger> log_;
  std::size_t most_kinds_;
  std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, std::uint64_t> times_; ///< By address and fault.
};

} // namespace runtime
