#include "tune/scheduler/pb2_rows.hpp"

#include <cmath>
#include <cstdint>
#include <limits>
#include <vector>

#include <doctest/doctest.h>

using namespace tune;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

constexpr bool judged = true;

void hear(pb2_rows& rows, std::uint64_t trial, iteration_number iteration, double loss, bool is_judged = false) {
  rows.on_result({trial_id{trial}, iteration, loss, is_judged});
}

pb2_rows with_trials(std::uint64_t trials, std::size_t most_rows = 1000) {
  pb2_rows rows(most_rows);
  for (std::uint64_t t = 1; t <= trials; ++t)
    rows.on_trial_created(trial_id{t}, {static_cast<double>(t) / 10});
  return rows;
}

using numbers = pb2_rows::numbers;

} // namespace

TEST_CASE("pb2 rows: a row is the gain for each iteration from the first or a judged report to the next judged one") {
  auto rows = with_trials(1);
  hear(rows, 1, 1, 10);
  hear(rows, 1, 2, 50); // Between two judgements nothing counts.
  hear(rows, 1, 5, 2, judged);
  hear(rows, 1, 9, 3, judged);

  REQUIRE(rows.all().size() == 2);
  CHECK(rows.all()[0].time == 5);
  CHECK(rows.all()[0].before == -10);
  CHECK(rows.all()[0].at == numbers{0.1});
  CHECK(rows.all()[0].gain == 2); // From -10 to -2, in 4 iterations.
  CHECK(rows.all()[1].time == 9);
  CHECK(rows.all()[1].before == -2);
  CHECK(rows.all()[1].gain == -0.25);
}

TEST_CASE("pb2 rows: no row is made of reports with different values, and time goes on as the donor's") {
  auto rows = with_trials(2);
  hear(rows, 1, 4, 8, judged);
  hear(rows, 2, 10, 1, judged);
  REQUIRE(rows.standing_of(trial_id{2}));
  CHECK(rows.standing_of(trial_id{2})->time == 10);
  CHECK(rows.standing_of(trial_id{2})->reward == -1);

  rows.on_exploited(trial_id{1}, trial_id{2}, {0.9});

  CHECK(rows.standing_of(trial_id{1})->time == 10); // Where its state is.
  CHECK(rows.standing_of(trial_id{1})->reward == -1);
  hear(rows, 1, 5, 0.75);
  CHECK(rows.all().empty());
  hear(rows, 1, 8, 0.25, judged);
  REQUIRE(rows.all().size() == 1);
  CHECK(rows.all()[0].time == 14); // 4 behind the donor's 10.
  CHECK(rows.all()[0].before == -0.75);
  CHECK(rows.all()[0].at == numbers{0.9});
  CHECK(rows.all()[0].gain == 0.5 / 3);

  hear(rows, 2, 20, 0, judged);
  rows.on_exploited(trial_id{2}, trial_id{1}, {0.8}); // Back to what has been trained for 14.
  hear(rows, 2, 21, 0);
  hear(rows, 2, 22, -1, judged);
  REQUIRE(rows.all().size() == 3);
  CHECK(rows.all()[1].time == 16);
}

TEST_CASE("pb2 rows: what is no number is the worst gain, and nothing begins with it") {
  auto rows = with_trials(1);
  hear(rows, 1, 1, std::nan("")); // There is nothing to compare with.
  hear(rows, 1, 2, 4, judged);
  hear(rows, 1, 4, infinity, judged);
  CHECK_FALSE(rows.standing_of(trial_id{1}));
  hear(rows, 1, 6, 2, judged);
  hear(rows, 1, 8, 1, judged);
  hear(rows, 1, 9, -1.5e308, judged);
  hear(rows, 1, 10, 1.5e308, judged);

  REQUIRE(rows.all().size() == 4);
  CHECK(rows.all()[0].gain == -infinity);
  CHECK(rows.all()[0].before == -4);
  CHECK(rows.all()[1].gain == 0.5);
  CHECK(rows.all()[2].gain == 1.5e308);
  CHECK(rows.all()[3].gain == -infinity);
}

TEST_CASE("pb2 rows: in whatever order trials report, the rows are the same; of too many the newest stay") {
  struct one {
    std::uint64_t trial;
    iteration_number iteration;
  };
  const auto of = [](const std::vector<one>& order) {
    auto rows = with_trials(3, /*most_rows=*/4);
    for (const auto& [trial, iteration] : order)
      hear(rows, trial, iteration, static_cast<double>(trial) / static_cast<double>(iteration), judged);
    std::vector<std::pair<double, numbers>> all;
    for (const auto& each : rows.all())
      all.emplace_back(each.time, each.at);
    return all;
  };

  const auto by_turns = of({{1, 1}, {2, 1}, {3, 1}, {1, 2}, {2, 2}, {3, 2}, {1, 3}, {2, 3}, {3, 3}});
  CHECK(by_turns == decltype(by_turns){{2, {0.3}}, {3, {0.1}}, {3, {0.2}}, {3, {0.3}}});
  CHECK(of({{3, 1}, {3, 2}, {3, 3}, {2, 1}, {2, 2}, {1, 1}, {1, 2}, {1, 3}, {2, 3}}) == by_turns);
}

TEST_CASE("pb2 rows: tried by others are the values that others went on with and of which there is no row") {
  auto rows = with_trials(4);
  for (std::uint64_t t = 1; t <= 4; ++t)
    hear(rows, t, static_cast<iteration_number>(5 * t), 1, judged);
  CHECK(rows.tried_by_others(trial_id{1}, 10).empty()); // They have what they began with.
  rows.on_exploited(trial_id{1}, trial_id{4}, {0.91});
  rows.on_exploited(trial_id{2}, trial_id{3}, {0.92});

  const auto all = rows.tried_by_others(trial_id{3}, 10);
  REQUIRE(all.size() == 2);
  CHECK(all[0].at == numbers{0.91});
  CHECK(all[0].from.time == 20);
  CHECK(all[0].from.reward == -1);
  CHECK(all[1].at == numbers{0.92});
  CHECK(rows.tried_by_others(trial_id{3}, 1).size() == 1);
  CHECK(rows.tried_by_others(trial_id{3}, 1)[0].at == numbers{0.91});
  REQUIRE(rows.tried_by_others(trial_id{1}, 10).size() == 1); // Its own values are about to be replaced.

  hear(rows, 1, 6, 1);
  CHECK(rows.tried_by_others(trial_id{3}, 10).size() == 2);
  hear(rows, 1, 7, 1, judged); // That is a row.
  CHECK(rows.tried_by_others(trial_id{3}, 10).size() == 1);
  rows.on_trial_end(trial_id{2});
  CHECK(rows.tried_by_others(trial_id{3}, 10).empty());
}

TEST_CASE("pb2 rows: of trials that it does not know, or that have ended, it hears nothing") {
  auto rows = with_trials(1);
  hear(rows, 2, 1, 1, judged);
  rows.on_exploited(trial_id{2}, trial_id{1}, {0.5});
  rows.on_exploited(trial_id{1}, trial_id{2}, {0.5}); // Its donor has no standing: nobody knows where it is.
  CHECK(rows.tried_by_others(trial_id{2}, 10).empty());
  rows.on_trial_end(trial_id{1});
  hear(rows, 1, 1, 1, judged);
  hear(rows, 1, 2, 1, judged);
  CHECK(rows.all().empty());
}
