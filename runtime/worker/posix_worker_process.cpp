#include "runtime/worker/posix_worker_process.hpp"

#include "runtime/base/describe_exception.hpp"
#include "runtime/base/short_text.hpp"
#include "runtime/base/version.hpp"
#include "runtime/limits.hpp"
#include "runtime/proto/worker.pb.h"
#include "runtime/worker/actor_host_actor.hpp"
#include "runtime/worker/posix_work_traces.hpp"
#include "runtime/worker/posix_worker_link.hpp"

#include <atomic>
#include <condition_variable>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <deque>
#include <iostream>
#include <memory>
#include <mutex>
#include <optional>
#include <sys/socket.h>
#include <sys/stat.h>
#include <thread>
#include <unistd.h>

namespace runtime {
namespace wire = caf_tune::runtime::v1;
namespace {

constexpr int link_descriptor = 3;
constexpr const char* thrown = "an exception went through the actor system";

[[noreturn]] void leave(int code) {
  std::cout.flush();
  std::fflush(nullptr);
  ::_exit(code); // No destructors of the user's globals: other threads still run.
}

wire::WorkEnd ended(wire::WorkEnd::Cause cause) {
  wire::WorkEnd end;
  end.set_cause(cause);
  return end;
}

wire::WorkEnd ended_with(const error& why) {
  auto end = ended(why.code == errc::user_code ? wire::WorkEnd::USER_ERROR : wire::WorkEnd::NOT_STARTED);
  end.mutable_why()->set_code(static_cast<std::uint32_t>(why.code));
  end.mutable_why()->set_message(short_text(why.message)); // A user's words, perhaps.
  return end;
}

class worker_process {
public:
  explicit worker_process(const program_registry& program) : program_(program), link_(link_descriptor) {}

  [[noreturn]] void run() {
    say_ready();
    std::thread([this] { read_link(); }).detach(); // Ends with the process.
    for (;;) {
      auto run = next_task();
      auto end = run_task(run);
      end_work(run.work(), std::move(end), traces_.left());
    }
  }

private:
  void say_ready() {
    wire::FromWorker message;
    message.mutable_ready()->set_version(version);
    send(message);
  }

  void read_link() {
    while (auto frame = link_.receive()) {
      wire::ToWorker message;
      if (!message.ParseFromString(*frame))
        leave(EXIT_FAILURE);
      on_message(message);
    }
    leave(EXIT_FAILURE); // The node manager has ended: nobody is left to work for.
  }

  void on_message(wire::ToWorker& message) {
    switch (message.what_case()) {
    case wire::ToWorker::kRun: on_run(std::move(*message.mutable_run())); break;
    case wire::ToWorker::kDeliver:
      if (actors_ && is_hosted(message.deliver().work()))
        actors_->on_calls(message.deliver().caller(), message.deliver().calls());
      break;
    case wire::ToWorker::kCallerGone: break; // Its answers are dropped by the node manager.
    case wire::ToWorker::kStop: on_stop(message.stop().work()); break;
    case wire::ToWorker::kExit: leave(EXIT_SUCCESS);
    case wire::ToWorker::WHAT_NOT_SET: break; // From a newer node manager.
    }
  }

  void on_run(wire::ToWorker::Run run) {
    if (run.actor())
      return host_actor(run);
    {
      std::lock_guard guard(mutex_);
      tasks_.push_back(std::move(run));
    }
    waiting_.notify_one();
  }

  void on_stop(const wire::WorkKey& work) {
    if (actors_ && is_hosted(work)) {
      stopped_ = true;
      actors_->stop();
    } // A task cannot be interrupted: the deadline ends its process.
  }

  wire::ToWorker::Run next_task() {
    std::unique_lock lock(mutex_);
    waiting_.wait(lock, [this] { return !tasks_.empty(); });
    auto run = std::move(tasks_.front());
    tasks_.pop_front();
    return run;
  }

  wire::WorkEnd run_task(const wire::ToWorker::Run& run) {
    const auto body = program_.task(run.type_name());
    if (!body)
      return ended_with(body.error());
    try {
      auto outcome = (*body)(run.arguments());
      if (!outcome)
        return ended_with(within("task type \"" + run.type_name() + "\"", outcome.error()));
      if (outcome->size() > most_message_bytes)
        return ended_with(
          {errc::user_code, too_large_message("the result of task \"" + run.type_name() + "\"", outcome->size())});
      auto end = ended(wire::WorkEnd::FINISHED);
      end.set_result(std::move(*outcome));
      return end;
    } catch (...) {
      return ended_with({errc::user_code, describe_exception(std::current_exception())});
    }
  }

  void host_actor(const wire::ToWorker::Run& run) {
    if (!actors_)
      actors_.emplace(program_,
                      [this](std::uint64_t caller, std::string replies) { reply(caller, std::move(replies)); });
    {
      std::lock_guard guard(mutex_);
      hosted_ = run.work();
    }
    stopped_ = false;
    const auto work = run.work();
    const auto hosting = actors_->host(run.type_name(), run.arguments(),
                                       [this, work](const result<void>& outcome) { on_actor_end(work, outcome); });
    if (!hosting)
      return end_work(work, ended_with(hosting.error()),
                      hosting.error().code != errc::user_code ? traces_.left() : thrown);
    wire::FromWorker message;
    *message.mutable_started()->mutable_work() = work;
    send(message);
  }

  void on_actor_end(const wire::WorkKey& work, const result<void>& outcome) {
    if (!outcome)
      return end_work(work, ended_with(outcome.error()), thrown);
    end_work(work, ended(stopped_ ? wire::WorkEnd::STOPPED : wire::WorkEnd::FINISHED), traces_.left());
  }

  /// `left`: why this process cannot host the next work; empty: it can.
  void end_work(const wire::WorkKey& work, wire::WorkEnd end, std::string left) {
    std::cout.flush();
    std::fflush(nullptr); // What the work printed is told before its end.
    wire::FromWorker message;
    auto& told = *message.mutable_ended();
    *told.mutable_work() = work;
    *told.mutable_end() = std::move(end);
    told.set_clean(left.empty());
    told.set_left(std::move(left));
    send(message);
  }

  void reply(std::uint64_t caller, std::string replies) {
    wire::FromWorker message;
    {
      std::lock_guard guard(mutex_);
      *message.mutable_deliver()->mutable_work() = hosted_;
    }
    message.mutable_deliver()->set_caller(caller);
    message.mutable_deliver()->set_replies(std::move(replies));
    send(message);
  }

  bool is_hosted(const wire::WorkKey& work) {
    std::lock_guard guard(mutex_);
    return work.lease_id() == hosted_.lease_id() && work.number() == hosted_.number();
  }

  void send(const wire::FromWorker& message) {
    if (!link_.send(message.SerializeAsString()))
      leave(EXIT_FAILURE);
  }

  const program_registry& program_;
  const posix_work_traces traces_;
  posix_worker_link link_;
  std::mutex mutex_;
  std::condition_variable waiting_;
  std::deque<wire::ToWorker::Run> tasks_;
  wire::WorkKey hosted_;
  std::optional<actor_host> actors_;
  std::atomic<bool> stopped_ = false;
};

} // namespace

bool is_worker_process() {
  const char* marker = std::getenv("CAF_TUNE_WORKER");
  struct stat descriptor {};
  return marker != nullptr && std::strcmp(marker, "1") == 0 && ::fstat(link_descriptor, &descriptor) == 0 &&
         S_ISSOCK(descriptor.st_mode);
}

void run_worker_process(const program_registry& program) {
  ::unsetenv("CAF_TUNE_WORKER"); // What the user's code starts is no worker.
  // Never destroyed before the threads that use it: the process leaves by _exit, also where user code calls exit().
  static worker_process process(program);
  ::on_exit([](int status, void*) { leave(status); }, nullptr);
  process.run();
}

} // namespace runtime
