#pragma once

#include <chrono>
#include <map>
#include <vector>

#include "runtime/base/instant.hpp"
#include "runtime/node/worker_descendants.hpp"

namespace runtime {

/// How long those who look for marks wait for processes inside execve, which show none. One that stays there, as its
/// file is on a server that is gone, is perhaps nobody's, and must not hold up every worker's end.
class start_patience {
public:
  static constexpr core_clock::duration longest = std::chrono::seconds(1);
  /// So often in a row, besides: a process that executes itself all the time may be met inside execve again by chance.
  static constexpr int most_looks = 5;

  /// Of each look at the processes: those that have used up the patience no longer count as starting.
  void on_looked(std::vector<process_facts>& all, instant now) {
    std::map<process_key, sighting> still;
    for (auto& process : all) {
      const auto known = seen_.find(key_of(process));
      if (process.is_starting) {
        auto& seen = still[key_of(process)] = known == seen_.end() ? sighting{now, 0} : known->second;
        ++seen.looks;
        process.is_starting = seen.looks < most_looks || now - seen.first < longest;
      } else if (!process.is_looked_at && known != seen_.end())
        still.insert(*known);
    }
    seen_ = std::move(still);
  }

private:
  struct sighting {
    instant first;
    int looks = 0; // In a row.
  };
  std::map<process_key, sighting> seen_;
};

} // namespace runtime
