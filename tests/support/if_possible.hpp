#pragma once

#include <memory>
#include <stdexcept>
#include <utility>

#include <doctest/doctest.h>

/// A part of the machine that a test needs and not every machine gives: where its constructor throws std::runtime_error
/// the test says so, gets nothing, and is to return.
template <class Part, class... Arguments>
std::unique_ptr<Part> if_possible(Arguments&&... arguments) {
  try {
    return std::make_unique<Part>(std::forward<Arguments>(arguments)...);
  } catch (const std::runtime_error& why) {
    MESSAGE("skipped: " << why.what());
    return nullptr;
  }
}
