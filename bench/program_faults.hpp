#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bench/fault_signs.hpp"
#include "bench/fault_subject.hpp"
#include "bench/posix_child.hpp"
#include "runtime/process/file_scratch_directory.hpp"
#include "tests/integration/fault_cluster.hpp"
#include "tests/support/control_group.hpp"
#include "tests/support/network_link.hpp"

// Faults of clusters whose head and nodes are programs of their own. Each function does one once and returns
// milliseconds.

namespace bench {

/// The head is killed, and drivers are.
class head_faults : public fault_subject {
public:
  head_faults();

  /// From the head's start again, at once on its state, until a task runs that is submitted then. What ran runs on, or
  /// this throws.
  double until_restarted_head_grants();
  double until_worker_of_killed_driver_is_gone();
  /// From the start of a search's program again, whose driver was killed, until its trial goes on.
  double until_resumed_search_runs();

private:
  sign_reader signs_;
  fault_cluster cluster_;
};

/// A node lies in a network of its own, whose link loses what is sent.
class network_faults : public fault_subject {
public:
  network_faults();

  /// From the loss until its worker is gone, and until its task runs here.
  std::vector<double> after_loss(void (network_link::*lose)());

private:
  sign_reader signs_;
  std::unique_ptr<network_link> link_;
  fault_cluster cluster_;
};

/// A node lacks something; another one is well. From when a task is submitted, which would rather run on the first,
/// until it runs on the other.
class limit_faults : public fault_subject {
public:
  limit_faults();

  double until_work_runs_without_descriptors();
  double until_work_runs_without_processes();
  /// From the end of a worker that the kernel kills for its memory until the driver knows.
  double until_driver_knows_of_lack_of_memory();

private:
  runtime::task_options with_process_of_its_own(runtime::task_options how);
  double until_work_runs_elsewhere();
  void wait_until_well();

  sign_reader signs_;
  fault_cluster cluster_;
  int tasks_ = 0;
};

// What this program runs when it was started with the argument first: drivers that are killed.
constexpr const char* fault_driver_argument = "fault-driver"; ///< ADDRESS TOKEN-FILE FIFO
int run_fault_driver(int argc, char** argv);
constexpr const char* fault_search_argument = "fault-search"; ///< FLAGS OF A SESSION... FIFO
int run_fault_search(int argc, char** argv);

} // namespace bench
