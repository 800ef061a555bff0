#pragma once

#include "tune/path.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// All that lies in a directory, and its own name, is on the disk and not on its way there.
[[nodiscard]] result<void> sync_tree(const path& directory);

} // namespace tune
