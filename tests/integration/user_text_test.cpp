#include "runtime/test_cluster.hpp"

#include <stdexcept>
#include <string>
#include <unistd.h>

#include <caf/stateful_actor.hpp>
#include <caf/type_id.hpp>
#include <doctest/doctest.h>

// Bytes that come from a user's code where text belongs.

using namespace std::chrono_literals;
using runtime::actor_options;
using runtime::errc;
using runtime::task_options;
using runtime::test_cluster;

namespace {

const runtime::task_type not_text("not_text", [](const std::string& bytes) -> int { throw std::runtime_error(bytes); });
const runtime::task_type talking_nonsense("talking_nonsense", [](int) -> int {
  (void)!::write(3, "\5\0\0\0hello", 9); // Where the library speaks with the node manager.
  for (;;)
    ::pause();
});
const runtime::task_type square("square", [](int x) { return x * x; });

caf::behavior thrower(caf::stateful_actor<int>*) {
  return {[](caf::put_atom, const std::string& what) { throw std::runtime_error(what); }};
}
const runtime::actor_type thrower_type("thrower", thrower);

template <class T>
runtime::error error_of(runtime::future<T> value) {
  REQUIRE(value.wait_for(60s));
  const auto outcome = value.try_get();
  REQUIRE(!outcome);
  return outcome.error();
}

} // namespace

TEST_CASE("user text: what a task throws is readable whatever it is, and kills nothing") {
  test_cluster cluster;

  const auto bytes = error_of(cluster.driver().submit(not_text, std::string("\xff\xfe no file")));
  const auto large = error_of(cluster.driver().submit(not_text, std::string(1u << 20, 'x')));

  CHECK(bytes.code == errc::user_code);
  CHECK(bytes.message == "task \"not_text\" failed on attempt 1 of 4: std::runtime_error: "
                         "\xEF\xBF\xBD\xEF\xBF\xBD no file");
  CHECK(large.code == errc::user_code);
  CHECK(large.message.rfind("task \"not_text\" failed on attempt 1 of 4: std::runtime_error: xxx", 0) == 0);
  CHECK(large.message.size() < 20'000);
  CHECK(large.message.find("more bytes)") != std::string::npos);
}

TEST_CASE("user text: what an actor throws is readable whatever it is") {
  test_cluster cluster;
  auto actor = cluster.driver().spawn(thrower_type, actor_options());

  actor.send(caf::put_atom_v, std::string("\xff no file"));

  const auto why = error_of(actor.end());
  CHECK(why.code == errc::user_code);
  CHECK(why.message.find("std::runtime_error: \xEF\xBF\xBD no file") != std::string::npos);
}

TEST_CASE("user text: a worker that is killed for what it sent on its node's link says what it was") {
  test_cluster cluster;

  const auto why = error_of(cluster.driver().submit(talking_nonsense, task_options().retries(0), 1));

  CHECK(why.code == errc::worker_lost);
  CHECK(why.message.find("signal 9 (SIGKILL): it sent 5 bytes that are no message of a worker (\"hello\")") !=
        std::string::npos);
}

TEST_CASE("user text: options that no message could carry are refused with their names") {
  test_cluster cluster;
  auto& driver = cluster.driver();

  const auto variable = error_of(driver.submit(square, task_options().environment("LANG", "\xff"), 2));
  const auto label = error_of(driver.submit(square, task_options().label("zone", "\xff"), 2));

  CHECK(variable == runtime::error{errc::invalid_argument, "task \"square\": the environment variable \"LANG\" is "
                                                           "\"\xEF\xBF\xBD\", which is not UTF-8"});
  CHECK(label.message == "task \"square\": the required label \"zone\" is \"\xEF\xBF\xBD\", which is not UTF-8");
}
