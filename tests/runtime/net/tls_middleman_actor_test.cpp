#include "runtime/net/tls_middleman_actor.hpp"

#include "tests/runtime/net/net_peers.hpp"

#include <doctest/doctest.h>

#include <dirent.h>
#include <future>
#include <poll.h>
#include <thread>

using namespace std::chrono_literals;
using runtime::errc;
using runtime::error;
using runtime::tls_options;

namespace {

tls_options impatient(std::chrono::milliseconds dial_deadline) {
  tls_options options;
  options.dial_deadline = dial_deadline;
  return options;
}

/// Names that a test knows.
runtime::resolver::lookup book_of(std::map<std::string, std::vector<std::string>> names) {
  return [names](const std::string& host, std::uint16_t port) -> runtime::resolver::addresses {
    const auto found = names.find(host);
    if (found == names.end())
      return runtime::fail(errc::not_found, "the name " + host + " has no address: Name or service not known");
    std::vector<runtime::socket_address> all;
    for (const auto& address : found->second)
      all.push_back(*runtime::parse_address(address, port));
    return all;
  };
}

caf::behavior repeat_or_ignore(caf::event_based_actor*, int) {
  return {[](int x) { return x; }, [](const peers::held_up&) {}};
}

std::size_t open_files() {
  std::size_t count = 0;
  auto* directory = ::opendir("/proc/self/fd");
  while (::readdir(directory) != nullptr)
    ++count;
  ::closedir(directory);
  return count;
}

} // namespace

TEST_CASE("tls middleman: who has the token is linked, and messages go both ways") {
  peers::process head(1, "head/h"), node(1, "node/n1");
  const auto port = head.publish();
  REQUIRE(port);

  const auto to_head = node.dial("127.0.0.1", *port);

  CHECK(*port != 0);
  REQUIRE(to_head);
  CHECK(node.round_trip(*to_head, 42) == 42);
}

TEST_CASE("tls middleman: another token is refused on one side and told of on the other") {
  peers::process head(1, "head/h"), node(2, "node/n1");
  const auto port = head.publish().value();

  const auto refused = node.dial("127.0.0.1", port);

  REQUIRE_FALSE(refused);
  CHECK(refused.error() ==
        error{errc::permission_denied,
              "cannot connect to 127.0.0.1:" + std::to_string(port) +
                ": it refused our token, or is not a caf-tune cluster; use that cluster's token file "
                "with --token-file"});
  CHECK(head.log->says("warning stranger refused address=127.0.0.1 why=\"it has another token, or none\"\n"));
}

TEST_CASE("tls middleman: a closed port is a refused connection") {
  peers::process node;
  const auto port = peers::closed_port();

  const auto refused = node.dial("127.0.0.1", port);

  REQUIRE_FALSE(refused);
  CHECK(refused.error() == error{errc::unreachable, "cannot connect to 127.0.0.1:" + std::to_string(port) +
                                                      ": connection refused; is it running there, on this port?"});
}

TEST_CASE("tls middleman: what is no cluster is said to be none") {
  peers::process node;
  const auto listener = runtime::listen_on("127.0.0.1", 0);
  const auto port = runtime::local_port(listener->get());
  std::thread other([&] {
    pollfd wait{listener->get(), POLLIN, 0};
    ::poll(&wait, 1, 30'000);
    const auto accepted = runtime::accept_from(listener->get());
    ::send(accepted.get(), "SSH-2.0-OpenSSH_9.2\r\n", 21, MSG_NOSIGNAL);
    ::poll(&(wait = {accepted.get(), POLLRDHUP, 0}), 1, 30'000); // Until the other side has left.
  });

  const auto refused = node.dial("127.0.0.1", port);

  other.join();
  REQUIRE_FALSE(refused);
  CHECK(refused.error() ==
        error{errc::incompatible, "cannot connect to 127.0.0.1:" + std::to_string(port) +
                                    ": what listens there is not a caf-tune cluster; check host and port"});
}

TEST_CASE("tls middleman: a peer that ends the connection at once is named so") {
  peers::process node;
  const auto listener = runtime::listen_on("127.0.0.1", 0);
  const auto port = runtime::local_port(listener->get());
  std::thread other([&] {
    pollfd wait{listener->get(), POLLIN, 0};
    ::poll(&wait, 1, 30'000);
    CHECK(runtime::accept_from(listener->get())); // And closed again.
  });

  const auto refused = node.dial("127.0.0.1", port);

  other.join();
  REQUIRE_FALSE(refused);
  CHECK(refused.error() ==
        error{errc::unreachable, "cannot connect to 127.0.0.1:" + std::to_string(port) +
                                   ": it ended the connection during the handshake; is it a caf-tune cluster?"});
}

TEST_CASE("tls middleman: it does not talk to CAF's own middleman") {
  peers::process node;
  peers::caf_config config;
  caf::actor_system plain(config);
  const auto someone = plain.spawn(peers::repeat, 0);
  const auto port = plain.middleman().publish(someone, 0, "127.0.0.1");
  REQUIRE(port);

  CHECK_FALSE(node.dial("127.0.0.1", *port));

  caf::anon_send_exit(someone, caf::exit_reason::kill);
}

TEST_CASE("tls middleman: a host that swallows packets is given up at the deadline") {
  peers::process node(1, "node/n1", impatient(200ms));
  const peers::black_hole hole;

  const auto lost = node.dial("127.0.0.1", hole.port);

  REQUIRE_FALSE(lost);
  CHECK(lost.error() ==
        error{errc::timed_out, "cannot connect to 127.0.0.1:" + std::to_string(hole.port) +
                                 ": no answer within 200 ms; is the address right, and no firewall between?"});
}

TEST_CASE("tls middleman: a peer that accepts and says nothing is given up at the deadline") {
  peers::process node(1, "node/n1", impatient(200ms));
  const auto silent = runtime::listen_on("127.0.0.1", 0);

  const auto lost = node.dial("127.0.0.1", runtime::local_port(silent->get()));

  REQUIRE_FALSE(lost);
  CHECK(lost.error().code == errc::timed_out);
}

TEST_CASE("tls middleman: an unreachable peer delays nobody else") {
  peers::process head(1, "head/h"), node(1, "node/n1", impatient(std::chrono::hours(1)));
  const auto port = head.publish().value();
  const peers::black_hole hole;
  caf::scoped_actor asker{node.system};

  auto lost =
    asker->request(node.links->handle(), caf::infinite, caf::connect_atom_v, std::string("127.0.0.1"), hole.port);
  const auto linked = node.dial("127.0.0.1", port);

  CHECK(linked); // The other goes on for an hour.
  node.links.reset();
  error cancelled;
  lost.receive([](const caf::node_id&, const caf::strong_actor_ptr&, const std::set<std::string>&) {},
               [&](const caf::error& why) { cancelled = runtime::from_caf_error(why); });
  CHECK(cancelled == error{errc::cancelled, "cannot connect to 127.0.0.1:" + std::to_string(hole.port) +
                                              ": this process is ending its links"});
}

TEST_CASE("tls middleman: a name server that is silent delays nobody else, and is given up at the deadline") {
  auto answer = std::make_shared<std::promise<void>>();
  auto silent = [answered = answer->get_future().share()](const std::string&, std::uint16_t) {
    answered.wait();
    return runtime::resolver::addresses(runtime::fail(errc::not_found, "too late"));
  };
  peers::process head(1, "head/h"), node(1, "node/n1", impatient(500ms), silent);
  const auto port = head.publish().value();
  caf::scoped_actor asker{node.system};

  auto lost =
    asker->request(node.links->handle(), peers::patience, caf::connect_atom_v, std::string("head"), std::uint16_t{1});
  CHECK(node.dial("127.0.0.1", port));

  error why;
  lost.receive([](const caf::node_id&, const caf::strong_actor_ptr&, const std::set<std::string>&) {},
               [&](const caf::error& e) { why = runtime::from_caf_error(e); });
  CHECK(why == error{errc::timed_out, "cannot connect to head:1: no name server answered for head within 500 ms"});
  answer->set_value();
}

TEST_CASE("tls middleman: a name without an address is an error that says so") {
  peers::process node(1, "node/n1", {}, book_of({}));

  const auto unknown = node.dial("hedd", 6390);

  REQUIRE_FALSE(unknown);
  CHECK(unknown.error() == error{errc::not_found, "cannot connect to hedd:6390: the name hedd has no address: Name or "
                                                  "service not known"});
}

TEST_CASE("tls middleman: when a name's first addresses do not answer, the next one does") {
  peers::process head(1, "head/h");
  const auto port = head.publish(0, "127.0.0.2").value();
  const peers::black_hole hole("127.0.0.3", port);
  peers::process node(1, "node/n1", impatient(1500ms), book_of({{"head", {"127.0.0.1", "127.0.0.3", "127.0.0.2"}}}));

  const auto linked = node.dial("head", port); // The first refuses, the second swallows.

  REQUIRE(linked);
  CHECK(node.round_trip(*linked, 5) == 5);
}

TEST_CASE("tls middleman: when all addresses fail in different ways, each is named") {
  const peers::black_hole hole("127.0.0.3");
  peers::process node(1, "node/n1", impatient(300ms), book_of({{"head", {"127.0.0.1", "127.0.0.3"}}}));

  const auto lost = node.dial("head", hole.port);

  REQUIRE_FALSE(lost);
  CHECK(lost.error().message == "cannot connect to head:" + std::to_string(hole.port) +
                                  ": 127.0.0.1: connection refused; is it running there, on this port?; 127.0.0.3: no "
                                  "answer within 300 ms; is the address right, and no firewall between?");
}

TEST_CASE("tls middleman: IPv6 addresses are taken with brackets and without") {
  if (!runtime::listen_on("::1", 0))
    return; // This machine has no IPv6.
  peers::process head(1, "head/h"), node;
  const auto port = head.publish(0, "::1").value();

  CHECK(node.dial("::1", port));
  CHECK(node.dial("[::1]", port));
  CHECK(node.dial("::1", peers::closed_port()).error().message.find("cannot connect to [::1]:") == 0);
}

TEST_CASE("tls middleman: a port in use is an error that says what to do") {
  peers::process head(1, "head/h"), second(1, "head/h2");
  const auto port = head.publish(0, "0.0.0.0").value();

  const auto refused = second.publish(port, "0.0.0.0");

  REQUIRE_FALSE(refused);
  CHECK(refused.error() == error{errc::already_exists, "port " + std::to_string(port) +
                                                         " is in use on 0.0.0.0; choose another, or 0 for "
                                                         "any"});
}

TEST_CASE("tls middleman: an address that is not this machine's is an error that says so") {
  peers::process head(1, "head/h");

  const auto refused = head.publish(0, "192.0.2.1"); // TEST-NET-1: nobody's.

  REQUIRE_FALSE(refused);
  CHECK(refused.error() == error{errc::invalid_argument,
                                 "192.0.2.1 is not an address of this machine; use one that is, or none to listen on "
                                 "all"});
}

TEST_CASE("tls middleman: garbage is refused and logged, and harms no healthy link") {
  peers::process head(1, "head/h"), node;
  const auto port = head.publish().value();
  const auto linked = node.dial("127.0.0.1", port).value();

  for (int i = 0; i < 10; ++i) {
    const auto rude = peers::stranger(port);
    ::send(rude.get(), "GET / HTTP/1.1\r\n\r\n", 18, MSG_NOSIGNAL);
    peers::last_words(rude);
  }

  CHECK(node.round_trip(linked, 7) == 7);
  CHECK(head.log->text() == "warning stranger refused address=127.0.0.1 why=\"it does not speak TLS\"\n"
                            "warning stranger refused address=127.0.0.1 repeated=10 why=\"it does not speak TLS\"\n");
}

TEST_CASE("tls middleman: silent strangers are limited in number, end at the deadline, and keep no honest peer out") {
  tls_options options;
  options.most_strangers = 4;
  options.handshake_deadline = 1s;
  peers::process head(1, "head/h", options), node;
  const auto port = head.publish().value();
  std::vector<runtime::socket_handle> crowd;
  for (int i = 0; i < 12; ++i)
    crowd.push_back(peers::stranger(port));

  CHECK(peers::last_words(crowd.front()).size() < 1000); // Ended since too many came.
  CHECK(node.dial("127.0.0.1", port));
  CHECK(head.links->strangers() <= 4);
  for (const auto& silent : crowd)
    peers::last_words(silent); // All end by themselves.

  CHECK(head.links->strangers() == 0);
  CHECK(head.log->says("why=\"it waited longest when one too many came\""));
  CHECK(head.log->says("why=\"it did not prove the token within 1 s\""));
}

TEST_CASE("tls middleman: a peer declared dead can be disconnected, and dialled again") {
  peers::process head(1, "head/h"), node;
  const auto port = head.publish().value();
  const auto linked = node.dial("127.0.0.1", port).value();
  caf::scoped_actor watcher{node.system};
  watcher->monitor(linked);
  REQUIRE(node.round_trip(linked, 1) == 1);

  head.links->disconnect(node.system.node());

  bool is_down = false;
  watcher->receive([&](const caf::down_msg&) { is_down = true; }, caf::after(peers::patience) >> [] {});
  CHECK(is_down);
  const auto again = node.dial("127.0.0.1", port);
  REQUIRE(again);
  CHECK(node.round_trip(*again, 3) == 3);
}

TEST_CASE(
  "tls middleman: a connection that ended while messages wait takes no later one of its socket's number along") {
  peers::held_up::gate gate;
  peers::held_up::at = &gate;
  peers::process head(1, "head/h"), slow, leaving, later;
  head.serve(repeat_or_ignore);
  const auto port = head.publish().value();
  const auto from_slow = slow.dial("127.0.0.1", port).value();
  const auto before = open_files();
  {
    const auto linked = leaving.dial("127.0.0.1", port).value();
    REQUIRE(leaving.round_trip(linked, 1) == 1);
  }
  caf::anon_send(from_slow, peers::held_up{1});
  // What ends now is forgotten only after this message.
  REQUIRE(gate.reached.get_future().wait_for(peers::patience) == std::future_status::ready);
  leaving.links->disconnect(head.system.node());
  while (open_files() > before)
    std::this_thread::yield();

  const auto linked = later.dial("127.0.0.1", port); // The kernel gives out the lowest numbers first.
  gate.opened.set_value();

  REQUIRE(linked);
  CHECK(later.round_trip(*linked, 2) == 2);
}

TEST_CASE("tls middleman: to disconnect who is not connected ends no connection that is being made") {
  peers::process head(1, "head/h"), node, nobody;
  const auto port = head.publish().value();
  const auto linked = node.dial("127.0.0.1", port).value();
  caf::scoped_actor watcher{node.system};
  watcher->monitor(linked);
  const auto newcomer = peers::stranger(port);
  REQUIRE(node.round_trip(linked, 1) == 1);
  REQUIRE(head.links->strangers() == 1);

  head.links->disconnect(nobody.system.node());
  head.links->disconnect(node.system.node()); // Is worked on after the first.

  watcher->receive([](const caf::down_msg&) {}, caf::after(peers::patience) >> [] { FAIL("it is still connected"); });
  CHECK(head.links->strangers() == 1);
}

TEST_CASE("tls middleman: the connecting side can disconnect, too") {
  peers::process head(1, "head/h"), node;
  const auto port = head.publish().value();
  const auto linked = node.dial("127.0.0.1", port).value();
  caf::scoped_actor watcher{node.system};
  watcher->monitor(linked);

  node.links->disconnect(head.system.node());

  bool is_down = false;
  watcher->receive([&](const caf::down_msg&) { is_down = true; }, caf::after(peers::patience) >> [] {});
  CHECK(is_down);
}

TEST_CASE("tls middleman: two requests for one endpoint share a dial") {
  peers::process head(1, "head/h"), node;
  const auto port = head.publish().value();
  caf::scoped_actor asker{node.system};
  int linked = 0;

  auto first =
    asker->request(node.links->handle(), peers::patience, caf::connect_atom_v, std::string("127.0.0.1"), port);
  auto second =
    asker->request(node.links->handle(), peers::patience, caf::connect_atom_v, std::string("127.0.0.1"), port);

  for (auto* request : {&first, &second})
    request->receive([&](const caf::node_id&, const caf::strong_actor_ptr&, const std::set<std::string>&) { ++linked; },
                     [](const caf::error&) {});
  CHECK(linked == 2);
}

TEST_CASE("tls options: every field that is out of range is named") {
  tls_options options;
  options.dial_deadline = 0ms;
  options.most_strangers = 0;

  const auto checked = validate(options);

  REQUIRE_FALSE(checked);
  CHECK(checked.error() ==
        error{errc::invalid_argument, "dial_deadline is 0 ms; use 10 ms to 1 h; most_strangers is 0; use at least 1"});
  CHECK(validate(tls_options{}));
}
