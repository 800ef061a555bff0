#include "runtime/process/node_part.hpp"

#include <chrono>
#include <cstdint>
#include <future>
#include <memory>
#include <string>
#include <utility>

#include <caf/behavior.hpp>
#include <caf/event_based_actor.hpp>
#include <doctest/doctest.h>

#include "runtime/net/tls_session.hpp"
#include "runtime/proto/runtime.pb.h"
#include "runtime/resources/resource_set.hpp"
#include "runtime/wire/protobuf_message.hpp"
#include "tests/support/scratch_directory.hpp"

using namespace runtime;
using namespace std::chrono_literals;

namespace {

constexpr auto patience = 30s; // Only a failure waits for so long.

cluster_process_options of(const std::string& identity) {
  cluster_process_options options;
  options.network = std::make_shared<tls_context>(cluster_token{}, identity);
  return options;
}

struct heard {
  std::promise<void> link_lost, hello_of_next_link;
};

/// Answers no hello, as one whose network has lost the link without telling.
class deaf_head_actor : public caf::event_based_actor {
public:
  deaf_head_actor(caf::actor_config& config, std::shared_ptr<heard> what)
    : event_based_actor(config),
      what_(std::move(what)) {
    set_down_handler([this](const caf::down_msg&) {
      is_lost_ = true;
      what_->link_lost.set_value();
      set_down_handler([](const caf::down_msg&) {});
    });
  }
  caf::behavior make_behavior() override {
    return {[this](const wire::NodeHello&) {
      if (!is_known_)
        monitor(caf::actor_cast<caf::actor>(current_sender()));
      is_known_ = true;
      if (is_lost_ && !std::exchange(has_come_back_, true))
        what_->hello_of_next_link.set_value();
    }};
  }

private:
  std::shared_ptr<heard> what_;
  bool is_known_ = false, is_lost_ = false, has_come_back_ = false;
};

/// The port where it can be reached.
std::uint16_t listen(cluster_process& head, const std::shared_ptr<heard>& what) {
  const auto deaf = head.system().spawn<deaf_head_actor>(what);
  head.end_with_process(deaf);
  return or_throw(head.listen("127.0.0.1", 0, deaf));
}

} // namespace

TEST_CASE("node part: a head that answers nothing is disconnected, and reached again by a new connection") {
  const scratch_directory here;
  const auto what = std::make_shared<heard>();
  cluster_process head(of("head/h"));
  const auto port = listen(head, what);
  cluster_process node(of("node/n1"));
  node_part_options options;
  options.core.node = {node_id(11), incarnation(5), "n1", "127.0.0.1", 0, or_throw(resource_set::parse("cpu=1")), {}};
  options.core.welcome_deadline = 50ms;
  options.state_directory = here.path();
  options.head_host = "127.0.0.1";
  options.head_port = port;
  const auto part = or_throw(node_part::start(node, std::move(options)));

  CHECK(what->link_lost.get_future().wait_for(patience) == std::future_status::ready);
  CHECK(what->hello_of_next_link.get_future().wait_for(patience) == std::future_status::ready);
}
