#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <caf/actor.hpp>

#include "tests/simulation/search_history.hpp"
#include "tests/simulation/search_plan.hpp"
#include "tests/simulation/simulated_disk.hpp"
#include "tests/simulation/simulated_network.hpp"
#include "tests/simulation/simulated_system.hpp"
#include "tests/simulation/simulated_workplace.hpp"
#include "tune/driver/controller_actor.hpp"
#include "tune/store/file_checkpoint_store.hpp"

namespace sim {

/// What a driver finds around it.
struct driver_surroundings {
  network& net;
  simulated_system& system;
  disk& storage;
  workplace& cluster;
  search_history& history;
  const search_plan& plan;
  random_stream& random;
  const bool& awaits_end;                              ///< The program waits: what its user has paused need not go on.
  const double& repeated_news;                         ///< So much of what attempts tell comes a second time, later.
  std::function<std::chrono::nanoseconds()> disk_time; ///< How long until the disk is through with something.
  std::function<tune::record::wall_time()> wall_clock;
};

/// A driver process: puts a search together as experiment_run does, from the same parts. What these stand on is
/// simulated: disk, threads, trial runners.
class simulated_driver {
public:
  explicit simulated_driver(driver_surroundings around);
  ~simulated_driver();
  simulated_driver(const simulated_driver&) = delete;
  simulated_driver& operator=(const simulated_driver&) = delete;

  void die(); ///< As by kill -9.
  void interrupt();
  void order(tune::trial_order::kind what, tune::trial_id trial);
  void tell_places(std::size_t places);

  bool has_ended() const { return !process_->is_alive; }
  /// Of one that has ended by itself. An error: it could not open, or go on with, the search.
  const std::optional<tune::result<tune::experiment_outcome>>& outcome() const { return outcome_; }
  /// Of what the journal says.
  const tune::controller_core& core() const { return *core_; }

  static std::string directory_of(tune::trial_id trial);
  static constexpr const char* experiment_directory = "/storage/simulated";

private:
  [[nodiscard]] tune::result<void> open();
  void check_opened(const std::vector<tune::journal_record>& found);
  void begin_when_all_have_ended(instant give_up_at);
  void hear_unheard();
  void begin();
  tune::controller_parts parts();
  caf::actor make_attempts(const caf::actor& controller);
  void on_durable(tune::journal_position at, const tune::journal_record& what);
  void finish(tune::result<tune::experiment_outcome> how);
  void end_when_attempts_have();
  template <class Message>
  void tell_controller(Message what);

  driver_surroundings around_;
  std::shared_ptr<process> process_ = std::make_shared<process>();
  std::unique_ptr<tune::store_disk> disk_;
  std::shared_ptr<tune::controller_core> core_;
  std::shared_ptr<tune::file_journal> journal_;
  std::shared_ptr<tune::checkpoint_place> checkpoints_;
  caf::actor controller_, attempts_, relay_;
  std::shared_ptr<bool> attempts_have_ended_ = std::make_shared<bool>(true);
  std::map<tune::trial_id, tune::path> unheard_;
  std::optional<tune::result<tune::experiment_outcome>> outcome_;
};

} // namespace sim
