#include "runtime/net/resolver.hpp"

#include <doctest/doctest.h>

#include <future>

using runtime::resolver;

namespace {

using answer = std::shared_ptr<std::promise<resolver::addresses>>;

std::future<resolver::addresses> ask(resolver& names, const std::string& host) {
  auto told = std::make_shared<std::promise<resolver::addresses>>();
  names.resolve(host, 80, [told](resolver::addresses found) { told->set_value(std::move(found)); });
  return told->get_future();
}

/// A name server that answers nobody until it is let go.
struct slow_names {
  std::promise<void> go;
  resolver::lookup lookup = [wait = go.get_future().share()](const std::string& host, std::uint16_t) {
    wait.wait();
    return resolver::addresses(runtime::fail(runtime::errc::not_found, host));
  };
};

} // namespace

TEST_CASE("resolver: numbers need no name server") {
  resolver names([](const std::string&, std::uint16_t) -> resolver::addresses { std::abort(); });

  const auto found = ask(names, "127.0.0.1").get();

  REQUIRE(found);
  REQUIRE(found->size() == 1);
  CHECK(found->front().text == "127.0.0.1");
}

TEST_CASE("resolver: of a name it says what the system says, also where that knows no localhost") {
  resolver names;

  const auto found = ask(names, "localhost").get();
  const auto asked_here = runtime::look_up("localhost", 80);

  REQUIRE(found.has_value() == asked_here.has_value());
  if (found) {
    CHECK(found->front().text == asked_here->front().text);
  } else {
    CHECK(found.error() == asked_here.error());
  }
}

TEST_CASE("resolver: a lookup that waits holds up no other") {
  slow_names slow;
  resolver names([&](const std::string& host, std::uint16_t port) {
    return host == "slow" ? slow.lookup(host, port)
                          : resolver::addresses(std::vector<runtime::socket_address>{{{}, 0, host}});
  });

  auto waits = ask(names, "slow");
  const auto quick = ask(names, "quick").get();

  CHECK(quick->front().text == "quick");
  slow.go.set_value();
  CHECK(waits.get().error().message == "slow");
}

TEST_CASE("resolver: one lookup too many is refused at once") {
  slow_names slow;
  resolver names(slow.lookup, /*most_at_once=*/1);
  auto waits = ask(names, "first");

  const auto refused = ask(names, "second").get();

  CHECK(refused.error().message == "the name second was not looked up: too many lookups wait for an answer");
  slow.go.set_value();
  waits.get();
}

TEST_CASE("resolver: nothing is heard from one that is gone") {
  slow_names slow;
  auto names = std::make_unique<resolver>(slow.lookup);
  auto waits = ask(*names, "first");

  names.reset();
  slow.go.set_value();

  CHECK_THROWS_AS(waits.get(), std::future_error); // The promise was dropped with the resolver.
}
