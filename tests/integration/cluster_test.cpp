#include "runtime/test_cluster.hpp"
#include "runtime/worker_place.hpp"
#include "tests/support/held_tasks.hpp"

#include <csignal>
#include <cstdlib>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <future>
#include <numeric>
#include <set>
#include <stdexcept>
#include <sys/stat.h>
#include <unistd.h>

#include <caf/scoped_actor.hpp>
#include <caf/type_id.hpp>
#include <doctest/doctest.h>

using namespace std::chrono_literals;
using runtime::actor_options;
using runtime::cpus;
using runtime::errc;
using runtime::task_options;
using runtime::test_cluster;

namespace {

const runtime::task_type square("square", [](int x) { return x * x; });
const runtime::task_type failing("failing", [](int x) -> int { throw std::out_of_range(std::to_string(x)); });
const runtime::task_type crashing("crashing", [](int) -> int { std::abort(); });
const runtime::task_type length("length", [](const std::string& text) { return text.size(); });
const runtime::task_type large("large", [](int bytes) { return std::string(static_cast<std::size_t>(bytes), 'x'); });

const runtime::task_type exiting("exiting", [](int code) -> int { std::exit(code); });
/// The node and the directory that the worker knows; leaves a file in the directory.
const runtime::task_type own_place("own_place", [](const std::string& file) {
  const auto place = runtime::this_worker_place();
  if (!place)
    return std::vector<std::string>();
  std::filesystem::create_directories(place->directory);
  std::ofstream(place->directory + "/" + file) << file;
  return std::vector<std::string>{place->node, place->directory};
});

/// Can be written anywhere, but not read by the driver.
struct unreadable {
  int value = 0;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, unreadable& x) {
  if constexpr (Inspector::reads_state)
    return f(x.value);
  else
    throw std::runtime_error("not in this process");
}
const runtime::task_type make_unreadable("make_unreadable", [](int x) { return unreadable{x}; });

/// Numbers, of which one cannot be had.
struct broken_numbers {
  struct iterator {
    using iterator_category = std::forward_iterator_tag;
    using value_type = int;
    using difference_type = std::ptrdiff_t;
    using pointer = const int*;
    using reference = int;
    int at = 0;
    int operator*() const { return at < 3 ? at : throw std::out_of_range("no more numbers"); }
    iterator& operator++() { return ++at, *this; }
    friend bool operator==(iterator a, iterator b) { return a.at == b.at; }
    friend bool operator!=(iterator a, iterator b) { return a.at != b.at; }
  };
  iterator begin() const { return {0}; }
  iterator end() const { return {5}; }
};

/// Leaves a daemon behind, in a session of its own, that holds the FIFO open while it lives; then crashes or ends.
const runtime::task_type leave_daemon("leave_daemon", [](const std::string& fifo, bool crashes) {
  if (::fork() == 0) {
    ::setsid();
    if (::fork() == 0) {
      (void)::open(fifo.c_str(), O_WRONLY | O_CLOEXEC);
      ::pause();
    }
    ::_exit(0);
  }
  const int up = ::open(fifo.c_str(), O_RDONLY | O_CLOEXEC); // Not before the daemon is there.
  ::close(up);
  if (crashes)
    std::abort();
});

/// The test's end of a leave_daemon's FIFO.
class daemon_line {
public:
  explicit daemon_line(const test_cluster& cluster) : fifo_(cluster.token_file() + ".daemon") {
    REQUIRE(::mkfifo(fifo_.c_str(), 0600) == 0);
    line_ = ::open(fifo_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC); // Nobody writes yet, and nobody is to wait.
    REQUIRE(line_ >= 0);
    ::fcntl(line_, F_SETFL, 0);
  }
  ~daemon_line() { ::close(line_); }
  daemon_line(const daemon_line&) = delete;
  daemon_line& operator=(const daemon_line&) = delete;

  const std::string& file() const { return fifo_; }
  void wait_for_its_end() { ///< Once it has opened the FIFO.
    for (char c = 0; ::read(line_, &c, 1) == 1;)
      continue;
  }

private:
  std::string fifo_;
  int line_ = -1;
};

caf::behavior counter(caf::stateful_actor<int>* self, int start) {
  self->state = start;
  return {
    [self](caf::add_atom, int n) { return self->state += n; },
    [](caf::get_atom) { return static_cast<std::int32_t>(::getpid()); },
    [](caf::put_atom, const std::string& what) { throw std::runtime_error(what); },
    [self](caf::ok_atom) { self->quit(); },
  };
}
const runtime::actor_type counter_type("counter", counter);

/// Hears that it is to end, and does not.
caf::behavior deaf(caf::event_based_actor* self) {
  self->set_exit_handler([](const caf::exit_msg&) {});
  return {[](caf::get_atom) { return static_cast<std::int32_t>(::getpid()); }};
}
const runtime::actor_type deaf_type("deaf", deaf);

std::vector<int> numbers(int count) {
  std::vector<int> all(static_cast<std::size_t>(count));
  std::iota(all.begin(), all.end(), 0);
  return all;
}

std::vector<int> squares(int count) {
  auto all = numbers(count);
  for (auto& each : all)
    each *= each;
  return all;
}

template <class T>
runtime::error error_of(runtime::future<T> value) {
  REQUIRE(value.wait_for(60s));
  const auto outcome = value.try_get();
  REQUIRE(!outcome);
  return outcome.error();
}

} // namespace

TEST_CASE("cluster: map gives the results in the order of the arguments") {
  test_cluster cluster(/*nodes=*/2, cpus(2));

  CHECK(cluster.driver().map(square, numbers(200)) == squares(200));
}

TEST_CASE("cluster: a result that cannot be read is an error of its own, and the cluster goes on") {
  test_cluster cluster;

  const auto results = cluster.driver().try_map(make_unreadable, numbers(3));

  REQUIRE(results.size() == 3);
  for (const auto& each : results) {
    REQUIRE(!each);
    CHECK(each.error().code == errc::user_code);
    CHECK(each.error().message == "the result of the task cannot be read: std::runtime_error: not in this process");
  }
  CHECK(cluster.driver().map(square, numbers(3)) == squares(3));
}

TEST_CASE("cluster: what the arguments of map throw arrives when no task of it is under way any more") {
  test_cluster cluster;

  CHECK_THROWS_AS(cluster.driver().map(square, broken_numbers()), std::out_of_range);

  CHECK(cluster.driver().map(square, numbers(3)) == squares(3));
}

TEST_CASE("cluster: what a task throws is its error, and it is not run again") {
  test_cluster cluster;

  const auto why = error_of(cluster.driver().submit(failing, 7));

  CHECK(why.code == errc::user_code);
  CHECK(why.message.find("std::out_of_range: 7") != std::string::npos);
}

TEST_CASE("cluster: a task whose worker dies each time is given up with the cause") {
  test_cluster cluster;

  const auto why = error_of(cluster.driver().submit(crashing, task_options().retries(1), 1));

  CHECK(why.code == errc::worker_lost);
  CHECK(why.message.find("SIGABRT") != std::string::npos);
}

TEST_CASE("cluster: a daemon that a task has left ends when its worker crashes") {
  test_cluster cluster;
  daemon_line daemon(cluster);

  CHECK(error_of(cluster.driver().submit(leave_daemon, task_options().retries(0), daemon.file(), true)).code ==
        errc::worker_lost);

  daemon.wait_for_its_end();
}

TEST_CASE("cluster: a daemon of a node that was killed ends when the node is started again") {
  test_cluster cluster;
  daemon_line daemon(cluster);
  cluster.driver().submit(leave_daemon, daemon.file(), false).get();

  const auto name = cluster.nodes().front();
  cluster.kill_node(name);
  cluster.wait_for_no_node(name);
  cluster.add_node({runtime::cpus(1), {}, name});

  daemon.wait_for_its_end();
}

TEST_CASE("cluster: user code that calls exit ends its worker with that code, whatever else runs in it") {
  test_cluster cluster;

  const auto why = error_of(cluster.driver().submit(exiting, task_options().retries(0), 7));

  CHECK(why.code == errc::worker_lost);
  CHECK(why.message.find("7") != std::string::npos);
}

TEST_CASE("cluster: a worker knows its node and a directory there that outlives it") {
  test_cluster cluster;
  REQUIRE_FALSE(runtime::this_worker_place());

  const auto place = cluster.driver().submit(own_place, std::string("mark")).get();

  REQUIRE(place.size() == 2);
  CHECK(place[0] == cluster.nodes().front());
  CHECK(std::filesystem::path(place[1]).is_absolute());
  CHECK(std::filesystem::exists(place[1] + "/mark"));
}

TEST_CASE("cluster: what is too large for a message is refused, with what to do instead") {
  test_cluster cluster;

  const auto argument = error_of(cluster.driver().submit(length, std::string((16u << 20) + 1, 'x')));
  const auto outcome = error_of(cluster.driver().submit(large, (16 << 20) + 1));

  CHECK(argument.code == errc::too_large);
  CHECK(argument.message.find("put what is large into a file or store") != std::string::npos);
  CHECK(outcome.message.find("the result of task \"large\" takes") != std::string::npos);
}

TEST_CASE("cluster: killing a node in the middle changes no result") {
  test_cluster cluster(/*nodes=*/2, cpus(1));
  gate gate(cluster);
  auto& driver = cluster.driver();
  std::vector<runtime::future<int>> held;
  for (int i = 0; i < 2; ++i)
    held.push_back(driver.submit(held_by, task_options().spread(), gate.file(), i));
  cluster.wait_until("both nodes work", [](const runtime::cluster_state& state) {
    std::set<std::string> busy;
    for (const auto& lease : state.leases)
      if (lease.state == "held")
        busy.insert(lease.node);
    return busy.size() == 2;
  });

  cluster.kill_node("node-1");
  cluster.wait_for_no_node("node-1");
  gate.release();

  for (int i = 0; i < 2; ++i) {
    auto& each = held[static_cast<std::size_t>(i)];
    REQUIRE(each.wait_for(60s));
    CHECK(each.get() == i);
  }
  CHECK(driver.map(square, numbers(20)) == squares(20));
}

TEST_CASE("cluster: a node that falls silent is given up, and its task runs elsewhere") {
  test_cluster cluster(/*nodes=*/1, cpus(1));
  gate gate(cluster);
  auto held = cluster.driver().submit(held_by, task_options(), gate.file(), 5);
  cluster.wait_until("it is held", [](const runtime::cluster_state& state) {
    return !state.leases.empty() && state.leases.front().state == "held";
  });

  cluster.stop_node("node-1");
  cluster.wait_for_no_node("node-1");
  cluster.add_node();
  gate.release();

  REQUIRE(held.wait_for(60s));
  CHECK(held.get() == 5);
}

TEST_CASE("cluster: an actor keeps its state between calls and ends when it is stopped") {
  test_cluster cluster;
  auto actor = cluster.driver().spawn(counter_type, actor_options(), 40);

  CHECK(actor.call<int>(caf::add_atom_v, 1).get() == 41);
  CHECK(actor.call<int>(caf::add_atom_v, 1).get() == 42);
  REQUIRE(actor.stop());

  auto end = actor.end();
  REQUIRE(end.wait_for(60s));
  (void)end.try_get();
  CHECK(error_of(actor.call<int>(caf::add_atom_v, 1)).code == errc::cancelled);
}

TEST_CASE("cluster: an actor that does not stop by its deadline is killed, and its room is free") {
  test_cluster cluster(1, cpus(1));
  auto actor = cluster.driver().spawn(deaf_type, actor_options().cpus(1));
  const auto process = actor.call<std::int32_t>(caf::get_atom::value).get();

  CHECK(actor.stop(50ms));

  const auto how = actor.end().try_get();
  REQUIRE_FALSE(how);
  CHECK(how.error().code == errc::cancelled);
  CHECK(cluster.driver().submit(square, 3).get() == 9); // Which wants the one cpu.
  CHECK(::kill(process, 0) == -1);
}

TEST_CASE("cluster: an answer comes although nobody holds the remote actor any more") {
  test_cluster cluster;

  auto answer = cluster.driver().spawn(counter_type, actor_options(), 40).call<int>(caf::add_atom_v, 2);

  CHECK(answer.get() == 42);
}

TEST_CASE("cluster: an actor that quits in good order ends without an error") {
  test_cluster cluster;
  auto actor = cluster.driver().spawn(counter_type, actor_options(), 0);

  actor.send(caf::ok_atom_v);

  auto end = actor.end();
  REQUIRE(end.wait_for(60s));
  CHECK(end.try_get());
}

TEST_CASE("cluster: an exception in an actor is the cause of its end") {
  test_cluster cluster;
  auto actor = cluster.driver().spawn(counter_type, actor_options(), 0);

  actor.send(caf::put_atom_v, std::string("no more"));

  const auto why = error_of(actor.end());
  CHECK(why.code == errc::user_code);
  CHECK(why.message.find("std::runtime_error: no more") != std::string::npos);
}

TEST_CASE("cluster: an actor whose worker is killed starts again as often as it may") {
  test_cluster cluster;
  auto actor = cluster.driver().spawn(counter_type, actor_options().max_restarts(1), 10);
  const auto first = actor.call<std::int32_t>(caf::get_atom_v).get();

  ::kill(first, SIGKILL);
  std::int32_t second = first;
  while (second == first) // Until the loss is known, calls to the old one fail.
    if (const auto answer = actor.call<std::int32_t>(caf::get_atom_v).try_get())
      second = *answer;
  CHECK(actor.call<int>(caf::add_atom_v, 1).get() == 11);
  ::kill(second, SIGKILL);

  const auto why = error_of(actor.end());
  CHECK(why.code == errc::worker_lost);
  CHECK(why.message.find("SIGKILL") != std::string::npos);
}

TEST_CASE("cluster: thousands of calls at once are answered in order") {
  test_cluster cluster;
  auto actor = cluster.driver().spawn(counter_type, actor_options(), 0);
  std::vector<runtime::future<int>> answers;

  for (int i = 0; i < 5000; ++i)
    answers.push_back(actor.call<int>(caf::add_atom_v, 1));

  for (int i = 0; i < 5000; ++i)
    REQUIRE(answers[static_cast<std::size_t>(i)].get() == i + 1);
}

TEST_CASE("cluster: a name is given once, and found by another driver") {
  test_cluster cluster(1, cpus(4));
  auto first = cluster.driver().spawn(counter_type, actor_options().name("hits"), 1);
  CHECK(first.call<int>(caf::add_atom_v, 1).get() == 2);
  runtime::cluster_options options;
  options.address = cluster.address();
  options.token_file = cluster.token_file();
  auto other = runtime::or_throw(runtime::cluster::connect(options));

  const auto taken = other.try_spawn(counter_type, actor_options().name("hits"), 1);
  auto found = runtime::or_throw(other.find_actor("hits"));

  REQUIRE(!taken);
  CHECK(taken.error().code == errc::already_exists);
  CHECK(found.call<int>(caf::add_atom_v, 1).get() == 3);
  CHECK(other.find_actor("misses").error().code == errc::not_found);
}

TEST_CASE("cluster: two drivers that get or spawn an actor of one name at once have the same one") {
  test_cluster cluster(1, cpus(16));
  runtime::cluster_options options;
  options.address = cluster.address();
  options.token_file = cluster.token_file();
  auto other = runtime::or_throw(runtime::cluster::connect(options));

  for (int i = 0; i < 8; ++i) {
    const auto call = [name = "hits " + std::to_string(i)](runtime::cluster& driver) {
      auto actor = driver.spawn(counter_type, actor_options().name(name).get_if_exists(), 0);
      return actor.call<int>(caf::add_atom_v, 1).get();
    };
    auto theirs = std::async(std::launch::async, [&] { return call(other); });
    const auto ours = call(cluster.driver());
    CHECK(ours + theirs.get() == 1 + 2);
  }
}

TEST_CASE("cluster: a detached actor outlives its driver, an owned one does not") {
  test_cluster cluster(1, cpus(4));
  runtime::cluster_options options;
  options.address = cluster.address();
  options.token_file = cluster.token_file();
  {
    auto driver = runtime::or_throw(runtime::cluster::connect(options));
    auto detached = driver.spawn(counter_type, actor_options().name("stays").detached(), 5);
    auto owned = driver.spawn(counter_type, actor_options().name("goes"), 5);
    CHECK(detached.call<int>(caf::add_atom_v, 1).get() == 6);
    CHECK(owned.call<int>(caf::add_atom_v, 1).get() == 6);
  }
  cluster.wait_until("the owned actor has ended",
                     [](const runtime::cluster_state& state) { return state.leases.size() == 1; });

  auto again = cluster.driver().spawn(counter_type, actor_options().name("stays").detached(), 5);

  CHECK(again.call<int>(caf::add_atom_v, 1).get() == 7);
  REQUIRE(again.kill());
  auto end = again.end();
  CHECK(end.wait_for(60s));
}

TEST_CASE("cluster: what a driver held is nobody's any more when it has left in good order") {
  test_cluster cluster(1, cpus(4));
  runtime::cluster_options options;
  options.address = cluster.address();
  options.token_file = cluster.token_file();
  {
    auto driver = runtime::or_throw(runtime::cluster::connect(options));
    CHECK(driver.spawn(counter_type, actor_options().cpus(4), 5).call<int>(caf::add_atom_v, 1).get() == 6);
    REQUIRE(runtime::or_throw(cluster.driver().state()).leases.at(0).state == "held");
    CHECK_FALSE(runtime::or_throw(cluster.driver().state()).leases.at(0).is_own);
    CHECK(runtime::or_throw(driver.state()).leases.at(0).is_own);
  }

  const auto state = runtime::or_throw(cluster.driver().state()); // The head's grace for lost links has hardly begun.

  for (const auto& lease : state.leases) // Perhaps its node has not said yet that it has ended.
    CHECK(lease.state == "ending");
}

TEST_CASE("cluster: a detached actor in a placement group is refused") {
  test_cluster cluster;
  runtime::group_demand bundles;
  bundles.bundles = {cpus(1)};
  auto group = cluster.driver().reserve(bundles);

  const auto refused = cluster.driver().try_spawn(counter_type, actor_options().detached().in(group.id(), 0), 0);

  REQUIRE(!refused);
  CHECK(refused.error().code == errc::invalid_argument);
  CHECK(refused.error().message == "a detached actor of type counter cannot run in a placement group: it outlives this "
                                   "driver, and the group does not; leave out detached(), or in()");
}

TEST_CASE("cluster: a stub is monitored like the actor itself") {
  test_cluster cluster;
  auto actor = cluster.driver().spawn(counter_type, actor_options(), 0);
  CHECK(actor.call<int>(caf::add_atom_v, 1).get() == 1);
  caf::scoped_actor self{actor.stub().home_system()};
  self->monitor(actor.stub());

  REQUIRE(actor.kill());

  bool heard = false;
  self->receive([&](const caf::down_msg& down) { heard = down.source == actor.stub().address(); },
                caf::after(60s) >> [] {});
  CHECK(heard);
}

TEST_CASE("cluster: bundles of a strictly spread group lie on different nodes and run their tasks there") {
  test_cluster cluster(/*nodes=*/2, cpus(2));
  runtime::group_demand bundles;
  bundles.bundles = {cpus(1), cpus(1)};
  bundles.strategy = runtime::group_strategy::strict_spread;
  auto group = cluster.driver().reserve(bundles);

  const auto leases = runtime::or_throw(group.wait());
  const auto outcome = cluster.driver().submit(square, task_options().in(group.id(), 1), 9).get();

  REQUIRE(leases.size() == 2);
  CHECK(leases[0].node_name != leases[1].node_name);
  CHECK(outcome == 81);
}

TEST_CASE("cluster: what fits on no node is refused at once, and says by how much") {
  test_cluster cluster(1, cpus(2));

  const auto why = error_of(cluster.driver().submit(square, task_options().gpus(1), 1));

  CHECK(why.code == errc::infeasible);
  CHECK(why.message.find("gpu=1 fits on no node") != std::string::npos);
}

TEST_CASE("cluster: what waits for nodes to come runs when one has come") {
  test_cluster cluster(1, cpus(1));
  auto waiting = cluster.driver().submit(square, task_options().resource("licence", 1).wait_for_nodes(), 4);
  cluster.wait_until("it waits", [](const runtime::cluster_state& state) { return state.queue.size() == 1; });

  auto resources = cpus(1);
  resources.set("licence", runtime::amount::whole(1));
  cluster.add_node({resources, {}, "licensed"});

  REQUIRE(waiting.wait_for(60s));
  CHECK(waiting.get() == 16);
}

TEST_CASE("cluster: a label that is required chooses the node") {
  test_cluster cluster(1, cpus(1));
  cluster.add_node({cpus(1), {{"disk", "ssd"}}, "fast"});
  auto actor = cluster.driver().spawn(counter_type, actor_options().label("disk", "ssd"), 0);
  CHECK(actor.call<int>(caf::add_atom_v, 1).get() == 1);

  const auto state = runtime::or_throw(cluster.driver().state());

  REQUIRE(state.leases.size() == 1);
  CHECK(state.leases.front().node == "fast");
}

TEST_CASE("cluster: a node that is drained ends its work and leaves") {
  test_cluster cluster(/*nodes=*/2, cpus(1));
  gate gate(cluster);
  auto held = cluster.driver().submit(held_by, task_options().on_node("node-1"), gate.file(), 3);
  cluster.wait_until("it is held", [](const runtime::cluster_state& state) {
    return !state.leases.empty() && state.leases.front().state == "held";
  });

  cluster.drain_node("node-1");
  cluster.wait_until("it drains", [](const runtime::cluster_state& state) {
    for (const auto& node : state.nodes)
      if (node.name == "node-1" && node.state == "draining")
        return true;
    return false;
  });
  gate.release();

  REQUIRE(held.wait_for(60s));
  CHECK(held.get() == 3);
  cluster.wait_for_no_node("node-1");
}
