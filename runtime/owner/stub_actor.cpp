#include "runtime/owner/stub_actor.hpp"

#include <utility>

#include <caf/actor_system.hpp>
#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/behavior.hpp>
#include <caf/exit_reason.hpp>
#include <caf/message_view.hpp>
#include <caf/result.hpp>
#include <caf/send.hpp>

#include "runtime/base/overloaded.hpp"
#include "runtime/net/caf_error.hpp"
#include "runtime/net/nonsense_log.hpp"
#include "runtime/net/shell_failure.hpp"
#include "runtime/owner/owner_wire.hpp"
#include "runtime/wire/protobuf_message.hpp"

namespace runtime {
namespace {

struct stub_call {
  std::string content;
  stub_core::reply to;
};
struct stub_alive {
  caf::actor hosted;
};
struct stub_out_of_reach {
  error why;
};
struct stub_restarting {
  error why;
};
struct stub_ended {
  result<void> how;
};

stub_core::reply make_reply(actor_stub::on_reply then, std::string name, std::shared_ptr<stub_end> end) {
  return {std::move(then), [name = std::move(name), end = std::move(end)] {
            return stub_core::after_end(name, end->get().value_or(fail(errc::cancelled, "its stub has ended")));
          }};
}

caf::exit_reason exit_reason_of(const result<void>& how) {
  if (how)
    return caf::exit_reason::normal;
  switch (how.error().code) {
  case errc::cancelled: return caf::exit_reason::user_shutdown;
  case errc::user_code: return caf::exit_reason::unhandled_exception;
  case errc::node_lost: return caf::exit_reason::remote_link_unreachable;
  default: return caf::exit_reason::kill;
  }
}

} // namespace
} // namespace runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::stub_call)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::stub_alive)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::stub_out_of_reach)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::stub_restarting)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::stub_ended)

namespace runtime {

std::optional<result<void>> stub_end::get() const {
  std::lock_guard guard(mutex_);
  return how_;
}

void stub_end::set(result<void> how) {
  decltype(listeners_) listeners;
  {
    std::lock_guard guard(mutex_);
    if (how_)
      return;
    how_ = how;
    listeners.swap(listeners_);
  }
  for (const auto& listener : listeners)
    listener(how);
}

void stub_end::listen(std::function<void(const result<void>&)> listener) {
  {
    std::lock_guard guard(mutex_);
    if (!how_) {
      listeners_.push_back(std::move(listener));
      return;
    }
  }
  listener(*how_); // Set once, so that it does not change any more.
}

actor_stub::actor_stub(caf::actor_system& system, std::string name, message_codec codec, stub_options options)
  : name_(std::move(name)),
    end_(std::make_shared<stub_end>()),
    actor_(system.spawn<stub_actor>(name_, std::move(codec), options, end_)) {
}

void actor_stub::call(std::string content, on_reply then) const {
  caf::anon_send(actor_, stub_call{std::move(content), make_reply(std::move(then), name_, end_)});
}

void actor_stub::tell(std::string content) const {
  caf::anon_send(actor_, stub_call{std::move(content), nullptr});
}

void actor_stub::on_ended(std::function<void(const result<void>&)> listener) const {
  end_->listen(std::move(listener));
}

actor_watch actor_stub::watch() const {
  actor_watch watch;
  watch.on_alive = [stub = actor_](const actor_record&, const caf::actor& hosted) {
    caf::anon_send(stub, stub_alive{hosted});
  };
  watch.on_out_of_reach = [stub = actor_](const error& why) { caf::anon_send(stub, stub_out_of_reach{why}); };
  watch.on_restarting = [stub = actor_](const error& why) { caf::anon_send(stub, stub_restarting{why}); };
  watch.on_ended = [stub = actor_](const result<void>& how) { caf::anon_send(stub, stub_ended{how}); };
  return watch;
}

stub_actor::stub_actor(caf::actor_config& config, std::string name, message_codec codec, stub_options options,
                       std::shared_ptr<stub_end> end)
  : event_based_actor(config),
    core_(name, options),
    codec_(std::move(codec)),
    end_(std::move(end)) {
  set_down_handler([this](const caf::down_msg& down) { lose_handle(down); });
  outlive_peers(*this, std::make_shared<nonsense_log>("stub"));
  set_default_handler([this](caf::scheduled_actor*, caf::message_view& message) { return pass_on(message); });
  set_exception_handler(ends_actor(fmt::format("stub of actor \"{}\"", name), nullptr,
                                   [this](const error& why) { end_->set(fail(why)); })); // on_exit() answers the calls.
}

caf::behavior stub_actor::make_behavior() {
  return {
    [this](stub_call& call) {
      core_.on_call(std::move(call.content), std::move(call.to), now(), actions_);
      perform();
    },
    [this](wire::Replies& replies) {
      for (auto& reply : *replies.mutable_replies())
        core_.on_reply(reply.id(),
                       reply.has_why_not() ? result<std::string>(fail(error_of(reply.why_not())))
                                           : result<std::string>(std::move(*reply.mutable_content())),
                       actions_);
      core_.on_replies_end(actions_);
      perform();
    },
    [this](stub_alive& event) {
      if (hosted_)
        demonitor(hosted_);
      hosted_ = std::move(event.hosted);
      monitor(hosted_);
      core_.on_alive(actions_);
      perform();
    },
    [this](const stub_out_of_reach& event) {
      core_.on_node_lost(event.why, actions_);
      perform();
    },
    [this](const stub_restarting& event) {
      core_.on_restarting(event.why, actions_);
      perform();
    },
    [this](const stub_ended& event) { finish(event.how); },
    [this](caf::tick_atom) {
      armed_.reset();
      core_.on_time(now(), actions_);
      perform();
    },
  };
}

void stub_actor::finish(result<void> how) {
  end_->set(how);
  core_.on_ended(how, actions_);
  perform();
  quit(exit_reason_of(how));
}

void stub_actor::on_exit() {
  const error closed{errc::cancelled, "its stub has ended"}; // Unless its end is known.
  end_->set(fail(closed));
  core_.on_ended(fail(closed), actions_);
  perform();
  hosted_ = nullptr;
}

void stub_actor::lose_handle(const caf::down_msg& down) {
  if (!hosted_ || down.source != hosted_.address())
    return;
  hosted_ = nullptr;
  if (down.reason == caf::exit_reason::remote_link_unreachable)
    core_.on_node_lost({errc::node_lost, "the link to its node is lost"}, actions_);
  else
    core_.on_handle_lost(now());
  perform();
}

caf::result<caf::message> stub_actor::pass_on(caf::message_view& message) {
  auto content = codec_.encode(message.move_content_to_message());
  const bool is_request = current_mailbox_element()->mid.is_request();
  if (!content) {
    if (is_request)
      return to_caf_error(content.error());
    return caf::delegated<caf::message>{}; // Nobody waits, so that there is nobody to tell.
  }
  stub_core::reply to;
  if (is_request)
    to = stub_core::reply([this, promise = make_response_promise()](const result<std::string>& answer) mutable {
      auto decoded = answer ? codec_.decode(*answer) : fail(answer.error());
      if (decoded)
        promise.deliver(std::move(*decoded));
      else
        promise.deliver(to_caf_error(decoded.error()));
    });
  core_.on_call(std::move(*content), std::move(to), now(), actions_);
  perform();
  return caf::delegated<caf::message>{};
}

void stub_actor::perform() {
  for (auto& action : actions_)
    std::visit(overloaded{
                 [this](stub_core::send_calls& a) {
                   wire::Calls calls;
                   calls.mutable_calls()->Reserve(static_cast<int>(a.calls.size()));
                   for (auto& call : a.calls) {
                     auto& out = *calls.add_calls();
                     out.set_id(call.id);
                     out.set_content(std::move(call.content));
                   }
                   send(hosted_, std::move(calls));
                 },
                 [](stub_core::answer& a) { a.to(std::move(a.content)); },
               },
               action);
  actions_.clear();
  arm_timer();
}

void stub_actor::arm_timer() {
  const auto next = core_.wake_at();
  if (!next || (armed_ && *armed_ <= *next))
    return; // CAF cannot take back a delayed message: an earlier one on its way is enough.
  armed_ = next;
  delayed_send(this, *next - now(), caf::tick_atom_v);
}

} // namespace runtime
