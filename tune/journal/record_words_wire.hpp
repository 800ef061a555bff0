#pragma once

#include "tune/journal/record.hpp"
#include "tune/proto/journal.pb.h"

/// The words of records, as numbers on disk and back. An error: a number that this version does not know.
namespace tune::record_wire {

namespace wire = caf_tune::tune::v1;

wire::TrialCreated::Origin to_wire(record::trial_origin origin);
wire::ResultReported::Verdict to_wire(verdict what);
wire::TrialState::Kind to_wire(trial_state state);
wire::AttemptEnded::Cause to_wire(end_cause cause);

[[nodiscard]] result<record::trial_origin> word_from(wire::TrialCreated::Origin number);
[[nodiscard]] result<verdict> word_from(wire::ResultReported::Verdict number);
[[nodiscard]] result<trial_state> word_from(wire::TrialState::Kind number);
[[nodiscard]] result<end_cause> word_from(wire::AttemptEnded::Cause number);

} // namespace tune::record_wire
