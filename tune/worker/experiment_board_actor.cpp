#include "tune/worker/experiment_board_actor.hpp"

#include <utility>

#include <caf/behavior.hpp>
#include <caf/error.hpp>
#include <caf/result.hpp>
#include <caf/sec.hpp>

#include "runtime/codec.hpp"

namespace tune {

experiment_board_actor::experiment_board_actor(caf::actor_config& config) : event_based_actor(config) {
}

caf::behavior experiment_board_actor::make_behavior() {
  set_exception_handler([](std::exception_ptr& thrown) { return runtime::end_of_actor(thrown); });
  return {
    [this](ask_atom, std::string& question) -> caf::result<std::string> {
      const auto number = board_.on_ask(std::move(question));
      if (!number)
        return caf::make_error(caf::sec::runtime_error, "too many ask at once; ask again");
      auto promise = make_response_promise<std::string>();
      asked_.emplace(*number, promise);
      give();
      return promise;
    },
    [this](next_atom) -> caf::result<std::string> {
      auto promise = make_response_promise<std::string>();
      if (driver_) // Its answer was lost, or it asks twice.
        driver_->deliver(caf::make_error(caf::sec::runtime_error, "another one waits now"));
      driver_ = promise;
      board_.on_driver_waits();
      give();
      return promise;
    },
    [this](reply_atom, std::uint64_t number, std::string& answer) {
      if (!board_.on_answer(number))
        return; // It is answered.
      asked_.at(number).deliver(std::move(answer));
      asked_.erase(number);
    },
  };
}

void experiment_board_actor::give() {
  if (const auto next = board_.take())
    std::exchange(driver_, std::nullopt)->deliver(runtime::to_bytes(next->first, next->second));
}

void experiment_board_actor::on_exit() {
  driver_.reset();
  asked_.clear();
}

const runtime::actor_type<caf::behavior(experiment_board_actor*)>& experiment_board_type() {
  static const auto type = runtime::actor_type_of<experiment_board_actor>("caf_tune.experiment_board");
  return type;
}

} // namespace tune
