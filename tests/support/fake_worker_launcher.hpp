#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "runtime/base/id.hpp"
#include "runtime/base/result.hpp"
#include "runtime/head/work_key.hpp"
#include "runtime/node/worker_launcher.hpp"
#include "runtime/proto/worker.pb.h"

struct fake_worker_options {
  std::chrono::nanoseconds start = std::chrono::milliseconds(2); ///< Until it says that it is ready.
  std::chrono::nanoseconds answer = std::chrono::microseconds(20);
  std::chrono::nanoseconds exit = std::chrono::milliseconds(1); ///< From its kill or exit message to its end.
};

/// Worker processes without processes, for tests and simulations in virtual time. One thread; nothing happens within a
/// call, everything by the alarm. What a work does, its type says:
///
///   any actor      answers each call with what the call said
///   actor "broken" fails in its constructor
///   task "sleep"   ends after as many virtual milliseconds as its argument says; its result is the argument
///   task "fail"    throws
///   task "crash"   takes its process with it, as SIGSEGV does
///   task "hang"    never ends by itself
class fake_worker_launcher : public runtime::worker_launcher {
public:
  using alarm = std::function<void(std::chrono::nanoseconds after, std::function<void()> what)>;

  explicit fake_worker_launcher(alarm after, fake_worker_options options = {});

  void listen(listener who) override { listener_ = std::move(who); }
  void start(runtime::worker_id worker, runtime::worker_program program, runtime::worker_setting setting) override;
  void send(runtime::worker_id worker, std::string frame) override;
  void kill(runtime::worker_id worker, std::string why) override;

  // What goes wrong.
  void crash(runtime::worker_id worker);                                ///< Now, by SIGSEGV.
  void fail_starts(std::string why) { why_no_start_ = std::move(why); } ///< From now on; empty: no more.
  void die(); ///< The machine has died: all processes are gone and nobody is told.

  // What is there.
  std::set<runtime::worker_id> workers() const;
  std::set<runtime::work_key> running() const; ///< Works that a process has now.
  std::size_t started() const noexcept { return started_; }
  std::size_t gone_callers() const noexcept { return gone_callers_; }
  const runtime::worker_setting& setting_of(runtime::worker_id worker) const { return processes_.at(worker).setting; }

private:
  struct process {
    runtime::worker_setting setting;
    std::optional<runtime::work_key> work;
    bool is_actor = false;
    bool ending = false;
  };
  void at(std::chrono::nanoseconds after, runtime::worker_id worker, std::function<void(process&)> what);
  void run(runtime::worker_id worker, process& p, const caf_tune::runtime::v1::ToWorker::Run& order);
  void run_task(runtime::worker_id worker, const caf_tune::runtime::v1::ToWorker::Run& order);
  void answer(runtime::worker_id worker, const caf_tune::runtime::v1::ToWorker::Deliver& calls);
  void end_work(runtime::worker_id worker, runtime::work_key work, caf_tune::runtime::v1::WorkEnd end,
                std::chrono::nanoseconds after);
  void say(runtime::worker_id worker, const caf_tune::runtime::v1::FromWorker& message);
  void exit(runtime::worker_id worker, runtime::worker_exit how);

  alarm after_;
  fake_worker_options options_;
  listener listener_;
  std::map<runtime::worker_id, process> processes_;
  std::string why_no_start_;
  std::size_t started_ = 0;
  std::size_t gone_callers_ = 0;
};
