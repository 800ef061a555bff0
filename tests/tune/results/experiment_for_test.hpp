#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include "tune/journal/record.hpp"

/// Writes an experiment's records, as a controller would.
class experiment_for_test {
public:
  explicit experiment_for_test(std::string description = R"({"name": "digits", "trainable": {"name": "net"}, )"
                                                         R"("space": {"lr": {"uniform": [0, 1]}, "data": "x"}, )"
                                                         R"("metric": "accuracy", "mode": "max"})") {
    tune::record::experiment_begun begun;
    begun.id = "7f3a91c2";
    begun.name = "digits";
    begun.description = std::move(description);
    begun.seed = 1;
    begun.samples = 4;
    begun.at = now();
    add(begun);
  }

  void create(std::uint64_t trial, tune::config values = {{"lr", 0.5}, {"data", "x"}}) {
    add(tune::record::trial_created{tune::trial_id{trial}, std::move(values), tune::record::trial_origin::searcher,
                                    now()});
  }
  void start(std::uint64_t trial, tune::attempt_number attempt = 1, tune::iteration_number from = 0) {
    add(tune::record::attempt_started{tune::trial_id{trial}, attempt, from, now()});
  }
  void place(std::uint64_t trial, tune::attempt_number attempt = 1, const std::string& node = "node-1") {
    tune::record::attempt_placed placed;
    placed.trial = tune::trial_id{trial};
    placed.attempt = attempt;
    placed.node = node;
    placed.hostname = "host-of-" + node;
    placed.node_ip = "10.0.0.1";
    placed.process_id = 100 + attempt;
    add(placed);
  }
  /// Created, started and placed.
  void run(std::uint64_t trial, tune::config values = {{"lr", 0.5}, {"data", "x"}}) {
    create(trial, std::move(values));
    start(trial);
    place(trial);
  }
  tune::record::result_reported& report(std::uint64_t trial, tune::iteration_number iteration, tune::metrics values,
                                        tune::attempt_number attempt = 1) {
    tune::record::result_reported reported;
    reported.trial = tune::trial_id{trial};
    reported.attempt = attempt;
    reported.iteration = iteration;
    reported.values = std::move(values);
    reported.time_this_iteration_s = 0.5;
    reported.time_total_s = 0.5 * static_cast<double>(iteration);
    reported.at = now();
    add(reported);
    return std::get<tune::record::result_reported>(records.back());
  }
  void report_checkpoint(std::uint64_t trial, tune::iteration_number iteration, tune::metrics values) {
    auto& reported = report(trial, iteration, std::move(values));
    reported.checkpoint = tune::checkpoint_ref{iteration, 1, "node-1", "/d/" + std::to_string(iteration), true, 10};
  }
  void end_attempt(std::uint64_t trial, tune::end_cause cause = tune::end_cause::finished, std::string why = "",
                   tune::attempt_number attempt = 1) {
    add(tune::record::attempt_ended{tune::trial_id{trial}, attempt, {cause, std::move(why)}, now()});
  }
  void change(std::uint64_t trial, tune::trial_state state, std::string reason = "") {
    add(tune::record::trial_changed{tune::trial_id{trial}, state, std::move(reason), now()});
  }
  void resize(std::uint64_t trial, tune::iteration_number iteration, tune::trial_size size, std::string reason) {
    add(tune::record::trial_resized{tune::trial_id{trial}, iteration, size, std::move(reason), now(), std::nullopt});
  }
  /// The end of its only attempt, in good order.
  void finish(std::uint64_t trial) {
    end_attempt(trial);
    change(trial, tune::trial_state::terminated);
  }
  void end(std::string why = "finished") {
    tune::record::experiment_ended ended;
    ended.why = std::move(why);
    ended.complete = true;
    ended.at = now();
    add(ended);
  }
  void resume(std::uint64_t samples = 4) { add(tune::record::experiment_resumed{samples, "", now()}); }

  std::vector<tune::journal_record> records;

private:
  void add(tune::journal_record record) { records.push_back(std::move(record)); }
  /// A second later with each record; 2026-11-25 12:48:14 UTC with the first.
  tune::record::wall_time now() const {
    return tune::record::wall_time(std::chrono::seconds(1'795'610'894 + static_cast<std::int64_t>(records.size())));
  }
};
