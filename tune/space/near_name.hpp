#pragma once

#include <string>
#include <vector>

namespace tune {

/// What to say after "there is no such name": `; did you mean "optimizer"?`, or those that there are, or that there is
/// none.
std::string hint(const std::string& wrong, const std::vector<std::string>& names);

/// The one of the names that `wrong` may be a slip of; empty: none.
std::string nearest_name(const std::string& wrong, const std::vector<std::string>& names);

} // namespace tune
