#include "tests/runtime/owner/owner_fixture.hpp"

using namespace owner_test;

namespace {

/// Somebody else's actor "hits" is hosted at node "n1", and known to the head.
struct attachment_fixture : owner_fixture {
  attachment_fixture() : owner(start_owner()) {}
  ~attachment_fixture() override { // Its last words come here.
    caf::anon_send_exit(attachment, caf::exit_reason::kill);
    time.settle();
  }

  std::optional<caf::message> answer_of_head(const caf::message& m) override {
    if (!m.match_elements<wire::FindActor>())
      return owner_fixture::answer_of_head(m);
    if (dead)
      return caf::make_message(failure_of({errc::not_found, "there is no actor \"hits\""}));
    wire::ActorRecord record;
    record.set_actor_id(5);
    record.set_state(wire::ActorRecord::ALIVE);
    record.set_host("n1");
    return caf::make_message(record);
  }
  std::optional<caf::message> answer_of_node(const caf::message& m) override {
    if (!m.match_elements<wire::AttachActor>())
      return owner_fixture::answer_of_node(m);
    return caf::make_message(started(17));
  }
  void attach() {
    actor_watch watch;
    watch.on_alive = [this](const actor_record& record, const caf::actor&) { alive.push_back(record.id); };
    watch.on_restarting = [this](const error& why) { lost.push_back(why); };
    watch.on_ended = [this](const result<void>& how) { ended.push_back(how); };
    attachment_query query;
    query.name = "hits";
    attachment = time.add(time.system().spawn<attachment_actor>(owner, middleman(), query, watch));
    time.settle();
  }

  bool dead = false;
  caf::actor owner, attachment;
  std::vector<actor_id> alive;
  std::vector<error> lost;
  std::vector<result<void>> ended;
};

} // namespace

TEST_CASE("attachment actor: it finds somebody else's actor through the head and attaches at its node") {
  attachment_fixture f;

  f.attach();

  CHECK(f.alive == std::vector<actor_id>{actor_id{5}});
  CHECK(f.plays_node->all<wire::AttachActor>().at(0).actor_id() == 5);
}

TEST_CASE("attachment actor: whoever stands for the actor is watched, and the actor looked for again") {
  attachment_fixture f;
  f.attach();
  caf::anon_send_exit(f.node, caf::exit_reason::kill); // It answered, and so stands for the actor here.
  f.time.settle();
  CHECK(f.lost.size() == 1);

  f.dead = true;
  f.time.pass(1s);

  REQUIRE(f.ended.size() == 1);
  CHECK(f.ended[0].error().message == "there is no actor \"hits\"");
}
