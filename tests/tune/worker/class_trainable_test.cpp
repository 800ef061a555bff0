#include <stdexcept>

#include <doctest/doctest.h>

#include "tests/tune/worker/runner_fixture.hpp"

using namespace tune;

namespace {

/// Writes down what is called.
struct diary {
  std::vector<std::string> calls;
  std::vector<double> cpus; ///< That it had in set_up() or reset().
  bool can_reset = false;
  std::string throws_in;
};

class counting : public trial_actor {
public:
  explicit counting(diary& d) : diary_(d) { call("made"); }
  ~counting() override { diary_.calls.emplace_back("gone"); }
  void set_up(const config& values) override {
    diary_.cpus.push_back(resources().at("cpu"));
    call("set_up " + std::to_string(values.get<int>("x")));
  }
  metrics step() override {
    call("step");
    return {{"loss", ++count_}, {"done", count_ == 3}};
  }
  void save(const path& directory) override {
    call("save");
    std::ofstream(directory / "count") << count_;
  }
  void load(const path& directory) override {
    call("load");
    count_ = std::stoi(text_of(directory / "count"));
  }
  bool reset(const config& values) override {
    diary_.cpus.push_back(resources().at("cpu"));
    call("reset " + std::to_string(values.get<int>("x")));
    count_ = 0;
    return diary_.can_reset;
  }
  void clean_up() override { call("clean_up"); }

private:
  void call(const std::string& what) {
    diary_.calls.push_back(what);
    if (diary_.throws_in == what)
      throw std::runtime_error("in " + what);
  }

  diary& diary_;
  int count_ = 0;
};

struct class_for_test {
  class_for_test() {
    trainables.add("t", trainable::factory([this] { return std::make_unique<counting>(notes); }));
    runner = std::make_unique<trial_runner>(
      trial_runner_options{"node-1", {}, false, {std::shared_ptr<void>(), &files}, &trainables, {}});
  }
  conversation driver() { return conversation(*runner); }
  attempt_order order(int x = 1, checkpoint_policy policy = {1000, false}) const {
    attempt_order o;
    o.attempt = 1;
    o.trainable = "t";
    o.values = {{"x", x}};
    o.metrics = {"loss"};
    o.checkpoints = policy;
    o.storage_directory = (storage.path() / "trial").string();
    o.resources = {{"cpu", 10 * x}};
    return o;
  }
  std::vector<std::string> calls() { return std::exchange(notes.calls, {}); }

  diary notes;
  test_directory storage;
  fake_checkpoint_files files;
  trainable_registry trainables;
  std::unique_ptr<trial_runner> runner;
};

using list = std::vector<std::string>;

} // namespace

TEST_CASE("class trainable: it is set up, steps until it says that it is done, and is cleaned up") {
  class_for_test t;
  std::vector<attempt_report> reports;

  const auto over = t.driver().run(t.order(), &reports);

  CHECK(over.end.cause == end_cause::finished);
  CHECK(reports.size() == 3);
  CHECK(reports.back().done);
  CHECK(t.calls() == list{"made", "set_up 1", "step", "step", "step", "clean_up"});
}

TEST_CASE("class trainable: it is saved as the policy says, and loaded after it was set up") {
  class_for_test t;
  auto driver = t.driver();
  driver.begin<attempt_alive>(t.order(1, {2, true}));
  driver.report();
  const auto second = driver.report();
  CHECK(driver.over(attempt_answer::stop).end.cause == end_cause::stopped);
  CHECK(t.calls() == list{"made", "set_up 1", "step", "step", "save", "clean_up"});
  REQUIRE(second.checkpoint);

  auto again = t.order(1, {2, true});
  again.attempt = 2;
  again.restore = second.checkpoint;
  std::vector<attempt_report> reports;
  driver.run(again, &reports);

  CHECK(t.calls() == list{"reset 1", "gone", "made", "set_up 1", "load", "step", "save", "clean_up"});
  REQUIRE(reports.size() == 1);
  CHECK(reports[0].iteration == 3);
}

TEST_CASE("class trainable: an object that can be reset runs the next trial of its trainable") {
  class_for_test t;
  t.notes.can_reset = true;
  auto driver = t.driver();
  driver.run(t.order(1));
  t.calls();

  driver.run(t.order(2));

  CHECK(t.calls() == list{"reset 2", "step", "step", "step", "clean_up"});
  CHECK(t.notes.cpus == std::vector<double>{10, 20}); // Each attempt has its own.
  t.runner.reset();
  CHECK(t.calls() == list{"gone"});
}

TEST_CASE("class trainable: an object of another trainable is not kept for this one") {
  class_for_test t;
  t.notes.can_reset = true;
  diary other;
  t.trainables.add("other", trainable::factory([&] { return std::make_unique<counting>(other); }));
  auto driver = t.driver();
  driver.run(t.order(1));
  t.calls();
  auto order = t.order(2);
  order.trainable = "other";

  driver.run(order);

  CHECK(t.calls() == list{"gone"});
  CHECK(other.calls == list{"made", "set_up 2", "step", "step", "step", "clean_up"});
  t.runner.reset(); // Before the diary of its object.
}

TEST_CASE("class trainable: one that threw is neither cleaned up nor used again") {
  for (const auto* where : {"made", "set_up 1", "step", "reset 1"}) {
    class_for_test t;
    t.notes.can_reset = true;
    t.notes.throws_in = where;
    auto driver = t.driver();
    if (where == std::string("reset 1")) {
      t.notes.throws_in.clear();
      driver.run(t.order(2));
      t.notes.throws_in = where;
      t.calls();
    }

    const auto over = driver.run(t.order(1));

    CHECK(over.end.cause == end_cause::threw);
    CHECK(over.end.why == std::string("std::runtime_error: in ") + where);
    const auto calls = t.calls();
    CHECK(std::count(calls.begin(), calls.end(), "clean_up") == 0);
    t.notes.throws_in.clear();
    driver.run(t.order(1));
    CHECK(t.calls().front() == "made");
  }
}

TEST_CASE("class trainable: what clean_up throws does not change how it ended") {
  class_for_test t;
  t.notes.throws_in = "clean_up";

  const auto over = t.driver().run(t.order());

  CHECK(over.end.cause == end_cause::finished);
  CHECK(over.end.why == "after its end was decided: std::runtime_error: in clean_up");
}

TEST_CASE("class trainable: with all its iterations in the checkpoint, it is not stepped at all") {
  class_for_test t;
  auto order = t.order();
  order.max_iterations = 5;
  order.attempt = 2;
  order.restore = checkpoint_ref{5, 1, "node-1", t.storage.path().string(), true, 1};

  CHECK(t.driver().run(order).end.cause == end_cause::finished);
  CHECK(t.calls().empty());
}

TEST_CASE("class trainable: a class without save has no checkpoints, and asks for no load") {
  class_for_test t;
  class simple : public trial_actor {
    void set_up(const config&) override {}
    metrics step() override { return {{"loss", 1}, {"done", true}}; }
  };
  t.trainables.add("simple", trainable::factory([] { return std::make_unique<simple>(); }));
  auto order = t.order(1, {1, true});
  order.trainable = "simple";
  std::vector<attempt_report> reports;

  const auto over = t.driver().run(order, &reports);

  CHECK(over.end.cause == end_cause::finished);
  CHECK_FALSE(reports.at(0).checkpoint);
  CHECK_FALSE(over.checkpoint);
}
