#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "runtime/head/work_key.hpp"
#include "runtime/node/worker_launcher.hpp"
#include "runtime/package/manifest.hpp"

namespace runtime {

/// Which packages a node's works and workers need, which of them are there, and who waits for the others. A package is
/// asked for by its first use and released after its last.
class package_uses {
public:
  /// A use begins. True if it is the first one: ask for the package.
  bool add(const package_id& package) { return uses_[package].count++ == 0; }
  /// A use ends; must have begun. True if it was the last one: release the package.
  bool remove(const package_id& package);

  /// What is started from it; null while it is not there. Valid until its last use ends.
  const worker_program* program(const package_id& package) const;
  void wait(const package_id& package, work_key work) { uses_.at(package).waiting.insert(work); }
  void wait_no_more(const package_id& package, work_key work);
  const std::set<work_key>& waiting(const package_id& package) const;

  /// It is there: whoever waited for it goes on. Empty if nobody needs it (any more).
  std::vector<work_key> on_ready(const package_id& package, worker_program program);
  /// It cannot be had: whoever waited for it fails.
  std::vector<work_key> on_failed(const package_id& package);

private:
  struct entry {
    std::size_t count = 0;
    std::optional<worker_program> program;
    std::set<work_key> waiting;
  };

  std::map<package_id, entry> uses_;
};

} // namespace runtime
