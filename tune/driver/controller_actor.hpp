#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <caf/actor.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/response_promise.hpp>

#include "tune/controller/controller_core.hpp"
#include "tune/controller/runner_pool.hpp"
#include "tune/driver/attempt_news_box.hpp"
#include "tune/journal/journal.hpp"
#include "tune/trial/attempt_messages.hpp"

namespace tune {

// To whoever runs attempts: the attempts_actor, or what stands for it in a test.
struct begin_attempt {
  attempt_key key;
  attempt_order order;
  place_wish where;
  std::optional<lent_checkpoint> lent = std::nullopt; ///< Whose checkpoint the order restores; none: the trial's own.
};
struct answer_attempt {
  attempt_key key;
  attempt_reply reply;
};
struct end_attempt_at_once {
  attempt_key key;
};
struct withdraw_attempt_if_it_waits { ///< For its resources.
  attempt_key key;
  std::string why;
};
struct end_all_attempts {};

// From it to the controller.
struct attempt_news {
  attempt_key key;
  attempt_events events; ///< At least one.
};
struct attempts_have_news {
  std::shared_ptr<attempt_news_box> box;
};

// To the controller, from others.
struct journal_is_durable {
  result<journal_position> up_to;
};
struct cluster_holds { ///< So many trials at once.
  std::size_t trials = 0;
  cluster_room room = {}; ///< For schedulers that change what a trial has.
};
struct checkpoint_is_stored {
  trial_id trial;
  checkpoint_ref checkpoint;
};
struct checkpoint_is_lost {
  trial_id trial;
  checkpoint_ref checkpoint;
  checkpoint_loss how = checkpoint_loss::for_good;
};
struct interrupt_experiment {
  std::string why;
};
struct end_experiment_at_once {};
/// What the user wants of one trial; answered with trial_order_heard, when it is on disk.
struct trial_order {
  enum class kind { stop, pause, resume };
  kind what = kind::stop;
  trial_id trial;
  std::string why;
};
struct trial_order_heard {
  result<void> how; ///< An error: it cannot be, and nothing has changed; or the journal cannot be written.
};
struct end_is_awaited {};  ///< By the program.
struct experiment_breaks { ///< It cannot go on in this process; a later driver can.
  error why;
};

/// Where the checkpoints of an experiment go. Calls do not block; what comes of them is told to the controller as
/// checkpoint_is_stored and checkpoint_is_lost.
class checkpoint_place {
public:
  virtual ~checkpoint_place() = default;
  virtual void keep(trial_id trial, const checkpoint_ref& checkpoint) = 0;
  virtual void hurry(trial_id trial, const checkpoint_ref& checkpoint) = 0; ///< Its trial waits until it is stored.
  virtual void drop(trial_id trial, const checkpoint_ref& checkpoint) = 0;
  /// It need not be brought into the storage now; nothing has to be told of it any more.
  virtual void leave(trial_id trial, const checkpoint_ref& checkpoint) = 0;
};

/// How an experiment ended in this process.
struct experiment_outcome {
  std::string why;
  bool complete = false; ///< Nothing is left to be done.
  bool held = false;     ///< All that is left are trials that their user has paused.
};

/// What a controller stands on.
struct controller_parts {
  std::shared_ptr<journal> records;
  /// Has the journal tell the controller what is durable; called before the first record is appended.
  std::function<void(const caf::actor& controller)> listen_to_journal;
  std::shared_ptr<checkpoint_place> checkpoints;
  /// What a worker is told of an attempt beyond what the core says.
  std::function<attempt_order(const controller_core::start_attempt&)> make_order;
  /// Gets each record when it is on disk, in order; must not block.
  std::function<void(journal_position, const journal_record&)> on_durable_record;
  std::function<void(const std::string&)> on_trouble;     ///< What goes wrong beside it, for people.
  std::function<record::wall_time()> wall_clock;          ///< For people.
  std::function<void(result<experiment_outcome>)> on_end; ///< Once, last.
};

/// The controller's shell: turns news of attempts, journal, cluster and user into events of its core.
class controller_actor : public caf::event_based_actor {
public:
  /// `core` has been told the records of an earlier driver, if there was one. `make_attempts` gives what runs attempts.
  controller_actor(caf::actor_config& config, std::shared_ptr<controller_core> core, controller_parts parts,
                   std::function<caf::actor(caf::actor controller)> make_attempts);
  caf::behavior make_behavior() override;
  void on_exit() override;
  const char* name() const override { return "controller_actor"; }

private:
  void perform(controller_core::actions todo);
  void on_durable(const result<journal_position>& up_to);
  caf::response_promise obey(const trial_order& order);
  void answer_obeyed(journal_position up_to);
  void leave(const controller_core::leave_checkpoint& what);
  void on_news(attempt_key key, const attempt_events& events);
  void tell_trouble(trial_id trial, const attempt_event& event);
  void end(result<experiment_outcome> how);
  void arm_timer();
  moment now() const;

  std::shared_ptr<controller_core> core_;
  controller_parts parts_;
  std::function<caf::actor(caf::actor controller)> make_attempts_;
  caf::actor attempts_;
  std::deque<std::pair<journal_position, journal_record>> unwritten_; ///< Appended, and not on disk yet.
  std::deque<std::pair<journal_position, caf::response_promise>> obeyed_; ///< Answered when that is on disk.
  std::set<trial_id> without_checkpoint_;                             ///< Trials of which that was told.
  std::optional<experiment_outcome> ending_;                          ///< When all that was appended is on disk.
  std::optional<error> failed_;                                       ///< With ending_: it could not be done.
  std::optional<runtime::instant> armed_;
};

} // namespace tune

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tune::begin_attempt)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tune::answer_attempt)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tune::end_attempt_at_once)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tune::withdraw_attempt_if_it_waits)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tune::end_all_attempts)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tune::attempt_news)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tune::attempts_have_news)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tune::journal_is_durable)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tune::cluster_holds)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tune::checkpoint_is_stored)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tune::checkpoint_is_lost)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tune::interrupt_experiment)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tune::end_experiment_at_once)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tune::trial_order)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tune::trial_order_heard)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tune::end_is_awaited)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(tune::experiment_breaks)
