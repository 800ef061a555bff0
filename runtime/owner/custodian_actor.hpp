#pragma once

#include <functional>
#include <memory>

#include <caf/response_promise.hpp>

#include "runtime/owner/owner_actor.hpp"

namespace caf_tune::runtime::v1 {
class DetachedActor;
} // namespace caf_tune::runtime::v1

namespace runtime {

/// Where the head's process keeps packages: what it lacks is fetched from a driver.
class package_intake {
public:
  virtual ~package_intake() = default;
  /// `from` answers AskPackageChunk. `done` is called once, by any thread.
  virtual void ensure(std::shared_ptr<const package_manifest> package, caf::actor from,
                      std::function<void(result<void>)> done) = 0;
};

struct detached_order;
class detached_store;

/// The owner of detached actors (owner id 1), in the head's process. What it has accepted is kept in the store: a head
/// that is restarted on the same state goes on with the actors that its nodes still run, and runs the others again, as
/// often as they may be restarted.
///
///  Beside what an owner does it answers, as requests
/// that the head delegates:
///
///   SpawnDetached -> ActorRecord once it is accepted (not: alive), or Failure. Name taken: the record of the one that
///                    has it if get_if_exists, else already_exists.
///   StopActor     -> ActorRecord as it was, or Failure: not_found
class custodian_actor : public owner_actor {
public:
  /// `make_id` gives a new random actor id at each call. `store` null: nothing outlives this process. With one that
  /// blocks, spawn it detached.
  custodian_actor(caf::actor_config& config, owner_actor_options options, std::shared_ptr<package_intake> packages,
                  std::function<actor_id()> make_id, std::shared_ptr<detached_store> store = nullptr);
  ~custodian_actor() override;
  caf::behavior make_behavior() override;
  const char* name() const override { return "custodian_actor"; }

private:
  using order_ptr = std::shared_ptr<detached_order>;
  using kept_ptr = std::shared_ptr<wire::DetachedActor>;
  void restore_all();
  void restore(actor_id actor, const std::string& bytes);
  actor_watch watch(const kept_ptr& kept);
  [[nodiscard]] result<void> keep(const wire::DetachedActor& kept);
  void forget(const wire::DetachedActor& kept);
  void on_spawn(const wire::SpawnDetached& message, caf::response_promise promise);
  void find_existing(const order_ptr& order);
  void on_found(const order_ptr& order, const result<caf::message>& found);
  void answer_existing(const order_ptr& order, const caf::message& record);
  void take_name(const order_ptr& order);
  void accept(const order_ptr& order);

  std::shared_ptr<package_intake> packages_;
  std::function<actor_id()> make_id_;
  std::shared_ptr<detached_store> store_;
  std::map<std::string, actor_id> names_; ///< Of its own actors: the head hears of restored ones a little later.
};

} // namespace runtime
