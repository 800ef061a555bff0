#include "tests/simulation/message_text.hpp"

#include <optional>

#include <caf/all.hpp>
#include <fmt/format.h>

#include "runtime/wire/protobuf_message.hpp"

namespace wire = caf_tune::runtime::v1;

namespace sim {
namespace {

/// The start of the head that gave it, and its number there.
std::string lease_text(std::uint64_t lease) {
  return fmt::format("{}.{}", lease >> 40, lease & ((std::uint64_t{1} << 40) - 1));
}

std::string key_text(const wire::WorkKey& key) {
  return fmt::format("work {}/{}", lease_text(key.lease_id()), key.number());
}

std::string text(const wire::GrantLease& m) {
  return fmt::format("{} of owner {}", lease_text(m.lease().lease_id()), m.lease().owner_id());
}

std::string text(const wire::NodeHello& m) {
  std::string leases;
  for (const auto& lease : m.leases())
    leases += " " + lease_text(lease.lease_id());
  return fmt::format("start {:x}{}, leases:{}", m.incarnation(), m.draining() ? ", draining" : "", leases);
}

std::string text(const wire::DemandAnswer& m) {
  const auto request = fmt::format("request {} of owner {}", m.request_id(), m.owner_id());
  if (m.has_refused())
    return fmt::format("{} refused: {}", request, m.refused().message());
  if (m.has_waits())
    return fmt::format("{} waits: {}", request, m.waits().why());
  std::string leases;
  for (const auto& lease : m.granted().leases())
    leases += " " + lease_text(lease.lease_id());
  return fmt::format("{} granted:{}", request, leases);
}

std::string text(const wire::WorkEnded& m) {
  return fmt::format("{} cause {} {}", key_text(m.work()), m.end().cause(), m.end().why().message());
}

template <class Message>
auto lease_in(const Message& m) -> decltype(lease_text(m.lease_id())) {
  return lease_text(m.lease_id());
}

template <class Message>
auto key_in(const Message& m) -> decltype(key_text(m.work())) {
  return key_text(m.work());
}

template <class Message>
auto request_in(const Message& m) -> decltype(fmt::format("{}", m.request_id())) {
  return fmt::format("request {} of owner {}", m.request_id(), m.owner_id());
}

/// The first of `Messages` that it is, by what `tell` says of it.
template <class... Messages, class Tell>
std::optional<std::string> any_of(const caf::message& content, const Tell& tell) {
  std::optional<std::string> said;
  const auto look = [&](auto* type) {
    using message_type = std::remove_pointer_t<decltype(type)>;
    if (!said && content.match_elements<message_type>())
      said = tell(content.get_as<message_type>(0));
  };
  (look(static_cast<Messages*>(nullptr)), ...);
  return said;
}

std::string details(const caf::message& content) {
  if (const auto said = any_of<wire::GrantLease, wire::NodeHello, wire::DemandAnswer, wire::WorkEnded>(
        content, [](const auto& m) { return text(m); }))
    return *said;
  if (const auto said = any_of<wire::LeaseAccepted, wire::LeaseRefused, wire::EndLease, wire::LeaseEnded,
                               wire::LeaseEndHeard, wire::ReleaseLease, wire::LeaseLost>(
        content, [](const auto& m) { return lease_in(m); }))
    return *said;
  if (const auto said = any_of<wire::StartWork, wire::WorkStarted, wire::StopWork, wire::WorkEndHeard>(
        content, [](const auto& m) { return key_in(m); }))
    return *said;
  return any_of<wire::DemandLease, wire::DemandGroup, wire::CancelDemand>(
           content, [](const auto& m) { return request_in(m); })
    .value_or("");
}

} // namespace

std::string text_of(const caf::actor_system& system, const caf::message& content) {
  std::string types;
  for (std::size_t i = 0; i != content.size(); ++i) {
    const auto [number, type] = content.type(i);
    auto name = system.types().portable_name(number, type);
    name.erase(0, name.rfind('.') + 1);
    types += (i == 0 ? "" : ", ") + name;
  }
  const auto more = details(content);
  return more.empty() ? types : types + " " + more;
}

} // namespace sim
