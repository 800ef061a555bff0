#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include <caf/atom.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/type_id.hpp>
#include <caf/typed_response_promise.hpp>

#include "runtime/actor_type.hpp"
#include "tune/vocabulary.hpp"
#include "tune/worker/question_board.hpp"

CAF_ADD_ATOM(caf_tune, tune, ask_atom, "ask")
CAF_ADD_ATOM(caf_tune, tune, next_atom, "next")
CAF_ADD_ATOM(caf_tune, tune, reply_atom, "reply")

namespace tune {

/// Where those who look at an experiment by its name, and the driver that runs it, meet: both reach a named actor of
/// the cluster, and neither reaches the other.
///
///   (ask_atom, string question)               -> string: what the driver answers, when it does
///   (next_atom)                               -> string: to_bytes(uint64 number, string question), the next one
///   (reply_atom, uint64 number, string answer) -> nothing
///
/// A question that comes when so many wait already is refused. Only one next_atom waits: a later one takes its place.
class experiment_board_actor : public caf::event_based_actor {
public:
  explicit experiment_board_actor(caf::actor_config& config);
  caf::behavior make_behavior() override;
  void on_exit() override;
  const char* name() const override { return "experiment_board_actor"; }

private:
  void give();

  question_board board_;
  std::map<question_board::number, caf::typed_response_promise<std::string>> asked_;
  std::optional<caf::typed_response_promise<std::string>> driver_;
};

/// The name of an experiment's board on its cluster.
inline constexpr const char* board_prefix = "caf_tune.experiment/";

const runtime::actor_type<caf::behavior(experiment_board_actor*)>& experiment_board_type();

} // namespace tune
