#include "runtime/net/tls_liveness_server.hpp"

#include "runtime/base/invariant.hpp"
#include "runtime/base/overloaded.hpp"
#include "runtime/net/dial_failure.hpp"
#include "runtime/net/event_loop.hpp"
#include "runtime/net/liveness_connection.hpp"
#include "runtime/net/stranger_log.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <sys/epoll.h>
#include <vector>

namespace runtime {
namespace {

class tls_liveness_server : public liveness_server {
public:
  tls_liveness_server(socket_handle listener, std::shared_ptr<const tls_context> context,
                      const liveness_server_options& options, std::shared_ptr<spdlog::logger> log)
    : options_(options),
      context_(std::move(context)),
      listener_(std::move(listener)),
      port_(local_port(listener_.get())),
      strangers_log_(std::move(log)),
      judge_(options.judge),
      on_tokens_(context_->tokens(), [this] { loop_.post([this] { on_tokens(event_loop::now()); }); }) {}
  ~tls_liveness_server() override { loop_.stop(); }

  void start(callbacks tell) override {
    tell_ = std::move(tell);
    loop_.watch(listener_.get(), EPOLLIN, [this](std::uint32_t) { accept_all(); });
    loop_.start([this](instant now) { return on_time(now); });
  }
  std::uint16_t port() const override { return port_; }
  void watch(node_id node, incarnation life) override {
    loop_.post([this, node, life] { judge_.watch(node, life, event_loop::now()); });
  }
  void forget(node_id node) override {
    loop_.post([this, node] { judge_.forget(node); });
  }

private:
  using key = std::uint64_t; ///< Names one connection; the lower came earlier.
  struct peer {
    peer(socket_handle socket, std::shared_ptr<const tls_context> context, std::string from, instant deadline)
      : connection(std::move(socket), std::move(context), tls_session::side::server),
        address(std::move(from)),
        until(deadline) {}
    liveness_connection connection;
    std::string address;
    instant until; ///< Ended then, unless a heartbeat comes.
  };

  void accept_all() {
    while (true) {
      auto socket = accept_from(listener_.get());
      if (!socket) {
        if (errno == EMFILE || errno == ENFILE || errno == ENOBUFS || errno == ENOMEM) {
          // It would be ready again and again, and this thread do nothing else.
          loop_.unwatch(listener_.get());
          accept_again_ = event_loop::now() + std::chrono::milliseconds(100);
          strangers_log_.refused("any", system_text(errno));
        }
        return;
      }
      accept_one(std::move(socket));
    }
  }

  void accept_one(socket_handle socket) {
    const auto address = remote_endpoint(socket.get()).first;
    if (peers_.size() >= options_.most_connections)
      return strangers_log_.refused(address, fmt::format("{} connections are there already", peers_.size()));
    // The oldest goes: to refuse the newest would let a crowd of silent ones keep an honest node out.
    if (strangers_.size() >= options_.most_strangers)
      end(*strangers_.begin(), "it waited longest when one too many came");
    const key who = ++last_key_;
    const auto number = socket.get();
    const auto until = event_loop::now() + options_.handshake_deadline;
    peers_.try_emplace(who, std::move(socket), context_, address, until);
    strangers_.insert(who);
    deadlines_.emplace(until, who);
    loop_.watch(number, EPOLLIN, [this, who](std::uint32_t) { drive(who); });
  }

  void drive(key who) {
    auto& from = peers_.at(who);
    const auto is = from.connection.drive([&](const liveness_frame& frame) { on_frame(who, frame); });
    if (from.connection.has_proved_token())
      strangers_.erase(who);
    if (is == liveness_connection::state::lost) {
      if (strangers_.count(who) != 0) // A node that leaves, even right after its handshake, is the judge's matter.
        strangers_log_.failed_handshake(from.address, from.connection.session().why_failed());
      return end(who, "");
    }
    loop_.change(from.connection.socket(), from.connection.wants_to_write() ? EPOLLIN | EPOLLOUT : EPOLLIN);
  }

  void on_frame(key who, const liveness_frame& frame) {
    if (frame.what != liveness_frame::kind::heartbeat)
      return;
    const auto now = event_loop::now();
    auto& from = peers_.at(who);
    deadlines_.erase({from.until, who});
    from.until = now + options_.idle_limit;
    deadlines_.emplace(from.until, who);
    if (!judge_.is_watched(frame.node, frame.life))
      return; // Not answered: a node that this head does not know must not believe that it does.
    tell(judge_.on_heartbeat(frame.node, frame.life, now));
    auto answer = frame;
    answer.what = liveness_frame::kind::answer;
    from.connection.send(answer); // Lost: drive() sees it.
  }

  void on_tokens(instant now) { sweep_at_ = now + options_.ended_token_grace; }

  /// Ends the links of tokens that were ended: honest nodes have dialled again by now.
  void sweep() {
    const auto good = context_->tokens()->now();
    std::vector<key> ended;
    for (const auto& [who, each] : peers_)
      if (each.connection.has_proved_token() && good->find(each.connection.session().token()) == nullptr)
        ended.push_back(who);
    for (const auto who : ended)
      end(who, "the token of its link was ended");
  }

  std::optional<instant> on_time(instant now) {
    tell(judge_.on_time(now));
    if (sweep_at_ && *sweep_at_ <= now) {
      sweep_at_.reset();
      sweep();
    }
    while (!deadlines_.empty() && deadlines_.begin()->first <= now) {
      const auto who = deadlines_.begin()->second;
      end(who, strangers_.count(who) != 0
                 ? fmt::format("it did not prove the token within {}", duration_text(options_.handshake_deadline))
                 : std::string("it sends no heartbeats"));
    }
    if (accept_again_ && *accept_again_ <= now) {
      accept_again_.reset();
      loop_.watch(listener_.get(), EPOLLIN, [this](std::uint32_t) { accept_all(); });
    }
    std::optional<instant> soonest = judge_.wake_at();
    const auto consider = [&](instant when) { soonest = soonest ? std::min(*soonest, when) : when; };
    if (!deadlines_.empty())
      consider(deadlines_.begin()->first);
    for (const auto& due : {accept_again_, sweep_at_})
      if (due)
        consider(*due);
    return soonest;
  }

  void end(key who, const std::string& why) { ///< An empty why: nobody is at fault.
    const auto found = peers_.find(who);
    if (!why.empty())
      strangers_log_.refused(found->second.address, why);
    loop_.unwatch(found->second.connection.socket());
    strangers_.erase(who);
    deadlines_.erase({found->second.until, who});
    peers_.erase(found);
  }

  void tell(const heartbeat_judge_core::actions& actions) {
    for (const auto& action : actions)
      std::visit(overloaded{
                   [this](const heartbeat_judge_core::silent& a) { tell_.on_silent(a.node, a.life); },
                   [this](const heartbeat_judge_core::back& a) { tell_.on_heard_again(a.node, a.life); },
                 },
                 action);
  }

  const liveness_server_options options_;
  const std::shared_ptr<const tls_context> context_;
  const socket_handle listener_;
  const std::uint16_t port_;
  callbacks tell_;
  // Below: the loop's own thread only.
  stranger_log strangers_log_;
  heartbeat_judge_core judge_;
  std::map<key, peer> peers_;
  std::set<key> strangers_; ///< Peers that have not proved the token, the oldest first.
  std::set<std::pair<instant, key>> deadlines_;
  std::optional<instant> accept_again_, sweep_at_;
  key last_key_ = 0;
  event_loop loop_;
  token_holder::listener on_tokens_; ///< Last: it ends first.
};

} // namespace

result<void> validate(const liveness_server_options& options) {
  if (const auto judge = validate(options.judge); !judge)
    return judge;
  std::string wrong;
  const auto check = [&](bool holds, const char* text) {
    if (!holds)
      wrong += (wrong.empty() ? "" : "; ") + std::string(text);
  };
  check(options.handshake_deadline.count() > 0, "handshake_deadline must be more than 0");
  check(options.idle_limit > options.judge.silent_after, "idle_limit must be more than silent_after");
  check(options.ended_token_grace.count() > 0, "ended_token_grace must be more than 0");
  check(options.most_strangers > 0, "most_strangers must be at least 1");
  check(options.most_connections >= options.most_strangers, "most_connections must be at least most_strangers");
  if (!wrong.empty())
    return fail(errc::invalid_argument, wrong);
  return {};
}

result<std::unique_ptr<liveness_server>> listen_for_heartbeats(const std::string& address, std::uint16_t port,
                                                               std::shared_ptr<const tls_context> context,
                                                               const liveness_server_options& options,
                                                               std::shared_ptr<spdlog::logger> log) {
  if (auto valid = validate(options); !valid)
    return fail(std::move(valid.error()));
  auto listener = listen_on(address, port);
  if (!listener)
    return fail(std::move(listener.error()));
  return std::unique_ptr<liveness_server>(
    std::make_unique<tls_liveness_server>(std::move(*listener), std::move(context), options, std::move(log)));
}

} // namespace runtime
