#pragma once

#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include <caf/event_based_actor.hpp>
#include <caf/sec.hpp>
#include <doctest/doctest.h>

#include "runtime/owner/attachment_actor.hpp"
#include "runtime/owner/custodian_actor.hpp"
#include "runtime/owner/owner_actor.hpp"
#include "runtime/owner/owner_wire.hpp"
#include "runtime/owner/package_server_actor.hpp"
#include "runtime/owner/stub_actor.hpp"
#include "runtime/wire/protobuf_message.hpp"
#include "tests/support/virtual_time.hpp"

namespace owner_test {

using namespace runtime;
using namespace std::chrono_literals;

/// What a peer has heard, and what it says to it.
struct script {
  std::vector<caf::message> heard;
  std::function<std::optional<caf::message>(const caf::message&)> answer;
  caf::actor last_sender;

  template <class Message>
  std::vector<Message> all() const {
    std::vector<Message> found;
    for (const auto& one : heard)
      if (one.match_elements<Message>())
        found.push_back(one.get_as<Message>(0));
    return found;
  }
};

/// A head, node manager or hosted actor that a test plays.
class peer_actor : public caf::event_based_actor {
public:
  peer_actor(caf::actor_config& config, std::shared_ptr<script> plays) : event_based_actor(config), plays_(plays) {
    set_default_handler([this](caf::scheduled_actor*, caf::message_view& view) -> caf::result<caf::message> {
      const auto message = view.move_content_to_message();
      plays_->heard.push_back(message);
      plays_->last_sender = caf::actor_cast<caf::actor>(current_sender());
      if (plays_->answer)
        if (auto answer = plays_->answer(message))
          return std::move(*answer);
      return caf::delegated<caf::message>{};
    });
  }
  caf::behavior make_behavior() override {
    return {[this](const caf::actor& to, const caf::message& what) { send(to, what); }};
  }
  void on_exit() override { plays_->last_sender = nullptr; }

private:
  std::shared_ptr<script> plays_;
};

/// Answers as a middleman does, with what the test has entered.
class fake_middleman_actor : public caf::event_based_actor {
public:
  using endpoints = std::map<std::string, caf::actor>; ///< By host.
  fake_middleman_actor(caf::actor_config& config, std::shared_ptr<endpoints> known)
    : event_based_actor(config),
      known_(std::move(known)) {}
  caf::behavior make_behavior() override {
    using linked = caf::result<caf::node_id, caf::strong_actor_ptr, std::set<std::string>>;
    return {[this](caf::connect_atom, const std::string& host, std::uint16_t) -> linked {
      const auto found = known_->find(host);
      if (found == known_->end())
        return caf::make_error(caf::sec::cannot_connect_to_node);
      return {caf::node_id(), caf::actor_cast<caf::strong_actor_ptr>(found->second), std::set<std::string>()};
    }};
  }

private:
  std::shared_ptr<endpoints> known_;
};

/// A package of one file, without a disk.
struct memory_packages : package_source {
  static package_manifest manifest() {
    sha256 digest;
    digest.value[0] = 1;
    return {{{"main", 3, digest, true}}, "main"};
  }
  [[nodiscard]] result<std::shared_ptr<const package_manifest>> own() override {
    return std::make_shared<const package_manifest>(manifest());
  }
  [[nodiscard]] result<std::string> read_chunk(const package_id&, std::string_view file, std::uint64_t offset,
                                               std::uint32_t size) override {
    if (file != "main")
      return fail(errc::not_found, "no such file");
    return std::string("abc").substr(offset, size);
  }
};

/// An owner whose head ("head") and node ("n1") are played by the test.
struct owner_fixture {
  owner_fixture() {
    head = play(plays_head);
    node = play(plays_node);
    (*endpoints)["head"] = head;
    (*endpoints)["n1"] = node;
    plays_head->answer = [this](const caf::message& m) { return answer_of_head(m); };
    plays_node->answer = [this](const caf::message& m) { return answer_of_node(m); };
  }
  virtual ~owner_fixture() {
    endpoints->clear();
    head = node = nullptr;
    plays_head->answer = plays_node->answer = nullptr;
    plays_head->last_sender = plays_node->last_sender = nullptr;
  }

  owner_actor_options options(std::uint64_t owner = 42) {
    owner_actor_options out;
    out.core.owner = owner_id{owner};
    out.core.head_address = "head:6390";
    out.name = "test";
    out.version = "1.0";
    out.head_host = "head";
    out.head_port = 6390;
    out.middleman = middleman();
    out.packages = time.add(time.system().spawn<package_server_actor>(std::make_shared<memory_packages>()));
    out.on_connected = [this](const result<void>& how) { connected.push_back(how); };
    return out;
  }
  caf::actor middleman() { return time.add(time.system().spawn<fake_middleman_actor>(endpoints)); }
  caf::actor start_owner() {
    auto owner = time.add(time.system().spawn<owner_actor>(options()));
    time.settle();
    return owner;
  }

  virtual std::optional<caf::message> answer_of_head(const caf::message& m) {
    if (m.match_elements<wire::OwnerHello>()) {
      wire::OwnerWelcome welcome;
      welcome.set_cluster("c");
      return caf::make_message(welcome);
    }
    if (m.match_elements<wire::DemandLease>()) {
      wire::DemandAnswer answer;
      answer.set_request_id(m.get_as<wire::DemandLease>(0).request_id());
      auto& lease = *answer.mutable_granted()->add_leases();
      lease.set_lease_id(++leases);
      lease.set_node_id(1);
      lease.set_node_name("n1");
      lease.set_host("n1");
      lease.set_port(7000);
      return caf::make_message(answer);
    }
    return std::nullopt;
  }
  virtual std::optional<caf::message> answer_of_node(const caf::message& m) {
    if (m.match_elements<wire::OwnerHello>())
      return caf::make_message(wire::OwnerWelcome{});
    return std::nullopt;
  }

  /// `from` sends it.
  template <class Message>
  void say(const caf::actor& from, const caf::actor& to, Message what) {
    caf::anon_send(from, to, caf::make_message(std::move(what)));
    time.settle();
  }
  caf::actor play(std::shared_ptr<script>& plays) {
    plays = std::make_shared<script>();
    return time.add(time.system().spawn<peer_actor>(plays));
  }
  wire::WorkStarted started(std::uint64_t lease) {
    wire::WorkStarted m;
    *m.mutable_work() = make_work_key({lease_id{lease}, 1});
    m.set_process_id(100);
    return m;
  }
  wire::WorkEnded ended(std::uint64_t lease, wire::WorkEnd::Cause cause, const std::string& result = {}) {
    wire::WorkEnded m;
    *m.mutable_work() = make_work_key({lease_id{lease}, 1});
    m.mutable_end()->set_cause(cause);
    m.mutable_end()->set_result(result);
    return m;
  }

  virtual_time time;
  std::shared_ptr<fake_middleman_actor::endpoints> endpoints = std::make_shared<fake_middleman_actor::endpoints>();
  std::shared_ptr<script> plays_head, plays_node;
  caf::actor head, node;
  std::vector<result<void>> connected;
  std::uint64_t leases = 0;
};

} // namespace owner_test
