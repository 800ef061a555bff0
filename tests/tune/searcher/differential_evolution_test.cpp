#include "tune/searcher/differential_evolution.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

using namespace tune;

namespace {

using kind = trial_standing::kind;
using numbers = std::vector<double>;

differential_population::member with_loss(double loss, double x = 0) {
  return {{kind::completed, 0, loss}, {x}, {0.5, 0.5}};
}

std::vector<double> losses_of(const differential_population& all) {
  std::vector<double> losses;
  for (const auto& each : all.members())
    losses.push_back(each.how.loss);
  return losses;
}

} // namespace

TEST_CASE("differential evolution: the first members join, then only who is better than the worst") {
  differential_population all(3);
  all.join(with_loss(5));
  all.join(with_loss(7));
  CHECK_FALSE(all.is_complete());
  all.join(with_loss(6));
  CHECK(all.is_complete());

  all.join(with_loss(7));
  CHECK(losses_of(all) == numbers{5, 7, 6});
  all.join(with_loss(4));
  CHECK(losses_of(all) == numbers{5, 4, 6});
}

TEST_CASE("differential evolution: who challenges a member takes its place if it is no worse") {
  differential_population all(3);
  for (const double loss : {5, 7, 6})
    all.join(with_loss(loss, 0.1));

  all.challenge(2, with_loss(6.5, 0.2));
  CHECK(losses_of(all) == numbers{5, 7, 6});
  all.challenge(2, with_loss(6, 0.3));
  CHECK(all.members()[2].numbers == numbers{0.3});
  all.challenge(1, with_loss(1));
  CHECK(losses_of(all) == numbers{5, 1, 6});
}

TEST_CASE("differential evolution: a failed trial is no member, not even in place of one that failed since") {
  differential_population all(2);
  const differential_population::member failed{{kind::failed}, {0.9}, {0.5, 0.5}};
  all.join(failed);
  CHECK(all.members().empty());

  all.join(with_loss(1));
  all.join(with_loss(2));
  all.judge_anew(1, {kind::failed});
  all.join(failed);
  all.challenge(1, failed);
  CHECK(all.members()[1].numbers == numbers{0});
  all.challenge(1, with_loss(100));
  CHECK(losses_of(all) == numbers{1, 100});
}

TEST_CASE("differential evolution: members take turns by the numbers of trials") {
  const differential_population all(3);
  CHECK(all.turn_of(trial_id{3}) == 0);
  CHECK(all.turn_of(trial_id{7}) == 1);
  CHECK(all.turn_of(trial_id{8}) == 2);
}

TEST_CASE("differential evolution: a mutant is one parent, moved by the weighted difference of two others") {
  const numbers target = {0.9, 0.9};
  const numbers a = {0.2, 0.5}, b = {0.3, 0.1}, c = {0.4, 0.6};
  std::set<int> seen; ///< In thousandths.
  for (std::uint64_t i = 0; i < 200; ++i) {
    const auto child = differential_child({target, {&a, &target, &b, &c}, 1, {0.5, 1}}, chance(1, "test", i));
    seen.insert(static_cast<int>(child[0] * 1000 + 0.5));
    CHECK(child[1] >= 0);
    CHECK(child[1] <= 1);
  }
  // 0.2 + (0.3 - 0.4) / 2, 0.2 + (0.4 - 0.3) / 2, 0.3 + (0.2 - 0.4) / 2, ...
  CHECK(seen == std::set<int>{150, 250, 200, 400, 350, 450});
}

TEST_CASE("differential evolution: a number outside of the space is drawn") {
  const numbers target = {0.5};
  const numbers a = {0}, b = {1}, c = {0.9};
  std::set<double> drawn;
  for (std::uint64_t i = 0; i < 200; ++i) {
    const auto child = differential_child({target, {&a, &b, &c}, 3, {2, 1}}, chance(1, "test", i));
    REQUIRE(child[0] >= 0);
    REQUIRE(child[0] <= 1);
    if (child[0] > 0 && child[0] < 1)
      drawn.insert(child[0]);
  }
  CHECK(drawn.size() > 50); // Not at the borders, nor mirrored.
}

TEST_CASE("differential evolution: of a child's numbers a share is the mutant's, and one at least") {
  const numbers target(4, 0.9);
  const numbers a(4, 0.2), b(4, 0.3), c(4, 0.4);
  const auto changed = [&](double crossover) {
    std::vector<int> counts(5);
    for (std::uint64_t i = 0; i < 400; ++i) {
      const auto child = differential_child({target, {&a, &b, &c}, 3, {0.5, crossover}}, chance(1, "test", i));
      ++counts[static_cast<std::size_t>(std::count_if(child.begin(), child.end(), [](double x) { return x != 0.9; }))];
    }
    return counts;
  };

  CHECK(changed(0) == std::vector<int>{0, 400, 0, 0, 0});
  CHECK(changed(1) == std::vector<int>{0, 0, 0, 0, 400});
  const auto half = changed(0.5); // 1 + binomial(3, 1/2): 50, 150, 150, 50.
  CHECK(half[0] == 0);
  CHECK(half[1] > 25);
  CHECK(half[1] < 80);
  CHECK(half[2] > 110);
  CHECK(half[3] > 110);
  CHECK(half[4] > 25);
}

TEST_CASE("differential evolution: a child is tried if it is new, may be tried, and is not its target") {
  search_space space = {{"n", integer(0, 4)}};
  space.require("n is not 1", [](const config& c) { return c.get<int>("n") != 1; });
  const space_plan plan(space);
  const modelled_axes axes(plan);
  design_search design({space, 1, 100, 0}, sobol_design, {});
  design.on_created(trial_id{1}, {{"n", 3}});
  const auto at = [&](int n) {
    numbers x(1);
    axes.read({{"n", n}}, x);
    return x;
  };
  const auto target = at(2), a = at(0), b = at(1), c = at(4);
  const auto tried = [&](const learning_search::ranks& in_batch, const numbers& of) {
    std::set<int> all;
    for (std::uint64_t i = 1; i <= 100; ++i)
      if (const auto child =
            child_to_try({plan, axes, design}, in_batch, {of, {&a, &b, &c}, 3, {1, 1}}, 1, "test", trial_id{i}))
        all.insert(child->get<int>("n"));
    return all;
  };

  CHECK(tried({}, target) == std::set<int>{0, 4});
  CHECK(tried({*design.rank_of({{"n", 4}})}, target) == std::set<int>{0});
  CHECK(tried({*design.rank_of({{"n", 4}})}, at(0)) == std::set<int>{2});
  CHECK(tried({*design.rank_of({{"n", 4}}), *design.rank_of({{"n", 2}})}, at(0)).empty());
}

TEST_CASE("differential evolution: options out of range are told by their names") {
  CHECK(differential_mistakes("x", 4, 2, 1).empty());
  CHECK(differential_mistakes("x", 10'000, 0.1, 0).empty());
  CHECK(differential_mistakes("x", 3, 0, -0.5) ==
        std::vector<std::string>{"searcher x: population is 3, but must be 4 to 10000",
                                 "searcher x: weight is 0, but must be above 0 and at most 2",
                                 "searcher x: crossover is -0.5, but must be 0 to 1"});
  CHECK(differential_mistakes("x", 10'001, 2.5, 1.5).size() == 3);
}
