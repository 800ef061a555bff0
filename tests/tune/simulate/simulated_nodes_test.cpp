#include "tune/simulate/simulated_nodes.hpp"

#include <doctest/doctest.h>

using namespace tune;
using namespace std::chrono_literals;
using runtime::instant;

namespace {

constexpr instant start{};

simulated_nodes_options two_nodes() {
  simulated_nodes_options options;
  options.nodes = {{2, runtime::cpus(2)}};
  options.wants = runtime::cpus(1);
  return options;
}

template <class Action>
std::vector<Action> all_of(const simulated_nodes::actions& todo) {
  std::vector<Action> all;
  for (const auto& each : todo)
    if (const auto* one = std::get_if<Action>(&each))
      all.push_back(*one);
  return all;
}

/// Lets time pass until something of this kind happens.
template <class Action>
std::pair<instant, simulated_nodes::actions> until(simulated_nodes& nodes) {
  for (int i = 0; i < 10'000; ++i) {
    const auto next = nodes.wake_at();
    REQUIRE(next);
    auto todo = nodes.on_time(*next);
    if (!all_of<Action>(todo).empty())
      return {*next, std::move(todo)};
  }
  FAIL("it did not happen");
  return {};
}

} // namespace

TEST_CASE("simulated nodes: as many runners as fit, the next when one is through") {
  simulated_nodes nodes(two_nodes(), start);
  const auto begun = nodes.on_begin(start);
  REQUIRE(all_of<simulated_nodes::holds>(begun).size() == 1);
  CHECK(all_of<simulated_nodes::holds>(begun)[0].trials == 4);
  CHECK(nodes.places() == 4);

  std::map<runtime::node_id, int> there;
  for (std::uint64_t i = 1; i <= 4; ++i) {
    const auto granted = all_of<simulated_nodes::granted>(nodes.on_wanted(runner_id{i}, {}, start));
    REQUIRE(granted.size() == 1);
    CHECK(granted[0].runner == runner_id{i});
    ++there[granted[0].node];
  }
  CHECK(there == std::map<runtime::node_id, int>{{runtime::node_id{1}, 2}, {runtime::node_id{2}, 2}});
  CHECK(nodes.on_wanted(runner_id{5}, {}, start).empty());
  CHECK(nodes.on_wanted(runner_id{6}, {}, start).empty());
  CHECK(nodes.on_released(runner_id{5}, start).empty()); // It waits no more.
  const auto next = all_of<simulated_nodes::granted>(nodes.on_released(runner_id{1}, start));
  REQUIRE(next.size() == 1);
  CHECK(next[0].runner == runner_id{6});
}

TEST_CASE("simulated nodes: what fits nowhere is refused, with the head's words") {
  auto options = two_nodes();
  options.wants = runtime::cpus(3);
  simulated_nodes nodes(options, start);
  CHECK(all_of<simulated_nodes::holds>(nodes.on_begin(start))[0].trials == 1); // At least, as for a real controller.

  const auto ended = all_of<simulated_nodes::ended>(nodes.on_wanted(runner_id{1}, {}, start));

  REQUIRE(ended.size() == 1);
  CHECK(ended[0].why.cause == end_cause::infeasible);
  CHECK(ended[0].why.why.find("resources: cpu=3 fits on no node") == 0);
}

TEST_CASE("simulated nodes: a failure is noticed later, and then its runners are lost; the node comes back") {
  auto options = two_nodes();
  options.nodes = {{1, runtime::cpus(2)}};
  options.mean_time_between_failures = 1h;
  options.repair_time = time_law(10min);
  options.seed = 5;
  simulated_nodes nodes(options, start);
  (void)nodes.on_begin(start);
  (void)nodes.on_wanted(runner_id{1}, {}, start);

  const auto [failed_at, failure] = until<simulated_nodes::failed>(nodes);
  CHECK(all_of<simulated_nodes::ended>(failure).empty());
  CHECK(nodes.places() == 0);
  CHECK(nodes.failures() == 1);
  place_wish waits;
  waits.waits_for_node = true; // Else it would be refused when the node had been away for a minute.
  CHECK(nodes.on_wanted(runner_id{2}, waits, failed_at).empty()); // Granted, as nobody knows; but nobody confirms it.

  const auto [noticed_at, loss] = until<simulated_nodes::ended>(nodes);
  CHECK(noticed_at - failed_at == 5s);
  const auto lost = all_of<simulated_nodes::ended>(loss);
  REQUIRE(lost.size() == 1);
  CHECK(lost[0].runner == runner_id{1});
  CHECK(lost[0].why.cause == end_cause::lost);
  CHECK(lost[0].why.why == "node \"node-1\" was lost: it fell silent");

  const auto [back_at, back] = until<simulated_nodes::granted>(nodes);
  CHECK(back_at - failed_at >= 10min);
  CHECK(back_at - failed_at < 11min);
  CHECK(all_of<simulated_nodes::granted>(back)[0].runner == runner_id{2}); // It has waited.
  CHECK(all_of<simulated_nodes::holds>(back)[0].trials == 2);
  CHECK(nodes.places() == 2);
}

TEST_CASE("simulated nodes: a runner that ends while its node is gone leaves nothing behind") {
  auto options = two_nodes();
  options.nodes = {{1, runtime::cpus(1)}};
  options.mean_time_between_failures = 1h;
  options.repair_time = time_law(1min);
  simulated_nodes nodes(options, start);
  (void)nodes.on_begin(start);
  (void)nodes.on_wanted(runner_id{1}, {}, start);
  const auto failed_at = until<simulated_nodes::failed>(nodes).first;

  (void)nodes.on_released(runner_id{1}, failed_at);
  (void)nodes.on_wanted(runner_id{2}, {}, failed_at);

  const auto back = until<simulated_nodes::granted>(nodes).second;
  CHECK(all_of<simulated_nodes::granted>(back)[0].runner == runner_id{2});
}

TEST_CASE("simulated nodes: failures come as often as the mean says") {
  simulated_nodes_options options;
  options.nodes = {{100, runtime::cpus(1)}};
  options.wants = runtime::cpus(1);
  options.mean_time_between_failures = 10h;
  options.repair_time = time_law(0s);
  simulated_nodes nodes(options, start);
  (void)nodes.on_begin(start);

  while (*nodes.wake_at() < start + 100h)
    (void)nodes.on_time(*nodes.wake_at());

  CHECK(nodes.failures() > 900); // 1,000 are expected, with a deviation of 32.
  CHECK(nodes.failures() < 1100);
}
