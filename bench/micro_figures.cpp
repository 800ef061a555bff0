#include "bench/micro_figures.hpp"

#include "bench/figures.hpp"

namespace bench {
namespace {

/// Shows what Google Benchmark measures as our figures.
class figure_reporter : public benchmark::BenchmarkReporter {
public:
  figure_reporter(const figures& shown, const std::vector<micro_benchmark>& all) : figures_(shown), all_(all) {}
  bool ReportContext(const Context&) override { return true; }
  void ReportRuns(const std::vector<Run>& runs) override {
    for (const auto& run : runs)
      for (const auto& one : all_)
        if (run.benchmark_name().rfind(one.name, 0) == 0)
          figures_.show({one.name, run.GetAdjustedCPUTime(), "ns", {}, one.at_most, one.what});
  }

private:
  const figures& figures_;
  const std::vector<micro_benchmark>& all_;
};

} // namespace

int run_micro_benchmarks(int argc, char** argv, const std::vector<micro_benchmark>& all) {
  const figures shown(argc, argv);
  bool any = false;
  for (const auto& one : all)
    if (shown.wants(one.name)) {
      benchmark::RegisterBenchmark(one.name.c_str(), one.run)->MinTime(shown.is_quick() ? 0.02 : 0.5);
      any = true;
    }
  figure_reporter reporter(shown, all);
  if (any) // Without one it would complain.
    benchmark::RunSpecifiedBenchmarks(&reporter);
  return 0;
}

} // namespace bench
