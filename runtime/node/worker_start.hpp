#pragma once

#include <string>
#include <vector>

namespace runtime {

/// What a worker process is started with.
struct worker_start {
  std::vector<std::string> words;       ///< The program's path and its arguments.
  std::vector<std::string> environment; ///< KEY=VALUE, complete.
  std::string working_directory; ///< Made if there is none. Its stdout and stderr go to files of these names there.
};

} // namespace runtime
