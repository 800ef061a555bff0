#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include <caf/event_based_actor.hpp>

#include "runtime/base/id.hpp"
#include "runtime/head/work_key.hpp"
#include "runtime/node/worker_launcher.hpp"

namespace caf_tune::runtime::v1 {
class Calls;
class ToWorker;
class WorkEnded;
class WorkStarted;
} // namespace caf_tune::runtime::v1

namespace runtime {
namespace wire = caf_tune::runtime::v1;

/// The work that a hosted_actor stands for.
struct hosted_work {
  work_key key;
  actor_id actor;
  worker_id worker;
  std::uint32_t process_id = 0;
};

/// Tell a hosted_actor: send WorkStarted to this link of the owner's, so that the owner can call the hosted actor.
struct announce_hosted {
  caf::actor owner;
};

/// Tell a hosted_actor: FromWorkers with answers of its worker, in order.
struct worker_frames {
  worker_id worker;
  std::vector<std::string> frames;
};

/// Tell a hosted_actor, beside the WorkEnded: send it to this link of the owner's, if there is one, and quit.
struct hosted_ended {
  caf::actor owner;
};

/// Stands for one remote actor in its node manager: whoever has this handle calls and monitors it like any actor.
/// Passes on what it does not understand: Calls to the worker, Replies to the caller. Callers are known to the worker
/// by a number; a caller that goes is said to be gone.
///
/// It quits after the last reply and after the end was told. The reason: normal (it quit in good order), user_shutdown
/// (somebody stopped it), unhandled_exception (the user's code failed), kill (its worker was lost).
class hosted_actor : public caf::event_based_actor {
public:
  static constexpr std::size_t max_callers = 10'000; ///< More are answered with too_large.

  /// Announces itself to this link of the owner's first; null: there is none at the moment.
  hosted_actor(caf::actor_config& config, hosted_work work, std::shared_ptr<worker_launcher> workers, caf::actor owner);
  const char* name() const override { return "hosted_actor"; }
  caf::behavior make_behavior() override;
  void on_exit() override;

private:
  using caller_number = std::uint64_t;
  void on_calls(const wire::Calls& calls);
  void on_frame(const std::string& frame);
  void on_end(const hosted_ended& order, const wire::WorkEnded& end);
  wire::WorkStarted started() const;
  caller_number number_of(const caf::strong_actor_ptr& caller); ///< 0: there are too many.
  void refuse(const wire::Calls& calls, const std::string& why);
  void forget(const caf::actor_addr& caller);
  void tell_worker(const wire::ToWorker& message);

  hosted_work work_;
  std::shared_ptr<worker_launcher> workers_;
  caf::actor owner_; ///< Until it is announced.
  std::map<caf::actor_addr, caller_number> numbers_;
  std::map<caller_number, caf::actor> callers_;
  caller_number last_ = 0;
  caf::strong_actor_ptr latest_; ///< Most batches come from whom the last one came from.
  caller_number latest_number_ = 0;
};

} // namespace runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::announce_hosted)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::worker_frames)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::hosted_ended)
