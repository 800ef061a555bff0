#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "runtime/head/liveness_judge.hpp"
#include "runtime/net/heartbeat_judge_core.hpp"
#include "runtime/net/heartbeat_sender_core.hpp"
#include "runtime/net/liveness_frame.hpp"
#include "runtime/net/liveness_link.hpp"
#include "tests/simulation/simulated_network.hpp"

namespace sim {

/// Events of a network that end with whoever has set them.
class alarms {
public:
  explicit alarms(network& net) : net_(net) {}
  void at(instant when, std::function<void()> what) {
    net_.at(when, [alive = std::weak_ptr(alive_), what = std::move(what)] {
      if (!alive.expired())
        what();
    });
  }
  std::weak_ptr<int> alive() const { return alive_; }
  void cancel() { alive_ = std::make_shared<int>(); }

private:
  network& net_;
  std::shared_ptr<int> alive_ = std::make_shared<int>();
};

/// The node's end of the liveness link over a simulated network: it does with the same core what tls_liveness_client
/// does with sockets.
class simulated_liveness_client : public runtime::liveness_client {
public:
  simulated_liveness_client(network& net, machine m, runtime::heartbeat_sender_options options = {});
  ~simulated_liveness_client() override;
  void start(const std::string& host, std::uint16_t port, runtime::node_id node, runtime::incarnation life,
             callbacks tell) override;

private:
  void dial();
  network::frame_peer on_dialled(std::uint64_t round, instant dialled, network::dial_outcome outcome,
                                 network::link_end link);
  void fail();
  void drop_link();
  void perform(const runtime::heartbeat_sender_core::actions& actions);
  void arm();

  network& net_;
  machine m_;
  runtime::heartbeat_sender_options options_;
  callbacks tell_;
  std::string host_;
  std::uint16_t port_ = 0;
  runtime::liveness_frame frame_;
  std::optional<runtime::heartbeat_sender_core> core_;
  std::optional<network::link_end> link_;
  std::chrono::nanoseconds back_off_{0};
  std::uint64_t round_ = 0; ///< Tells a dial from an earlier one.
  alarms alarms_;
};

/// The head's end, which is also the judge that the head knows.
class simulated_liveness_server : public runtime::liveness_server, public runtime::liveness_judge {
public:
  simulated_liveness_server(network& net, machine m, std::uint16_t port, runtime::heartbeat_judge_options options = {});
  void start(callbacks tell) override { tell_ = std::move(tell); }
  std::uint16_t port() const override { return port_; }
  void watch(runtime::node_id node, runtime::incarnation life) override;
  void forget(runtime::node_id node) override { judge_.forget(node); }
  void die() { alarms_.cancel(); } ///< With its machine: tells nobody anything more.

private:
  void on_frame(network::link_end from, const std::string& bytes);
  void perform(const runtime::heartbeat_judge_core::actions& actions);
  void arm();

  network& net_;
  std::uint16_t port_;
  runtime::heartbeat_judge_core judge_;
  callbacks tell_;
  alarms alarms_;
};

} // namespace sim
