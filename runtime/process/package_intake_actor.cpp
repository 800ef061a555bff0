#include "runtime/process/package_intake_actor.hpp"

#include "runtime/net/shell_failure.hpp"
#include "runtime/node/package_actor.hpp"
#include "runtime/package/file_digest.hpp"

#include <utility>

#include <caf/event_based_actor.hpp>

namespace runtime {
namespace {

/// Wants one package, says how it went, and goes. The package stays in the store for as long as the cache keeps it.
class package_asker : public caf::event_based_actor {
public:
  package_asker(caf::actor_config& config, caf::actor packages, package_wanted order,
                std::function<void(result<void>)> tell)
    : event_based_actor(config),
      packages_(std::move(packages)),
      order_(std::move(order)),
      done_(std::move(tell)) {
    set_exception_handler(ends_actor("package intake", nullptr, [this](const error& why) { end(fail(why)); }));
  }

  caf::behavior make_behavior() override {
    monitor(packages_);
    set_down_handler(
      [this](const caf::down_msg&) { end(fail(errc::unreachable, "the head's package store has ended")); });
    send(packages_, order_);
    return {
      [this](const package_ready&) { end({}); },
      [this](const package_failed& failed) { end(fail(failed.why)); },
    };
  }
  void on_exit() override {
    order_.owner = nullptr;
    packages_ = nullptr;
  }

private:
  void end(result<void> how) {
    if (packages_)
      send(packages_, package_unwanted{order_.package});
    std::exchange(done_, [](const result<void>&) {})(std::move(how));
    quit();
  }

  caf::actor packages_;
  package_wanted order_;
  std::function<void(result<void>)> done_;
};

} // namespace

void package_actor_intake::ensure(std::shared_ptr<const package_manifest> package, caf::actor from,
                                  std::function<void(result<void>)> done) {
  const auto id = id_of(*package);
  system_.spawn<package_asker>(packages_, package_wanted{id, std::move(package), std::move(from), {}}, std::move(done));
}

} // namespace runtime
