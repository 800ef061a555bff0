#include "tune/simulate/invented_curves.hpp"
#include "tune/simulate/recorded_curves.hpp"

#include <cmath>

#include <doctest/doctest.h>

using namespace tune;
using namespace std::chrono_literals;

namespace {

const search_space plane = {{"x", uniform(0, 1)}, {"y", uniform(0, 1)}};

invented_curves invented(iteration_number iterations = 10) {
  invented_curves_options options;
  options.objectives = {minimize("loss"), maximize("accuracy")};
  options.iterations = iterations;
  options.iteration_time = or_throw(time_law::parse("lognormal:2s,0.5"));
  options.seed = 3;
  return {plane, std::move(options)};
}

/// Records of an experiment, as its journal has them.
class records_for_test {
public:
  explicit records_for_test(recorded_curves& to) : to_(to) {}

  void create(std::uint64_t trial, config values) {
    record::trial_created made;
    made.trial = trial_id{trial};
    made.values = std::move(values);
    to_.on_record(made);
  }
  void report(std::uint64_t trial, iteration_number iteration, metrics values, double seconds, bool done = false) {
    record::result_reported counted;
    counted.trial = trial_id{trial};
    counted.iteration = iteration;
    counted.values = std::move(values);
    counted.time_this_iteration_s = seconds;
    counted.done = done;
    to_.on_record(counted);
  }
  void end(std::uint64_t trial, trial_state how) {
    record::trial_changed changed;
    changed.trial = trial_id{trial};
    changed.state = how;
    to_.on_record(changed);
  }

private:
  recorded_curves& to_;
};

recorded_curves_options of_loss() {
  recorded_curves_options options;
  options.metrics = {"loss"};
  return options;
}

/// Trial 1 at (0, 0) has three iterations, trial 2 at (1, 1) was stopped after one, trial 3 at (1, 0) was done after
/// two.
void record_three(recorded_curves& curves) {
  records_for_test records(curves);
  records.create(1, {{"x", 0.0}, {"y", 0.0}});
  records.create(2, {{"x", 1.0}, {"y", 1.0}});
  records.create(3, {{"x", 1.0}, {"y", 0.0}});
  records.report(1, 1, {{"loss", 0.5}}, 1);
  records.report(2, 1, {{"loss", 0.75}}, 4);
  records.end(2, trial_state::stopped);
  records.report(1, 2, {{"loss", 0.25}}, 2);
  records.report(3, 1, {{"loss", 0.625}}, 1);
  records.report(3, 2, {{"loss", 0.375}}, 1, /*done=*/true);
  records.end(3, trial_state::terminated);
  records.report(1, 3, {{"loss", 0.125}}, 3);
  records.end(1, trial_state::terminated);
}

double loss_of(const trial_curve& curve, iteration_number iteration) {
  return curve.at(iteration).get<double>("loss");
}

} // namespace

TEST_CASE("invented curves: they fall towards what the configuration allows, and the last iteration is done") {
  const auto model = invented();
  const auto curve = model.curve_of(trial_id{1}, {{"x", 0.5}, {"y", 0.5}}, 7);

  CHECK(loss_of(*curve, 1) > loss_of(*curve, 10));
  CHECK(std::abs(1 - curve->at(1).get<double>("accuracy")) <= 1.1);
  CHECK(!curve->at(9).contains("done"));
  CHECK(curve->at(10).get<bool>("done"));
  CHECK(curve->time(1) == curve->time(9));
  CHECK(model.curve_of(trial_id{2}, {{"x", 0.5}, {"y", 0.5}}, 7)->time(1) != curve->time(1));
}

TEST_CASE("invented curves: the same trial, seed and iteration are the same curve; others are not") {
  const auto model = invented();
  const config values = {{"x", 0.25}, {"y", 0.75}};
  const auto first = model.curve_of(trial_id{1}, values, 7);
  (void)first->at(5);
  const auto again = model.curve_of(trial_id{1}, values, 7);

  CHECK(first->at(3) == again->at(3));
  CHECK(first->time(1) == again->time(1));
  CHECK(first->at(3) != model.curve_of(trial_id{1}, values, 8)->at(3));
  CHECK(first->at(3) != model.curve_of(trial_id{2}, values, 7)->at(3));
}

TEST_CASE("invented curves: some configurations are better than others, all along the way") {
  const auto model = invented(1000);
  double least = 2;
  double most = -1;
  for (const double x : {0.0, 0.5, 1.0})
    for (const double y : {0.0, 0.5, 1.0}) {
      const double loss = loss_of(*model.curve_of(trial_id{1}, {{"x", x}, {"y", y}}, 7), 1000);
      least = std::min(least, loss);
      most = std::max(most, loss);
    }
  CHECK(most - least > 0.2);
}

TEST_CASE("recorded curves: a trial goes as the nearest recorded one did") {
  recorded_curves curves(plane, of_loss());
  record_three(curves);
  REQUIRE(curves.finish());

  CHECK(curves.size() == 3);
  CHECK(curves.iterations() == 3);
  const auto first = curves.curve_of(trial_id{9}, {{"x", 0.25}, {"y", 0.25}}, 7);
  CHECK(loss_of(*first, 1) == 0.5);
  CHECK(loss_of(*first, 2) == 0.25);
  CHECK(loss_of(*first, 3) == 0.125);
  CHECK(first->time(1) == 1s);
  CHECK(first->time(3) == 3s);
  CHECK(!first->at(2).contains("done"));
  CHECK(first->at(3).get<bool>("done"));
}

TEST_CASE("recorded curves: one that was stopped stays as it was, one that was done is done") {
  recorded_curves curves(plane, of_loss());
  record_three(curves);
  REQUIRE(curves.finish());

  const auto stopped = curves.curve_of(trial_id{9}, {{"x", 0.75}, {"y", 0.75}}, 7);
  CHECK(loss_of(*stopped, 3) == 0.75);
  CHECK(!stopped->at(1).contains("done"));
  CHECK(stopped->at(3).get<bool>("done"));
  CHECK(stopped->time(3) == 4s); // Its mean.
  const auto done = curves.curve_of(trial_id{9}, {{"x", 0.75}, {"y", 0.25}}, 7);
  CHECK(!done->at(1).contains("done"));
  CHECK(done->at(2).get<bool>("done"));
}

TEST_CASE("recorded curves: iterations and their time may be told otherwise") {
  auto options = of_loss();
  options.iterations = 5;
  options.iteration_time = time_law(7s);
  recorded_curves curves(plane, options);
  record_three(curves);
  REQUIRE(curves.finish());

  const auto curve = curves.curve_of(trial_id{9}, {{"x", 0.0}, {"y", 0.0}}, 7);
  CHECK(loss_of(*curve, 4) == 0.125);
  CHECK(!curve->at(4).contains("done"));
  CHECK(curve->at(5).get<bool>("done"));
  CHECK(curve->time(2) == 7s);
}

TEST_CASE("recorded curves: a parameter that only one of them has is as far as can be") {
  const search_space conditional = {{"kind", choice({"a", "b"})}, {"x", uniform(0, 1).when("kind", "a")}};
  recorded_curves curves(conditional, of_loss());
  records_for_test records(curves);
  records.create(1, {{"kind", "a"}, {"x", 0.5}});
  records.create(2, {{"kind", "b"}});
  records.report(1, 1, {{"loss", 0.5}}, 1);
  records.report(2, 1, {{"loss", 0.25}}, 1);
  REQUIRE(curves.finish()); // Neither has ended: it was interrupted.

  CHECK(loss_of(*curves.curve_of(trial_id{9}, {{"kind", "b"}}, 7), 1) == 0.25);
  CHECK(loss_of(*curves.curve_of(trial_id{9}, {{"kind", "a"}, {"x", 0.0}}, 7), 1) == 0.5);
}

TEST_CASE("recorded curves: what goes on with another one's values is no curve any more") {
  recorded_curves curves(plane, of_loss());
  records_for_test records(curves);
  records.create(1, {{"x", 0.0}, {"y", 0.0}});
  records.report(1, 1, {{"loss", 0.5}}, 1);
  record::trial_exploited exploited;
  exploited.trial = trial_id{1};
  curves.on_record(exploited);
  records.report(1, 2, {{"loss", 0.25}}, 1);
  REQUIRE(curves.finish());

  CHECK(curves.size() == 1);
  CHECK(curves.iterations() == 1);
}

TEST_CASE("recorded curves: records that are of no use are told why") {
  recorded_curves empty(plane, of_loss());
  CHECK(empty.finish().error().message == "it has no results");

  recorded_curves others(plane, of_loss());
  records_for_test records(others);
  records.create(1, {{"x", 0.0}});
  records.report(1, 1, {{"accuracy", 0.5}, {"time", 1.0}}, 1);
  CHECK(others.finish().error().message == "its results have no \"loss\", but accuracy, time");

  recorded_curves elsewhere(plane, of_loss());
  records_for_test more(elsewhere);
  more.create(1, {{"z", 0.0}});
  more.report(1, 1, {{"loss", 0.5}}, 1);
  CHECK(elsewhere.finish().error().message == "its trials have none of the parameters of the space");
}
