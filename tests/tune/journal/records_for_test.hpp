#pragma once

#include <chrono>
#include <limits>
#include <vector>

#include "tune/journal/record.hpp"

/// One record of each kind, with everything in it.
inline std::vector<tune::journal_record> one_of_each_record() {
  using namespace tune;
  const record::wall_time at{std::chrono::nanoseconds(1'795'610'894'123'456'789)};
  const trial_id trial(4);
  const checkpoint_ref checkpoint{7, 2, "node-1", "/storage/x\xff/checkpoint_000007", true, 4096};
  const decision stop{verdict::stop, "rung 9: 0.71 is not among the best 1/4 of 12 results"};
  return {
    record::experiment_begun{"7f3a91c2", "digits", R"({"name": "digits"})", std::numeric_limits<std::uint64_t>::max(),
                             40, at},
    record::experiment_resumed{80, R"({"samples": 80})", at},
    record::experiment_ended{"finished", true, false, at},
    record::trial_created{trial,
                          {{"lr", 0.1},
                           {"layers", 3},
                           {"relu", true},
                           {"name", "gr\xc3\xb6\xc3\x9f\x65r"},
                           {"sizes", value::list{1, 2.0, "x", value::list{-1}}}},
                          record::trial_origin::point,
                          at},
    record::attempt_started{trial, 2, 6, at},
    record::attempt_placed{trial, 2, "node-1", "host-1", "10.0.0.1", 4711, "/nodes/1/x\xff", true},
    record::result_reported{trial,
                            2,
                            7,
                            {{"accuracy", 0.71}, {"loss", std::numeric_limits<double>::quiet_NaN()}},
                            0.5,
                            3.5,
                            at,
                            checkpoint,
                            true,
                            stop,
                            trial_state::stopped},
    record::checkpoint_saved{trial, checkpoint},
    record::attempt_ended{trial, 2, {end_cause::bad_checkpoint, "checkpoint_000007/weights: not there\xff"}, at},
    record::trial_changed{trial, trial_state::error, "failed 3 times", at},
    record::checkpoint_lost{trial, 7, 2}, // Later kinds come behind: the golden segment has those before.
    record::trial_ordered{trial, trial_state::paused, "the room is hot", at},
    record::trial_exploited{trial, 9, trial_id(2), checkpoint, {{"lr", 0.12}, {"layers", 3}}, "0.5 is the worst", at},
    record::trial_resized{trial, 9, 2, "2 trials have 4 places", at,
                          record::trial_resized::basis{{{{"node-1", 3}, {"n\xff", 1}}, true}, 5}},
  };
}
