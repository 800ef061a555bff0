#include "runtime/base/invariant.hpp"

namespace runtime {

void break_invariant(const char* condition, const char* file, int line, const std::string& details) {
  throw broken_invariant(fmt::format("{}:{}: broken invariant: {} ({})", file, line, condition, details));
}

} // namespace runtime
