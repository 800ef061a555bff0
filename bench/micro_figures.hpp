#pragma once

#include <optional>
#include <string>
#include <vector>

#include <benchmark/benchmark.h>

namespace bench {

/// Something small that Google Benchmark repeats: a figure in nanoseconds of one thread's cpu time.
struct micro_benchmark {
  std::string name; ///< None begins like another.
  void (*run)(benchmark::State&);
  std::optional<double> at_most; ///< The goal.
  std::string what;
};

/// The whole main() of a program of such figures.
int run_micro_benchmarks(int argc, char** argv, const std::vector<micro_benchmark>& all);

} // namespace bench
