#include "runtime/node/hosted_actor.hpp"

#include <caf/actor_cast.hpp>
#include <caf/behavior.hpp>
#include <caf/exit_reason.hpp>
#include <caf/response_promise.hpp>
#include <caf/send.hpp>

#include "runtime/limits.hpp"
#include "runtime/net/nonsense_log.hpp"
#include "runtime/net/shell_failure.hpp"
#include "runtime/node/node_wire.hpp"
#include "runtime/proto/worker.pb.h"
#include "runtime/wire/protobuf_message.hpp"

namespace runtime {
namespace {

caf::exit_reason reason_of(wire::WorkEnd::Cause cause) {
  switch (cause) {
  case wire::WorkEnd::FINISHED: return caf::exit_reason::normal;
  case wire::WorkEnd::USER_ERROR: return caf::exit_reason::unhandled_exception;
  case wire::WorkEnd::STOPPED:
  case wire::WorkEnd::NOT_STARTED: return caf::exit_reason::user_shutdown;
  default: return caf::exit_reason::kill;
  }
}

} // namespace

hosted_actor::hosted_actor(caf::actor_config& config, hosted_work work, std::shared_ptr<worker_launcher> workers,
                           caf::actor owner)
  : event_based_actor(config),
    work_(work),
    workers_(std::move(workers)),
    owner_(std::move(owner)) {
  set_down_handler([this](caf::down_msg& down) { forget(down.source); });
  outlive_peers(*this, std::make_shared<nonsense_log>("hosted actor"));
  set_exception_handler(ends_process("node manager's hosted actor"));
}

caf::behavior hosted_actor::make_behavior() {
  if (owner_)
    send(owner_, started());
  owner_ = nullptr;
  return {
    [this](const wire::Calls& calls) { on_calls(calls); },
    [this](const worker_frames& message) {
      for (const auto& frame : message.frames)
        on_frame(frame);
    },
    [this](const announce_hosted& order) { send(order.owner, started()); },
    [this](const wire::AttachActor& ask) -> caf::response_promise {
      auto answer = make_response_promise();
      if (actor_id(ask.actor_id()) == work_.actor) {
        answer.deliver(started());
        return answer;
      }
      answer.deliver(node_wire::to_wire(
        error{errc::not_found, fmt::format("actor {} does not run here; actor {} does", ask.actor_id(), work_.actor)}));
      return answer;
    },
    [this](const hosted_ended& order, const wire::WorkEnded& end) { on_end(order, end); },
  };
}

void hosted_actor::on_exit() {
  callers_.clear();
  numbers_.clear();
  latest_ = nullptr;
  workers_ = nullptr; // Handles outlive the actor; what it holds must not.
}

void hosted_actor::on_calls(const wire::Calls& calls) {
  const auto& caller = current_sender();
  const auto number = caller ? number_of(caller) : 0;
  if (caller && number == 0)
    return refuse(calls, fmt::format("this actor has {} callers already", max_callers));
  if (const auto bytes = calls.ByteSizeLong(); bytes > most_batch_bytes)
    return refuse(calls, too_large_message("a batch of calls", bytes, most_batch_bytes));
  wire::ToWorker message;
  auto& deliver = *message.mutable_deliver();
  *deliver.mutable_work() = node_wire::to_wire(work_.key);
  deliver.set_caller(number);
  calls.SerializeToString(deliver.mutable_calls());
  tell_worker(message);
}

hosted_actor::caller_number hosted_actor::number_of(const caf::strong_actor_ptr& caller) {
  if (caller == latest_)
    return latest_number_;
  const auto address = caf::actor_cast<caf::actor_addr>(caller);
  auto known = numbers_.find(address);
  if (known == numbers_.end()) {
    if (numbers_.size() >= max_callers)
      return 0;
    known = numbers_.emplace(address, ++last_).first;
    callers_.emplace(last_, caf::actor_cast<caf::actor>(caller));
    monitor(caf::actor_cast<caf::actor>(caller));
  }
  latest_ = caller;
  latest_number_ = known->second;
  return known->second;
}

void hosted_actor::refuse(const wire::Calls& calls, const std::string& why) {
  if (!current_sender())
    return; // Nobody who could be answered.
  wire::Replies replies;
  for (const auto& call : calls.calls())
    if (call.id() != 0) {
      auto& reply = *replies.add_replies();
      reply.set_id(call.id());
      *reply.mutable_why_not() = node_wire::to_wire(error{errc::too_large, why});
    }
  send(caf::actor_cast<caf::actor>(current_sender()), std::move(replies));
}

void hosted_actor::on_frame(const std::string& frame) {
  wire::FromWorker message;
  wire::Replies replies;
  if (!message.ParseFromString(frame) || !replies.ParseFromString(message.deliver().replies()))
    return workers_->kill(work_.worker, describe_nonsense(frame)); // Its callers would wait for ever for what it meant.
  if (const auto caller = callers_.find(message.deliver().caller()); caller != callers_.end())
    send(caller->second, std::move(replies));
}

void hosted_actor::forget(const caf::actor_addr& caller) {
  const auto gone = numbers_.find(caller);
  if (gone == numbers_.end())
    return;
  wire::ToWorker message;
  *message.mutable_caller_gone()->mutable_work() = node_wire::to_wire(work_.key);
  message.mutable_caller_gone()->set_caller(gone->second);
  tell_worker(message);
  callers_.erase(gone->second);
  numbers_.erase(gone);
  latest_ = nullptr;
}

void hosted_actor::on_end(const hosted_ended& order, const wire::WorkEnded& end) {
  if (order.owner)
    send(order.owner, end);
  quit(reason_of(end.end().cause()));
}

wire::WorkStarted hosted_actor::started() const {
  wire::WorkStarted message;
  *message.mutable_work() = node_wire::to_wire(work_.key);
  message.set_worker_id(work_.worker.value);
  message.set_process_id(work_.process_id);
  return message;
}

void hosted_actor::tell_worker(const wire::ToWorker& message) {
  workers_->send(work_.worker, message.SerializeAsString());
}

} // namespace runtime
