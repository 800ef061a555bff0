#include "tests/fuzz/wire_round_trip.hpp"

#include <limits>

#include "tune/trial/attempt_wire.hpp"

/// What a driver and the worker of an attempt tell each other: the first byte chooses the kind, the rest is the
/// message.

namespace {

using namespace tune;

template <class Read>
void check(std::string_view bytes, Read read) {
  const auto said = read(bytes);
  if (!said)
    return fuzz::check_error(said.error());
  const auto written = attempt_wire::to_bytes(*said);
  const auto again = read(written);
  fuzz::require(again.has_value(), "what was written cannot be read");
  fuzz::require(attempt_wire::to_bytes(*again) == written, "what was written reads as something else");
}

void check_answer(std::uint8_t number) {
  const auto answer = attempt_wire::answer_from(number);
  fuzz::require(!answer || attempt_wire::to_number(*answer) == number, "an answer has two numbers");
}

void run(std::string_view input) {
  fuzz::parts parts(input);
  switch (parts.byte() % 3) {
  case 0: return check(parts.rest(), attempt_wire::order_from);
  case 1: return check(parts.rest(), attempt_wire::events_from);
  default: return check_answer(parts.byte());
  }
}

fuzz::inputs seeds() {
  const checkpoint_ref checkpoint{7, 2, "node-1", "/storage/x\xff/checkpoint_000007", true, 4096};
  attempt_order order;
  order.experiment = "7f3a91c2";
  order.trial = trial_id(4);
  order.trial_name = "7f3a91c2_00004";
  order.attempt = 2;
  order.trainable = "digits";
  order.values = {
    {"lr", 0.1}, {"layers", 3}, {"relu", true}, {"act", "sgd"}, {"sizes", value::list{1, value::list{2.5}}}};
  order.seed = 9;
  order.metrics = {"accuracy"};
  order.checkpoints.every = 5;
  order.max_iterations = 81;
  order.free_until = 3;
  order.time_total_s = 2.5;
  order.storage_directory = "/storage/4";
  order.marker_file = "/storage/marker";
  order.marker = "7f3a91c2";
  order.restore = checkpoint;

  attempt_report report;
  report.iteration = 8;
  report.values = {{"accuracy", 0.71}, {"loss", std::numeric_limits<double>::quiet_NaN()}};
  report.time_this_iteration_s = 0.5;
  report.time_total_s = 3;
  report.checkpoint = checkpoint;
  const attempt_events events = {attempt_alive{"node-1", "host-1", "10.0.0.1", 4711, true, "/nodes/1/x\xff"}, report,
                                 attempt_over{{end_cause::threw, "it threw"}, checkpoint, "no space left"}};
  return {
    fuzz::of_kind(0, attempt_wire::to_bytes(order)),
    fuzz::of_kind(1, attempt_wire::to_bytes(events)),
    fuzz::of_kind(2, std::string(1, '\1')),
  };
}

const fuzz::target attempt_wire_target("tune/trial/attempt_wire", run, seeds);

} // namespace
