#pragma once

#include "runtime/net/connection_table.hpp"
#include "runtime/net/dial_failure.hpp"
#include "runtime/net/resolver.hpp"

#include <caf/event_based_actor.hpp>
#include <caf/io/scribe.hpp>
#include <caf/response_promise.hpp>

#include <functional>
#include <map>
#include <memory>
#include <utility>

namespace runtime {

/// Makes the connections of a middleman. Answers (connect_atom, host, port) like CAF's middleman actor, but resolves
/// names beside itself, tries a name's addresses one after the other within one deadline, and its error says what was
/// wrong (from_caf_error). Never waits: any number of dials go on at once. Two requests for one endpoint share a dial.
class dialler_actor : public caf::event_based_actor {
public:
  struct parts {
    caf::actor broker; ///< CAF's BASP broker.
    std::function<std::pair<caf::io::scribe_ptr, connection_table::ticket>(socket_handle,
                                                                           std::shared_ptr<dial_attempt>)>
      make_scribe;
    std::shared_ptr<connection_table> connections;
    std::shared_ptr<resolver> names;
    std::chrono::milliseconds deadline;        ///< For names, TCP, TLS and BASP of all addresses together.
    std::function<std::size_t()> count_tokens; ///< How many of ours are good: what refuses one is shown the next.
  };
  dialler_actor(caf::actor_config& config, parts with);

  const char* name() const override { return "dialler_actor"; }
  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  using endpoint = std::pair<std::string, std::uint16_t>;
  struct ongoing_dial {
    std::vector<caf::response_promise> askers;
    std::uint64_t number = 0; ///< Tells this dial from an earlier one to the same endpoint.
    std::chrono::steady_clock::time_point ends;
    std::vector<socket_address> addresses;
    std::size_t next = 0;   ///< Index of the address to try next; also numbers the attempts.
    std::size_t choice = 0; ///< Of our tokens, the newest first.
    connection_table::ticket ticket = 0;
    std::shared_ptr<dial_attempt> attempt;
    std::vector<std::pair<std::string, error>> failures; ///< By address.
  };

  void on_connect(const std::string& host, std::uint16_t port);
  void on_names(const endpoint& to, std::uint64_t number, resolver::addresses found);
  void on_time(const endpoint& to, std::uint64_t number, std::size_t attempt);
  void on_attempt_failed(const endpoint& to, std::uint64_t number, std::size_t attempt, const caf::error& why);
  void try_next(const endpoint& to);
  void finish(const endpoint& to, const caf::message& answer);
  void give_up(const endpoint& to, error why);
  ongoing_dial* find(const endpoint& to, std::uint64_t number);

  parts with_;
  std::uint64_t last_number_ = 0;
  std::map<endpoint, ongoing_dial> dials_;
};

} // namespace runtime
