#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <caf/atom.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/type_id.hpp>

#include "runtime/actor_type.hpp"
#include "tune/vocabulary.hpp"

CAF_ADD_ATOM(caf_tune, tune, hello_atom, "hello")
CAF_ADD_ATOM(caf_tune, tune, begin_atom, "begin")
CAF_ADD_ATOM(caf_tune, tune, answer_atom, "answer")
CAF_ADD_ATOM(caf_tune, tune, heard_atom, "heard")

namespace tune {

/// Where a trial runner is: its node, a directory there that outlives the worker, and whether it sees the storage that
/// has the marker file.
struct runner_place {
  std::string node;
  std::string directory;
  bool sees_storage = true;
};
[[nodiscard]] result<runner_place> runner_place_from(const std::string& bytes);

/// Runs attempts in a worker, one after the other:
///
///   (hello_atom, std::string marker_file, std::string marker) -> std::string: its runner_place as bytes
///   (begin_atom, std::string order)                             -> std::string events
///   (answer_atom, std::uint8_t answer, std::int64_t free_until) -> std::string events
///   (heard_atom): all of its last attempt, which is over; else it leaves that for a later driver when it ends
///
/// with the bytes and the number of attempt_wire. When an attempt's last event (attempt_over) has been given, the next
/// may begin. A request that is no such message, or comes at the wrong time, is answered with an error. Asked to quit,
/// it ends the attempt at its next report, gives attempt_over to whoever waits, and is gone only when the user's code
/// has returned: whoever sets a deadline ends its process.
class trial_runner_actor : public caf::event_based_actor {
public:
  explicit trial_runner_actor(caf::actor_config& config);
  ~trial_runner_actor() override;
  caf::behavior make_behavior() override;
  void on_exit() override;
  const char* name() const override { return "trial_runner_actor"; }

private:
  class body;
  std::unique_ptr<body> body_;
};

inline constexpr const char* trial_runner_name = "caf_tune.trial_runner"; ///< Of its type.

/// To spawn it with. Known to every program that declares a tune::trainable, in its workers too.
const runtime::actor_type<caf::behavior(trial_runner_actor*)>& trial_runner_type();

} // namespace tune
