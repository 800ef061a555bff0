#include "tests/fuzz/wire_round_trip.hpp"

#include <algorithm>

#include <nlohmann/json.hpp>

#include "tests/tune/controller/virtual_experiment.hpp"
#include "tests/tune/journal/records_for_test.hpp"
#include "tests/tune/results/experiment_for_test.hpp"
#include "tune/journal/record_wire.hpp"
#include "tune/results/event_record.hpp"
#include "tune/results/experiment_view.hpp"
#include "tune/results/results_core.hpp"
#include "tune/results/results_json.hpp"
#include "tune/results/trial_listing.hpp"

/// All records of a journal, as pieces, given to all who read journals: the driver that goes on with the experiment,
/// what writes its files, and what shows it. The first byte holds their options.

namespace {

using namespace tune;

std::vector<journal_record> records_in(fuzz::parts& input) {
  std::vector<journal_record> records;
  record_wire::reader reader;
  while (!input.empty())
    if (auto record = reader.read(input.piece()))
      records.push_back(std::move(*record));
  return records;
}

void require_json(const std::string& text, const std::string& what) {
  if (nlohmann::json::parse(text, nullptr, /*allow_exceptions=*/false).is_discarded())
    fuzz::require(false, (what + ": " + text).c_str());
}

void show(const std::vector<journal_record>& records, const experiment_view_options& options) {
  experiment_view view(options);
  for (const auto& each : records)
    if (const auto read = view.on_record(each); !read)
      fuzz::require(!read.error().message.empty(), "an error says nothing");
  const auto all = all_trials(view);
  require_json(document(trials_json(view, "/storage")), "the trials are no JSON");
  require_json(document(experiment_json(view, "/storage", 1)), "the experiment is no JSON");
  fuzz::require(!trials_table(view, all, 10, view.created()).empty(), "a table without a header");
  fuzz::require(!trials_csv(all, "/storage").empty(), "a table without a header");
  for (const auto scope : {result_scope::last, result_scope::best})
    if (const auto* best = view.best(scope))
      require_json(document(best_json(*best, "/storage")), "the best trial is no JSON");
  for (const auto* each : all) {
    fuzz::require(view.find(each->trial) == each, "a trial is not found");
    fuzz::require(each->directory.size() <= 100 && each->directory.find('/') == std::string::npos,
                  "a trial's directory is not one");
  }
}

void check_result(const results_core::append_result& result) {
  require_json(result.json, "a line of result.json is no JSON");
  fuzz::require(result.json.back() == '\n' || result.json.find('\n') == std::string::npos, "it is not one line");
  fuzz::require(result.header && !result.header->empty(), "a row without a header");
  fuzz::require(event_length(result.event) == result.event.size() - event_header_bytes - event_footer_bytes,
                "an event is no record");
}

void write_files(const std::vector<journal_record>& records) {
  results_core core;
  for (const auto& each : records)
    for (const auto& action : core.on_record(each))
      if (const auto* made = std::get_if<results_core::make_trial>(&action)) {
        require_json(made->params, "params.json is no JSON");
        fuzz::require(made->files->event_file.find('/') == std::string::npos, "an event file lies elsewhere");
      } else if (const auto* result = std::get_if<results_core::append_result>(&action))
        check_result(*result);
  if (core.has_begun())
    require_json(core.experiment_json(), "experiment.json is no JSON");
}

/// As far as the journal fits; and then the driver goes on.
void go_on(const std::vector<journal_record>& records, bool learns) {
  using namespace virtual_tune;
  const auto decide = [](trial_id trial, iteration_number iteration) {
    return (trial.value + static_cast<std::uint64_t>(iteration)) % 5 == 0 ? verdict::pause : verdict::go_on;
  };
  controller_core core(virtual_experiment::options(8), std::make_unique<counting_searcher>(8, learns),
                       std::make_unique<scripted_scheduler>(decide, 27));
  for (const auto& each : records)
    if (const auto fits = core.on_replay(each); !fits)
      return fuzz::require(!fits.error().message.empty(), "an error says nothing");
  moment now{runtime::instant(std::chrono::hours(1)), record::wall_time(std::chrono::hours(1))};
  journal_position last = records.size();
  const auto appended = [&](const controller_core::actions& todo) {
    for (const auto& each : todo)
      last += std::holds_alternative<controller_core::append>(each) ? 1u : 0u;
  };
  appended(core.on_begin(now));
  appended(core.on_capacity(4, now));
  for (int i = 0; i < 3 && !core.has_finished(); ++i) {
    appended(core.on_durable(last, now));
    now.at += std::chrono::seconds(40);
    appended(core.on_time(now));
  }
  if (!core.has_finished())
    (void)core.on_interrupt("interrupted", now);
}

void run(std::string_view input) {
  fuzz::parts parts(input);
  const auto options = parts.byte();
  const auto records = records_in(parts);
  show(records, {std::size_t{options} % 4, std::size_t{2} + options % 3});
  write_files(records);
  go_on(records, options % 2 == 1);
}

std::string input_of(std::size_t options, const std::vector<journal_record>& records) {
  auto input = fuzz::of_kind(options, "");
  for (const auto& each : records)
    fuzz::put_piece(input, or_throw(record_wire::to_bytes(each)));
  return input;
}

/// What a real controller writes, of trials that report, pause, fail and are lost.
std::vector<journal_record> written_by_a_controller() {
  using namespace virtual_tune;
  virtual_experiment experiment(virtual_experiment::options(4), 4, [](trial_id trial, iteration_number iteration) {
    return trial.value == 2 && iteration == 2 ? verdict::stop : verdict::go_on;
  });
  experiment.begin(3);
  experiment.sync();
  for (const std::uint64_t trial : {1u, 2u, 3u})
    experiment.alive(trial);
  for (int i = 0; i < 2; ++i)
    for (const std::uint64_t trial : {1u, 2u, 3u}) {
      experiment.report(trial, 0.1 * static_cast<double>(trial), /*checkpoint=*/trial == 1);
      experiment.sync();
    }
  experiment.over(2, end_cause::stopped);
  experiment.over(3, end_cause::lost);
  experiment.over(1, end_cause::threw);
  experiment.sync();
  return experiment.written;
}

fuzz::inputs seeds() {
  experiment_for_test experiment;
  experiment.run(1);
  experiment.report_checkpoint(1, 1, {{"accuracy", 0.5}});
  experiment.report(1, 2, {{"accuracy", 0.6}, {"group/loss", 1.5}});
  experiment.finish(1);
  experiment.run(2, {{"lr", 0.25}, {"data", "x"}});
  experiment.end_attempt(2, end_cause::threw, "it threw");
  experiment.change(2, trial_state::error, "failed");
  experiment.resume(8);
  experiment.end();
  return {
    input_of(0, experiment.records),
    input_of(3, experiment.records),
    input_of(1, written_by_a_controller()),
    input_of(2, one_of_each_record()),
  };
}

const fuzz::target replay_target("tune/journal/replay", run, seeds);

} // namespace
