#include "tests/runtime/owner/owner_fixture.hpp"

#include <caf/scoped_actor.hpp>

using namespace owner_test;

namespace {

std::shared_ptr<work_spec> spec_of(work_kind kind) {
  auto spec = std::make_shared<work_spec>();
  spec->kind = kind;
  spec->type_name = "fit";
  spec->wants.resources = cpus(1);
  return spec;
}

std::shared_ptr<const std::string> bytes(std::string content) {
  return std::make_shared<const std::string>(std::move(content));
}

} // namespace

TEST_CASE("owner actor: a task goes from the embedder to the node, and its result back") {
  owner_fixture cluster;
  const auto owner = cluster.start_owner();
  REQUIRE(cluster.connected.size() == 1);
  CHECK(cluster.connected[0].has_value());
  std::vector<result<task_result>> results;

  submit_task order;
  order.task = task_id{1};
  order.spec = spec_of(work_kind::task);
  order.arguments = bytes("6*7");
  order.on_end = [&](result<task_result> outcome) { results.push_back(std::move(outcome)); };
  caf::anon_send(owner, order);
  cluster.time.settle();

  const auto orders = cluster.plays_node->all<wire::StartWork>();
  REQUIRE(orders.size() == 1);
  CHECK(orders[0].owner_id() == 42);
  CHECK(orders[0].arguments() == "6*7");
  CHECK(orders[0].package().main() == "main");
  CHECK(orders[0].resources(0).units() == 10'000);
  cluster.say(cluster.node, owner, cluster.ended(1, wire::WorkEnd::FINISHED, "42"));
  cluster.say(cluster.node, owner, cluster.ended(1, wire::WorkEnd::FINISHED, "42"));
  CHECK(cluster.plays_node->all<wire::WorkEndHeard>().size() == 2);
  REQUIRE(results.size() == 1);
  CHECK(results[0]->bytes == "42");
}

TEST_CASE("owner actor: whoever sends it something after its end is answered all the same") {
  owner_fixture cluster;
  const auto owner = cluster.start_owner();
  caf::anon_send_exit(owner, caf::exit_reason::kill);
  cluster.time.settle();
  const error gone{errc::cancelled, "the owner of this work has ended"};
  std::vector<error> told;

  submit_task task;
  task.on_end = [&](const result<task_result>& how) { told.push_back(how.error()); };
  caf::anon_send(owner, std::exchange(task, {}));
  submit_actor actor;
  actor.watch.on_ended = [&](const result<void>& how) { told.push_back(how.error()); };
  caf::anon_send(owner, std::exchange(actor, {}));
  submit_group group;
  group.on_granted = [&](const result<std::vector<granted_lease>>& how) { told.push_back(how.error()); };
  caf::anon_send(owner, std::exchange(group, {}));
  ask_head question;
  question.on_answer = [&](const result<caf::message>& how) { told.push_back(how.error()); };
  caf::anon_send(owner, std::exchange(question, {}));

  CHECK(told == std::vector<error>(4, gone));
}

TEST_CASE("owner actor: a head that cannot be reached is told within 5 s, and questions to it are answered") {
  owner_fixture cluster;
  cluster.endpoints->erase("head");
  const auto owner = cluster.start_owner();
  std::vector<result<caf::message>> answers;
  ask_head question;
  question.question = caf::make_message(wire::AskCluster{});
  question.on_answer = [&](result<caf::message> answer) { answers.push_back(std::move(answer)); };
  caf::anon_send(owner, question);

  cluster.time.pass(5s);

  REQUIRE(cluster.connected.size() == 1);
  CHECK(cluster.connected[0].error().message ==
        "the head at head:6390 does not answer within 5 s: cannot connect to node");
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].error() ==
        error{errc::unreachable, "the head at head:6390 does not answer: cannot connect to node"});
}

TEST_CASE("owner actor: a question to the head is answered, with its failure as an error, or with a deadline") {
  owner_fixture cluster;
  const auto owner = cluster.start_owner();
  const auto ask = [&](auto message) {
    std::optional<result<caf::message>> answer;
    ask_head question;
    question.question = caf::make_message(message);
    question.on_answer = [&](result<caf::message> what) { answer = std::move(what); };
    caf::anon_send(owner, question);
    cluster.time.pass(5s);
    REQUIRE(answer.has_value());
    return *answer;
  };
  cluster.plays_head->answer = [](const caf::message& m) -> std::optional<caf::message> {
    if (m.match_elements<wire::AskCluster>())
      return caf::make_message(wire::ClusterState{});
    if (m.match_elements<wire::FindActor>())
      return caf::make_message(failure_of({errc::not_found, "there is no actor \"hits\""}));
    return std::nullopt;
  };

  CHECK(ask(wire::AskCluster{})->match_elements<wire::ClusterState>());
  CHECK(ask(wire::FindActor{}).error() == error{errc::not_found, "there is no actor \"hits\""});
  CHECK(ask(wire::StopActor{}).error().message ==
        "the head at head:6390 did not answer within 5 s; whether it did what was asked is unknown");
}

TEST_CASE("owner actor: a lost head is dialled again, and hears hello and what was not answered") {
  owner_fixture cluster;
  const auto owner = cluster.start_owner();
  caf::anon_send_exit(cluster.head, caf::exit_reason::kill);
  cluster.time.settle();
  submit_task order;
  order.task = task_id{1};
  order.spec = spec_of(work_kind::task);
  order.arguments = bytes("");
  caf::anon_send(owner, order);
  cluster.time.settle();
  CHECK(cluster.plays_head->all<wire::DemandLease>().empty());

  cluster.head = cluster.play(cluster.plays_head);
  cluster.plays_head->answer = [&](const caf::message& m) { return cluster.answer_of_head(m); };
  (*cluster.endpoints)["head"] = cluster.head;
  cluster.time.pass(1s);

  CHECK(cluster.plays_head->all<wire::OwnerHello>().size() == 1);
  CHECK(cluster.plays_head->all<wire::DemandLease>().size() == 1);
}

TEST_CASE("owner actor: a link on which the head does not answer is ended, and a new one is dialled") {
  owner_fixture cluster;
  auto options = cluster.options();
  std::size_t dropped = 0;
  options.drop_link = [&](const caf::node_id&) { ++dropped; };
  cluster.plays_head->answer = [&](const caf::message& m) {
    return dropped == 0 ? std::nullopt : cluster.answer_of_head(m);
  };
  const auto owner = cluster.time.add(cluster.time.system().spawn<owner_actor>(std::move(options)));
  submit_task order;
  order.task = task_id{1};
  order.spec = spec_of(work_kind::task);
  order.arguments = bytes("");
  caf::anon_send(owner, order);

  cluster.time.pass(14s);
  CHECK(dropped == 0);
  CHECK(cluster.plays_head->all<wire::DemandLease>().empty());
  cluster.time.pass(2s);

  CHECK(dropped == 1);
  CHECK(cluster.plays_head->all<wire::DemandLease>().size() == 1);
}

TEST_CASE("owner actor: nodes get the package's chunks from it") {
  owner_fixture cluster;
  const auto owner = cluster.start_owner();
  wire::AskPackageChunk question;
  question.set_package_id(std::string(32, 'x'));
  question.set_file_name("main");
  question.set_offset(1);
  question.set_size_bytes(10);
  cluster.say(cluster.node, owner, question);
  question.set_file_name("other");
  cluster.say(cluster.node, owner, question);

  const auto chunks = cluster.plays_node->all<wire::PackageChunk>();

  REQUIRE(chunks.size() == 2);
  CHECK(chunks[0].content() == "bc");
  CHECK(chunks[1].why_not().message() == "no such file");
}

TEST_CASE("owner actor: when it ends, everybody who waits for it is told") {
  owner_fixture cluster;
  const auto owner = cluster.start_owner();
  std::vector<result<task_result>> results;
  submit_task order;
  order.task = task_id{1};
  order.spec = spec_of(work_kind::task);
  order.arguments = bytes("");
  order.on_end = [&](result<task_result> outcome) { results.push_back(std::move(outcome)); };
  caf::anon_send(owner, order);
  cluster.time.settle();

  caf::anon_send_exit(owner, caf::exit_reason::user_shutdown);
  cluster.time.settle();

  REQUIRE(results.size() == 1);
  CHECK(results[0].error().code == errc::cancelled);
}

TEST_CASE("owner actor: when it leaves, the head hears it, everybody who waits is told, and it asks for nothing more") {
  owner_fixture cluster;
  const auto owner = cluster.start_owner();
  std::vector<result<task_result>> results;
  submit_task order;
  order.task = task_id{1};
  order.spec = spec_of(work_kind::task);
  order.arguments = bytes("");
  order.on_end = [&](result<task_result> outcome) { results.push_back(std::move(outcome)); };
  caf::anon_send(owner, order);
  cluster.time.settle();
  const auto demands = cluster.plays_head->all<wire::DemandLease>().size();
  bool hears = false;
  SUBCASE("at once, when the head answers") {
    hears = true;
  }
  SUBCASE("after the deadline, when it does not") {
  }
  cluster.plays_head->answer = [hears](const caf::message& m) -> std::optional<caf::message> {
    if (hears && m.match_elements<wire::OwnerLeaves>())
      return caf::make_message(wire::OwnerLeft{});
    return std::nullopt;
  };
  caf::scoped_actor self{cluster.time.system()};

  self->request(owner, caf::infinite, leave_cluster{1000ms});
  cluster.time.settle();
  if (!hears) {
    CHECK(!self->has_next_message());
    cluster.time.pass(1s);
  }

  CHECK(self->has_next_message());
  REQUIRE(results.size() == 1);
  CHECK(results[0].error() == error{errc::cancelled, "the owner of this work has ended"});
  const auto heard = cluster.plays_head->all<wire::OwnerLeaves>();
  REQUIRE(heard.size() == 1);
  CHECK(heard[0].owner_id() == 42);
  cluster.say(cluster.node, owner, cluster.ended(1, wire::WorkEnd::WORKER_LOST));
  cluster.time.pass(10s);
  CHECK(cluster.plays_head->all<wire::DemandLease>().size() == demands);
}

TEST_CASE("owner actor: without a head it leaves at once") {
  owner_fixture cluster;
  cluster.endpoints->erase("head");
  const auto owner = cluster.start_owner();
  caf::scoped_actor self{cluster.time.system()};

  self->request(owner, caf::infinite, leave_cluster{1000ms});
  cluster.time.settle();

  CHECK(self->has_next_message());
}

TEST_CASE("owner actor: calls to an actor of its own go through its stub, and its end is the stub's") {
  owner_fixture cluster;
  const auto owner = cluster.start_owner();
  actor_stub stub(cluster.time.system(), "hits", {});
  std::vector<result<std::string>> replies;
  stub.call("early", [&](result<std::string> reply) { replies.push_back(std::move(reply)); });
  std::optional<result<void>> ended;
  stub.on_ended([&](const result<void>& how) { ended = how; });

  submit_actor order;
  order.actor = actor_id{5};
  order.spec = spec_of(work_kind::actor);
  order.arguments = bytes("");
  order.watch = stub.watch();
  caf::anon_send(owner, order);
  cluster.time.settle();
  std::shared_ptr<script> plays_hosted;
  const auto hosted = cluster.play(plays_hosted); // Stands for the actor in the node manager.
  plays_hosted->answer = [](const caf::message& m) -> std::optional<caf::message> {
    wire::Replies out;
    for (const auto& call : m.get_as<wire::Calls>(0).calls()) {
      out.add_replies()->set_id(call.id());
      out.mutable_replies(out.replies_size() - 1)->set_content("re: " + call.content());
    }
    return caf::make_message(out);
  };
  cluster.say(hosted, owner, cluster.started(1));

  REQUIRE(replies.size() == 1);
  CHECK(*replies[0] == "re: early");
  cluster.say(hosted, owner, cluster.ended(1, wire::WorkEnd::FINISHED));
  REQUIRE(ended.has_value());
  CHECK(ended->has_value());
  CHECK(cluster.plays_node->all<wire::WorkEndHeard>().size() == 1); // Not to the hosted actor, which is gone.
  stub.call("late", [&](result<std::string> reply) { replies.push_back(std::move(reply)); });
  cluster.time.settle();
  REQUIRE(replies.size() == 2);
  CHECK(replies[1].error().message == "the actor \"hits\" has ended: it quit in good order");
}
