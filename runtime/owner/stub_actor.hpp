#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <caf/actor.hpp>
#include <caf/event_based_actor.hpp>

#include "runtime/base/id.hpp"
#include "runtime/base/instant.hpp"
#include "runtime/base/result.hpp"
#include "runtime/head/actor_record.hpp"
#include "runtime/owner/stub_core.hpp"

namespace runtime {

/// What happens to a remote actor. All may be empty. They are called on the owner's thread, one after the other, and
/// must not block; that it has ended is told on the submitting thread where the owner has ended before.
struct actor_watch {
  std::function<void(const actor_record&, const caf::actor& hosted)> on_alive; ///< Again when its handle is another.
  std::function<void(const error&)> on_out_of_reach; ///< Its node cannot be reached; perhaps it comes back.
  std::function<void(const error&)> on_restarting;
  owed_answer<void> on_ended;                       ///< Once, last.
  std::function<void(const std::string&)> on_waits; ///< For people: why it has no resources yet.
};

/// CAF messages as bytes and back: the program's codec.
struct message_codec {
  std::function<result<std::string>(const caf::message&)> encode;
  std::function<result<caf::message>(const std::string&)> decode;
};

/// What the threads that hold a stub and its actor share.
class stub_end {
public:
  std::optional<result<void>> get() const;
  void set(result<void> how);                                     ///< Once.
  void listen(std::function<void(const result<void>&)> listener); ///< At once if it has ended.

private:
  mutable std::mutex mutex_;
  std::optional<result<void>> how_;
  std::vector<std::function<void(const result<void>&)>> listeners_;
};

/// The driver's end of a remote actor's calls. Copies are the same stub; all functions may be called by any thread.
/// Calls made before the actor is alive, or while it restarts, wait (see stub_options for how many).
///
/// The remote actor is not ended by the stub's end: see stop_actor.
class actor_stub {
public:
  using on_reply = std::function<void(result<std::string>)>;

  actor_stub() = default;
  /// `name` is for messages: what users know the actor by.
  actor_stub(caf::actor_system& system, std::string name, message_codec codec, stub_options options = {});

  /// `then` is called exactly once, on a thread of the actor system, and must not block. worker_lost or node_lost: the
  /// actor was lost while the call was in flight, and whether it ran is unknown.
  void call(std::string content, on_reply then) const;
  void tell(std::string content) const; ///< No answer, no error.

  /// `listener` gets the cause, on a thread of the actor system, or on this one when the actor has ended already.
  void on_ended(std::function<void(const result<void>&)> listener) const;

  /// Takes any CAF message that the codec knows; answers requests; ends when the remote actor has, so that monitors
  /// and links work.
  const caf::actor& handle() const noexcept { return actor_; }
  const std::string& name() const noexcept { return name_; }

  /// To be given to submit_actor or attachment_actor: keeps the stub's handle up to date.
  actor_watch watch() const;

private:
  std::string name_;
  std::shared_ptr<stub_end> end_;
  caf::actor actor_;
};

/// The actor behind actor_stub::handle().
class stub_actor : public caf::event_based_actor {
public:
  stub_actor(caf::actor_config& config, std::string name, message_codec codec, stub_options options,
             std::shared_ptr<stub_end> end);
  caf::behavior make_behavior() override;
  void on_exit() override;
  const char* name() const override { return "stub_actor"; }

private:
  void perform();
  void arm_timer();
  void lose_handle(const caf::down_msg& down);
  caf::result<caf::message> pass_on(caf::message_view& message);
  void finish(result<void> how);
  instant now() const { return instant{clock().now().time_since_epoch()}; }

  stub_core core_;
  stub_core::actions actions_; // Kept, so that a call allocates none.
  message_codec codec_;
  std::shared_ptr<stub_end> end_;
  caf::actor hosted_;
  std::optional<instant> armed_;
};

} // namespace runtime
