#pragma once

#include <memory>
#include <optional>
#include <string>

#include "tools/caf_tune/cluster_experiment.hpp"
#include "tune/journal/file_journal.hpp"
#include "tune/results/experiment_view.hpp"

/// An experiment as its directory has it.
namespace tools {

struct experiment_files {
  std::string directory; ///< Absolute, as a program's own --json has it; on the driver's machine, if it is a cluster's.
  std::string journal;   ///< Where it can be read here.
  std::string host;      ///< Of the driver, if the cluster was asked; else empty.
  std::shared_ptr<void> keeps_copy;
  tune::experiment_view view;
  tune::journal_found found; ///< How its journal was.
};

/// The directory that is meant: as it is given or, where a plain name is no directory here, of that name in the storage
/// ($CAF_TUNE_STORAGE, or ~/caf-tune-results).
std::string find_experiment(const std::string& given);

/// Errors name the directory: not_found where no experiment is, incompatible where a newer version wrote it, io where
/// its journal is damaged.
/// With a cluster, a name that is no directory's here is asked of it, before the storage is looked at.
[[nodiscard]] tune::result<experiment_files> read_experiment(const std::string& given,
                                                             const std::optional<cluster_wish>& cluster = {});

/// Once more, record by record.
[[nodiscard]] tune::result<void> read_records(const experiment_files& files, const tune::journal_visitor& visitor);

} // namespace tools
