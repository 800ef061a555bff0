#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>

#include "tune/config.hpp"
#include "tune/journal/record.hpp"
#include "tune/results/experiment_description.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// "7f3a91c2_00004": unique among all experiments, for people and for programs.
std::string trial_name(std::string_view experiment_id, trial_id trial);

/// The same as a part of a file's name, whatever the experiment's id is: of letters, digits and "_.+-".
std::string trial_file_name(std::string_view experiment_id, trial_id trial);

/// "2026-11-25_12-48-14": UTC, so that the same records give the same text on every machine.
std::string date_text(record::wall_time at);

/// What a trial's directory is named after.
struct trial_directory_parts {
  std::string trainable;
  std::string experiment_id;
  trial_id trial;
  config values;
  std::function<bool(const std::string& parameter)> varies; ///< Constants are left out. Empty: all vary.
  record::wall_time created;
};

inline constexpr std::size_t max_trial_directory_bytes = 100;

/// "digits_7f3a91c2_00004_lr=0.01,act=relu_2026-11-25_12-48-14": at most 100 bytes, in UTF-8, of letters, digits and
/// "_.+=,-"; whatever else is there becomes "_". Parameters are left out from the first that has no room; none is cut.
/// Unique within the experiment: its number is always in it, whole. The same parts always give the same name.
std::string trial_directory_name(const trial_directory_parts& parts);

/// The same, from what an experiment's records say; `description` is the one that was in force when it was created.
std::string trial_directory_name(const record::experiment_begun& experiment, const experiment_description& description,
                                 const record::trial_created& trial);

} // namespace tune
