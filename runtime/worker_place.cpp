#include "runtime/worker_place.hpp"

#include <cstdlib>

namespace runtime {

std::optional<worker_place> this_worker_place() { // As work_environment() says.
  const char* node = std::getenv("CAF_TUNE_NODE_NAME");
  const char* directory = std::getenv("CAF_TUNE_NODE_DIRECTORY");
  if (node == nullptr || directory == nullptr)
    return std::nullopt;
  return worker_place{node, directory};
}

} // namespace runtime
