#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "runtime/base/id.hpp"
#include "runtime/node/work_end.hpp"

namespace runtime {

/// What a worker process is started from.
struct worker_program {
  std::string path;                             ///< Of the package's main file on this machine.
  std::vector<std::string> library_directories; ///< Where its shared objects lie, for LD_LIBRARY_PATH.
};

/// What it is started with.
struct worker_setting {
  std::map<std::string, std::string> environment; ///< Beside what the node manager's own process may hand on.
  /// What its work declared; 0: nothing. It is told to the worker as CAF_TUNE_MEMORY_BYTES; with more it is killed.
  std::uint64_t memory_bytes = 0;
};

/// The worker processes of a node manager. One real form, posix_worker_launcher, and fake_worker_launcher for virtual
/// time. Never blocks, and may be called from any thread; what is said about a worker that has ended changes nothing.
class worker_launcher {
public:
  /// Called from a thread of the launcher's, one call after the other: they only pass on.
  struct listener {
    std::function<void(worker_id, std::uint32_t process_id)> on_started;
    std::function<void(worker_id, std::vector<std::string> frames)> on_frames; ///< Serialised FromWorkers, in order.
    /// The last about it, unless it has survivors; also when it could not be started.
    std::function<void(worker_exit)> on_exit;
    std::function<void(worker_id)> on_gone; ///< After an exit with survivors: now they are gone, too.
  };

  virtual ~worker_launcher() = default;
  virtual void listen(listener who) = 0; ///< Before the first start.
  virtual void start(worker_id worker, worker_program program, worker_setting setting) = 0;
  virtual void send(worker_id worker, std::string frame) = 0; ///< A serialised ToWorker.
  /// At once, with its process group. The reason is kept as the exit's message, unless there is an earlier one.
  virtual void kill(worker_id worker, std::string why) = 0;
};

} // namespace runtime
