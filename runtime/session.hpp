#pragma once

#include <memory>
#include <string>
#include <vector>

namespace runtime {

class cluster;
struct cluster_options;

enum class unknown_flags {
  refuse, ///< An error on standard error, and exit code 2.
  keep,   ///< For the program: see session::arguments().
};

/// The first line of main(). In a worker process it runs the work and never returns. In the program itself it reads
/// `--address HOST:PORT --token-file F --cpus N --log-level L --help`, then CAF_TUNE_ADDRESS and CAF_TUNE_TOKEN_FILE.
/// A runtime::failure that nobody catches ends the program with its message and exit code 1.
class session {
public:
  /// `own_help` is added to what --help prints: the flags that the program reads itself.
  session(int argc, char** argv, unknown_flags unknown = unknown_flags::refuse, const std::string& own_help = {});
  ~session();
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  /// The cluster at --address, or an embedded one of this machine; connects at the first call, which is not locked:
  /// one thread makes it. Where that fails it says why on standard error and ends the program with exit code 1.
  runtime::cluster& cluster();

  /// What the flags above left over, in order; without the program's name.
  const std::vector<std::string>& arguments() const noexcept { return arguments_; }

private:
  std::unique_ptr<cluster_options> options_;
  std::unique_ptr<runtime::cluster> cluster_;
  std::vector<std::string> arguments_;
};

/// For a main() without a session, such as a test's: takes over the process and never returns if it was started as a
/// worker or as a node of a test_cluster.
void run_if_child_process();

} // namespace runtime
