#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "tests/simulation/search_history.hpp"
#include "tests/simulation/simulated_disk.hpp"
#include "tests/simulation/simulated_network.hpp"
#include "tune/store/file_checkpoint.hpp"
#include "tune/worker/attempt_course.hpp"
#include "tune/worker/posix_attempt_exchange.hpp"

namespace sim {

/// What trials do, at random within these bounds.
struct trial_habits {
  std::chrono::nanoseconds longest_set_up = std::chrono::milliseconds(200);
  std::chrono::nanoseconds longest_step = std::chrono::milliseconds(300);
  std::chrono::nanoseconds longest_save = std::chrono::milliseconds(50);
  double crashes = 0; ///< So many of the iterations.
  double throws = 0;
  double hangs = 0;
  double kills_while_saving = 0; ///< So many of the checkpoints end with their process, half written.
};

/// Where attempts run, and who watches.
struct attempt_surroundings {
  network& net;
  search_history& history;
  random_stream& random;
  const trial_habits& habits;
};

/// Runs attempts one after the other, as a worker's thread does: what tells and what waits are the production exchange
/// and course, and checkpoints are written by the production code; only the trainable is none. It trains a state that
/// can be checked: what is restored must be what was saved.
class simulated_attempt {
public:
  struct listener {
    std::function<void(tune::trial_id, tune::attempt_number)> on_begun;
    std::function<void()> on_over;
    std::function<void(const std::string& why)> on_crash; ///< Its process is to end by itself.
  };

  simulated_attempt(attempt_surroundings around, std::shared_ptr<process> whose, tune::store_disk& disk,
                    std::string node, tune::attempt_exchange& exchange, listener told);
  ~simulated_attempt();
  simulated_attempt(const simulated_attempt&) = delete;
  simulated_attempt& operator=(const simulated_attempt&) = delete;

  void begin();                                ///< The exchange has an order.
  void on_reply(const tune::attempt_reply& r); ///< The exchange has been given it.
  void end_at_once();                          ///< The next reply says so, and answers no report.
  void poll();                                 ///< The exchange has news: an answer, or it is closed.
  bool is_busy() const { return course_.has_value(); }
  const std::optional<tune::attempt_order>& last_order() const { return last_; }

private:
  void later(std::chrono::nanoseconds time, void (simulated_attempt::*what)());
  void enter();
  void step();
  void on_stepped();
  void tell();
  void wait_for_answer();
  void on_answered();
  void finish();
  void end(tune::attempt_over over);
  [[nodiscard]] tune::result<void> restore();
  template <class Told>
  void save_if_wanted(Told& told, void (simulated_attempt::*then)());
  void on_saved();
  void write_state(const tune::path& directory);
  bool has_leave() const;
  bool is_answered() const;

  attempt_surroundings around_;
  std::shared_ptr<process> process_;
  tune::store_disk& disk_;
  std::string node_;
  tune::attempt_exchange& exchange_;
  listener told_;
  tune::file_checkpoint_files files_;
  std::shared_ptr<bool> is_there_ = std::make_shared<bool>(true);

  std::optional<tune::attempt_order> last_;
  std::optional<tune::attempt_course> course_; ///< Of the attempt that runs.
  tune::path directory_;
  tune::attempt_report report_;
  tune::attempt_over over_;
  bool waits_ = false;   ///< For an answer;
  bool goes_on_ = false; ///< or for a while, as it has leave.
  bool hangs_ = false;
  std::uint64_t turn_ = 0; ///< What was to come later in an earlier turn does not.
  tune::iteration_number free_until_ = 0;
  tune::attempt_answer answer_ = tune::attempt_answer::go_on;
  bool ends_at_once_ = false;           ///< As the exchange sees it,
  bool is_told_to_end_at_once_ = false; ///< and as the driver does.
  struct saving {
    runtime::instant began;
    bool is_there = false;
    void (simulated_attempt::*then)() = nullptr;
  };
  saving saving_;
};

/// What a trial's state is after this iteration, byte by byte.
std::string state_of(std::uint64_t trial, tune::iteration_number iteration);

} // namespace sim
