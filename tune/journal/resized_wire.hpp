#pragma once

#include "tune/journal/record.hpp"
#include "tune/proto/journal.pb.h"

/// The record that a trial has got other resources, as it is on disk and back.
namespace tune::record_wire {

namespace wire = caf_tune::tune::v1;

void write(const record::trial_resized& from, wire::Record& record);
[[nodiscard]] result<void> check(const wire::TrialResized& in);
[[nodiscard]] result<journal_record> read(const wire::TrialResized& in); ///< Of one that has been checked.

} // namespace tune::record_wire
