#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/session.hpp"
#include "tune/experiment.hpp"
#include "tune/path.hpp"
#include "tune/result_grid.hpp"
#include "tune/running_experiment.hpp"
#include "tune/vocabulary.hpp"

namespace runtime {
class cluster;
class test_cluster;
} // namespace runtime

namespace tune {

/// The first line of main(). In a worker process it runs trials and never returns. In the program itself it reads
///
///   --address HOST:PORT --token-file F --cpus N --log-level L   as runtime::session does
///   --storage DIR --name NAME --samples N --seed N              instead of what the experiment says
///   --resume                                                    only go on with an experiment that is there
///   --json --quiet --help                                       what is printed
///
/// then CAF_TUNE_ADDRESS, CAF_TUNE_TOKEN_FILE and CAF_TUNE_STORAGE. With --json one document goes to standard output,
/// and all else that the program prints to standard error. An experiment that is there already is gone on with
/// anyway: the same command finishes what it began.
class session {
public:
  /// `own_help` is added to what --help prints: the flags that the program reads itself.
  session(int argc, char** argv, runtime::unknown_flags unknown = runtime::unknown_flags::refuse,
          const std::string& own_help = {});
  /// For tests: experiments lie in a directory that goes with this object, unless they say where. Prints nothing.
  explicit session(runtime::test_cluster& cluster);
  ~session();
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  /// Runs the experiment to its end, shows how it goes, and prints its results; with --json one JSON object. For
  /// main(): where it cannot run it prints why and ends the program with exit code 2 for mistakes, else 1. So it does,
  /// with 128 and the signal's number, when SIGINT or SIGTERM ended it: in good order within 10 s, at once with the
  /// second signal; nothing that was acknowledged is lost, and the same command goes on.
  result_grid run(const experiment& what);
  /// The same for those who decide themselves: prints no error and ends nothing. cancelled: a signal ended it.
  [[nodiscard]] result<result_grid> try_run(const experiment& what);
  /// In the background; prints nothing.
  running_experiment start(const experiment& what); ///< Throws runtime::failure where it cannot run.
  [[nodiscard]] result<running_experiment> try_start(const experiment& what);

  runtime::cluster& cluster(); ///< See runtime::session::cluster().
  /// What the flags above left over, in order; without the program's name.
  const std::vector<std::string>& arguments() const noexcept;

private:
  class implementation;
  std::unique_ptr<implementation> how_;
};

} // namespace tune
