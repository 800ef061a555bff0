#include "runtime/net/dialler_actor.hpp"

#include "runtime/net/caf_error.hpp"
#include "runtime/net/shell_failure.hpp"

#include <caf/actor_system.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/io/basp_broker.hpp>

#include <algorithm>

#include <fmt/format.h>

namespace runtime {
namespace {

/// What the resolver found, on its way from its thread.
struct names_found {
  std::string host;
  std::uint16_t port;
  std::uint64_t number;
  resolver::addresses found;
};

/// An attempt's time is over; `attempt` 0 stands for the lookup.
struct time_over {
  std::string host;
  std::uint16_t port;
  std::uint64_t number;
  std::size_t attempt;
};

bool is_about_token(const std::optional<dial_failure>& failure) {
  const auto* handshake = failure ? std::get_if<dial_failure::handshake>(&failure->what) : nullptr;
  return handshake != nullptr && handshake->why == handshake_failure::wrong_token;
}

} // namespace
} // namespace runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::names_found)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::time_over)

namespace runtime {

dialler_actor::dialler_actor(caf::actor_config& config, parts with)
  : event_based_actor(config),
    with_(std::move(with)) {
  set_exception_handler(ends_process("dialler"));
}

caf::behavior dialler_actor::make_behavior() {
  return {
    [this](caf::connect_atom, const std::string& host, std::uint16_t port) { on_connect(host, port); },
    [this](names_found& message) {
      on_names({message.host, message.port}, message.number, std::move(message.found));
    },
    [this](const time_over& message) {
      on_time({message.host, message.port}, message.number, message.attempt);
    },
    // Ends the connection to a CAF node. Its address is known to BASP only.
    [this](caf::close_atom, const caf::node_id& node) {
      request(with_.broker, caf::infinite, caf::get_atom_v, node)
        .then(
          [this](const caf::node_id&, const std::string& address, std::uint16_t port) {
            if (port != 0) // That stands for connections whose other side is not known yet.
              with_.connections->end(address, port);
          },
          [](const caf::error&) {}); // There is no broker: nor are there connections.
    },
  };
}

void dialler_actor::on_exit() {
  for (auto& [to, dial] : dials_) {
    with_.connections->end(dial.ticket); // Else the actor system would wait for the socket to connect or fail.
    const auto why =
      to_caf_error({errc::cancelled, fmt::format("cannot connect to {}: this process is ending its links",
                                                 endpoint_text(to.first, to.second))});
    for (auto& asker : dial.askers)
      asker.deliver(why);
  }
  dials_.clear();
  with_ = {};
}

void dialler_actor::on_connect(const std::string& host, std::uint16_t port) {
  const endpoint to{host, port};
  const auto known = dials_.find(to);
  if (known != dials_.end()) {
    known->second.askers.push_back(make_response_promise());
    return;
  }
  auto& started = dials_[to];
  started.askers.push_back(make_response_promise());
  started.number = ++last_number_;
  started.ends = clock().now() + with_.deadline;
  if (auto numbers = parse_address(host, port)) {
    started.addresses.push_back(std::move(*numbers));
    return try_next(to);
  }
  delayed_send(this, with_.deadline, time_over{host, port, started.number, 0});
  with_.names->resolve(host, port, [self = caf::actor(this), host = host, port, number = started.number](auto found) {
    caf::anon_send(self, names_found{host, port, number, std::move(found)});
  });
}

void dialler_actor::on_names(const endpoint& to, std::uint64_t number, resolver::addresses found) {
  auto* dial = find(to, number);
  if (dial == nullptr)
    return; // Given up already.
  if (!found)
    return give_up(to, std::move(found.error()));
  dial->addresses = std::move(*found);
  try_next(to);
}

void dialler_actor::try_next(const endpoint& to) {
  auto& dial = dials_.at(to);
  while (dial.next < dial.addresses.size()) {
    const auto& address = dial.addresses[dial.next];
    const auto left = dial.ends - clock().now();
    if (left <= left.zero())
      break;
    const auto attempt = ++dial.next;
    auto socket = start_connecting(address);
    if (!socket) {
      dial.failures.emplace_back(address.text, describe({dial_failure::system{socket.error()}}, {}));
      continue;
    }
    // An equal share of what is left for each: a first address that swallows packets must not use up the whole.
    const auto share = left / static_cast<int>(dial.addresses.size() - attempt + 1);
    dial.attempt = std::make_shared<dial_attempt>(dial.choice);
    auto [scribe, ticket] = with_.make_scribe(std::move(*socket), dial.attempt);
    dial.ticket = ticket;
    delayed_send(this, share, time_over{to.first, to.second, dial.number, attempt});
    request(with_.broker, caf::infinite, caf::connect_atom_v, std::move(scribe), to.second)
      .then(
        [this, to, number = dial.number](const caf::node_id& node, const caf::strong_actor_ptr& actor,
                                         const std::set<std::string>& interfaces) {
          if (find(to, number) != nullptr)
            finish(to, caf::make_message(node, actor, interfaces));
        },
        [this, to, number = dial.number, attempt](const caf::error& why) {
          on_attempt_failed(to, number, attempt, why);
        });
    return;
  }
  // One cause for all addresses is said once.
  const auto& failures = dial.failures;
  if (failures.empty())
    return give_up(to, describe({dial_failure::no_answer{}}, with_.deadline));
  const auto same = [&](const auto& failure) { return failure.second == failures.front().second; };
  if (std::all_of(failures.begin(), failures.end(), same))
    return give_up(to, failures.front().second);
  error all{failures.front().second.code, {}};
  for (const auto& [address, why] : failures)
    all.message += fmt::format("{}{}: {}", all.message.empty() ? "" : "; ", address, why.message);
  give_up(to, std::move(all));
}

void dialler_actor::on_time(const endpoint& to, std::uint64_t number, std::size_t attempt) {
  auto* dial = find(to, number);
  if (dial == nullptr || dial->next != attempt)
    return; // It went on meanwhile.
  if (attempt == 0)
    return give_up(to, {errc::timed_out, fmt::format("no name server answered for {} within {}", to.first,
                                                     duration_text(with_.deadline))});
  dial->attempt->failed({dial_failure::no_answer{}});
  with_.connections->end(dial->ticket); // BASP then tells us that the attempt has failed.
}

void dialler_actor::on_attempt_failed(const endpoint& to, std::uint64_t number, std::size_t attempt,
                                      const caf::error& why) {
  auto* dial = find(to, number);
  if (dial == nullptr || dial->next != attempt)
    return;
  auto failure = dial->attempt->failure();
  if (is_about_token(failure) && dial->choice + 1 < with_.count_tokens()) {
    ++dial->choice; // It may not have learned the newest yet, or it has missed that one was ended.
    --dial->next;
    return try_next(to);
  }
  dial->choice = 0;
  if (!failure && why == caf::sec::disconnect_during_handshake)
    failure = dial_failure{dial_failure::handshake{handshake_failure::closed}};
  if (!failure)
    failure = dial_failure{dial_failure::peer{from_caf_error(why).message}};
  dial->failures.emplace_back(dial->addresses[attempt - 1].text, describe(*failure, with_.deadline));
  try_next(to);
}

void dialler_actor::finish(const endpoint& to, const caf::message& answer) {
  auto ended = dials_.extract(to);
  for (auto& asker : ended.mapped().askers)
    asker.deliver(answer);
}

void dialler_actor::give_up(const endpoint& to, error why) {
  auto ended = dials_.extract(to);
  const auto said =
    to_caf_error(within(fmt::format("cannot connect to {}", endpoint_text(to.first, to.second)), std::move(why)));
  for (auto& asker : ended.mapped().askers)
    asker.deliver(said);
}

dialler_actor::ongoing_dial* dialler_actor::find(const endpoint& to, std::uint64_t number) {
  const auto found = dials_.find(to);
  return found != dials_.end() && found->second.number == number ? &found->second : nullptr;
}

} // namespace runtime
