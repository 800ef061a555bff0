#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/simulation/search_history.hpp"
#include "tests/simulation/search_plan.hpp"
#include "tests/simulation/simulated_disk.hpp"
#include "tests/simulation/simulated_driver.hpp"
#include "tests/simulation/simulated_network.hpp"
#include "tests/simulation/simulated_system.hpp"
#include "tests/simulation/simulated_workplace.hpp"
#include "tests/support/seeds.hpp"

namespace sim {

class search;

/// Something that goes wrong again and again, until the search is healed.
struct search_fault {
  const char* name;               ///< "the driver dies".
  std::chrono::nanoseconds every; ///< On average.
  std::function<void(search&, random_stream&)> strike;
};

/// A search from its first driver to its end, through all that goes wrong: whenever its driver has ended and the search
/// is not complete, somebody starts another one. What is decided and written is production code; disk, threads, trial
/// runners and time are simulated, from one seed.
class search {
public:
  search(seed s, search_plan plan);
  ~search();
  search(const search&) = delete;
  search& operator=(const search&) = delete;

  void suffer(const search_fault& what);
  void advance(std::chrono::nanoseconds time);
  /// No more faults, and its user has all trials go on.
  search& heal();
  /// All trials have ended, nothing runs any more, a driver that opens it again finds nothing to do, and the disk holds
  /// nothing but what the journal says.
  bool finishes_within(std::chrono::nanoseconds time);
  std::string why_not_finished() const;
  std::string broken() const { return history_.wrong(); } ///< Time stands still then.

  // What may go wrong.
  void kill_driver(std::chrono::nanoseconds starts_after);
  void interrupt_driver() { driver_->interrupt(); }
  void lose_power(std::uint64_t after_changes, std::chrono::nanoseconds comes_back_after);
  void order_something(random_stream& random); ///< Of any trial; often it cannot be.
  void set_places(std::size_t places);
  void make_disk_slow(std::chrono::nanoseconds at_most) { disk_time_ = at_most; }
  void move_wall_clock(std::chrono::nanoseconds by) { wall_offset_ += by; }
  void repeat_news(double part) { repeated_news_ = part; }

  network& net() { return net_; }
  disk& storage() { return storage_; }
  workplace& cluster() { return cluster_; }
  const search_plan& plan() const { return plan_; }
  const search_history& history() const { return history_; }
  std::uint64_t events() const { return events_; }
  std::uint64_t drivers() const { return drivers_; } ///< That were started.
  std::uint64_t trace_hash() const { return hash_; }

private:
  void start_driver();
  void start_driver_after(std::chrono::nanoseconds time);
  void strike_again(const std::shared_ptr<search_fault>& what, const std::shared_ptr<random_stream>& random);
  void look_after_driver();
  void on_power_lost();
  void let_all_go_on();
  bool goes_on();
  bool runs_until(instant limit, const std::function<bool()>& is_so);
  void check_end();
  void check_disk();
  driver_surroundings surroundings();

  seed seed_;
  search_plan plan_;
  random_stream random_;
  simulated_system system_;
  network net_;
  disk storage_;
  search_history history_;
  workplace cluster_;
  std::unique_ptr<simulated_driver> driver_;
  std::vector<std::unique_ptr<simulated_driver>> former_drivers_; ///< Alarms still name them.
  bool driver_is_to_start_ = false;
  std::chrono::nanoseconds next_start_ = std::chrono::milliseconds(100);
  std::chrono::nanoseconds power_comes_back_ = std::chrono::seconds(1);
  bool power_went_ = false;
  bool is_complete_ = false;
  bool healed_ = false;
  bool awaits_end_ = true;
  bool is_driver_of_healed_ = false; ///< It began when nothing went wrong any more.
  double repeated_news_ = 0;
  std::chrono::nanoseconds disk_time_ = std::chrono::milliseconds(5);
  std::chrono::nanoseconds wall_offset_{0};
  std::uint64_t events_ = 0;
  std::uint64_t drivers_ = 0;
  std::uint64_t faults_ = 0;
  std::uint64_t hash_ = 14695981039346656037u;
};

} // namespace sim
