#include "tests/support/seeds.hpp"

#include <cstdlib>

#include <doctest/doctest.h>

void for_each_seed(std::uint64_t count, const std::function<void(seed)>& test) {
  const auto run = [&](seed s) {
    INFO("replay with CAF_TUNE_SEED=" << s);
    test(s);
  };
  if (const char* only = std::getenv("CAF_TUNE_SEED"))
    return run(std::strtoull(only, nullptr, 10));
  for (seed s = 1; s <= count; ++s)
    run(s);
}
