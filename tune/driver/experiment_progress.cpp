#include "tune/driver/experiment_progress.hpp"

#include "tune/driver/experiment_run.hpp"

namespace tune {
namespace {
constexpr int standard_error = 2;
}

experiment_progress::experiment_progress(runtime::cluster& cluster, std::optional<std::chrono::nanoseconds> budget)
  : cluster_(cluster),
    budget_(budget),
    block_(is_terminal(standard_error)),
    begun_(std::chrono::system_clock::now()) {
  progress_printer_options options;
  options.descriptor = standard_error;
  options.block = block_;
  options.draw = [this](const progress_options& size) { return draw(size); };
  printer_ = std::make_unique<posix_progress_printer>(std::move(options));
}

experiment_progress::~experiment_progress() {
  end();
}

void experiment_progress::show(experiment_run& run) {
  std::lock_guard guard(mutex_);
  run_ = &run;
  ended_before_ = run.ended_before();
}

void experiment_progress::on_record(const journal_record& record, const experiment_view& view) {
  if (!block_ && printer_)
    printer_->add(progress_line(record, view));
}

void experiment_progress::say(const std::string& line) {
  if (printer_)
    printer_->add(line + "\n");
}

void experiment_progress::end() {
  printer_.reset(); // Draws the last block, so the run is still needed.
  std::lock_guard guard(mutex_);
  run_ = nullptr;
}

std::string experiment_progress::draw(const progress_options& size) {
  std::lock_guard guard(mutex_);
  if (run_ == nullptr)
    return {};
  const auto known = facts();
  return run_->with_view([&](const experiment_view& view) { return progress_block(view, known, size); });
}

progress_facts experiment_progress::facts() {
  progress_facts known;
  known.now = std::chrono::system_clock::now();
  known.begun = begun_;
  known.ended_before = ended_before_;
  known.planned = run_->planned();
  if (budget_)
    known.budget_ends = begun_ + std::chrono::duration_cast<std::chrono::system_clock::duration>(*budget_);
  const auto now = std::chrono::steady_clock::now();
  if (resources_.empty() || now - asked_ > std::chrono::seconds(1)) {
    asked_ = now;
    if (const auto state = cluster_.state()) {
      resources_.clear();
      for (const auto& node : state->nodes) {
        for (const auto& each : node.total)
          resources_[std::string(each.name)].total += each.value.to_double();
        for (const auto& each : node.used)
          resources_[std::string(each.name)].used += each.value.to_double();
      }
    }
  }
  known.resources = resources_;
  return known;
}

} // namespace tune
