#include "tests/tune/controller/virtual_experiment.hpp"

#include "tune/results/experiment_view.hpp"

#include <doctest/doctest.h>

using namespace virtual_tune;

// Checkpoints on nodes that do not see the storage: when their trials end, and when the driver does.

namespace {

/// Of one trial that has ended, with its last checkpoint on its way to the storage.
virtual_experiment ended_before_it_arrived(std::uint64_t trials = 1) {
  virtual_experiment x(virtual_experiment::options(trials));
  x.begin(1);
  x.alive(1);
  x.report(1, 0.5, /*checkpoint=*/true, /*done=*/true, /*in_storage=*/false);
  x.sync();
  x.over(1, end_cause::finished);
  x.sync();
  return x;
}

/// Where the journal says that the trial's newest checkpoint is; empty: nowhere.
std::string newest(const virtual_experiment& x, std::uint64_t trial = 1) {
  experiment_view view;
  for (const auto& each : x.written)
    REQUIRE(view.on_record(each));
  const auto* found = view.find(trial_id{trial})->checkpoints.newest();
  return found == nullptr ? std::string() : found->directory;
}

} // namespace

TEST_CASE("controller: an experiment ends when the last checkpoint of a trial that has ended is in the storage") {
  auto x = ended_before_it_arrived();
  CHECK(x.state_of(1) == trial_state::terminated);
  CHECK_FALSE(x.ended);
  x.pass(24h);
  CHECK_FALSE(x.ended);

  x.arrive();
  x.sync();

  REQUIRE(x.ended);
  CHECK(x.ended->complete);
  CHECK(std::holds_alternative<record::experiment_ended>(x.written.back()));
  CHECK(newest(x) == "/storage/1/checkpoint_1.attempt-1");
  CHECK(x.core->arriving().empty());
  CHECK(x.left.empty());
}

TEST_CASE("controller: a copy that stays on a node is dropped when the record of that in the storage is on disk (I5)") {
  auto x = ended_before_it_arrived();

  x.arrive();
  CHECK(x.dropped.empty());
  x.sync();

  REQUIRE(x.dropped.size() == 1);
  CHECK(x.dropped[0].directory == "/1/checkpoint_1.attempt-1");
}

TEST_CASE("controller: a last checkpoint that is lost is not named any more, and the one before it is") {
  virtual_experiment x(virtual_experiment::options(1));
  x.begin(1);
  x.alive(1);
  x.report(1, 0.5, /*checkpoint=*/true, /*done=*/false, /*in_storage=*/false);
  x.sync();
  x.arrive();
  x.report(1, 0.5, /*checkpoint=*/true, /*done=*/true, /*in_storage=*/false);
  x.sync();
  x.over(1, end_cause::finished);
  CHECK(newest(x) == "/1/checkpoint_2.attempt-1");
  CHECK_FALSE(x.ended);

  x.vanish(checkpoint_loss::for_good);

  CHECK(x.ended);
  CHECK(x.all<record::checkpoint_lost>().size() == 1);
  CHECK(newest(x) == "/storage/1/checkpoint_1.attempt-1");
}

TEST_CASE("controller: what is kept of a trial that has ended is what would have been kept of it before") {
  virtual_experiment x(virtual_experiment::options(1));
  x.begin(1);
  x.alive(1);
  for (const double accuracy : {0.9, 0.5, 0.6}) {
    x.report(1, accuracy, /*checkpoint=*/true, /*done=*/accuracy == 0.6, /*in_storage=*/false);
    x.sync();
    if (accuracy != 0.6)
      x.arrive();
  }
  x.over(1, end_cause::finished);
  x.arrive();
  x.sync();

  CHECK(x.ended);
  CHECK(x.disk == std::set<std::string>{"/storage/1/checkpoint_1.attempt-1", "/storage/1/checkpoint_3.attempt-1"});
}

TEST_CASE("controller: others run on while the checkpoint of an ended trial is on its way") {
  auto x = ended_before_it_arrived(/*trials=*/2);
  CHECK(x.attempts.count(trial_id{2}) == 1);

  x.arrive();
  x.alive(2);
  x.report(2, 0.5, /*checkpoint=*/false, /*done=*/true);
  x.sync();
  x.over(2, end_cause::finished);

  CHECK(x.ended);
}

TEST_CASE("controller: a driver that opens the experiment again brings in what the one before it did not") {
  auto x = ended_before_it_arrived();
  x.kept.clear();

  x.crash_and_reopen(1);

  REQUIRE(x.kept.size() == 1);
  CHECK(x.kept[0].directory == "/1/checkpoint_1.attempt-1");
  CHECK_FALSE(x.ended);
  x.arrive();
  x.sync();
  CHECK(x.ended);
  x.kept.clear();
  x.crash_and_reopen(1);
  CHECK(x.kept.empty());
  CHECK(x.ended);
}

TEST_CASE("controller: a node that is away when its trial has ended may bring the checkpoint to a later driver") {
  auto x = ended_before_it_arrived();
  x.lost(1, x.kept.back(), checkpoint_loss::for_now);
  x.sync();
  REQUIRE(x.ended);
  CHECK(x.all<record::checkpoint_lost>().empty());

  x.crash_and_reopen(1);
  REQUIRE(x.core->arriving().size() == 1); // With what its directory is named after.
  const auto created = x.all<record::trial_created>().at(0);
  CHECK(x.core->arriving().at(trial_id{1}).created_with == created.values);
  CHECK(x.core->arriving().at(trial_id{1}).created == created.at);
  x.arrive();
  x.sync();

  CHECK(x.ended);
  CHECK(newest(x) == "/storage/1/checkpoint_1.attempt-1");
}

TEST_CASE("controller: a trial that goes on does so without a checkpoint whose node is away, and for good") {
  virtual_experiment x(virtual_experiment::options(1));
  x.begin(1);
  x.alive(1);
  x.report(1, 0.5, /*checkpoint=*/true, /*done=*/false, /*in_storage=*/false);
  x.sync();
  x.over(1, end_cause::lost);
  x.vanish(checkpoint_loss::for_now);
  x.pass(1s);

  CHECK(x.all<record::checkpoint_lost>().size() == 1);
  REQUIRE(x.attempts.count(trial_id{1}) == 1);
  CHECK_FALSE(x.attempts.at(trial_id{1}).restore);
}

TEST_CASE("controller: interrupted, checkpoints of trials that go on later have their time to arrive, too") {
  virtual_experiment x(virtual_experiment::options(1));
  x.begin(1);
  x.alive(1);
  x.sync();
  x.interrupt();
  x.report(1, 0.5);
  x.sync();
  x.over_with_checkpoint(1, end_cause::paused);
  x.sync();
  CHECK_FALSE(x.ended);

  SUBCASE("it arrives") {
    x.arrive();
    x.sync();
    REQUIRE(x.ended);
    CHECK(x.left.empty());
    CHECK(newest(x) == "/storage/1/checkpoint_1.attempt-1");
  }
  SUBCASE("it does not, and is told") {
    x.pass(9'999ms);
    CHECK_FALSE(x.ended);
    x.pass(1ms);
    REQUIRE(x.ended);
    CHECK_FALSE(x.ended->complete);
    REQUIRE(x.left.size() == 1);
    CHECK(x.left[0].directory == "/1/checkpoint_1.attempt-1");
    CHECK_FALSE(x.core->wake_at());
    x.sync();

    x.crash_and_reopen(1);
    x.arrive();
    x.pass(50ms);
    CHECK(x.attempts.at(trial_id{1}).restore->directory == "/storage/1/checkpoint_1.attempt-1");
  }
  SUBCASE("a second interruption leaves it where it is, at once") {
    x.interrupt_again();
    REQUIRE(x.ended);
    CHECK(x.left.size() == 1);
  }
}

TEST_CASE("controller: the interruption of an experiment that only waits for checkpoints leaves them when it is time") {
  auto x = ended_before_it_arrived();
  x.interrupt();
  CHECK_FALSE(x.ended);
  x.pass(10s);

  REQUIRE(x.ended);
  CHECK_FALSE(x.ended->complete);
  CHECK(x.left.size() == 1);

  const auto left = x.left[0];
  const auto records = x.written.size();
  x.stored(1, left); // Too late: nothing is written behind the end.
  x.lost(1, left);
  CHECK(x.written.size() == records);
}

TEST_CASE("controller: an older checkpoint that arrives after a newer one counts") {
  virtual_experiment x(virtual_experiment::options(1));
  x.begin(1);
  x.alive(1);
  x.report(1, 0.9, /*checkpoint=*/true, /*done=*/false, /*in_storage=*/false);
  x.sync();
  x.report(1, 0.5, /*checkpoint=*/true, /*done=*/true, /*in_storage=*/true);
  x.sync();
  x.over(1, end_cause::finished);
  CHECK_FALSE(x.ended);

  x.arrive();
  x.sync();

  CHECK(x.ended);
  CHECK(x.disk == std::set<std::string>{"/storage/1/checkpoint_1.attempt-1", "/storage/1/checkpoint_2.attempt-1"});
}
