#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace runtime {

/// What a worker process is started with.
struct worker_start {
  std::vector<std::string> words;       ///< The program's path and its arguments.
  std::vector<std::string> environment; ///< KEY=VALUE, complete.
  std::string working_directory; ///< Made if there is none. Its stdout and stderr go to files of these names there.
  std::uint64_t max_memory_bytes = 0; ///< Of it and its descendants together; with more they are killed. 0: no limit.
};

} // namespace runtime
