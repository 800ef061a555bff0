#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>

#include "tune/trial.hpp"
#include "tune/worker/attempt_course.hpp"
#include "tune/worker/checkpoint_files.hpp"
#include "tune/worker/posix_attempt_exchange.hpp"
#include "tune/worker/posix_attempt_place.hpp"
#include "tune/worker/trainable_registry.hpp"

namespace tune {

/// An object of a trainable's class, kept from one attempt to the next.
struct kept_actor {
  std::string trainable;
  std::unique_ptr<trial_actor> actor;
};

/// What one attempt is made of.
struct running_trial_options {
  const attempt_order* order = nullptr;
  attempt_place place;
  std::string node;
  std::function<instant()> now;
  attempt_exchange* exchange = nullptr;
  checkpoint_files* checkpoints = nullptr; ///< Null: none are written, and none can be restored.
};

/// One attempt, on the thread that runs the user's code: what the trainable sees as its trial.
class running_trial : public trial {
public:
  explicit running_trial(running_trial_options options);

  /// Runs the user's code to its end. The object that was made or used again for it stays in `kept` if it ended well.
  attempt_over run(const trainable_registry::entry& how, kept_actor& kept);

  const tune::config& config() const override { return order_.values; }
  std::optional<path> checkpoint() const override;
  iteration_number iteration() const override { return course_.iteration(); }
  using trial::report;
  next_step report(const metrics& values, const save_function& save) override;
  const std::string& id() const override { return order_.trial_name; }
  attempt_number attempt() const override { return order_.attempt; }
  const std::map<std::string, double>& resources() const override { return order_.resources; }
  const path& directory() const override;
  std::uint64_t seed() const override { return order_.seed; }

private:
  void run_function(const trainable::function& function);
  void run_class(const trainable::factory& make, kept_actor& kept);
  [[nodiscard]] result<void> check_restored() const;
  void check_caller() const;
  bool may_go_on();
  template <class Told>
  void save_if_wanted(const save_function& save, Told& told);
  [[nodiscard]] result<std::optional<std::uint64_t>> write_checkpoint(const path& directory, const save_function& save);

  running_trial_options options_;
  const attempt_order& order_;
  attempt_course course_;
  attempt_over over_;
  const std::thread::id thread_ = std::this_thread::get_id();
  bool is_saving_ = false;
};

} // namespace tune
