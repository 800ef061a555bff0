#pragma once

#include <memory>
#include <string>
#include <utility>

#include <spdlog/fwd.h>

#include "runtime/base/result.hpp"
#include "runtime/node/posix_worker_host.hpp"
#include "runtime/node/worker_launcher.hpp"

namespace runtime {

/// Starts real worker processes. Each has a directory of its own, which it works in and where its stdout and stderr are
/// kept: options.leftovers.directory, and in it the worker's number. It is removed when the worker ended well. A worker
/// inherits the node manager's environment, without what is_secret().
class posix_worker_launcher : public worker_launcher {
public:
  [[nodiscard]] static result<std::unique_ptr<posix_worker_launcher>> open(worker_host_options options,
                                                                           std::shared_ptr<spdlog::logger> log);
  ~posix_worker_launcher() override; ///< Kills all and waits for their ends, which are told.

  void listen(listener who) override;
  void start(worker_id worker, worker_program program, worker_setting setting) override;
  void send(worker_id worker, std::string frame) override;
  void kill(worker_id worker, std::string why) override;

private:
  posix_worker_launcher(std::string directory, std::shared_ptr<spdlog::logger> log)
    : directory_(std::move(directory)),
      log_(std::move(log)) {}

  std::string directory_;
  std::shared_ptr<spdlog::logger> log_;
  listener listener_;
  std::unique_ptr<posix_worker_host> host_; // Ends first: it calls the listener.
};

} // namespace runtime
