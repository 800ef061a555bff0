#pragma once

#include <memory>
#include <string>

#include "tune/path.hpp"
#include "tune/vocabulary.hpp"

/// An experiment that runs on a cluster, asked for by its name.
namespace tools {

struct cluster_wish {
  std::string address; ///< HOST:PORT
  std::string token_file;
};

/// A copy of its journal, in a directory that goes with this object.
struct cluster_experiment {
  std::string host;      ///< Of its driver,
  std::string directory; ///< and where it lies there.
  tune::path copy;       ///< Holds "journal".
  std::shared_ptr<void> keeps_copy;
};

/// not_found: no driver on the cluster runs an experiment of that name; the error lists those that there are.
[[nodiscard]] tune::result<cluster_experiment> fetch_experiment(const cluster_wish& cluster, const std::string& name);

} // namespace tools
