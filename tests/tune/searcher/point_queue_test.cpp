#include "tune/searcher/point_queue.hpp"

#include <string>
#include <vector>

#include <doctest/doctest.h>

using namespace tune;

namespace {

using lines = std::vector<std::string>;

search_space two_optimizers() {
  return {{"lr", uniform(0, 1)},
          {"optimizer", choice({"sgd", "adam"})},
          {"momentum", uniform(0, 0.99).when("optimizer", "sgd")}};
}

std::unique_ptr<searcher> made(const std::vector<point>& points, const search_space& space, std::uint64_t seed = 1) {
  auto rest = random_search().make({space, seed, 10, trials_of(points)});
  return std::make_unique<point_queue>(space, points, std::vector<objective>{maximize("accuracy")}, seed,
                                       std::move(rest));
}

} // namespace

TEST_CASE("point queue: the user's points are the first trials, in their order") {
  const std::vector<point> points = {{{{"lr", 1}, {"optimizer", "adam"}}},
                                     {{{"optimizer", "sgd"}, {"lr", 0.5}, {"momentum", 0.9}}}};
  const auto search = made(points, two_optimizers());

  const auto answer = search->ask({trial_id{1}, trial_id{2}, trial_id{3}});

  REQUIRE(answer.proposals.size() == 3);
  CHECK(answer.how == ask_outcome::proposed);
  CHECK(to_json(answer.proposals[0].values) == R"({"lr":1.0,"optimizer":"adam"})"); // A number, as in the space.
  CHECK(answer.proposals[1].values == config{{"lr", 0.5}, {"optimizer", "sgd"}, {"momentum", 0.9}});
  CHECK(answer.proposals[2].trial == trial_id{3});
  CHECK(answer.proposals[1].is_of_user);
  CHECK_FALSE(answer.proposals[2].is_of_user);
}

TEST_CASE("point queue: what a point leaves out is drawn so that the rest fits, the same at any time") {
  const std::vector<point> points = {{{{"momentum", 0.9}}}, {config{}}};
  const auto first = made(points, two_optimizers())->ask({trial_id{1}, trial_id{2}});
  const auto later = made(points, two_optimizers())->ask({trial_id{2}});

  CHECK(first.proposals.at(0).values.get<std::string>("optimizer") == "sgd"); // Else there is no momentum.
  CHECK(first.proposals.at(0).values.get<double>("momentum") == 0.9);
  CHECK(first.proposals.at(0).values.contains("lr"));
  CHECK(later.proposals.at(0).values == first.proposals.at(1).values);
  CHECK(made(points, two_optimizers(), 2)->ask({trial_id{1}}).proposals.at(0).values != first.proposals.at(0).values);
}

TEST_CASE("point queue: points with known results are no trials; the searcher learns from them") {
  class listener final : public searcher {
  public:
    explicit listener(lines& heard) : heard_(heard) {}
    searcher_abilities abilities() const override { return {}; }
    asked ask(const std::vector<trial_id>& trials) override {
      heard_.push_back("ask from " + std::to_string(trials.front().value));
      return {{}, ask_outcome::wait, "nothing yet"};
    }
    void on_known(const config& values, const std::vector<double>& losses) override {
      heard_.push_back("known " + to_json(values) + " " + std::to_string(losses.at(0)));
    }
    void on_created(trial_id trial, const config&) override {
      heard_.push_back("created " + std::to_string(trial.value));
    }
    void on_report(trial_id, iteration_number, const std::vector<double>&) override { heard_.push_back("report"); }
    void on_paused(trial_id) override { heard_.push_back("paused"); }
    void on_end(trial_id, trial_outcome, const std::vector<double>&) override { heard_.push_back("end"); }

  private:
    lines& heard_;
  };
  const search_space space = {{"x", integer(1, 9)}};
  const std::vector<point> points = {{config{{"x", 3}}, metrics{{"accuracy", 0.75}}}, {config{{"x", 5}}}};
  lines heard;
  REQUIRE(trials_of(points) == 1);
  point_queue search(space, points, {maximize("accuracy")}, 1, std::make_unique<listener>(heard));

  const auto answer = search.ask({trial_id{1}, trial_id{2}});
  search.on_created(trial_id{1}, answer.proposals.at(0).values);
  search.on_report(trial_id{1}, 1, {0.1});
  search.on_paused(trial_id{1});
  search.on_end(trial_id{1}, trial_outcome::completed, {0.1});

  CHECK(answer.proposals.size() == 1);
  CHECK(answer.proposals.at(0).values == config{{"x", 5}});
  CHECK(answer.how == ask_outcome::wait);
  CHECK(answer.reason == "nothing yet");
  CHECK(heard == lines{R"(known {"x":3} -0.750000)", "ask from 2", "created 1", "report", "paused", "end"});
}

TEST_CASE("point queue: every mistake of the points, with its place") {
  auto space = two_optimizers();
  space.require("lr < momentum", [](const config& c) { return c.get<double>("lr") < c.get("momentum", 1.0); });
  const std::vector<point> points = {
    {{{"lr", 5}, {"optimiser", "sgd"}}},
    {{{"optimizer", "rms"}}},
    {{{"optimizer", "adam"}, {"momentum", 0.5}}},
    {{{"lr", 0.9}, {"momentum", 0.5}}},
    {{{"lr", 0.1}, {"momentum", 0.5}}, metrics{{"acc", 1}}},
    {{{"lr", 0.1}, {"momentum", 0.5}}, metrics{{"accuracy", "high"}}},
    {{{"lr", 0.1}, {"momentum", 0.5}}},
  };

  CHECK(mistakes_of(points, space, {maximize("accuracy")}) ==
        lines{R"(points_to_evaluate: point 1: "lr": 5 is above high 1)",
              R"(points_to_evaluate: point 1: "optimiser" is not a parameter; did you mean "optimizer"?)",
              R"(points_to_evaluate: point 2: "optimizer": "rms" is not one of "sgd", "adam")",
              R"(points_to_evaluate: point 3: "momentum" is not active in it)",
              R"(points_to_evaluate: point 4: "lr < momentum" does not hold)",
              R"(points_to_evaluate: point 5: its known results have no "accuracy")",
              R"(points_to_evaluate: point 6: its known "accuracy" is "high", which is not a number)"});
}
