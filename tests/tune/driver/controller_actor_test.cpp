#include "tune/driver/controller_actor.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <caf/send.hpp>
#include <doctest/doctest.h>

#include "tests/support/recording_actor.hpp"
#include "tests/support/virtual_time.hpp"
#include "tests/tune/controller/virtual_experiment.hpp"

using namespace tune;
using namespace std::chrono_literals;

namespace {

/// Durable when the test says so.
class held_journal : public journal {
public:
  using journal::append;
  journal_position append(const journal_record& record, record_haste) override {
    records.push_back(record);
    return records.size();
  }
  result<void> sync() override { return {}; }

  std::vector<journal_record> records;
};

class no_checkpoints : public checkpoint_place {
public:
  void keep(trial_id, const checkpoint_ref&) override {}
  void hurry(trial_id, const checkpoint_ref&) override {}
  void drop(trial_id, const checkpoint_ref&) override {}
  void leave(trial_id, const checkpoint_ref&) override {}
};

/// A controller of one trial, which runs; what runs attempts only listens.
class controller_alone {
public:
  controller_alone() {
    auto core = std::make_shared<controller_core>(virtual_tune::virtual_experiment::options(1),
                                                  std::make_unique<virtual_tune::counting_searcher>(1),
                                                  std::make_unique<virtual_tune::scripted_scheduler>());
    controller_parts parts;
    parts.records = records;
    parts.listen_to_journal = [](const caf::actor&) {};
    parts.checkpoints = std::make_shared<no_checkpoints>();
    parts.make_order = [](const controller_core::start_attempt& start) {
      attempt_order order;
      order.trial = start.trial;
      order.attempt = start.attempt;
      return order;
    };
    parts.on_durable_record = [this](journal_position at, const journal_record&) { shown = at; };
    parts.on_trouble = [this](const std::string& line) { trouble.push_back(line); };
    parts.wall_clock = [] { return record::wall_time(); };
    parts.on_end = [this](result<experiment_outcome> how) {
      ++ends;
      end = std::move(how);
    };
    program = time.add(time.system().spawn<recording_actor>(answers));
    attempts = time.add(time.system().spawn<recording_actor>(heard));
    controller = time.add(
      time.system().spawn<controller_actor>(core, std::move(parts), [to = attempts](const caf::actor&) { return to; }));
    tell(cluster_holds{1});
    durable();
    key = heard->take<begin_attempt>()->key;
    news({attempt_alive{"node-1", "host-1", "10.0.0.1", 100, true, "/t"}});
    durable();
  }

  template <class Message>
  void tell(Message message) {
    caf::anon_send(controller, std::move(message));
    time.settle();
  }
  void news(attempt_events events) { tell(attempt_news{key, std::move(events)}); }
  void report(iteration_number iteration, const std::string& no_checkpoint = "") {
    attempt_report said;
    said.iteration = iteration;
    said.values = {{"accuracy", 0.5}};
    said.no_checkpoint = no_checkpoint;
    news({said});
  }
  /// As by a program, which listens with `answers`.
  void order(trial_order::kind what) {
    caf::anon_send(program, say_as_you{controller, caf::make_message(trial_order{what, trial_id{1}, "as told"})});
    time.settle();
  }
  void durable() { tell(journal_is_durable{records->records.size()}); }

  std::shared_ptr<held_journal> records = std::make_shared<held_journal>();
  std::shared_ptr<inbox> heard = std::make_shared<inbox>();
  std::shared_ptr<inbox> answers = std::make_shared<inbox>();
  journal_position shown = 0;
  std::vector<std::string> trouble;
  int ends = 0;
  std::optional<result<experiment_outcome>> end;
  attempt_key key;
  virtual_time time;
  caf::actor program, attempts, controller;
};

} // namespace

TEST_CASE("controller actor: a report is answered, and shown, when its record is on disk") {
  controller_alone x;
  const auto before = x.shown;

  x.report(1);
  CHECK(x.heard->count<answer_attempt>() == 0);
  CHECK(x.shown == before);
  x.durable();

  CHECK(x.shown > before);
  const auto answer = x.heard->take<answer_attempt>();
  REQUIRE(answer);
  CHECK(answer->reply.what == attempt_answer::go_on);
}

TEST_CASE("controller actor: interrupted again and again, it gives an attempt its time to save") {
  controller_alone x;
  x.tell(interrupt_experiment{"stopped"});
  x.tell(interrupt_experiment{"the program ends"});
  CHECK(x.heard->count<end_attempt_at_once>() == 0);

  x.report(1);
  x.durable();
  const auto answer = x.heard->take<answer_attempt>();
  REQUIRE(answer);
  CHECK(answer->reply.what == attempt_answer::pause);
  x.news({attempt_over{{end_cause::paused, ""}, std::nullopt, ""}});
  x.durable();

  REQUIRE(x.end);
  REQUIRE(*x.end);
  CHECK((**x.end).why == "stopped");
  CHECK_FALSE((**x.end).complete);
  CHECK(x.ends == 1);
}

TEST_CASE("controller actor: where it is to end at once its attempts are killed; else when their time is over") {
  for (const bool at_once : {true, false}) {
    controller_alone x;
    x.tell(interrupt_experiment{"stopped"});
    if (at_once)
      x.tell(end_experiment_at_once{});
    else
      x.time.pass(11s);
    CHECK(x.heard->count<end_attempt_at_once>() == 1);
  }
}

TEST_CASE("controller actor: a journal that cannot be written ends the experiment with an error, once") {
  controller_alone x;
  x.report(1);

  x.tell(journal_is_durable{fail(errc::io, "the disk is full")});

  REQUIRE(x.end);
  REQUIRE_FALSE(*x.end);
  CHECK(x.end->error().message ==
        "the journal cannot be written; what was acknowledged is in it, and the experiment can "
        "be resumed: the disk is full");
  CHECK(x.heard->count<answer_attempt>() == 0);
  CHECK(x.heard->count<end_all_attempts>() == 1);
  CHECK(x.ends == 1);
}

TEST_CASE("controller actor: that a trial has a checkpoint less is told once") {
  controller_alone x;
  x.report(1, "the disk is full");
  x.durable();
  x.report(2, "the disk is full");
  x.durable();

  CHECK(x.trouble == std::vector<std::string>{"trial 1 has a checkpoint less: the disk is full"});
}

TEST_CASE("controller actor: an order is answered when it is on disk, and what is on disk then is enough to obey it") {
  controller_alone x;
  for (const auto what : {trial_order::kind::pause, trial_order::kind::pause, trial_order::kind::stop}) {
    x.order(what);
    CHECK(x.answers->count<trial_order_heard>() == 0);
    x.durable();
    const auto heard = x.answers->take<trial_order_heard>();
    REQUIRE(heard);
    CHECK(heard->how);
  }

  controller_core later(virtual_tune::virtual_experiment::options(1),
                        std::make_unique<virtual_tune::counting_searcher>(1),
                        std::make_unique<virtual_tune::scripted_scheduler>());
  for (const auto& each : x.records->records)
    REQUIRE(later.on_replay(each));
  (void)later.on_begin({});
  CHECK(later.ended(trial_state::stopped) == 1);
}

TEST_CASE("controller actor: an order that cannot be is refused at once") {
  controller_alone x;
  x.order(trial_order::kind::resume);

  const auto heard = x.answers->take<trial_order_heard>();
  REQUIRE(heard);
  REQUIRE_FALSE(heard->how);
  CHECK(heard->how.error().message == "trial 1 is running, not paused");
}

TEST_CASE("controller actor: an order that cannot be written is answered with the reason") {
  controller_alone x;
  x.order(trial_order::kind::stop);

  x.tell(journal_is_durable{fail(errc::io, "the disk is full")});

  const auto heard = x.answers->take<trial_order_heard>();
  REQUIRE(heard);
  REQUIRE_FALSE(heard->how);
  CHECK(heard->how.error().code == errc::io);
}
