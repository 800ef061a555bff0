#pragma once

#include <string>
#include <vector>

#include "bench/fault_signs.hpp"
#include "bench/fault_subject.hpp"
#include "runtime/test_cluster.hpp"

namespace bench {

/// Workers and nodes of a test_cluster are killed and stopped. Each function does it once and returns milliseconds.
class process_faults : public fault_subject {
public:
  process_faults();

  double until_driver_knows(const signing_task& type); ///< From the last that the task did to the driver's future.
  double until_driver_knows_of_killed_worker();
  double until_too_large_worker_is_told(); ///< From when it begins to take four times what it declared.
  /// From the node's death: until its worker is gone, and until its task runs on another.
  std::vector<double> after_killed_node();
  /// From the stop until its task runs on another; then from when it goes on until its worker is gone.
  std::vector<double> after_stopped_node();

private:
  void start_again(const std::string& node);

  sign_reader signs_;
  runtime::test_cluster cluster_;
};

} // namespace bench
