#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "runtime/node/worker_launcher.hpp"
#include "tests/simulation/simulated_network.hpp"
#include "tests/support/fake_worker_launcher.hpp"

namespace sim {

/// What is said in the arguments of each work of a simulation: "250 17 2".
struct work_note {
  std::int64_t lasts_ms = 0;
  std::uint64_t number = 0; ///< Of the task or actor, through all its attempts.
  std::int64_t cpus = 0;    ///< That its lease has.
};
std::string to_text(const work_note& note);
std::optional<work_note> parse_note(const std::string& text);

/// The fake worker processes of a machine. Tells what really runs there, whatever node, head and owner believe: from
/// the order to a process until that process said that it is done, or has ended.
class simulated_workers : public runtime::worker_launcher {
public:
  struct watcher {
    std::function<void(const work_note&)> on_begin;
    std::function<void(const work_note&)> on_end;
  };
  simulated_workers(network& net, fake_worker_options options, watcher watch);

  void listen(listener who) override;
  void start(runtime::worker_id worker, runtime::worker_program program, runtime::worker_setting setting) override;
  void send(runtime::worker_id worker, std::string frame) override;
  void kill(runtime::worker_id worker, std::string why) override { processes_.kill(worker, std::move(why)); }

  void die();                            ///< With its machine.
  void crash_one(random_stream& random); ///< One that runs something, if any does.
  std::size_t running() const { return running_.size(); }

private:
  void end(runtime::worker_id worker);

  fake_worker_launcher processes_;
  watcher watch_;
  std::map<runtime::worker_id, work_note> running_;
};

} // namespace sim
