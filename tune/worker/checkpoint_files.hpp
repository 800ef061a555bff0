#pragma once

#include <cstdint>
#include <functional>
#include <optional>

#include "tune/path.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// How a worker writes and reads checkpoints.
class checkpoint_files {
public:
  using fill = std::function<void(const path& directory)>; ///< May throw; that goes through.

  virtual ~checkpoint_files() = default;
  /// Lets `with` write into an empty directory, which then is seen as `directory`, whole and with its manifest, or not
  /// at all. Its size in bytes; nothing if `with` left it empty: then there is no checkpoint.
  [[nodiscard]] virtual result<std::optional<std::uint64_t>> write(const path& directory, const fill& with) = 0;
  /// Whether it is as it was written. The error names the file that is not.
  [[nodiscard]] virtual result<void> check(const path& directory) = 0;
};

} // namespace tune
