#include "tests/simulation/simulated_liveness.hpp"

#include <algorithm>

#include "runtime/base/overloaded.hpp"

using namespace runtime;
using namespace std::chrono_literals;

namespace sim {
namespace {

// As tls_liveness_client has them.
constexpr auto dial_deadline = 1s;
constexpr auto first_back_off = 100ms;
constexpr auto longest_back_off = 1s;

std::string to_bytes(const liveness_frame& frame) {
  const auto bytes = encode(frame);
  return {bytes.begin(), bytes.end()};
}

std::optional<liveness_frame> from_bytes(const std::string& text) {
  liveness_bytes bytes{};
  if (text.size() != bytes.size())
    return std::nullopt;
  std::copy(text.begin(), text.end(), bytes.begin());
  return decode(bytes);
}

} // namespace

simulated_liveness_client::simulated_liveness_client(network& net, machine m, heartbeat_sender_options options)
  : net_(net),
    m_(m),
    options_(options),
    alarms_(net) {
}

simulated_liveness_client::~simulated_liveness_client() {
  if (link_)
    net_.close(*link_);
}

void simulated_liveness_client::start(const std::string& host, std::uint16_t port, node_id node, incarnation life,
                                      callbacks tell) {
  host_ = host;
  port_ = port;
  tell_ = std::move(tell);
  frame_ = {liveness_frame::kind::heartbeat, node, life, {}};
  if (!core_)
    core_.emplace(options_, net_.now());
  drop_link();
  back_off_ = first_back_off;
  dial();
  arm();
}

void simulated_liveness_client::dial() {
  net_.dial_for_frames(m_, host_, port_, dial_deadline,
                       [this, alive = alarms_.alive(), round = ++round_,
                        dialled = net_.now()](network::dial_outcome outcome, network::link_end link) {
                         if (alive.expired())
                           return network::frame_peer{}; // The network ends what nobody holds when the machine goes.
                         return on_dialled(round, dialled, outcome, link);
                       });
}

network::frame_peer simulated_liveness_client::on_dialled(std::uint64_t round, instant dialled,
                                                          network::dial_outcome outcome, network::link_end link) {
  if (round != round_)
    return {};
  if (outcome != network::dial_outcome::linked) {
    if (outcome == network::dial_outcome::refused)
      perform(core_->on_refused(dialled, net_.now()));
    fail();
    return {};
  }
  link_ = link;
  perform(core_->on_link_up(net_.now()));
  const auto is_present = [this, alive = alarms_.alive(), round] { return !alive.expired() && round == round_; };
  return {[this, is_present](const std::string& bytes) {
            const auto frame = from_bytes(bytes);
            if (!is_present() || !frame || frame->what != liveness_frame::kind::answer || frame->life != frame_.life)
              return;
            perform(core_->on_answer(frame->sent, net_.now()));
            back_off_ = first_back_off;
          },
          [this, is_present] {
            if (is_present())
              fail();
          }};
}

void simulated_liveness_client::fail() {
  drop_link();
  alarms_.at(net_.now() + back_off_, [this, round = round_] {
    if (round == round_)
      dial();
  });
  back_off_ = std::min<std::chrono::nanoseconds>(back_off_ * 2, longest_back_off);
}

void simulated_liveness_client::drop_link() {
  ++round_;
  if (!link_)
    return;
  net_.close(*link_);
  link_.reset();
  perform(core_->on_link_down(net_.now()));
}

void simulated_liveness_client::perform(const heartbeat_sender_core::actions& actions) {
  for (const auto& action : actions)
    std::visit(overloaded{
                 [this](const heartbeat_sender_core::send_heartbeat& a) {
                   frame_.sent = a.sent;
                   if (link_)
                     net_.send_frame(*link_, to_bytes(frame_));
                 },
                 [this](const heartbeat_sender_core::fence&) { tell_.on_fence(); },
                 [this](const heartbeat_sender_core::unfenced&) { tell_.on_unfenced(); },
                 [this](const heartbeat_sender_core::reconnect&) { fail(); },
               },
               action);
  arm();
}

void simulated_liveness_client::arm() {
  if (const auto next = core_->wake_at())
    alarms_.at(*next, [this, due = *next] {
      if (core_->wake_at() == due) // Otherwise another alarm was set for when it is due now.
        perform(core_->on_time(net_.now()));
    });
}

simulated_liveness_server::simulated_liveness_server(network& net, machine m, std::uint16_t port,
                                                     heartbeat_judge_options options)
  : net_(net),
    port_(port),
    judge_(options),
    alarms_(net) {
  net_.listen_for_frames(m, port, [this, alive = alarms_.alive()](network::link_end link) {
    return network::frame_peer{[this, alive, link](const std::string& bytes) {
                                 if (!alive.expired())
                                   on_frame(link, bytes);
                               },
                               {}};
  });
}

void simulated_liveness_server::watch(node_id node, incarnation life) {
  judge_.watch(node, life, net_.now());
  arm();
}

void simulated_liveness_server::on_frame(network::link_end from, const std::string& bytes) {
  auto frame = from_bytes(bytes);
  if (!frame || frame->what != liveness_frame::kind::heartbeat || !judge_.is_watched(frame->node, frame->life))
    return;
  perform(judge_.on_heartbeat(frame->node, frame->life, net_.now()));
  frame->what = liveness_frame::kind::answer;
  net_.send_frame(from, to_bytes(*frame));
}

void simulated_liveness_server::perform(const heartbeat_judge_core::actions& actions) {
  for (const auto& action : actions)
    std::visit(overloaded{
                 [this](const heartbeat_judge_core::silent& a) { tell_.on_silent(a.node, a.life); },
                 [this](const heartbeat_judge_core::back& a) { tell_.on_heard_again(a.node, a.life); },
               },
               action);
  arm();
}

void simulated_liveness_server::arm() {
  if (const auto next = judge_.wake_at())
    alarms_.at(*next, [this, due = *next] {
      if (judge_.wake_at() == due)
        perform(judge_.on_time(net_.now()));
    });
}

} // namespace sim
