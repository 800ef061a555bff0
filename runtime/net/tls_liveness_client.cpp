#include "runtime/net/tls_liveness_client.hpp"

#include "runtime/base/invariant.hpp"
#include "runtime/base/overloaded.hpp"
#include "runtime/net/event_loop.hpp"
#include "runtime/net/liveness_connection.hpp"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cerrno>
#include <sys/epoll.h>

namespace runtime {
namespace {

class tls_liveness_client : public liveness_client {
public:
  tls_liveness_client(std::shared_ptr<const tls_context> context, const liveness_client_options& options,
                      std::shared_ptr<spdlog::logger> log, resolver::lookup names)
    : options_(options),
      context_(std::move(context)),
      log_(log ? std::move(log) : spdlog::default_logger()),
      back_off_(options.first_back_off),
      names_(std::make_unique<resolver>(std::move(names))),
      on_tokens_(context_->tokens(), [this] { loop_.post([this] { on_tokens(event_loop::now()); }); }) {
    const auto valid = validate(options);
    CAF_TUNE_INVARIANT(valid, "{}", valid.error().message);
    loop_.start([this](instant now) { return on_time(now); });
  }
  ~tls_liveness_client() override {
    loop_.stop();
    names_.reset(); // While the loop is there still: an answer of a name server may be on its way to it.
  }

  void start(const std::string& host, std::uint16_t port, node_id node, incarnation life, callbacks tell) override {
    loop_.post([this, to = target{host, port, node, life}, tell = std::move(tell)] { on_start(to, tell); });
  }

private:
  struct target {
    std::string host;
    std::uint16_t port;
    node_id node;
    incarnation life;
  };

  void on_start(const target& to, const callbacks& tell) {
    const auto now = event_loop::now();
    target_ = to;
    tell_ = tell;
    if (!core_)
      core_.emplace(options_.sender, now);
    ++round_;
    drop_link(now);
    addresses_.clear();
    next_address_ = 0;
    back_off_ = options_.first_back_off;
    dial_at_ = now;
  }

  /// The head has learned the newest token before us: a link of an older one is made anew, between two heartbeats.
  void on_tokens(instant now) {
    choice_ = 0;
    if (!link_ || link_->is() != liveness_connection::state::open ||
        link_->session().token() == context_->tokens()->now()->newest().fingerprint)
      return;
    drop_link(now);
    dial_at_ = now;
  }

  std::optional<instant> on_time(instant now) {
    if (!core_)
      return std::nullopt;
    perform(core_->on_time(now), now);
    if (dial_deadline_ && *dial_deadline_ <= now)
      fail_dial(now, "no answer");
    if (dial_at_ && *dial_at_ <= now) {
      dial_at_.reset();
      dial(now);
    }
    std::optional<instant> soonest = core_->wake_at();
    for (const auto& when : {dial_deadline_, dial_at_})
      if (when)
        soonest = soonest ? std::min(*soonest, *when) : *when;
    return soonest;
  }

  void dial(instant now) {
    if (next_address_ >= addresses_.size()) { // Asked anew each time round: a name may have moved.
      dial_deadline_ = now + options_.dial_deadline;
      names_->resolve(target_.host, target_.port, [this, round = ++round_](resolver::addresses found) {
        loop_.post([this, round, found = std::move(found)] { on_names(round, found); });
      });
      return;
    }
    dialled_ = now;
    dial_deadline_ = now + options_.dial_deadline;
    auto socket = start_connecting(addresses_[next_address_++]);
    if (!socket)
      return on_connect_failed(now, socket.error());
    limit_silence(socket->get(), options_.dial_deadline * 4);
    const int number = socket->get();
    link_.emplace(std::move(*socket), context_, tls_session::side::client, choice_);
    is_connected_ = false;
    loop_.watch(number, EPOLLOUT, [this](std::uint32_t) { drive(); });
  }

  void on_names(std::uint64_t round, const resolver::addresses& found) {
    if (round != round_)
      return; // Of an earlier dial, which was given up.
    const auto now = event_loop::now();
    if (!found)
      return fail_dial(now, found.error().message);
    addresses_ = *found;
    next_address_ = 0;
    dial(now);
  }

  void drive() {
    const auto now = event_loop::now();
    if (!is_connected_) {
      if (const int failure = pending_error(link_->socket()); failure != 0)
        return on_connect_failed(now, failure);
      is_connected_ = true;
    }
    const auto before = link_->is();
    std::vector<instant> answered; // The core hears of them after this: what it then does may end the link.
    const auto is = link_->drive([&](const liveness_frame& frame) {
      if (frame.what == liveness_frame::kind::answer && frame.node == target_.node && frame.life == target_.life)
        answered.push_back(frame.sent);
    });
    if (before == liveness_connection::state::shaking_hands && is == liveness_connection::state::open)
      on_open(now);
    for (const auto sent : answered) {
      perform(core_->on_answer(sent, now), now);
      back_off_ = options_.first_back_off; // Only now is it known to be a head that hears us.
    }
    settle(now);
  }

  void on_open(instant now) {
    dial_deadline_.reset();
    log_->info("liveness link up head={}", endpoint_text(target_.host, target_.port));
    is_down_told_ = false;
    perform(core_->on_link_up(now), now);
  }

  /// After whatever was done with the link: waits for what it needs, or for the next dial.
  void settle(instant now) {
    if (!link_)
      return;
    if (link_->is() == liveness_connection::state::lost) {
      if (!link_->has_proved_token() && link_->session().why_failed() == handshake_failure::wrong_token)
        ++choice_; // The next dial shows another.
      return fail_dial(now, link_->why_lost());
    }
    loop_.change(link_->socket(), link_->wants_to_write() ? EPOLLIN | EPOLLOUT : EPOLLIN);
  }

  void on_connect_failed(instant now, int error_number) {
    if (error_number == ECONNREFUSED)
      perform(core_->on_refused(dialled_, now), now);
    fail_dial(now, system_text(error_number));
  }

  /// The dial or the link has ended; the next dial is after a back-off, or at once when another address is left.
  void fail_dial(instant now, const std::string& why) {
    if (!is_down_told_) // Once, until it is up again: what fails for an hour is not told of each second.
      log_->warn("liveness link down head={} why=\"{}\"", endpoint_text(target_.host, target_.port), why);
    is_down_told_ = true;
    drop_link(now);
    if (next_address_ < addresses_.size()) {
      dial_at_ = now;
      return;
    }
    dial_at_ = now + back_off_;
    back_off_ = std::min(back_off_ * 2, options_.longest_back_off);
  }

  void drop_link(instant now) {
    ++round_;
    dial_deadline_.reset();
    dial_at_.reset();
    if (!link_)
      return;
    loop_.unwatch(link_->socket());
    const bool was_open = link_->is() != liveness_connection::state::shaking_hands;
    link_.reset();
    if (was_open)
      perform(core_->on_link_down(now), now);
  }

  void perform(const heartbeat_sender_core::actions& actions, instant now) {
    for (const auto& action : actions)
      std::visit(overloaded{
                   [this](const heartbeat_sender_core::send_heartbeat& a) { send(a.sent); },
                   [this](const heartbeat_sender_core::fence&) { tell_.on_fence(); },
                   [this](const heartbeat_sender_core::unfenced&) { tell_.on_unfenced(); },
                   [&](const heartbeat_sender_core::reconnect&) { fail_dial(now, "heartbeats are not answered"); },
                 },
                 action);
  }

  void send(instant sent) {
    if (!link_)
      return;
    link_->send({liveness_frame::kind::heartbeat, target_.node, target_.life, sent});
    loop_.change(link_->socket(), EPOLLIN | EPOLLOUT); // drive() then sees what became of it.
  }

  const liveness_client_options options_;
  const std::shared_ptr<const tls_context> context_;
  const std::shared_ptr<spdlog::logger> log_;
  // Below: the loop's own thread only.
  target target_;
  callbacks tell_;
  std::optional<heartbeat_sender_core> core_;
  std::vector<socket_address> addresses_; ///< Of the target's name.
  std::size_t next_address_ = 0;
  std::optional<liveness_connection> link_;
  bool is_connected_ = false; ///< The link's TCP.
  bool is_down_told_ = false;
  std::size_t choice_ = 0; ///< Of our tokens, the newest first.
  instant dialled_;
  std::optional<instant> dial_deadline_, dial_at_;
  std::chrono::milliseconds back_off_;
  std::uint64_t round_ = 0; ///< Tells a lookup from an earlier one.
  std::unique_ptr<resolver> names_;
  event_loop loop_;
  token_holder::listener on_tokens_; ///< Last: it ends first.
};

} // namespace

result<void> validate(const liveness_client_options& options) {
  if (const auto sender = validate(options.sender); !sender)
    return sender;
  std::string wrong;
  const auto check = [&](bool holds, const char* text) {
    if (!holds)
      wrong += (wrong.empty() ? "" : "; ") + std::string(text);
  };
  check(options.dial_deadline.count() > 0, "dial_deadline must be more than 0");
  check(options.first_back_off.count() > 0, "first_back_off must be more than 0");
  check(options.longest_back_off >= options.first_back_off, "longest_back_off must be at least first_back_off");
  check(options.longest_back_off < options.sender.fence_after, "longest_back_off must be less than fence_after");
  if (!wrong.empty())
    return fail(errc::invalid_argument, wrong);
  return {};
}

std::unique_ptr<liveness_client> make_liveness_client(std::shared_ptr<const tls_context> context,
                                                      const liveness_client_options& options,
                                                      std::shared_ptr<spdlog::logger> log, resolver::lookup names) {
  return std::make_unique<tls_liveness_client>(std::move(context), options, std::move(log), std::move(names));
}

} // namespace runtime
