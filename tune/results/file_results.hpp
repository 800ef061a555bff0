#pragma once

#include <map>
#include <string>
#include <vector>

#include "tune/results/file_trial_files.hpp"
#include "tune/results/record_source.hpp"
#include "tune/results/results_core.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

struct file_results_options {
  std::string directory; ///< The experiment's; it is there.
  file_appender_options files;
};

/// Everything of an experiment's directory but its journal and checkpoints, written from the records of the journal.
/// Every result is in each file exactly once, whenever a process before this one ended: a file of the directory says up
/// to which record all was written, and what a trial's files hold beyond that is cut off before more is added. Where
/// less is there than should be, the trial's files are written anew.
///
/// Only records that are durable may come here: what is on disk must be in the journal. Used by one thread.
class file_results {
public:
  file_results(file_results_options options, record_source& journal);

  /// First: `last` is the last record of the journal; all up to it are read from there.
  [[nodiscard]] result<void> open(journal_position last);
  /// The next record: `position` is next().
  void on_record(journal_position position, const journal_record& record);
  journal_position next() const noexcept { return next_; }
  /// Records up to this one, from the journal.
  [[nodiscard]] result<void> catch_up(journal_position last);

  /// What is buffered goes to the files.
  [[nodiscard]] result<void> flush();
  /// Trials whose files could not be written, or held too little: mend() writes them anew from the journal.
  bool has_broken() const noexcept { return !broken_.empty(); }
  [[nodiscard]] result<void> mend();
  /// The last: experiment.json survives a power loss.
  [[nodiscard]] result<void> finish();

private:
  void perform(const results_core::actions& todo);
  [[nodiscard]] result<void> write_experiment_json(bool last);
  [[nodiscard]] result<void> note_written();
  journal_position read_written(journal_position last) const;

  file_results_options options_;
  record_source& journal_;
  results_core core_;
  file_trial_files files_;
  journal_position next_ = 1;
  journal_position written_ = 0; ///< Up to here an earlier process wrote everything.
  journal_position noted_ = 0;   ///< What the file says.
  std::map<trial_id, error> broken_;
};

/// Writes everything of an experiment's directory anew, as it would be there if nothing had ever gone wrong.
[[nodiscard]] result<void> rebuild_results(const std::string& directory, record_source& journal, journal_position last);

} // namespace tune
