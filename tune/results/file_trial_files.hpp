#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "tune/results/file_appenders.hpp"
#include "tune/results/results_core.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// Performs what results_core decides, in an experiment's directory. A trial whose files hold something else than
/// they should is repaired where that means to cut off what is too much: each result is there once.
class file_trial_files {
public:
  file_trial_files(std::string directory, file_appender_options options);

  /// An error means that this trial's files must be written anew, from its first record: nothing more is done with them
  /// before forget().
  [[nodiscard]] result<void> perform(const results_core::action& action);
  std::vector<std::pair<trial_id, error>> flush(); ///< The trials of which that is true now.
  void forget(trial_id trial);                     ///< Without writing what is buffered.

private:
  struct open_trial {
    std::uint64_t results = 0; ///< In the files, or buffered for them.
    file_appenders::key json = 0;
    file_appenders::key csv = 0;
    file_appenders::key events = 0;
    std::shared_ptr<const std::string> header;
    std::size_t columns = 0;
  };

  [[nodiscard]] result<void> perform(const results_core::make_trial& action);
  [[nodiscard]] result<void> perform(const results_core::append_result& action);
  [[nodiscard]] result<void> perform(const results_core::write_errors& action);
  [[nodiscard]] result<void> perform(const results_core::write_policy& action);
  [[nodiscard]] result<void> perform(const results_core::end_trial& action);
  [[nodiscard]] result<open_trial*> open(const results_core::append_result& first);
  [[nodiscard]] result<void> add_columns(open_trial& to, const results_core::append_result& action);
  std::string path_of(const results_core::trial_files& files, const std::string& name) const;
  void about_to_change() const;

  std::string directory_;
  file_appender_options options_;
  file_appenders appenders_;
  std::map<trial_id, open_trial> open_; ///< Those that had a result since this was made, and have not ended.
  std::map<file_appenders::key, trial_id> whose_;
};

} // namespace tune
