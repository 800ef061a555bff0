#include "tune/results/file_results.hpp"

#include "runtime/package/posix_file.hpp"
#include "tune/results/file_result_records.hpp"

#include <cerrno>
#include <charconv>
#include <utility>

#include <fmt/format.h>
#include <unistd.h>

namespace tune {
namespace {

constexpr const char* experiment_name = "experiment.json";
constexpr const char* written_name = ".results"; ///< "POSITION BOOT": up to where all was written, and since when.

[[nodiscard]] result<std::string> read_file(const std::string& path) {
  return runtime::posix_file::open_for_reading(path).and_then(
    [](const runtime::posix_file& file) { return file.read_at(0, 64 * 1024); });
}

/// Of this start of the machine. What was written before it without being synced may be lost: then nothing counts as
/// written, and all is checked.
std::string boot_id() {
  auto text = read_file("/proc/sys/kernel/random/boot_id").value_or("unknown");
  text.erase(text.find_last_not_of(" \n") + 1);
  return text;
}

trial_id trial_of(const results_core::action& action) {
  return std::visit(
    [](const auto& each) {
      if constexpr (std::is_same_v<std::decay_t<decltype(each)>, results_core::end_trial>)
        return each.trial;
      else
        return each.files->trial;
    },
    action);
}

std::string written_text(journal_position written) {
  return fmt::format("{} {}\n", written, boot_id());
}

} // namespace

file_results::file_results(file_results_options options, record_source& journal)
  : options_(std::move(options)),
    journal_(journal),
    files_(options_.directory, options_.files) {
}

journal_position file_results::read_written(journal_position last) const {
  const auto text = read_file(options_.directory + '/' + written_name);
  if (!text)
    return 0;
  journal_position written = 0;
  std::from_chars(text->data(), text->data() + text->size(), written);
  // More than there is: files of another journal.
  return written <= last && *text == written_text(written) ? written : 0;
}

result<void> file_results::open(journal_position last) {
  noted_ = written_ = read_written(last);
  return catch_up(last);
}

result<void> file_results::catch_up(journal_position last) {
  if (last < next_)
    return {};
  auto read = journal_.read(
    next_, last, [this](journal_position position, const journal_record& record) { on_record(position, record); });
  if (read && next_ <= last)
    return fail(errc::io, fmt::format("the journal was to hold {} records, but ends after {}", last, next_ - 1));
  return read;
}

void file_results::on_record(journal_position position, const journal_record& record) {
  if (position != next_)
    return; // Was there: records that are read again may overlap.
  ++next_;
  const auto todo = core_.on_record(record);
  if (position > written_)
    perform(todo);
}

void file_results::perform(const results_core::actions& todo) {
  for (const auto& action : todo) {
    const auto trial = trial_of(action);
    if (broken_.count(trial) != 0)
      continue; // All of it comes again with mend().
    if (auto done = files_.perform(action); !done) {
      files_.forget(trial);
      broken_.emplace(trial, std::move(done.error()));
    }
  }
}

result<void> file_results::flush() {
  for (auto& [trial, why] : files_.flush())
    broken_.emplace(trial, std::move(why));
  if (!broken_.empty())
    return fail(broken_.begin()->second);
  return note_written();
}

result<void> file_results::note_written() {
  if (noted_ == next_ - 1)
    return {};
  if (auto written = write_experiment_json(/*last=*/false); !written)
    return written;
  if (options_.files.before_each_change)
    options_.files.before_each_change();
  noted_ = next_ - 1;
  return replace_file(options_.directory + '/' + written_name, written_text(noted_), durability::process_crash);
}

result<void> file_results::write_experiment_json(bool last) {
  if (!core_.has_begun())
    return {};
  if (options_.files.before_each_change)
    options_.files.before_each_change();
  return replace_file(options_.directory + '/' + experiment_name, core_.experiment_json(),
                      last ? durability::power_loss : durability::process_crash);
}

result<void> file_results::mend() {
  if (broken_.empty())
    return {};
  results_core again;
  auto mending = std::exchange(broken_, {});
  auto read = journal_.read(1, next_ - 1, [&](journal_position, const journal_record& record) {
    for (auto& action : again.on_record(record)) {
      const auto trial = trial_of(action);
      if (mending.count(trial) != 0)
        perform({action});
    }
  });
  if (!read) {
    broken_.merge(mending);
    return read;
  }
  return flush();
}

result<void> file_results::finish() {
  auto flushed = flush();
  if (has_broken())
    flushed = mend();
  if (!flushed)
    return flushed;
  return write_experiment_json(/*last=*/true);
}

result<void> rebuild_results(const std::string& directory, record_source& journal, journal_position last) {
  if (const auto written = directory + '/' + written_name; ::unlink(written.c_str()) != 0 && errno != ENOENT)
    return fail(runtime::file_error(written, "removed", errno));
  file_results results({directory, {}}, journal);
  return results.open(last).and_then([&] { return results.finish(); });
}

} // namespace tune
