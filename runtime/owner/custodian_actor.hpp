#pragma once

#include <functional>
#include <memory>

#include <caf/response_promise.hpp>

#include "runtime/owner/owner_actor.hpp"

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

/// The owner of detached actors (owner id 1), in the head's process. Beside what an owner does it answers, as requests
/// that the head delegates:
///
///   SpawnDetached -> ActorRecord once it is accepted (not: alive), or Failure. Name taken: the record of the one that
///                    has it if get_if_exists, else already_exists.
///   StopActor     -> ActorRecord as it was, or Failure: not_found
class custodian_actor : public owner_actor {
public:
  /// `make_id` gives a new random actor id at each call.
  custodian_actor(caf::actor_config& config, owner_actor_options options, std::shared_ptr<package_intake> packages,
                  std::function<actor_id()> make_id);
  caf::behavior make_behavior() override;
  const char* name() const override { return "custodian_actor"; }

private:
  using order_ptr = std::shared_ptr<detached_order>;
  void on_spawn(const wire::SpawnDetached& message, caf::response_promise promise);
  void find_existing(const order_ptr& order);
  void on_found(const order_ptr& order, const result<caf::message>& found);
  void take_name(const order_ptr& order);
  void accept(const order_ptr& order);

  std::shared_ptr<package_intake> packages_;
  std::function<actor_id()> make_id_;
};

} // namespace runtime
