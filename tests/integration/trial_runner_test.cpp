#include "tune/worker/trial_runner_actor.hpp"

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <iterator>
#include <limits>
#include <stdexcept>

#include <doctest/doctest.h>
#include <pthread.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/test_cluster.hpp"
#include "tune/trainable.hpp"
#include "tune/trial/attempt_wire.hpp"

using namespace std::chrono_literals;
using namespace tune;
using runtime::remote_actor;
using runtime::test_cluster;

// -- good and bad code of users ------------------------------------------------

namespace {

const trainable two_reports("two_reports", [](trial& trial) {
  std::ofstream("here") << trial.id(); // In the working directory.
  std::printf("attempt %u of pid %d\n", trial.attempt(), static_cast<int>(::getpid()));
  std::cerr << "to stderr\n";
  trial.report({{"loss", 2}});
  trial.report({{"loss", std::numeric_limits<double>::quiet_NaN()}});
});
const trainable throws("throws", [](trial&) { throw std::out_of_range("no such row"); });
const trainable exits("exits", [](trial& trial) {
  trial.report({{"loss", 1}});
  std::puts("said before the exit");
  std::cerr << "why it exits\n";
  std::exit(3);
});
const trainable segfaults("segfaults", [](trial& trial) {
  trial.report({{"loss", 1}});
  std::fputs("said before the crash\n", stderr);
  std::raise(SIGSEGV);
});
int overflow(volatile int depth) {
  volatile char frame[10'000] = {};
  return depth == 0 ? 0 : overflow(depth + 1) + frame[0];
}
const trainable overflows("overflows", [](trial& trial) {
  trial.report({{"loss", 1}});
  std::cerr << "deep down\n";
  overflow(1);
});
const trainable ends_its_thread("ends_its_thread", [](trial& trial) {
  trial.report({{"loss", 1}});
  ::pthread_exit(nullptr);
});
const trainable loops("loops", [](trial& trial) {
  trial.report({{"loss", 1}});
  for (volatile bool forever = true; forever;)
    ;
});
const trainable held("held", [](trial& trial) {
  trial.report({{"loss", 1}});
  std::ifstream(trial.get<std::string>("gate")).get(); // A FIFO: until the test opens it, too.
  trial.report({{"loss", 2}});
});
const trainable prints_much("prints_much", [](trial& trial) {
  const std::string line(1023, 'x');
  for (int i = 0; i < 30 * 1024; ++i)
    std::puts(line.c_str());
  trial.report({{"loss", 1}});
});
const trainable says_nan("says_nan", [](trial& trial) {
  trial.report({{"loss", std::numeric_limits<double>::quiet_NaN()}});
});
const trainable says_nothing("says_nothing", [](trial& trial) { trial.report({}); });
const trainable says_much("says_much", [](trial& trial) {
  metrics values{{"loss", 1}};
  for (int i = 0; i < 2000; ++i)
    values.set(std::to_string(i), i);
  trial.report(values);
});
const trainable says_large("says_large", [](trial& trial) {
  trial.report({{"loss", 1}, {"text", std::string(50u << 20, 'x')}});
});
const trainable forks("forks", [](trial& trial) {
  if (const auto child = ::fork(); child == 0) {
    ::signal(SIGTERM, SIG_IGN);
    (void)!::write(STDOUT_FILENO, "from the child\n", 15);
    for (;;)
      ::pause();
  } else
    trial.report({{"loss", 1}, {"child", static_cast<int>(child)}});
  while (trial.report({{"loss", 1}}) != stop)
    continue;
});
class counts : public trial_actor {
public:
  void set_up(const config&) override {}
  metrics step() override { return {{"loss", ++count_}}; }
  void save(const path& directory) override { std::ofstream(directory / "count") << count_; }
  void load(const path& directory) override { std::ifstream(directory / "count") >> count_; }

protected:
  int count_ = 0;
};
class dies_saving : public counts {
  void save(const path& directory) override {
    counts::save(directory);
    if (count_ == 2)
      ::kill(::getpid(), SIGKILL);
  }
};
const auto dies_saving_trainable = trainable::of<dies_saving>("dies_saving");
const auto counts_trainable = trainable::of<counts>("counts");
class saves_nothing : public trial_actor {
  void set_up(const config&) override {}
  metrics step() override { return {{"loss", 1}, {"done", ++steps_ == 2}}; }
  void save(const path&) override {}
  int steps_ = 0;
};
const auto saves_nothing_trainable = trainable::of<saves_nothing>("saves_nothing");

} // namespace

// -- the driver's side ---------------------------------------------------------

namespace {

class experiment_for_test {
public:
  explicit experiment_for_test(test_cluster& cluster) : cluster_(cluster), storage_(cluster.token_file() + ".storage") {
    std::filesystem::create_directories(storage_);
    std::ofstream(storage_ / "marker") << "the marker";
  }

  remote_actor spawn() { return cluster_.driver().spawn(trial_runner_type(), runtime::actor_options().cpus(0.5)); }

  attempt_order order(const std::string& trainable, attempt_number attempt = 1) const {
    attempt_order o;
    o.experiment = "7f3a91c2";
    o.trial = trial_id(1);
    o.trial_name = "7f3a91c2_00001";
    o.attempt = attempt;
    o.trainable = trainable;
    o.metrics = {"loss"};
    o.checkpoints = {1000, false};
    o.storage_directory = trial_directory().string();
    o.marker_file = (storage_ / "marker").string();
    o.marker = "the marker";
    return o;
  }

  path trial_directory() const { return storage_ / "trial"; }

private:
  test_cluster& cluster_;
  path storage_;
};

using said = result<std::string>;

said wait_for(runtime::future<std::string> answer) {
  REQUIRE(answer.wait_for(60s));
  return answer.try_get();
}

template <class Event>
Event event_in(const said& bytes) {
  REQUIRE_MESSAGE(bytes, bytes.error().message);
  auto events = attempt_wire::events_from(*bytes);
  REQUIRE(events);
  REQUIRE(events->size() == 1);
  REQUIRE(std::holds_alternative<Event>(events->front()));
  return std::get<Event>(events->front());
}

runtime::future<std::string> ask_begin(const remote_actor& runner, const attempt_order& order) {
  return runner.call<std::string>(begin_atom::value, attempt_wire::to_bytes(order));
}
runtime::future<std::string> ask(const remote_actor& runner, attempt_answer what = attempt_answer::go_on) {
  return runner.call<std::string>(answer_atom::value, attempt_wire::to_number(what), std::int64_t{0});
}
template <class Event>
Event answer(const remote_actor& runner, attempt_answer what = attempt_answer::go_on) {
  return event_in<Event>(wait_for(ask(runner, what)));
}
attempt_alive begin(const remote_actor& runner, const attempt_order& order) {
  return event_in<attempt_alive>(wait_for(ask_begin(runner, order)));
}

std::string text_of(const path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

runtime::error end_of(const remote_actor& runner) {
  auto end = runner.end();
  REQUIRE(end.wait_for(60s));
  const auto how = end.try_get();
  REQUIRE(!how);
  return how.error();
}

} // namespace

TEST_CASE("trial runner: a worker runs one attempt after the other, each in its trial's directory") {
  test_cluster cluster;
  experiment_for_test experiment(cluster);
  const auto runner = experiment.spawn();
  REQUIRE(runner.call<caf::message>(hello_atom::value).wait_for(60s));

  for (const attempt_number attempt : {1u, 2u}) {
    const auto alive = begin(runner, experiment.order("two_reports", attempt));
    CHECK(alive.node == cluster.nodes().front());
    CHECK(alive.sees_storage);
    CHECK(alive.directory == experiment.trial_directory().string());
    CHECK(answer<attempt_report>(runner).values == metrics{{"loss", 2}});
    CHECK(answer<attempt_report>(runner).iteration == 2);
    CHECK(answer<attempt_over>(runner).end.cause == end_cause::finished);
    const auto printed = text_of(experiment.trial_directory() / "stdout");
    CHECK(printed.find("attempt " + std::to_string(attempt) + " of pid " + std::to_string(alive.process_id)) !=
          std::string::npos);
  }
  CHECK(text_of(experiment.trial_directory() / "here") == "7f3a91c2_00001");
  CHECK(text_of(experiment.trial_directory() / "stdout").find("attempt 1") == 0); // Appended, not written anew.
  CHECK(text_of(experiment.trial_directory() / "stderr") == "to stderr\nto stderr\n");
}

TEST_CASE("trial runner: the worker of one that was stopped takes the next one") {
  test_cluster cluster;
  experiment_for_test experiment(cluster);
  const auto run = [&] {
    const auto runner = experiment.spawn();
    const auto alive = begin(runner, experiment.order("two_reports"));
    answer<attempt_report>(runner);
    answer<attempt_report>(runner);
    CHECK(answer<attempt_over>(runner).end.cause == end_cause::finished);
    REQUIRE(runner.stop());
    REQUIRE(runner.end().wait_for(60s));
    return alive.process_id;
  };

  const auto first = run();

  CHECK(run() == first);
  CHECK(text_of(experiment.trial_directory() / "stderr") == "to stderr\nto stderr\n");
}

TEST_CASE("trial runner: a worker that does not see the storage has the trial's files on its node") {
  test_cluster cluster;
  experiment_for_test experiment(cluster);
  const auto runner = experiment.spawn();
  auto order = experiment.order("two_reports");
  order.marker = "another marker";

  const auto alive = begin(runner, order);
  answer<attempt_report>(runner);
  answer<attempt_report>(runner);
  answer<attempt_over>(runner);

  CHECK_FALSE(alive.sees_storage);
  CHECK_FALSE(std::filesystem::exists(experiment.trial_directory()));
  CHECK(path(alive.directory).filename() == "trial");
  CHECK(path(alive.directory).parent_path().filename() == "7f3a91c2");
  CHECK(text_of(path(alive.directory) / "here") == "7f3a91c2_00001");
}

TEST_CASE("trial runner: what it does not understand is an error, and nothing else happens") {
  test_cluster cluster;
  experiment_for_test experiment(cluster);
  const auto runner = experiment.spawn();

  const auto garbage = wait_for(runner.call<std::string>(begin_atom::value, std::string("garbage")));
  const auto too_early = wait_for(ask(runner));
  const auto no_answer = wait_for(runner.call<std::string>(answer_atom::value, std::uint8_t{77}, std::int64_t{0}));

  REQUIRE(!garbage);
  CHECK(garbage.error().message.find("an attempt's order: 7 bytes that are no message") != std::string::npos);
  REQUIRE(!too_early);
  CHECK(too_early.error().message.find("no attempt runs here") != std::string::npos);
  REQUIRE(!no_answer);
  CHECK(no_answer.error().message.find("an attempt's answer: 77 is not known") != std::string::npos);
  begin(runner, experiment.order("two_reports"));
}

TEST_CASE("trial runner: a worker outlives what a trainable throws, and runs the next") {
  test_cluster cluster;
  experiment_for_test experiment(cluster);
  const auto runner = experiment.spawn();

  const auto first = begin(runner, experiment.order("throws"));
  const auto over = answer<attempt_over>(runner);

  CHECK(over.end.cause == end_cause::threw);
  CHECK(over.end.why == "std::out_of_range: no such row");
  CHECK(begin(runner, experiment.order("two_reports")).process_id == first.process_id);
}

TEST_CASE("trial runner: a trainable that exits or crashes ends its worker, and what it printed is there") {
  test_cluster cluster;
  experiment_for_test experiment(cluster);
  struct expected {
    const char* trainable;
    const char* cause;
    const char* last_words;
    const char* file;
    const char* printed;
  };
  for (const auto& each :
       {expected{"exits", "exited with code 3", "why it exits", "stdout", "said before the exit\n"},
        expected{"segfaults", "SIGSEGV", "said before the crash", "stderr", "said before the crash\n"},
        expected{"ends_its_thread", "SIGABRT", "the trainable has ended its thread", "stdout", ""},
        expected{"overflows", "SIGSEGV", "deep down", "stderr", "deep down\n"}}) {
    const auto runner = experiment.spawn();
    begin(runner, experiment.order(each.trainable));
    answer<attempt_report>(runner);

    const auto last = wait_for(ask(runner));

    REQUIRE(!last);
    CHECK(last.error().code == errc::worker_lost);
    const auto why = end_of(runner);
    CHECK(why.code == errc::worker_lost);
    CHECK_MESSAGE(why.message.find(each.cause) != std::string::npos, why.message);
    CHECK_MESSAGE(why.message.find(each.last_words) != std::string::npos, why.message);
    CHECK(text_of(experiment.trial_directory() / each.file) == each.printed);
    std::filesystem::remove_all(experiment.trial_directory());
  }
}

TEST_CASE("trial runner: a trainable that never reports again is killed with its worker at the deadline") {
  test_cluster cluster;
  experiment_for_test experiment(cluster);
  const auto runner = experiment.spawn();
  const auto alive = begin(runner, experiment.order("loops"));
  answer<attempt_report>(runner);
  auto last = ask(runner);

  REQUIRE(runner.stop(200ms));

  CHECK(!wait_for(std::move(last)));
  auto end = runner.end();
  REQUIRE(end.wait_for(60s));
  CHECK(::kill(static_cast<pid_t>(alive.process_id), 0) != 0); // Its process is gone: it did not only say so.
}

TEST_CASE("trial runner: asked to quit, it ends at the next report and says so to whoever waits") {
  test_cluster cluster;
  experiment_for_test experiment(cluster);
  const auto runner = experiment.spawn();
  const auto gate = experiment.trial_directory().parent_path() / "gate";
  REQUIRE(::mkfifo(gate.c_str(), 0600) == 0);
  auto order = experiment.order("held");
  order.values = {{"gate", gate.string()}};
  begin(runner, order);
  answer<attempt_report>(runner);
  auto last = ask(runner);

  REQUIRE(runner.stop(60s));
  // What is answered behind it shows that it has arrived.
  auto after = runner.call<caf::message>(hello_atom::value, std::string(), std::string());
  REQUIRE(after.wait_for(60s));
  REQUIRE(after.try_get());
  auto end = runner.end();
  CHECK_FALSE(end.wait_for(0s)); // The user's code still runs.
  std::ofstream(gate) << "go";   // Opens only when the trainable does.

  const auto bytes = wait_for(std::move(last));
  REQUIRE_MESSAGE(bytes, bytes.error().message);
  const auto events = attempt_wire::events_from(*bytes);
  REQUIRE(events);
  REQUIRE(std::holds_alternative<attempt_over>(events->back()));
  CHECK(std::get<attempt_over>(events->back()).end.cause == end_cause::paused);
  REQUIRE(end.wait_for(60s));
  CHECK(end.try_get().error().code == errc::cancelled); // It was stopped, not killed.
}

TEST_CASE("trial runner: what a trainable prints is cut at 10 MiB, and says so") {
  test_cluster cluster;
  experiment_for_test experiment(cluster);
  const auto runner = experiment.spawn();
  begin(runner, experiment.order("prints_much"));
  answer<attempt_report>(runner);
  answer<attempt_over>(runner);

  const auto printed = text_of(experiment.trial_directory() / "stdout");

  const std::string note = "\n[caf-tune: cut here: more than 10485760 bytes]\n";
  REQUIRE(printed.size() == (10u << 20) + note.size());
  CHECK(printed.substr(10u << 20) == note);
  CHECK(printed.substr(0, 1024) == std::string(1023, 'x') + '\n');
}

TEST_CASE("trial runner: NaN is a result, a missing metric and too many values are not") {
  test_cluster cluster;
  experiment_for_test experiment(cluster);
  const auto runner = experiment.spawn();
  begin(runner, experiment.order("says_nan"));
  CHECK(answer<attempt_report>(runner).values == metrics{{"loss", std::numeric_limits<double>::quiet_NaN()}});
  answer<attempt_over>(runner);

  const auto end = [&](const char* trainable) {
    begin(runner, experiment.order(trainable));
    const auto over = answer<attempt_over>(runner);
    CHECK(over.end.cause == end_cause::threw);
    return over.end.why;
  };

  CHECK(end("says_nothing") == "iteration 1: the metric \"loss\" is missing; nothing was reported");
  CHECK(end("says_much") ==
        "iteration 1: 2001 values are more than the limit of 1000; write what is large into a file");
  CHECK(end("says_large") ==
        "iteration 1: the values take 52428824 bytes, more than the limit of 1048576; write what is large into a file");
}

TEST_CASE("trial runner: a class that saves nothing runs to its end without a checkpoint") {
  test_cluster cluster;
  experiment_for_test experiment(cluster);
  const auto runner = experiment.spawn();
  auto order = experiment.order("saves_nothing");
  order.checkpoints = {1, true};
  begin(runner, order);

  CHECK_FALSE(answer<attempt_report>(runner).checkpoint);
  CHECK_FALSE(answer<attempt_report>(runner).checkpoint);
  const auto over = answer<attempt_over>(runner);

  CHECK(over.end.cause == end_cause::finished);
  CHECK_FALSE(over.checkpoint);
}

TEST_CASE("trial runner: a paused trial goes on from its checkpoint in another worker, a broken one is named") {
  test_cluster cluster;
  experiment_for_test experiment(cluster);
  const auto first = experiment.spawn();
  begin(first, experiment.order("counts"));
  answer<attempt_report>(first);
  answer<attempt_report>(first);
  const auto paused = answer<attempt_over>(first, attempt_answer::pause);
  REQUIRE(paused.checkpoint);
  CHECK(paused.checkpoint->iteration == 2);
  CHECK(paused.checkpoint->in_storage);
  CHECK(paused.checkpoint->bytes > 0);
  CHECK(paused.checkpoint->directory == (experiment.trial_directory() / "checkpoint_000002.attempt-1").string());
  auto order = experiment.order("counts", 2);
  order.restore = paused.checkpoint;

  const auto second = experiment.spawn();
  begin(second, order);
  const auto report = answer<attempt_report>(second);
  answer<attempt_over>(second, attempt_answer::stop);
  std::ofstream(path(paused.checkpoint->directory) / "count") << "3"; // As long as before.
  order.attempt = 3;
  begin(second, order);
  const auto over = answer<attempt_over>(second);

  CHECK(report.iteration == 3);
  CHECK(report.values == metrics{{"loss", 3}});
  CHECK(over.end.cause == end_cause::bad_checkpoint);
  CHECK_MESSAGE(over.end.why.find(paused.checkpoint->directory + "/count") != std::string::npos, over.end.why);
}

TEST_CASE("trial runner: a checkpoint is whole although its worker was killed while it wrote the next") {
  test_cluster cluster;
  experiment_for_test experiment(cluster);
  const auto runner = experiment.spawn();
  auto order = experiment.order("dies_saving");
  order.checkpoints = {1, true};
  begin(runner, order);
  const auto report = answer<attempt_report>(runner);
  REQUIRE(report.checkpoint);
  CHECK(!wait_for(ask(runner)));
  end_of(runner);
  auto again = experiment.order("counts", 2);
  again.restore = report.checkpoint;

  const auto other = experiment.spawn();
  begin(other, again);
  CHECK(answer<attempt_report>(other).iteration == 2);
  CHECK_FALSE(std::filesystem::exists(experiment.trial_directory() / "checkpoint_000002.attempt-1"));
}

TEST_CASE("trial runner: what a trainable has forked ends with its worker") {
  test_cluster cluster;
  experiment_for_test experiment(cluster);
  const auto runner = experiment.spawn();
  begin(runner, experiment.order("forks"));
  const auto child = answer<attempt_report>(runner).values.get<int>("child");
  REQUIRE(::kill(child, 0) == 0);

  REQUIRE(runner.kill());
  auto end = runner.end();
  REQUIRE(end.wait_for(60s));

  const auto stat = text_of("/proc/" + std::to_string(child) + "/stat"); // Gone, or a zombie that its new parent reaps.
  CHECK((stat.empty() || stat.find(") Z ") != std::string::npos));
}
