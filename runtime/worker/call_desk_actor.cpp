#include "runtime/worker/call_desk_actor.hpp"

#include "runtime/base/result.hpp"
#include "runtime/base/short_text.hpp"
#include "runtime/message_codec.hpp"
#include "runtime/wire/protobuf_message.hpp"

#include <utility>

#include <caf/actor_system.hpp>
#include <caf/mailbox_element.hpp>
#include <caf/message_id.hpp>

namespace runtime {
namespace {

void refuse(wire::Reply& reply, errc code, const std::string& why) {
  reply.mutable_why_not()->set_code(static_cast<std::uint32_t>(code));
  reply.mutable_why_not()->set_message(short_text(why)); // A user's words, perhaps.
}

} // namespace

call_desk::call_desk(caf::actor_config& config, deliver_replies deliver)
  : actor_proxy(config),
    deliver_(std::move(deliver)),
    thread_([this] { run(); }) {
}

call_desk::~call_desk() {
  {
    std::lock_guard guard(mutex_);
    ending_ = true;
  }
  gathered_.notify_all();
  thread_.join();
}

void call_desk::serve(caf::actor whom) {
  std::lock_guard guard(mutex_);
  whom_ = std::move(whom);
  open_.clear();
  answers_.clear();
}

void call_desk::kill_proxy(caf::execution_unit* context, caf::error why) {
  serve(nullptr);
  cleanup(std::move(why), context);
}

void call_desk::on_calls(std::uint64_t caller, const std::string& bytes) {
  wire::Calls calls;
  if (!calls.ParseFromString(bytes))
    return; // No call can be named in an answer.
  for (const auto& call : calls.calls()) {
    auto message = message_from_bytes(home_system(), call.content());
    if (!message) {
      reject({caller, call.id()}, message.error().message);
      continue;
    }
    caf::actor whom;
    auto mid = caf::make_message_id();
    {
      std::lock_guard guard(mutex_);
      whom = whom_;
      if (call.id() != 0) {
        mid = caf::make_message_id(++last_);
        open_.emplace(last_, open_call{caller, call.id()});
      }
    }
    if (whom)
      caf::actor_cast<caf::abstract_actor*>(whom)->enqueue(ctrl(), mid, std::move(*message), nullptr);
  }
}

void call_desk::enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) {
  if (!what->mid.is_response())
    return; // The hosted actor sends to its callers only by answering.
  std::vector<answer> alone;
  {
    std::lock_guard guard(mutex_);
    const auto found = open_.find(what->mid.request_id().integer_value());
    if (found == open_.end())
      return;
    answer given{found->second, what->move_content_to_message()};
    open_.erase(found);
    answers_.push_back(std::move(given));
    if (!open_.empty() && answers_.size() < 64) {
      if (answers_.size() == 1)
        gathered_.notify_one();
      return;
    }
    alone.swap(answers_);
    delivering_.lock();
  }
  std::lock_guard guard(delivering_, std::adopt_lock);
  pass_on(std::move(alone));
}

void call_desk::reject(open_call call, const std::string& why) {
  if (call.id == 0)
    return;
  wire::Replies replies;
  auto& reply = *replies.add_replies();
  reply.set_id(call.id);
  refuse(reply, errc::invalid_argument, why);
  std::lock_guard guard(delivering_);
  deliver_(call.caller, replies.SerializeAsString());
}

void call_desk::pass_on(std::vector<answer> answers) {
  struct batch {
    wire::Replies replies;
    std::size_t bytes = 0;
  };
  std::map<std::uint64_t, batch> by_caller;
  for (auto& [to, content] : answers) {
    auto reply = to_reply(to.id, content);
    content = {}; // Many large ones are not to be held twice.
    const auto bytes = reply.ByteSizeLong();
    auto& gathered = by_caller[to.caller];
    if (gathered.bytes != 0 && gathered.bytes + bytes > most_gathered_bytes) {
      deliver_(to.caller, gathered.replies.SerializeAsString());
      gathered = {};
    }
    gathered.bytes += bytes;
    *gathered.replies.add_replies() = std::move(reply);
  }
  for (const auto& [caller, gathered] : by_caller)
    deliver_(caller, gathered.replies.SerializeAsString());
}

wire::Reply call_desk::to_reply(std::uint64_t id, const caf::message& content) {
  wire::Reply reply;
  reply.set_id(id);
  if (content.match_elements<caf::error>())
    refuse(reply, errc::user_code, describe_answer_error(home_system(), content.get_as<caf::error>(0)));
  else if (auto bytes = message_to_bytes(home_system(), content))
    reply.set_content(std::move(*bytes));
  else
    refuse(reply, bytes.error().code, bytes.error().message);
  return reply;
}

void call_desk::run() {
  std::unique_lock lock(mutex_);
  for (;;) {
    gathered_.wait(lock, [this] { return ending_ || !answers_.empty(); });
    if (ending_)
      return;
    auto taken = std::exchange(answers_, {});
    delivering_.lock(); // Taken in the order of taking the answers.
    lock.unlock();
    {
      std::lock_guard guard(delivering_, std::adopt_lock);
      pass_on(std::move(taken));
    }
    lock.lock();
  }
}

} // namespace runtime
