#pragma once

#include "runtime/net/nonsense_log.hpp"
#include "runtime/net/token_holder.hpp"
#include "runtime/net/token_keeper_core.hpp"

#include <functional>
#include <map>
#include <memory>
#include <string>

#include <caf/actor.hpp>
#include <caf/actor_addr.hpp>
#include <caf/event_based_actor.hpp>
#include <spdlog/fwd.h>

namespace caf_tune::runtime::v1 {
class AskTokens;
} // namespace caf_tune::runtime::v1

namespace runtime {
namespace wire = caf_tune::runtime::v1;

struct token_keeper_options {
  std::shared_ptr<token_holder> tokens; ///< Of the head's process.
  /// Makes a changed ring durable: save_tokens() with the head's token file.
  std::function<result<void>(const token_ring&)> save;
  std::shared_ptr<spdlog::logger> log; ///< Null: the default one.
};

/// The shell of token_keeper_core, in the head's process. The head hands on to it, as they came: AskTokens, and the
/// requests AskTokenReport, RotateToken and EndToken. Detached: it writes files.
class token_keeper_actor : public caf::event_based_actor {
public:
  token_keeper_actor(caf::actor_config& config, token_keeper_options options);
  caf::behavior make_behavior() override;
  void on_exit() override;
  const char* name() const override { return "token_keeper_actor"; }

private:
  struct link {
    token_peer_id id;
    caf::actor peer;
  };
  void on_ask(const wire::AskTokens& message);
  caf::message change(const char* what, result<token_ring> planned);
  void perform(const token_keeper_core::actions& actions);

  token_keeper_options options_;
  token_keeper_core core_;
  std::map<caf::actor_addr, link> links_;
  std::map<token_peer_id, caf::actor_addr> addresses_;
  std::uint64_t last_peer_ = 0;
  std::shared_ptr<nonsense_log> nonsense_;
};

} // namespace runtime
