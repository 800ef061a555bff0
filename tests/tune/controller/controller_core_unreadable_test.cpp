#include "tests/tune/controller/virtual_experiment.hpp"

#include <doctest/doctest.h>

using namespace virtual_tune;

// Checkpoints that cannot be restored: those that could not be read now, and those that are broken.

namespace {

/// One trial that was lost after so many iterations, each with a checkpoint in the storage.
virtual_experiment lost_after(int iterations) {
  virtual_experiment x(virtual_experiment::options(1));
  x.begin(1);
  x.alive(1);
  for (int i = 0; i < iterations; ++i) {
    x.report(1, 0.5, /*checkpoint=*/true);
    x.sync();
  }
  x.over(1, end_cause::lost);
  x.pass(50ms);
  return x;
}

/// Its attempts find that they cannot read what they are to restore, until they are to restore something else, or none
/// begins any more. Returns how long that took.
std::chrono::nanoseconds cannot_be_read(virtual_experiment& x) {
  const auto began = x.now().at;
  const auto what = x.attempts.at(trial_id{1}).restore->iteration;
  while (x.attempts.count(trial_id{1}) != 0 && x.attempts.at(trial_id{1}).restore &&
         x.attempts.at(trial_id{1}).restore->iteration == what) {
    x.over(1, end_cause::unreadable_checkpoint, "weights.bin cannot be read: Input/output error");
    x.sync();
    if (const auto next = x.core->wake_at())
      x.pass(std::max(*next - x.now().at, std::chrono::nanoseconds(0)));
  }
  return x.now().at - began;
}

} // namespace

TEST_CASE("controller: a checkpoint that cannot be read is tried again for a minute, then the one before it is used") {
  auto x = lost_after(2);
  REQUIRE(x.attempts.at(trial_id{1}).restore->iteration == 2);

  const auto took = cannot_be_read(x);

  CHECK(took > 50s);
  CHECK(took <= 60s);
  REQUIRE(x.attempts.count(trial_id{1}) == 1);
  CHECK(x.attempts.at(trial_id{1}).restore->iteration == 1);
  REQUIRE(x.warnings.size() == 1);
  CHECK(x.warnings[0] == "trial 1 goes on from its checkpoint of iteration 1 and repeats what came after it: its "
                         "checkpoint of iteration 2, /storage/1/checkpoint_2.attempt-1, could not be read for 52.7 s: "
                         "weights.bin cannot be read: Input/output error");
  CHECK(x.disk.count("/storage/1/checkpoint_2.attempt-1") == 1); // It may be whole.
}

TEST_CASE("controller: a checkpoint that can be read again costs nothing, and its next failure has all its time") {
  auto x = lost_after(1);
  for (int i = 0; i < 6; ++i) {
    x.over(1, end_cause::unreadable_checkpoint, "EIO");
    x.pass(10s);
  }
  x.alive(1);
  x.report(1, 0.5, /*checkpoint=*/true);
  x.sync();
  x.over(1, end_cause::lost);
  x.pass(1s);
  REQUIRE(x.attempts.at(trial_id{1}).restore->iteration == 2);

  CHECK(cannot_be_read(x) > 50s);
  CHECK(x.warnings.size() == 1);
}

TEST_CASE("controller: a trial is given up when none of its checkpoints could be read") {
  auto x = lost_after(2);

  (void)cannot_be_read(x);
  (void)cannot_be_read(x);

  CHECK(x.state_of(1) == trial_state::error);
  CHECK(x.reason_of(1) == "its checkpoint of iteration 1, /storage/1/checkpoint_1.attempt-1, could not be read for "
                          "52.7 s: weights.bin cannot be read: Input/output error; there is no older one");
  CHECK(x.warnings.size() == 1);
}

TEST_CASE("controller: a driver that opens the experiment again knows how long a checkpoint could not be read") {
  auto x = lost_after(2);
  for (int i = 0; i < 10; ++i) {
    x.over(1, end_cause::unreadable_checkpoint, "EIO");
    x.pass(10s);
  }
  x.sync();
  x.crash_and_reopen(1); // Its attempt has ended with its driver.
  x.pass(10s);
  REQUIRE(x.attempts.at(trial_id{1}).restore->iteration == 2);

  x.over(1, end_cause::unreadable_checkpoint, "EIO");
  x.pass(10s);
  x.over(1, end_cause::unreadable_checkpoint, "EIO");
  x.pass(10s);

  CHECK(x.attempts.at(trial_id{1}).restore->iteration == 1);
}

TEST_CASE("controller: what is broken is the checkpoint that was restored, not one that came meanwhile") {
  virtual_experiment x(virtual_experiment::options(1));
  x.begin(1);
  x.alive(1);
  x.report(1, 0.5, /*checkpoint=*/true);
  x.sync();
  x.report(1, 0.5, /*checkpoint=*/true, /*done=*/false, /*in_storage=*/false);
  x.sync();
  auto late = x.on_the_way.front().second;
  x.over(1, end_cause::lost);
  x.vanish(checkpoint_loss::for_now);
  x.pass(1s);
  REQUIRE(x.attempts.at(trial_id{1}).restore->iteration == 1);
  late.directory = "/storage" + late.directory;
  late.in_storage = true;
  x.stored(1, late);
  x.sync();

  x.over(1, end_cause::bad_checkpoint, "weights.bin: its checksum is wrong");
  x.sync();
  x.pass(0s);
  CHECK(x.attempts.at(trial_id{1}).restore->iteration == 2);
  x.crash_and_reopen(1); // A replay says the same.

  CHECK(x.dropped.back().iteration == 1);
  CHECK(x.attempts.at(trial_id{1}).restore->iteration == 2);
}

TEST_CASE("controller: what was dropped is not missed when more checkpoints are kept now") {
  auto options = virtual_experiment::options(1);
  options.checkpoints_kept = 1;
  options.description = R"({"checkpoints": {"keep": 1}})";
  virtual_experiment x(options);
  x.begin(1);
  x.alive(1);
  for (int i = 0; i < 3; ++i) {
    x.report(1, 0.5, /*checkpoint=*/true);
    x.sync();
  }
  x.kept.clear();

  x.asked().checkpoints_kept = 5;
  x.asked().description = R"({"checkpoints": {"keep": 5}})";
  x.crash_and_reopen(1);

  REQUIRE(x.kept.size() == 1);
  CHECK(x.kept[0].iteration == 3);
  x.alive(1);
  x.report(1, 0.5, /*checkpoint=*/true);
  x.sync();
  x.kept.clear();
  x.crash_and_reopen(1);
  CHECK(x.kept.size() == 2); // Of the second driver, five were kept.
}
