#pragma once

#include "bench/fault_signs.hpp"
#include "bench/fault_subject.hpp"
#include "runtime/test_cluster.hpp"
#include "tune/session.hpp"

namespace bench {

/// A search whose trial does wrong.
class trial_faults : public fault_subject {
public:
  trial_faults();

  /// Milliseconds from the beginning of an attempt that hangs, with a step deadline of a second, until the next runs.
  double until_hung_trial_runs_again();

private:
  sign_reader signs_;
  runtime::test_cluster cluster_;
  tune::session session_;
  int searches_ = 0;
};

} // namespace bench
