#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include <doctest/doctest.h>

#include "runtime/base/random_stream.hpp"
#include "tests/support/seeds.hpp"
#include "tune/scheduler/scheduler.hpp"
#include "tune/scheduler/signed_rank.hpp"
#include "tune/schedulers.hpp"

using namespace tune;

namespace {

constexpr auto nan_ = std::numeric_limits<double>::quiet_NaN();
constexpr auto infinite = std::numeric_limits<double>::infinity();

std::unique_ptr<scheduler> made(const wilcoxon_options& options = {}, direction better = direction::minimize) {
  REQUIRE(validate(options));
  return wilcoxon(options).make({1, better});
}

/// What is said of the losses of a trial at iterations 1, 2, ...; the first that is not "go on" ends it.
std::string life(scheduler& by, std::uint64_t trial, const std::vector<double>& losses,
                 trial_state end = trial_state::terminated) {
  by.on_trial_created(trial_id{trial}, {});
  iteration_number iteration = 0;
  for (const double loss : losses) {
    const auto said = by.on_result({trial_id{trial}, ++iteration, loss});
    if (said.what == verdict::go_on)
      continue;
    by.on_trial_end(trial_id{trial}, trial_state::stopped);
    return said.reason;
  }
  by.on_trial_end(trial_id{trial}, end);
  return "finished";
}

} // namespace

TEST_CASE("signed rank: exact without ties and zeros") {
  CHECK(signed_rank_p_greater({.1, .3, -.05, .2, .4, .15}) == 0.03125); // W+ = 20 of 21: two of 64 signs.
  CHECK(signed_rank_p_greater({1, 2, 3, 4, 5, 6}) == 1.0 / 64);
  CHECK(signed_rank_p_greater({-1, -2, -3}) == 1);
  CHECK(signed_rank_p_greater({1}) == 0.5);
  CHECK(signed_rank_p_greater({}) == 1);
  CHECK(signed_rank_p_greater({infinite, -1, 2}) > 0); // Of no use, but no trap either.
}

TEST_CASE("signed rank: ties and zeros share their ranks, and the normal distribution is near to the exact one") {
  CHECK(signed_rank_p_greater({0, 0, 0, 0}) == 0.5);
  CHECK(signed_rank_p_greater({1, -1}) == 0.5);
  // Ranks 1, 2.5, 2.5, 4: W+ = 9.5 of 10 with half of the zero's; variance (4*5*9 - 6/2)/24.
  CHECK(signed_rank_p_greater({0, 2, 2, 3}) ==
        doctest::Approx(0.5 * std::erfc((9.5 - 5) / std::sqrt(177.0 / 24) / std::sqrt(2.0))));
  std::vector<double> all;
  for (int i = 1; i <= 50; ++i)
    all.push_back(i % 3 == 0 ? -i : i);
  const double exact = signed_rank_p_greater(all);
  all.insert(all.begin(), 0);
  CHECK(std::abs(signed_rank_p_greater(all) - exact) < 0.005);
}

TEST_CASE("signed rank: both sides of a sample that mirrors share the whole") {
  for_each_seed(50, [](seed s) {
    runtime::random_stream random(s);
    std::vector<double> all;
    std::vector<double> mirrored;
    for (std::uint64_t i = 0; i < 1 + s % 80; ++i) {
      all.push_back(static_cast<double>(random.below(41)) - 20);
      mirrored.push_back(-all.back());
    }
    const double both = signed_rank_p_greater(all) + signed_rank_p_greater(mirrored);
    CHECK(both >= 1 - 1e-9); // More where what is exactly so is of both sides.
    all.back() += 100;
    CHECK(signed_rank_p_greater(all) <= 1);
  });
}

TEST_CASE("wilcoxon: a trial stops that is worse than the best at the same iterations, and says why") {
  for (const auto better : {direction::minimize, direction::maximize}) {
    const double sign = better == direction::minimize ? 1 : -1;
    const auto by = made({}, better);
    CHECK(life(*by, 1, {1, 2, 3, 4, 5, 6}) == "finished");
    CHECK(life(*by, 2, {9, 2, 3, 4, 5, 6}) == "finished"); // Worse at one alone.
    // 1/8 after three, 1/16 after four.
    const auto said = life(*by, 3, {9.1, 9.3, 9.6, 9.8, 9});
    CHECK(said == (sign > 0 ? "iteration 4: its mean so far, 9.45, is worse than that of trial 1, 3.5: p = 0.0625 of 4 "
                              "pairs"
                            : "iteration 4: its mean so far, -9.45, is worse than that of trial 1, -3.5: p = 0.0625 of "
                              "4 pairs"));
  }
}

TEST_CASE("wilcoxon: who is better on the average goes on, though worse at most instances") {
  const auto by = made();
  CHECK(life(*by, 1, {10, 10, 10, 10, 100, 100}) == "finished"); // A mean of 40.
  CHECK(life(*by, 2, {11, 12, 13, 14, 15, 16}) == "finished");   // It is the best now.
  CHECK(life(*by, 3, {12, 13.5, 15, 17.75}) ==
        "iteration 4: its mean so far, 14.5625, is worse than that of trial 2, 13.5: p = 0.0625 of 4 pairs");
}

TEST_CASE("wilcoxon: the best is a completed trial of those that reported most often, of equal ones the earliest") {
  const auto by = made();
  CHECK(life(*by, 1, {5, 5, 5, 5}) == "finished");
  CHECK(life(*by, 2, {1}) == "finished"); // One fold is luck.
  CHECK(life(*by, 3, {0, 0, 0, 0}, trial_state::error) == "finished");
  CHECK(life(*by, 4, {0, 0, 0, 0}, trial_state::stopped) == "finished");
  CHECK(life(*by, 5, {nan_, 0, 0, 0}) == "finished");
  CHECK(life(*by, 6, {-infinite, 0, 0, 0}) == "finished");
  CHECK(life(*by, 7, {5, 5, 5, 5}) == "finished");
  CHECK(life(*by, 8, {6, 7, 8, 9}).find("that of trial 1, 5:") != std::string::npos);
}

TEST_CASE("wilcoxon: what is no finite number stops nobody, nor do unknown trials or none that completed") {
  const auto by = made();
  CHECK(life(*by, 1, {9, 9, 9, 9, 9, 9}, trial_state::stopped) == "finished");
  CHECK(by->on_result({trial_id{77}, 1, 5}) == decision{});
  by->on_trial_end(trial_id{77}, trial_state::terminated);
  CHECK(life(*by, 2, {1, 1, 1, 1, 1, 1}) == "finished");
  CHECK(life(*by, 3, {nan_, 9, 8, 7, 6, 5}) == "finished");
  CHECK(life(*by, 4, {infinite, 9, 8, 7, 6, 5}) == "finished");
  const auto huge = made();
  CHECK(life(*huge, 1, {-1e308, -1e308, -1e308, -1e308}) == "finished");
  CHECK(life(*huge, 2, {1e308, 1e308, 1e308, 1e308}) == "finished"); // Their differences are no numbers.
}

TEST_CASE("wilcoxon: only iterations that both reported are compared, of which there must be startup_steps") {
  wilcoxon_options options;
  options.p_threshold = 0.3;
  options.startup_steps = 3;
  const auto by = made(options);
  CHECK(by->next_judged(trial_id{2}, 0) == 3);
  CHECK(by->next_judged(trial_id{2}, 7) == 8);
  by->on_trial_created(trial_id{1}, {});
  for (const iteration_number i : {2, 4, 6})
    CHECK(by->on_result({trial_id{1}, i, 0}) == decision{});
  by->on_trial_end(trial_id{1}, trial_state::terminated);
  CHECK(life(*by, 2, {1, 2, 3, 4, 5, 6, 7}) ==
        "iteration 6: its mean so far, 3.5, is worse than that of trial 1, 0: p = 0.125 of 3 pairs");
}

TEST_CASE(
  "wilcoxon: nobody stops sooner for a smaller threshold, never before it says so, and a replay is equal (I6)") {
  for_each_seed(50, [](seed s) {
    runtime::random_stream random(s);
    const auto strict = made({0.02, 2});
    const auto usual = made({0.2, 2});
    const auto again = made({0.2, 2});
    for (std::uint64_t trial = 1; trial <= 30; ++trial) {
      for (auto* each : {strict.get(), usual.get(), again.get()})
        each->on_trial_created(trial_id{trial}, {});
      bool has_stopped = false;
      auto judged = usual->next_judged(trial_id{trial}, 0);
      for (iteration_number i = 1; i <= 12; ++i) {
        const double loss = random.below(60) == 0 ? nan_ : static_cast<double>(random.below(10) + trial % 7);
        const auto said = usual->on_result({trial_id{trial}, i, loss});
        REQUIRE(again->on_result({trial_id{trial}, i, loss}) == said);
        if (said.what == verdict::stop)
          REQUIRE(i >= judged);
        judged = usual->next_judged(trial_id{trial}, i);
        has_stopped = has_stopped || said.what == verdict::stop;
        if (strict->on_result({trial_id{trial}, i, loss}).what == verdict::stop)
          REQUIRE(has_stopped);
      }
      for (auto* each : {strict.get(), usual.get(), again.get()})
        each->on_trial_end(trial_id{trial}, has_stopped ? trial_state::stopped : trial_state::terminated);
    }
  });
}

TEST_CASE("wilcoxon: shown as JSON and made again, and every option that is wrong is told") {
  for (const auto& which : {wilcoxon(), wilcoxon({0.05, 5})})
    CHECK(to_json(or_throw(scheduler_from_json(to_json(which)))) == to_json(which));
  CHECK(to_json(wilcoxon({0.25, 5})) == R"({"name":"wilcoxon","p_threshold":0.25,"startup_steps":5})");
  const auto wrong = scheduler_named("wilcoxon", R"({"p_threshold": 1, "startup_steps": 1})");
  REQUIRE_FALSE(wrong);
  CHECK(wrong.error().message ==
        "scheduler wilcoxon: p_threshold is 1, but must be more than 0 and less than 1; use for example 0.1\n"
        "scheduler wilcoxon: startup_steps is 1, but must be at least 2");
}
