#pragma once

#include <variant>
#include <vector>

#include "tune/callbacks.hpp"
#include "tune/journal/record.hpp"
#include "tune/results/experiment_view.hpp"

namespace tune {

using callback_event = std::variant<trial_start, trial_report, stored_checkpoint, trial_end, experiment_end>;

/// What a record means for callbacks. `view` has heard it already.
std::vector<callback_event> events_of(const journal_record& record, const experiment_view& view);

void tell(callback& whom, const callback_event& what);
const char* name_of(const callback_event& what); ///< Of the function that hears it.

} // namespace tune
