#include "runtime/net/token_keeper_actor.hpp"
#include "runtime/net/token_learner_actor.hpp"

#include "runtime/net/key_derivation.hpp"
#include "runtime/proto/tokens.pb.h"
#include "runtime/wire/protobuf_message.hpp"
#include "tests/support/recording_actor.hpp"
#include "tests/support/virtual_time.hpp"

#include <doctest/doctest.h>

#include <caf/atom.hpp>
#include <caf/message.hpp>

using namespace runtime;
using namespace std::chrono_literals;

namespace {

token_ring ring_of(std::uint8_t number) {
  cluster_token secret{};
  secret.fill(number);
  return token_ring(named(secret));
}

/// A process that learns tokens, and the file that it keeps them in, which may be full.
struct member {
  member(virtual_time& time, const std::string& name) : tokens(std::make_shared<token_holder>(ring_of(1))) {
    token_learner_actor_options options;
    options.name = name;
    options.tokens = tokens;
    options.save = [this](const token_ring& ring) -> result<void> {
      if (is_full)
        return fail(errc::io, "disk full");
      file.emplace(ring);
      return {};
    };
    learner = time.add(time.system().spawn<token_learner_actor>(std::move(options)));
  }
  std::shared_ptr<token_holder> tokens;
  std::optional<token_ring> file;
  bool is_full = false;
  caf::actor learner;
};

/// The head's keeper, a member, and an operator who says what is to be done.
struct fixture {
  fixture() : tokens(std::make_shared<token_holder>(ring_of(1))), node(time, "node/n1") {
    keeper = start_keeper();
    operator_box = std::make_shared<inbox>();
    op = time.add(time.system().spawn<recording_actor>(operator_box));
    link();
  }
  caf::actor start_keeper() {
    token_keeper_options options;
    options.tokens = tokens;
    options.save = [this](const token_ring& ring) -> result<void> {
      if (is_full)
        return fail(errc::io, "disk full");
      file.emplace(ring);
      return {};
    };
    return time.add(time.system().spawn<token_keeper_actor>(std::move(options)));
  }
  void link() {
    caf::anon_send(node.learner, caf::put_atom_v, keeper);
    time.settle();
  }
  template <class Order>
  result<wire::TokenReport> say(Order order) {
    operator_box->clear();
    caf::anon_send(op, say_as_you{keeper, caf::make_message(std::move(order))});
    time.settle();
    if (const auto failure = operator_box->take<wire::Failure>())
      return fail(static_cast<errc>(failure->code()), failure->message());
    if (const auto report = operator_box->take<wire::TokenReport>())
      return *report;
    return fail(errc::timed_out, "no answer");
  }
  result<wire::TokenReport> rotate() { return say(wire::RotateToken{}); }
  result<wire::TokenReport> end(const std::string& fingerprint, bool leave_behind = false) {
    wire::EndToken order;
    order.set_fingerprint(fingerprint);
    order.set_leave_behind(leave_behind);
    return say(std::move(order));
  }

  virtual_time time;
  std::shared_ptr<token_holder> tokens;
  std::optional<token_ring> file;
  bool is_full = false;
  member node;
  caf::actor keeper, op;
  std::shared_ptr<inbox> operator_box;
};

} // namespace

TEST_CASE("token keeper actor: a new token is kept by the head, then by who is linked, and then the old one can end") {
  fixture f;
  const auto old = f.tokens->now()->newest().fingerprint;

  const auto rotated = f.rotate();

  REQUIRE(rotated);
  CHECK(rotated->good_size() == 2);
  CHECK(rotated->good(1) == old);
  CHECK(f.file == *f.tokens->now());
  CHECK(*f.node.tokens->now() == *f.tokens->now());
  CHECK(f.node.file == *f.tokens->now());
  CHECK(f.say(wire::AskTokenReport{})->behind_count() == 0);

  CHECK(f.end(old)->good_size() == 1);

  CHECK(f.file->find(old) == nullptr);
  CHECK(f.node.file == f.file);
  CHECK(*f.node.tokens->now() == *f.file);
}

TEST_CASE("token keeper actor: a token that cannot be written is good nowhere") {
  fixture f;
  f.is_full = true;
  const auto before = *f.tokens->now();

  const auto rotated = f.rotate();

  REQUIRE_FALSE(rotated);
  CHECK(rotated.error() == error{errc::io, "disk full"});
  CHECK(*f.tokens->now() == before);
  CHECK(*f.node.tokens->now() == before);
}

TEST_CASE("token keeper actor: a member whose file cannot be written uses the token, and holds up the end of the old") {
  fixture f;
  f.node.is_full = true;
  const auto old = f.tokens->now()->newest().fingerprint;
  REQUIRE(f.rotate());

  CHECK(f.node.tokens->now()->newest() == f.tokens->now()->newest());
  CHECK(f.end(old).error().message ==
        "1 of 1 nodes and drivers might not come back without it: node/n1 (disk full); try again when caf-tune token "
        "list shows none, or leave them behind with --force");

  f.node.is_full = false; // Somebody made room.
  f.time.pass(30s);

  CHECK(f.node.file == *f.tokens->now());
  CHECK(f.end(old));
}

TEST_CASE("token keeper actor: who was away learns it on the next link, and is not waited for meanwhile") {
  fixture f;
  const auto old = f.tokens->now()->newest().fingerprint;
  caf::anon_send_exit(f.keeper, caf::exit_reason::kill); // The head is gone,
  f.time.settle();
  f.keeper = f.start_keeper(); // and started again on its file.

  REQUIRE(f.rotate());
  CHECK(f.node.tokens->now()->generation() == 1);
  f.link();

  CHECK(*f.node.tokens->now() == *f.tokens->now());
  CHECK(f.end(old));
  CHECK(f.node.file == f.file);
}

TEST_CASE("token keeper actor: nobody but the head is believed") {
  fixture f;
  wire::ClusterTokens forged;
  forged.set_cluster(f.tokens->now()->cluster());
  forged.set_generation(9);
  forged.add_tokens(std::string(31, 'x')); // Too short for a token.

  caf::anon_send(f.op, say_as_you{f.node.learner, caf::make_message(forged)});
  f.time.settle();

  CHECK(f.node.tokens->now()->generation() == 1);
}

TEST_CASE("token keeper actor: a process that is about to end can wait until it has learned what there is") {
  fixture f;
  member other(f.time, "driver/d");
  const auto asked = [&] {
    f.operator_box->clear();
    f.time.settle();
    auto answered = std::make_shared<bool>(false);
    struct asker : caf::event_based_actor {
      asker(caf::actor_config& config, caf::actor whom, std::shared_ptr<bool> told)
        : event_based_actor(config),
          whom_(std::move(whom)),
          told_(std::move(told)) {}
      caf::behavior make_behavior() override {
        request(whom_, caf::infinite, caf::flush_atom_v).then([told = told_](caf::ok_atom) { *told = true; });
        return {[](caf::tick_atom) {}};
      }
      caf::actor whom_;
      std::shared_ptr<bool> told_;
    };
    f.time.add(f.time.system().spawn<asker>(other.learner, answered));
    return answered;
  };

  const auto without_link = asked();
  f.time.settle();
  CHECK(*without_link);

  const auto silent_box = std::make_shared<inbox>();
  const auto silent = f.time.add(f.time.system().spawn<recording_actor>(silent_box));
  caf::anon_send(other.learner, caf::put_atom_v, silent);
  const auto unanswered = asked();
  f.time.settle();
  CHECK_FALSE(*unanswered);
  caf::anon_send(other.learner, caf::put_atom_v, f.keeper);
  f.time.settle();
  CHECK(*unanswered);
}

TEST_CASE("token keeper actor: whoever ends a token that is none is told what there is") {
  fixture f;
  const auto only = f.tokens->now()->newest().fingerprint;

  CHECK(f.end("0000").error() == error{errc::not_found, "no token \"0000\" is good; these are: " + only});
  CHECK(f.end(only, /*leave_behind=*/true).error() ==
        error{errc::invalid_argument, "token " + only + " is the only one; run caf-tune token rotate first"});
}
