#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <caf/actor.hpp>
#include <caf/message.hpp>

#include "runtime/remote_actor.hpp"
#include "tests/simulation/simulated_attempt.hpp"
#include "tests/simulation/simulated_workplace.hpp"

namespace sim {

/// A trial runner in a process of its own, and the driver's link to it: answers what trial_runner_actor answers.
class simulated_worker : public runtime::detail::remote_actor_link,
                         public std::enable_shared_from_this<simulated_worker> {
public:
  simulated_worker(workplace& where, std::shared_ptr<process> driver, std::string avoided);

  // For the driver.
  void call(const caf::message& message, std::function<void(runtime::result<caf::message>)> then) override;
  void tell(const caf::message& message) override {
    call(message, [](const auto&) {});
  }
  void on_end(std::function<void(const runtime::result<void>&)> listener) override;
  [[nodiscard]] runtime::result<void> stop(std::chrono::milliseconds deadline) override;
  const caf::actor& stub() const override { return nobody_; }
  const std::string& name() const override { return node_; }
  runtime::actor_id id() const override { return {}; }

  // For its workplace.
  void start(std::string node); ///< There is a place.
  bool has_started() const { return !node_.empty(); }
  const std::string& node() const { return node_; }
  const std::string& avoided() const { return avoided_; }
  bool is_of(const std::shared_ptr<process>& driver) const { return driver_ == driver; }
  bool runs(tune::trial_id trial, tune::attempt_number attempt) const;
  bool is_busy() const { return attempt_ && attempt_->is_busy(); }
  void cut_off(); ///< The driver is told that its node is lost, and neither hears the other any more.
  void close();   ///< It saves and ends.
  void die(const runtime::result<void>& how); ///< Its process has ended.
  bool is_alive() const { return process_->is_alive && !has_ended_; }

private:
  using then_function = std::function<void(runtime::result<caf::message>)>;
  struct call_in_flight {
    caf::message message;
    then_function then;
  };

  void take(const caf::message& message, const then_function& then);
  void take_order(const std::string& bytes, const then_function& then);
  void take_answer(std::uint8_t number, std::int64_t free_until, const then_function& then);
  void give(const then_function& then, runtime::result<caf::message> answer);
  void tell_end(const runtime::result<void>& how);
  void end_if_idle();
  instant due(instant& last);

  workplace& where_;
  std::shared_ptr<process> driver_;
  std::string avoided_;
  std::string node_; ///< Empty: it waits for a place.
  caf::actor nobody_;
  std::shared_ptr<process> process_ = std::make_shared<process>();
  std::unique_ptr<tune::store_disk> disk_;
  tune::attempt_exchange exchange_;
  std::unique_ptr<simulated_attempt> attempt_;
  std::vector<call_in_flight> early_; ///< Calls that wait until it is there.
  then_function asked_;               ///< Whom the exchange has not answered.
  std::function<void(const runtime::result<void>&)> listener_;
  std::optional<runtime::result<void>> end_;
  instant last_to_{}, last_from_{}; ///< Both directions keep their order.
  bool is_cut_off_ = false;
  bool has_ended_ = false;
};

} // namespace sim
