#include "runtime/node/node_manager_actor.hpp"

#include <set>

#include <doctest/doctest.h>

#include "runtime/node/hosted_actor.hpp"
#include "runtime/package/file_digest.hpp"
#include "runtime/wire/protobuf_message.hpp"
#include "tests/support/fake_package_actor.hpp"
#include "tests/support/fake_worker_launcher.hpp"
#include "tests/support/memory_node_state.hpp"
#include "tests/support/recording_actor.hpp"
#include "tests/support/virtual_time.hpp"

using namespace runtime;
using namespace std::chrono_literals;

namespace {

constexpr auto version = "1.0";

/// Answers as a middleman does: with the head, or that it cannot be reached.
class fake_middleman_actor : public caf::event_based_actor {
public:
  fake_middleman_actor(caf::actor_config& config, std::shared_ptr<caf::actor> head)
    : event_based_actor(config),
      head_(std::move(head)) {}
  caf::behavior make_behavior() override {
    using linked = caf::result<caf::node_id, caf::strong_actor_ptr, std::set<std::string>>;
    return {[this](caf::connect_atom, const std::string&, std::uint16_t) -> linked {
      if (!*head_)
        return caf::make_error(caf::sec::cannot_connect_to_node);
      return {caf::node_id(), caf::actor_cast<caf::strong_actor_ptr>(*head_), std::set<std::string>()};
    }};
  }

private:
  std::shared_ptr<caf::actor> head_;
};

struct peer {
  std::shared_ptr<inbox> box = std::make_shared<inbox>();
  caf::actor handle;
};

/// A node manager whose head and drivers are played by the test.
struct node_fixture {
  node_fixture() {
    head = make_peer();
    *reachable = head.handle;
    driver = make_peer();
    workers = std::make_shared<fake_worker_launcher>(
      [this](std::chrono::nanoseconds after, std::function<void()> what) { time.after(after, std::move(what)); });
    node_manager_actor_options options;
    options.core.node = {node_id(11), incarnation(5), "n1", "10.0.0.1", 4000, cpus(4), {{"disk", "ssd"}}};
    options.core.version = version;
    options.head_host = "head";
    options.head_port = 6390;
    node_manager_events events;
    events.on_welcomed = [this](const std::string& cluster, std::uint16_t port) {
      told.push_back(fmt::format("welcomed {} {}", cluster, port));
    };
    events.on_refused = [this](const error& why) { told.push_back("refused " + why.message); };
    events.on_left = [this] { told.push_back("left"); };
    events.on_head_dropped = [this](const caf::node_id& who) {
      told.push_back(who == head.handle.node() ? "head dropped" : "another was dropped");
    };
    node = time.add(time.system().spawn<node_manager_actor>(
      options, time.add(time.system().spawn<fake_middleman_actor>(reachable)), workers,
      time.add(time.system().spawn<fake_package_actor>()), state, events));
    time.settle();
  }

  peer make_peer() {
    peer p;
    p.handle = time.add(time.system().spawn<recording_actor>(p.box));
    return p;
  }
  template <class Message>
  void say(const peer& from, caf::actor to, Message what) {
    caf::anon_send(from.handle, say_as_you{std::move(to), caf::make_message(std::move(what))});
    time.settle();
  }
  template <class Message>
  void say(const peer& from, Message what) {
    say(from, node, std::move(what));
  }

  void welcome() {
    wire::NodeWelcome m;
    m.set_cluster("c1");
    m.set_version(version);
    m.set_liveness_port(77);
    say(head, m);
  }
  void hello(const peer& from, std::uint64_t owner = 7) {
    wire::OwnerHello m;
    m.set_owner_id(owner);
    m.set_version(version);
    say(from, m);
  }
  void grant(std::uint64_t lease) {
    wire::GrantLease m;
    m.mutable_lease()->set_lease_id(lease);
    m.mutable_lease()->set_owner_id(7);
    auto& cpu = *m.mutable_lease()->add_resources();
    cpu.set_name("cpu");
    cpu.set_units(10'000);
    say(head, m);
  }
  wire::StartWork order(std::uint64_t lease, const std::string& type, const std::string& arguments) const {
    package_manifest manifest{{{"main", 3, digest_of("abc"), true}}, "main"};
    wire::StartWork m;
    m.set_owner_id(7);
    m.mutable_work()->set_lease_id(lease);
    m.mutable_work()->set_number(1);
    m.set_type_name(type);
    m.set_arguments(arguments);
    m.set_kind(wire::StartWork::TASK);
    m.mutable_package()->set_id(std::string(id_of(manifest).bytes()));
    m.mutable_package()->set_main("main");
    auto& file = *m.mutable_package()->add_files();
    file.set_name("main");
    file.set_size_bytes(3);
    file.set_sha256(std::string(digest_of("abc").bytes()));
    file.set_executable(true);
    return m;
  }
  void start_task(std::uint64_t lease, const std::string& type, const std::string& arguments) {
    say(driver, order(lease, type, arguments));
  }
  /// Returns who stands for it.
  caf::actor start_actor(std::uint64_t lease) {
    auto m = order(lease, "echo", "");
    m.set_kind(wire::StartWork::ACTOR);
    m.set_actor_id(42);
    say(driver, m);
    time.pass(10ms);
    REQUIRE(driver.box->take<wire::WorkStarted>());
    return driver.box->last_sender;
  }
  void call(const peer& from, const caf::actor& hosted, std::uint64_t id, const std::string& content) {
    wire::Calls calls;
    auto& one = *calls.add_calls();
    one.set_id(id);
    one.set_content(content);
    say(from, hosted, calls);
    time.pass(1ms);
  }
  void hear_everything(std::uint64_t lease) {
    wire::WorkEndHeard work;
    work.set_owner_id(7);
    work.mutable_work()->set_lease_id(lease);
    work.mutable_work()->set_number(1);
    say(driver, work);
    wire::LeaseEndHeard ended;
    ended.set_lease_id(lease);
    say(head, ended);
  }
  void ready(std::uint64_t lease) {
    welcome();
    hello(driver);
    grant(lease);
    driver.box->clear();
    head.box->clear();
  }
  const node_manager_core& core() const {
    return static_cast<node_manager_actor*>(caf::actor_cast<caf::abstract_actor*>(node))->core();
  }

  std::shared_ptr<memory_node_state> state = std::make_shared<memory_node_state>();
  std::shared_ptr<caf::actor> reachable = std::make_shared<caf::actor>();
  std::vector<std::string> told;
  virtual_time time;
  std::shared_ptr<fake_worker_launcher> workers;
  peer head, driver;
  caf::actor node;
};

} // namespace

TEST_CASE("node manager actor: says who it is, and keeps the cluster that welcomes it") {
  node_fixture f;

  const auto hello = f.head.box->take<wire::NodeHello>();
  REQUIRE(hello);
  CHECK(hello->node_id() == 11);
  CHECK(hello->incarnation() == 5);
  CHECK(hello->name() == "n1");
  CHECK(hello->port() == 4000);
  CHECK(hello->total(0).name() == "cpu");
  CHECK(hello->labels().at("disk") == "ssd");
  f.welcome();

  CHECK(f.told == std::vector<std::string>{"welcomed c1 77"});
  CHECK(f.state->saved == std::vector<std::string>{"c1"});
}

TEST_CASE("node manager actor: a head that refuses it is told to the embedder, and not dialled again") {
  node_fixture f;
  wire::NodeRefused refusal;
  refusal.mutable_why()->set_message("the name n1 is taken");
  f.say(f.head, refusal);

  caf::anon_send_exit(f.head.handle, caf::exit_reason::kill);
  f.time.pass(1min);

  CHECK(f.told == std::vector<std::string>{"refused the name n1 is taken"});
}

TEST_CASE("node manager actor: a head that answers nothing is dropped, and told who is there on the next link") {
  node_fixture f;
  f.time.pass(14s);
  CHECK(f.told.empty());
  f.head.box->clear();

  f.time.pass(1s);
  CHECK(f.told == std::vector<std::string>{"head dropped"});
  f.head.box->clear();
  f.welcome(); // What it says now belongs to a link that is gone.
  CHECK(f.told.size() == 1);

  f.time.pass(100ms);
  CHECK(f.head.box->take<wire::NodeHello>());
  f.welcome();
  CHECK(f.told.back() == "welcomed c1 77");
}

TEST_CASE("node manager actor: a task's way from its lease to its end, which is told until it is heard") {
  node_fixture f;
  f.ready(1);

  f.start_task(1, "sleep", "20");
  f.time.pass(10ms);
  const auto started = f.driver.box->take<wire::WorkStarted>();
  REQUIRE(started);
  CHECK(started->work().lease_id() == 1);
  CHECK(started->process_id() == 1001);
  CHECK(f.head.box->count<wire::LeaseEnded>() == 0);
  f.time.pass(20ms);

  const auto ended = f.driver.box->take<wire::WorkEnded>();
  REQUIRE(ended);
  CHECK(ended->end().cause() == wire::WorkEnd::FINISHED);
  CHECK(ended->end().result() == "20");
  CHECK(f.head.box->count<wire::LeaseEnded>() == 1);
  f.time.pass(2500ms);
  CHECK(f.driver.box->count<wire::WorkEnded>() == 2);
  CHECK(f.head.box->count<wire::LeaseEnded>() == 3);
  f.hear_everything(1);
  f.driver.box->clear();
  f.head.box->clear();
  f.time.pass(5s);
  CHECK(f.driver.box->entries.empty());
  CHECK(f.head.box->entries.empty());
  CHECK(f.core().book().free() == cpus(4));
}

TEST_CASE("node manager actor: a hosted actor is called through whoever stands for it, and ends with its reason") {
  node_fixture f;
  f.ready(1);

  const auto hosted = f.start_actor(1);
  caf::anon_send(f.driver.handle, watch_as_you{hosted});
  f.call(f.driver, hosted, 3, "hi");
  const auto replies = f.driver.box->take<wire::Replies>();
  REQUIRE(replies);
  CHECK(replies->replies(0).id() == 3);
  CHECK(replies->replies(0).content() == "hi");
  CHECK(f.driver.box->last_sender == hosted);

  wire::StopWork stop;
  stop.set_owner_id(7);
  *stop.mutable_work() = f.order(1, "", "").work();
  stop.set_deadline_ms(1000);
  f.say(f.driver, stop);
  f.time.pass(10ms);

  const auto ended = f.driver.box->take<wire::WorkEnded>();
  REQUIRE(ended);
  CHECK(ended->end().cause() == wire::WorkEnd::STOPPED);
  REQUIRE(f.driver.box->downs.size() == 1);
  CHECK(f.driver.box->downs[0].source == hosted.address());
  CHECK(f.driver.box->downs[0].reason == caf::error(caf::exit_reason::user_shutdown));
  CHECK(f.head.box->count<wire::LeaseEnded>() == 1);
}

TEST_CASE("node manager actor: another driver attaches to a hosted actor; its end is told to the worker") {
  node_fixture f;
  f.ready(1);
  const auto hosted = f.start_actor(1);
  auto other = f.make_peer();

  wire::AttachActor attach;
  *attach.mutable_work() = f.order(1, "", "").work();
  attach.set_actor_id(42);
  f.say(other, attach);
  REQUIRE(other.box->take<wire::WorkStarted>());
  REQUIRE(other.box->last_sender == hosted);
  f.call(other, hosted, 1, "from elsewhere");
  CHECK(other.box->take<wire::Replies>());
  CHECK(f.driver.box->count<wire::Replies>() == 0);

  caf::anon_send_exit(other.handle, caf::exit_reason::kill);
  f.time.pass(1ms);
  CHECK(f.workers->gone_callers() == 1);

  auto third = f.make_peer();
  attach.set_actor_id(43);
  f.say(third, attach);
  const auto failure = third.box->take<wire::Failure>();
  REQUIRE(failure);
  CHECK(failure->message() == "actor 43 does not run here; actor 42 does");
  attach.mutable_work()->set_lease_id(9);
  f.say(third, attach);
  const auto unknown = third.box->take<wire::Failure>();
  REQUIRE(unknown);
  CHECK(unknown->message() == "node \"n1\" hosts no actor as work 9.1");
}

TEST_CASE("node manager actor: a lost worker's actor ends at its callers and its owner hears the cause") {
  node_fixture f;
  f.ready(1);
  const auto hosted = f.start_actor(1);
  caf::anon_send(f.driver.handle, watch_as_you{hosted});
  f.time.settle();

  f.workers->crash(worker_id(1));
  f.time.settle();

  const auto ended = f.driver.box->take<wire::WorkEnded>();
  REQUIRE(ended);
  CHECK(ended->end().cause() == wire::WorkEnd::WORKER_LOST);
  CHECK(ended->end().why().message().find("SIGSEGV") != std::string::npos);
  REQUIRE(f.driver.box->downs.size() == 1);
  CHECK(f.driver.box->downs[0].reason == caf::error(caf::exit_reason::kill));
  CHECK(f.core().book().free() == cpus(4));
}

TEST_CASE("node manager actor: a driver that is gone for longer than its grace has its works ended") {
  node_fixture f;
  f.ready(1);
  f.start_actor(1);

  caf::anon_send_exit(f.driver.handle, caf::exit_reason::kill);
  f.time.pass(900ms);
  CHECK(f.workers->running().size() == 1);
  SUBCASE("it comes back in time") {
    f.driver = f.make_peer();
    f.hello(f.driver);
    CHECK(f.driver.box->take<wire::OwnerWelcome>());
    f.time.pass(5s);
    CHECK(f.workers->running().size() == 1);
  }
  SUBCASE("it does not") {
    f.time.pass(200ms);
    CHECK(f.workers->running().empty());
    CHECK(f.head.box->count<wire::LeaseEnded>() == 1);
  }
}

TEST_CASE("node manager actor: it redials a lost head and says what it holds") {
  node_fixture f;
  f.ready(1);
  f.start_task(1, "hang", "");
  f.time.pass(10ms);

  *f.reachable = nullptr;
  caf::anon_send_exit(f.head.handle, caf::exit_reason::kill);
  f.time.pass(10s);
  CHECK(f.workers->running().size() == 1);
  f.head = f.make_peer();
  *f.reachable = f.head.handle;
  f.time.pass(2s);

  const auto hello = f.head.box->take<wire::NodeHello>();
  REQUIRE(hello);
  REQUIRE(hello->leases_size() == 1);
  CHECK(hello->leases(0).lease_id() == 1);
  CHECK(hello->leases(0).owner_id() == 7);
  CHECK(hello->leases(0).resources(0).units() == 10'000);
  CHECK(hello->cluster() == "c1");
}

TEST_CASE("node manager actor: nobody but its head gives it leases") {
  node_fixture f;
  f.welcome();
  const auto stranger = f.make_peer();
  std::swap(f.head.handle, const_cast<peer&>(stranger).handle);

  f.grant(1);

  CHECK_FALSE(f.core().holds(lease_id(1)));
}

TEST_CASE("node manager actor: orders that cannot be read are answered, not dropped") {
  node_fixture f;
  f.ready(1);
  auto bad = f.order(1, "sleep", "1");
  bad.mutable_package()->mutable_files(0)->set_size_bytes(4);

  f.say(f.driver, bad);

  const auto ended = f.driver.box->take<wire::WorkEnded>();
  REQUIRE(ended);
  CHECK(ended->end().cause() == wire::WorkEnd::NOT_STARTED);
  CHECK(ended->end().why().message().find("its manifest is that of package") != std::string::npos);
}

TEST_CASE("node manager actor: a driver of another version is refused") {
  node_fixture f;
  wire::OwnerHello hello;
  hello.set_owner_id(7);
  hello.set_version("0.9");
  f.say(f.driver, hello);

  const auto refused = f.driver.box->take<wire::OwnerRefused>();
  REQUIRE(refused);
  CHECK(refused->why().message() == "node \"n1\" runs version 1.0, the driver 0.9; install the same one");
}

TEST_CASE("node manager actor: draining, it says so, lets its works end, and leaves") {
  node_fixture f;
  f.ready(1);
  f.start_task(1, "sleep", "500");
  f.time.pass(10ms);

  caf::anon_send(f.node, drain_node{});
  f.time.settle();
  CHECK(f.head.box->count<wire::NodeDraining>() == 1);
  f.grant(2);
  CHECK(f.head.box->count<wire::LeaseRefused>() == 1);
  f.time.pass(1s);
  CHECK(f.head.box->count<wire::NodeLeaves>() == 0); // The driver has not heard the end.
  f.hear_everything(1);

  CHECK(f.head.box->count<wire::NodeLeaves>() == 1);
  CHECK(f.told.back() == "left");
}

TEST_CASE("node manager actor: cut off from the cluster it kills what it runs") {
  node_fixture f;
  f.ready(1);
  f.start_task(1, "hang", "");
  f.time.pass(10ms);

  caf::anon_send(f.node, node_fenced{true});
  f.time.pass(10ms);

  CHECK(f.workers->workers().empty());
  const auto ended = f.driver.box->take<wire::WorkEnded>();
  REQUIRE(ended);
  CHECK(ended->end().cause() == wire::WorkEnd::WORKER_LOST);
}

TEST_CASE("node manager actor: gives chunks of packages to whoever asks") {
  node_fixture f;
  wire::AskPackageChunk question;
  question.set_file_name("main");
  question.set_size_bytes(5);
  f.say(f.driver, question);

  const auto chunk = f.driver.box->take<wire::PackageChunk>();
  REQUIRE(chunk);
  CHECK(chunk->content() == "xxxxx");
}
