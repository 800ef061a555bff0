// What a program declares for its workers, and what travels with it: types of actors and messages, shared objects.
#include "runtime/test_cluster.hpp"

#include <dlfcn.h>
#include <stdexcept>

#include <caf/event_based_actor.hpp>
#include <caf/scoped_actor.hpp>
#include <caf/type_id.hpp>
#include <doctest/doctest.h>

using namespace std::chrono_literals;
using runtime::actor_options;
using runtime::errc;
using runtime::task_options;
using runtime::test_cluster;

namespace {

struct point {
  double x = 0;
  double y = 0;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, point& p) {
  return f(p.x, p.y);
}
const runtime::message_type<point> point_message("point");

struct undeclared {
  int value = 0;
};
template <class Inspector>
typename Inspector::result_type inspect(Inspector& f, undeclared& u) {
  return f(u.value);
}

/// An actor of a class: sums up points.
class walker : public caf::event_based_actor {
public:
  walker(caf::actor_config& config, point start, double scale) : event_based_actor(config), at_(start), scale_(scale) {}

protected:
  caf::behavior make_behavior() override {
    return {
      [this](const point& step) {
        at_.x += scale_ * step.x;
        at_.y += scale_ * step.y;
        return at_;
      },
      [](caf::put_atom) { throw std::out_of_range("no way there"); },
      [](caf::get_atom) { return undeclared{1}; },
    };
  }

private:
  point at_;
  double scale_;
};
const auto walker_type = runtime::actor_type_of<walker, point, double>("walker");

const runtime::task_type ask_module("ask_module", [](const std::string& name) {
  void* module = ::dlopen(name.c_str(), RTLD_NOW);
  if (module == nullptr)
    throw std::runtime_error(::dlerror());
  return reinterpret_cast<int (*)()>(::dlsym(module, "answer"))();
});

const runtime::task_type odd_only("odd_only", [](int x) {
  if (x % 2 == 0)
    throw std::invalid_argument(std::to_string(x) + " is even");
  return 10 * x;
});
const runtime::task_type nothing_of("nothing_of", [](int x) {
  if (x > 2)
    throw std::invalid_argument("too many");
});

template <class Function>
std::string message_of(Function function) {
  try {
    function();
  } catch (const runtime::failure& why) {
    return why.what();
  }
  return "nothing was thrown";
}

} // namespace

TEST_CASE("program parts: an actor of a class takes its arguments, and messages of a declared type") {
  test_cluster cluster;
  auto actor = cluster.driver().spawn(walker_type, actor_options(), point{1, 2}, 10.0);

  const auto at = actor.call<point>(point{0.5, 1}).get();

  CHECK(at.x == 6);
  CHECK(at.y == 12);
  CHECK(walker_type.name() == "walker");
}

TEST_CASE("program parts: what an actor of a class throws is the cause of its end") {
  test_cluster cluster;
  auto actor = cluster.driver().spawn(walker_type, actor_options(), point{}, 1.0);

  actor.send(caf::put_atom_v);
  auto end = actor.end();

  REQUIRE(end.wait_for(60s));
  const auto how = end.try_get();
  REQUIRE(!how);
  CHECK(how.error().code == errc::user_code);
  CHECK(how.error().message.find("std::out_of_range: no way there") != std::string::npos);
}

TEST_CASE(
  "program parts: a message of a type that is not declared is refused, where it is sent and where it is answered") {
  test_cluster cluster;
  auto actor = cluster.driver().spawn(walker_type, actor_options(), point{}, 1.0);
  const std::string advice = "declare it at namespace scope with runtime::message_type";

  const auto sent = actor.call<int>(undeclared{1}).try_get();
  const auto answered = actor.call<int>(caf::get_atom_v).try_get();

  REQUIRE(!sent);
  CHECK(sent.error().code == errc::invalid_argument);
  CHECK(sent.error().message.find("part 1 of the message has a type that the program does not declare") == 0);
  CHECK(sent.error().message.find(advice) != std::string::npos);
  REQUIRE(!answered);
  CHECK_MESSAGE(answered.error().message.find(advice) != std::string::npos, answered.error().message);
  CHECK(actor.call<point>(point{1, 1}).get().x == 1); // It lives.
}

TEST_CASE("program parts: an actor's stub takes any message of declared types as the actor would, and refuses others") {
  test_cluster cluster;
  auto actor = cluster.driver().spawn(walker_type, actor_options(), point{1, 2}, 10.0);
  caf::scoped_actor self{actor.stub().home_system()};
  point at;
  std::string refused;

  self->request(actor.stub(), 60s, point{0.5, 1})
    .receive([&](const point& now) { at = now; }, [](const caf::error& why) { FAIL(to_string(why)); });
  self->request(actor.stub(), 60s, undeclared{1})
    .receive([](const point&) { FAIL("an answer"); }, [&](const caf::error& why) { refused = to_string(why); });

  CHECK(at.x == 6);
  CHECK(at.y == 12);
  CHECK_MESSAGE(refused.find("part 1 of the message has a type that the program does not declare") != std::string::npos,
                refused);
}

TEST_CASE("program parts: shared objects travel with the program, and are found by their names") {
  test_cluster cluster;
  const std::string module = ANSWER_MODULE;
  const auto name = module.substr(module.rfind('/') + 1);
  runtime::cluster_options options;
  options.address = cluster.address();
  options.token_file = cluster.token_file();

  const auto without = cluster.driver().submit(ask_module, task_options(), name).try_get();
  options.shared_objects = {module};
  const auto with =
    runtime::or_throw(runtime::cluster::connect(options)).submit(ask_module, task_options(), name).get();
  options.shared_objects = {module + ".not"};
  const auto missing =
    runtime::or_throw(runtime::cluster::connect(options)).submit(ask_module, task_options(), name).try_get();

  CHECK(!without);
  CHECK(with == 42);
  REQUIRE(!missing);
  CHECK_MESSAGE(missing.error().message.find(module + ".not") != std::string::npos, missing.error().message);
}

TEST_CASE("program parts: try_map gives each argument its own result, in order") {
  test_cluster cluster(/*nodes=*/1, runtime::cpus(2));

  const auto results = cluster.driver().try_map(odd_only, std::vector<int>{1, 2, 3, 4});

  REQUIRE(results.size() == 4);
  CHECK(results[0].value() == 10);
  CHECK(results[2].value() == 30);
  for (const int even : {1, 3}) {
    const auto& failed = results[static_cast<std::size_t>(even)];
    REQUIRE(!failed);
    CHECK(failed.error().code == errc::user_code);
    CHECK(failed.error().message.find(std::to_string(even + 1) + " is even") != std::string::npos);
  }
  CHECK(cluster.driver().try_map(odd_only, std::vector<int>{}).empty());
}

TEST_CASE("program parts: map throws the first failure in the order of the arguments, and says which it was") {
  test_cluster cluster(/*nodes=*/1, runtime::cpus(2));

  const auto why = message_of([&] { cluster.driver().map(odd_only, std::vector<int>{1, 3, 6, 5, 8}); });

  CHECK_MESSAGE(why.find("odd_only 2: ") == 0, why);
  CHECK(why.find("6 is even") != std::string::npos);
}

TEST_CASE("program parts: map of a task without a result waits for all of them") {
  test_cluster cluster;

  cluster.driver().map(nothing_of, std::vector<int>{1, 2});

  const auto why = message_of([&] { cluster.driver().map(nothing_of, std::vector<int>{1, 3}); });
  CHECK_MESSAGE(why.find("nothing_of 1: ") == 0, why);
}
