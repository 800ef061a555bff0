#include "tune/worker/trial_runner_actor.hpp"

#include <optional>
#include <utility>

#include <caf/actor_addr.hpp>
#include <caf/actor_cast.hpp>
#include <caf/sec.hpp>
#include <caf/send.hpp>
#include <caf/typed_response_promise.hpp>

#include "runtime/codec.hpp"
#include "runtime/worker_place.hpp"
#include "tune/store/file_checkpoint.hpp"
#include "tune/trial/attempt_wire.hpp"
#include "tune/worker/posix_attempt_place.hpp"
#include "tune/worker/posix_trial_runner.hpp"

CAF_ADD_ATOM(caf_tune, tune, told_atom, "told")
CAF_ADD_ATOM(caf_tune, tune, idle_atom, "idle")

namespace tune {
namespace {

trial_runner_options options_of_this_worker() {
  trial_runner_options options;
  if (auto place = runtime::this_worker_place()) {
    options.node = std::move(place->node);
    options.node_directory = directory_for_experiments(place->directory);
  }
  options.owns_process = true;
  options.checkpoints = std::make_shared<file_checkpoint_files>();
  return options;
}

caf::error refusal(const error& why) {
  return caf::make_error(caf::sec::invalid_argument, why.message);
}

} // namespace

class trial_runner_actor::body {
public:
  explicit body(trial_runner_actor* self)
    : self_(self),
      address_(caf::actor_cast<caf::actor_addr>(self)),
      runner_(options_of_this_worker()) {}

  caf::result<std::string> on_begin(const std::string& bytes) {
    auto order = attempt_wire::order_from(bytes);
    if (!order)
      return refusal(order.error());
    return promised(runner_.begin(std::move(*order), tell_self()));
  }

  caf::result<std::string> on_answer(std::uint8_t number, std::int64_t free_until) {
    const auto answer = attempt_wire::answer_from(number);
    if (!answer)
      return refusal(answer.error());
    return promised(runner_.answer({*answer, free_until}, tell_self()));
  }

  void on_told(std::string& bytes) {
    if (auto asked = std::exchange(asked_, std::nullopt))
      asked->deliver(std::move(bytes));
  }

  void on_heard() { runner_.heard(); }

  void on_exit() {
    if (!std::exchange(is_ending_, true))
      runner_.shut_down([address = address_] { send_to(address, idle_atom_v); });
  }

private:
  template <class... Parts>
  static void send_to(const caf::actor_addr& address, Parts&&... parts) { // Weak: the runner does not keep its actor.
    if (const auto alive = caf::actor_cast<caf::strong_actor_ptr>(address))
      caf::anon_send(caf::actor_cast<caf::actor>(alive), std::forward<Parts>(parts)...);
  }

  trial_runner::then tell_self() const {
    return [address = address_](const attempt_events& events) {
      send_to(address, told_atom_v, attempt_wire::to_bytes(events));
    };
  }

  /// The events' message comes after this one: the promise is there by then.
  caf::result<std::string> promised(const result<void>& begun) {
    if (!begun)
      return refusal(begun.error());
    asked_ = self_->make_response_promise<std::string>();
    return *asked_;
  }

  trial_runner_actor* self_;
  caf::actor_addr address_;
  std::optional<caf::typed_response_promise<std::string>> asked_;
  bool is_ending_ = false;
  trial_runner runner_; // Last: it goes first, and waits for the user's code.
};

trial_runner_actor::trial_runner_actor(caf::actor_config& config) : caf::event_based_actor(config) {
}

trial_runner_actor::~trial_runner_actor() = default;

caf::behavior trial_runner_actor::make_behavior() {
  set_exception_handler([](std::exception_ptr& thrown) { return runtime::end_of_actor(thrown); });
  set_exit_handler([this](const caf::exit_msg&) { body_->on_exit(); });
  body_ = std::make_unique<body>(this);
  return {
    [](hello_atom, const std::string& marker_file, const std::string& marker) {
      const auto place = runtime::this_worker_place().value_or(runtime::worker_place());
      return runtime::to_bytes(place.node, directory_for_experiments(place.directory).string(),
                               !marker.empty() && holds(marker_file, marker));
    },
    [this](begin_atom, const std::string& order) { return body_->on_begin(order); },
    [this](answer_atom, std::uint8_t answer, std::int64_t free_until) { return body_->on_answer(answer, free_until); },
    [this](heard_atom) { body_->on_heard(); },
    [this](told_atom, std::string& events) { body_->on_told(events); },
    [this](idle_atom) { quit(caf::exit_reason::user_shutdown); },
  };
}

void trial_runner_actor::on_exit() {
  body_.reset(); // Handles outlive the actor; its thread must not. Waits for the user's code, if it was killed.
}

result<runner_place> runner_place_from(const std::string& bytes) {
  return runtime::from_bytes<std::string, std::string, bool>(bytes).map([](auto values) {
    return runner_place{std::get<0>(values), std::get<1>(values), std::get<2>(values)};
  });
}

const runtime::actor_type<caf::behavior(trial_runner_actor*)>& trial_runner_type() {
  static const auto type = runtime::actor_type_of<trial_runner_actor>(trial_runner_name);
  return type;
}

} // namespace tune
