#pragma once

#include <filesystem>

namespace tune {

using path = std::filesystem::path;

} // namespace tune
