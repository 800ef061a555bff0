#include "tests/support/fake_worker_launcher.hpp"

#include <cstdlib>
#include <utility>

using namespace runtime;
namespace wire = caf_tune::runtime::v1;

namespace {

work_key key_of(const wire::WorkKey& key) {
  return {lease_id(key.lease_id()), key.number()};
}

wire::WorkKey to_wire(work_key key) {
  wire::WorkKey out;
  out.set_lease_id(key.lease.value);
  out.set_number(key.number);
  return out;
}

wire::WorkEnd end_with(wire::WorkEnd::Cause cause, errc code, const char* message) {
  wire::WorkEnd end;
  end.set_cause(cause);
  end.mutable_why()->set_code(static_cast<std::uint32_t>(code));
  end.mutable_why()->set_message(message);
  return end;
}

worker_exit segmentation_fault(worker_id worker) {
  worker_exit exit;
  exit.worker = worker;
  exit.kind = exit_kind::signalled;
  exit.signal = 11;
  exit.signal_name = "SIGSEGV";
  return exit;
}

} // namespace

fake_worker_launcher::fake_worker_launcher(alarm after, fake_worker_options options)
  : after_(std::move(after)),
    options_(options) {
}

void fake_worker_launcher::start(worker_id worker, worker_program, worker_setting setting) {
  ++started_;
  processes_[worker].setting = std::move(setting);
  at(options_.start, worker, [this, worker](process& p) {
    if (!why_no_start_.empty()) {
      worker_exit none;
      none.worker = worker;
      none.kind = exit_kind::start_failed;
      none.message = why_no_start_;
      return exit(worker, std::move(none));
    }
    if (p.ending)
      return;
    listener_.on_started(worker, static_cast<std::uint32_t>(1000 + worker.value));
    wire::FromWorker ready;
    ready.mutable_ready()->set_version("fake");
    say(worker, ready);
  });
}

void fake_worker_launcher::send(worker_id worker, std::string frame) {
  const auto found = processes_.find(worker);
  if (found == processes_.end() || found->second.ending)
    return;
  auto& p = found->second;
  wire::ToWorker message;
  if (!message.ParseFromString(frame))
    return exit(worker, segmentation_fault(worker));
  switch (message.what_case()) {
  case wire::ToWorker::kRun: return run(worker, p, message.run());
  case wire::ToWorker::kDeliver: return answer(worker, message.deliver());
  case wire::ToWorker::kCallerGone: ++gone_callers_; return;
  case wire::ToWorker::kStop:
    if (p.is_actor && p.work == key_of(message.stop().work()))
      end_work(worker, *p.work, end_with(wire::WorkEnd::STOPPED, errc::cancelled, "it was stopped"), options_.answer);
    return; // A task cannot be interrupted.
  case wire::ToWorker::kExit:
    p.ending = true;
    at(options_.exit, worker, [this, worker](process&) {
      worker_exit clean;
      clean.worker = worker;
      exit(worker, std::move(clean));
    });
    return;
  case wire::ToWorker::WHAT_NOT_SET: return;
  }
}

void fake_worker_launcher::kill(worker_id worker, std::string why) {
  const auto found = processes_.find(worker);
  if (found == processes_.end())
    return;
  found->second.ending = true;
  at(options_.exit, worker, [this, worker, why = std::move(why)](process&) {
    worker_exit killed;
    killed.worker = worker;
    killed.message = why;
    killed.kind = exit_kind::signalled;
    killed.signal = 9;
    killed.signal_name = "SIGKILL";
    exit(worker, std::move(killed));
  });
}

void fake_worker_launcher::crash(worker_id worker) {
  exit(worker, segmentation_fault(worker));
}

void fake_worker_launcher::die() {
  processes_.clear();
  listener_ = {};
}

std::set<worker_id> fake_worker_launcher::workers() const {
  std::set<worker_id> out;
  for (const auto& [worker, p] : processes_)
    out.insert(worker);
  return out;
}

std::set<work_key> fake_worker_launcher::running() const {
  std::set<work_key> out;
  for (const auto& [worker, p] : processes_)
    if (p.work)
      out.insert(*p.work);
  return out;
}

void fake_worker_launcher::at(std::chrono::nanoseconds after, worker_id worker, std::function<void(process&)> what) {
  after_(after, [this, worker, what = std::move(what)] {
    if (const auto found = processes_.find(worker); found != processes_.end())
      what(found->second);
  });
}

void fake_worker_launcher::run(worker_id worker, process& p, const wire::ToWorker::Run& order) {
  const auto key = key_of(order.work());
  p.work = key;
  p.is_actor = order.actor();
  if (!order.actor())
    return run_task(worker, order);
  if (order.type_name() == "broken")
    return end_work(worker, key, end_with(wire::WorkEnd::USER_ERROR, errc::user_code, "no such file"), options_.answer);
  at(options_.answer, worker, [this, worker, key](process&) {
    wire::FromWorker started;
    *started.mutable_started()->mutable_work() = to_wire(key);
    say(worker, started);
  });
}

void fake_worker_launcher::run_task(worker_id worker, const wire::ToWorker::Run& order) {
  const auto key = key_of(order.work());
  const auto& type = order.type_name();
  if (type == "hang")
    return;
  if (type == "crash")
    return at(options_.answer, worker, [this, worker](process&) { crash(worker); });
  if (type == "fail")
    return end_work(worker, key, end_with(wire::WorkEnd::USER_ERROR, errc::user_code, "thrown"), options_.answer);
  if (type != "sleep")
    return end_work(worker, key, end_with(wire::WorkEnd::NOT_STARTED, errc::not_found, "no such type"),
                    options_.answer);
  wire::WorkEnd end;
  end.set_cause(wire::WorkEnd::FINISHED);
  end.set_result(order.arguments());
  end_work(worker, key, std::move(end), std::chrono::milliseconds(std::atoll(order.arguments().c_str())));
}

void fake_worker_launcher::answer(worker_id worker, const wire::ToWorker::Deliver& calls) {
  wire::Calls questions;
  wire::Replies replies;
  if (!questions.ParseFromString(calls.calls()))
    return exit(worker, segmentation_fault(worker));
  for (const auto& call : questions.calls())
    if (call.id() != 0) {
      auto& reply = *replies.add_replies();
      reply.set_id(call.id());
      reply.set_content(call.content());
    }
  wire::FromWorker message;
  auto& deliver = *message.mutable_deliver();
  *deliver.mutable_work() = calls.work();
  deliver.set_caller(calls.caller());
  deliver.set_replies(replies.SerializeAsString());
  at(options_.answer, worker, [this, worker, message](process&) { say(worker, message); });
}

void fake_worker_launcher::end_work(worker_id worker, work_key work, wire::WorkEnd end,
                                    std::chrono::nanoseconds after) {
  at(after, worker, [this, worker, work, end = std::move(end)](process& p) {
    if (p.ending || p.work != work)
      return;
    p.work.reset();
    wire::FromWorker message;
    auto& ended = *message.mutable_ended();
    *ended.mutable_work() = to_wire(work);
    *ended.mutable_end() = end;
    ended.set_clean(true);
    say(worker, message);
  });
}

void fake_worker_launcher::say(worker_id worker, const wire::FromWorker& message) {
  if (listener_.on_frames)
    listener_.on_frames(worker, {message.SerializeAsString()});
}

void fake_worker_launcher::exit(worker_id worker, worker_exit how) {
  if (processes_.erase(worker) != 0 && listener_.on_exit)
    listener_.on_exit(std::move(how));
}
