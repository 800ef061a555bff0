#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

#include "runtime/cluster.hpp"
#include "tests/support/posix_fifo.hpp"

// What the tasks of fault_bench say, and when.

namespace bench {

std::int64_t now_ns(); ///< Of a clock that is the same for all processes of a machine.
double ms_since(std::int64_t start_ns);

/// What each task says as it begins: where it runs, and since when.
struct sign_of_life {
  std::string node;
  pid_t process = 0;
  std::int64_t at_ns = 0;

  double ms_after(std::int64_t start_ns) const { return static_cast<double>(at_ns - start_ns) / 1e6; }
};

void give_sign(const std::string& fifo); ///< In a worker.

/// Where tasks say it.
class sign_reader {
public:
  const std::string& path() const noexcept { return fifo_.path(); }
  sign_of_life read(); ///< Waits, at most a minute; throws std::runtime_error.

private:
  posix_fifo fifo_;
};

/// A process whose end is waited for.
class watched_process {
public:
  explicit watched_process(pid_t process); ///< Throws std::runtime_error when it has gone already.
  ~watched_process();
  watched_process(const watched_process&) = delete;
  watched_process& operator=(const watched_process&) = delete;

  std::int64_t end_ns() const; ///< Waits, at most a minute; throws std::runtime_error.

private:
  int process_;
};

using signing_task = runtime::task_type<int(std::string)>;
extern const signing_task begins; ///< And has ended.
extern const signing_task stays;  ///< Until it is killed.
extern const signing_task throws;
extern const signing_task exits;
extern const signing_task crashes;
extern const signing_task outgrows;  ///< Signs, takes 256 MiB and stays.
extern const signing_task takes_all; ///< Signs, then takes 1 GiB.

/// Each node has this program then: that it is fetched is in nobody's figures.
void bring_program_to(runtime::cluster& driver, const std::vector<std::string>& nodes);
/// Throws std::runtime_error if the task has not failed.
void expect_failure(runtime::future<int>& task);
/// Kills the task, which must have no retries left.
void end_task(const sign_of_life& attempt, runtime::future<int>& task);

} // namespace bench
