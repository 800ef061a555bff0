#include "tune/trial/attempt_wire.hpp"

#include <limits>

#include <doctest/doctest.h>

#include "tune/proto/attempt.pb.h"

using namespace tune;
namespace wire = caf_tune::tune::v1;

namespace {

const checkpoint_ref checkpoint{7, 2, "node-1", "/storage/x/checkpoint_000007.attempt-2", true, 4096};

attempt_order order_with_everything() {
  attempt_order order;
  order.experiment = "7f3a91c2";
  order.trial = trial_id(4);
  order.trial_name = "7f3a91c2_00004";
  order.attempt = 3;
  order.trainable = "digits";
  order.values = {{"lr", 0.1}, {"layers", 3}, {"relu", true}, {"name", "größer"}, {"sizes", value::list{1, 2.0, "x"}}};
  order.seed = std::numeric_limits<std::uint64_t>::max();
  order.metrics = {"accuracy", "loss"};
  order.checkpoints = {5, false};
  order.max_iterations = 81;
  order.free_until = 9;
  order.time_total_s = 12.5;
  order.storage_directory = "/storage/x/\xff";
  order.marker_file = "/storage/.marker";
  order.marker = "abc";
  order.restore = checkpoint;
  order.resources = {{"cpu", 4}, {"memory", 8589934592.0}, {"licence", 0.5}};
  return order;
}

template <class Change>
std::string mistake_in_order(Change change) {
  wire::AttemptOrder message;
  REQUIRE(message.ParseFromString(attempt_wire::to_bytes(order_with_everything())));
  change(message);
  const auto read = attempt_wire::order_from(message.SerializeAsString());
  REQUIRE(!read);
  return read.error().message;
}

std::string mistake_in_event(const wire::AttemptEvent& message) {
  wire::AttemptEvents all;
  *all.add_events() = message;
  const auto read = attempt_wire::events_from(all.SerializeAsString());
  REQUIRE(!read);
  return read.error().message;
}

template <class Event>
Event there_and_back(const Event& event) {
  const auto read = attempt_wire::events_from(attempt_wire::to_bytes(attempt_events{event}));
  REQUIRE(read);
  REQUIRE(read->size() == 1);
  REQUIRE(std::holds_alternative<Event>(read->front()));
  return std::get<Event>(read->front());
}

} // namespace

TEST_CASE("attempt wire: an order is read as it was written") {
  const auto written = order_with_everything();

  const auto read = attempt_wire::order_from(attempt_wire::to_bytes(written));

  REQUIRE(read);
  CHECK(read->experiment == written.experiment);
  CHECK(read->trial == written.trial);
  CHECK(read->trial_name == written.trial_name);
  CHECK(read->attempt == written.attempt);
  CHECK(read->trainable == written.trainable);
  CHECK(to_json(read->values) == to_json(written.values)); // In the same order, too.
  CHECK(read->values == written.values);
  CHECK(read->seed == written.seed);
  CHECK(read->metrics == written.metrics);
  CHECK(read->checkpoints == written.checkpoints);
  CHECK(read->max_iterations == written.max_iterations);
  CHECK(read->time_total_s == written.time_total_s);
  CHECK(read->storage_directory == written.storage_directory);
  CHECK(read->marker_file == written.marker_file);
  CHECK(read->marker == written.marker);
  CHECK(read->restore == written.restore);
  CHECK(read->resources == written.resources);
}

TEST_CASE("attempt wire: what an order need not say stays unsaid") {
  attempt_order written;
  written.attempt = 1;
  written.storage_directory = "/storage/x";

  const auto read = attempt_wire::order_from(attempt_wire::to_bytes(written));

  REQUIRE(read);
  CHECK(!read->max_iterations);
  CHECK(!read->restore);
  CHECK(read->checkpoints == checkpoint_policy());
}

TEST_CASE("attempt wire: events are read as they were written") {
  const auto alive = there_and_back(attempt_alive{"node-1", "host", "10.0.0.1", 4711, true, "/storage/x"});
  CHECK(alive.node == "node-1");
  CHECK(alive.hostname == "host");
  CHECK(alive.node_ip == "10.0.0.1");
  CHECK(alive.process_id == 4711);
  CHECK(alive.sees_storage);
  CHECK(alive.directory == "/storage/x");

  attempt_report written;
  written.iteration = 7;
  written.values = {{"loss", std::numeric_limits<double>::quiet_NaN()}, {"n", -3}};
  written.time_this_iteration_s = 0.5;
  written.time_total_s = 13;
  written.checkpoint = checkpoint;
  written.no_checkpoint = "disk full";
  written.done = true;
  const auto report = there_and_back(written);
  CHECK(report.iteration == 7);
  CHECK(report.values == written.values);
  CHECK(report.time_this_iteration_s == 0.5);
  CHECK(report.time_total_s == 13);
  CHECK(report.checkpoint == written.checkpoint);
  CHECK(report.no_checkpoint == "disk full");
  CHECK(report.done);

  for (const auto cause :
       {end_cause::finished, end_cause::stopped, end_cause::paused, end_cause::threw, end_cause::crashed,
        end_cause::out_of_memory, end_cause::hung, end_cause::lost, end_cause::not_started, end_cause::driver_lost,
        end_cause::bad_checkpoint, end_cause::infeasible, end_cause::unreadable_checkpoint}) {
    const auto over = there_and_back(attempt_over{{cause, "why \xff"}, checkpoint, "no room"});
    CHECK(over.end.cause == cause);
    CHECK(over.end.why == "why \xff");
    CHECK(over.checkpoint == checkpoint);
    CHECK(over.no_checkpoint == "no room");
  }
}

TEST_CASE("attempt wire: each answer has its number, and no other number is one") {
  for (const auto answer : {attempt_answer::go_on, attempt_answer::pause, attempt_answer::stop})
    CHECK(attempt_wire::answer_from(attempt_wire::to_number(answer)) == answer);
  CHECK(attempt_wire::answer_from(0).error().message == "an attempt's answer: 0 is not known");
  CHECK(!attempt_wire::answer_from(4));
}

TEST_CASE("attempt wire: an order that says what cannot be is refused with the place") {
  CHECK(attempt_wire::order_from("\xff\xff").error().message == "an attempt's order: 2 bytes that are no message");
  CHECK(mistake_in_order([](auto& m) { m.set_attempt(0); }) == "an attempt's order: attempt: they are numbered from 1");
  CHECK(mistake_in_order([](auto& m) { m.set_checkpoint_every(-1); }) ==
        "an attempt's order: checkpoint_every: -1 is less than 0");
  CHECK(mistake_in_order([](auto& m) { m.set_max_iterations(0); }) ==
        "an attempt's order: max_iterations: 0 is less than 1");
  CHECK(mistake_in_order([](auto& m) { m.set_time_total_s(-1); }) ==
        "an attempt's order: time_total_s: -1 is no duration");
  CHECK(mistake_in_order([](auto& m) { m.clear_storage_directory(); }) ==
        "an attempt's order: storage_directory: none is named");
  CHECK(mistake_in_order([](auto& m) { *m.add_config() = m.config(0); }) ==
        "an attempt's order: config: \"lr\" is there twice");
  CHECK(mistake_in_order([](auto& m) { m.mutable_config(0)->clear_value(); }) ==
        "an attempt's order: config: \"lr\": a value of no kind");
  CHECK(mistake_in_order([](auto& m) { m.mutable_restore()->set_attempt(0); }) ==
        "an attempt's order: checkpoint: attempt: they are numbered from 1");
  CHECK(mistake_in_order([](auto& m) { m.mutable_restore()->clear_directory(); }) ==
        "an attempt's order: checkpoint: directory: none is named");
}

TEST_CASE("attempt wire: an event that says what cannot be is refused with the place") {
  CHECK(mistake_in_event({}) == "an attempt's events: an event of no kind");
  wire::AttemptEvent report;
  report.mutable_report()->set_iteration(0);
  CHECK(mistake_in_event(report) == "an attempt's events: iteration: 0 is less than 1");
  report.mutable_report()->set_iteration(1);
  report.mutable_report()->set_time_total_s(std::numeric_limits<double>::quiet_NaN());
  CHECK(mistake_in_event(report) == "an attempt's events: time_total_s: nan is no duration");
  wire::AttemptEvent over;
  over.mutable_over()->set_cause(static_cast<wire::AttemptOver::Cause>(99));
  CHECK(mistake_in_event(over) == "an attempt's events: cause 99 is not known");
}
