#pragma once

#include <exception>
#include <string>

namespace runtime {

/// What was thrown, for people: "std::runtime_error: no such file". Users throw any bytes and any number of them: what
/// is told is a short_text().
[[nodiscard]] std::string describe_exception(const std::exception_ptr& thrown);

} // namespace runtime
