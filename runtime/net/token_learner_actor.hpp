#pragma once

#include "runtime/net/nonsense_log.hpp"
#include "runtime/net/token_holder.hpp"
#include "runtime/net/token_learner_core.hpp"

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/response_promise.hpp>
#include <spdlog/fwd.h>

namespace caf_tune::runtime::v1 {
class ClusterTokens;
} // namespace caf_tune::runtime::v1

namespace runtime {
namespace wire = caf_tune::runtime::v1;

struct token_learner_actor_options {
  token_learner_options core;
  std::string name;                     ///< For people: "node/gpu-3".
  std::shared_ptr<token_holder> tokens; ///< Of this process.
  /// Has the process's token file hold the ring: save_tokens().
  std::function<result<void>(const token_ring&)> save;
  std::shared_ptr<spdlog::logger> log; ///< Null: the default one.
};

/// The shell of token_learner_core, in each process but the head's. Detached: it writes files.
///
///   (put_atom, actor)  the head, on a new link
///   (flush_atom)       answered by (ok_atom) when the head has answered on this link and what it said is kept, or
///                      there is no link
class token_learner_actor : public caf::event_based_actor {
public:
  token_learner_actor(caf::actor_config& config, token_learner_actor_options options);
  caf::behavior make_behavior() override;
  void on_exit() override;
  const char* name() const override { return "token_learner_actor"; }

private:
  void on_answer(const wire::ClusterTokens& message);
  void perform(const token_learner_core::actions& actions);
  void keep();
  void end_flush();
  void ask();
  void arm_timer();
  instant now() const { return instant{clock().now().time_since_epoch()}; }

  token_learner_actor_options options_;
  token_learner_core core_;
  caf::actor head_;
  std::string not_kept_; ///< Why the token file does not hold what is known; empty: it does.
  std::vector<caf::response_promise> flushing_;
  std::optional<instant> armed_;
  std::shared_ptr<nonsense_log> nonsense_;
};

} // namespace runtime
