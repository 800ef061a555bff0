#include "runtime/worker/actor_host_actor.hpp"

#include "runtime/actor_type.hpp"
#include "runtime/base/describe_exception.hpp"
#include "runtime/message_codec.hpp"

#include <typeinfo>
#include <utility>

#include <caf/make_actor.hpp>
#include <caf/send.hpp>

namespace runtime {

caf::error end_of_actor(const std::exception_ptr& thrown) {
  return caf::make_error(caf::sec::runtime_error, describe_exception(thrown));
}

actor_host::config::config(const program_registry& program) {
  set("scheduler.policy", caf::atom("sharing"));
  set("scheduler.max-threads", 1); // One actor, whose handlers run one after the other.
  program.add_messages_to(*this);
}

actor_host::actor_host(const program_registry& program, call_desk::deliver_replies deliver)
  : program_(program),
    config_(program),
    system_(config_) {
  caf::actor_config desk;
  desk_handle_ = caf::make_actor<call_desk, caf::strong_actor_ptr>(system_.next_actor_id(), system_.node(), &system_,
                                                                   desk, std::move(deliver));
  desk_ = static_cast<call_desk*>(caf::actor_cast<caf::abstract_actor*>(desk_handle_));
}

actor_host::~actor_host() {
  desk_->kill_proxy(nullptr, caf::exit_reason::kill);
  if (hosted_)
    caf::anon_send_exit(hosted_, caf::exit_reason::kill);
  hosted_ = nullptr;
}

result<void> actor_host::host(const std::string& type_name, const std::string& arguments, actor_end on_end) {
  auto make = program_.actor(type_name);
  if (!make)
    return fail(make.error());
  result<caf::actor> made;
  try {
    made = (*make)(system_, arguments);
  } catch (...) {
    return fail(errc::user_code, describe_exception(std::current_exception()));
  }
  if (!made)
    return fail(within("actor type \"" + type_name + "\"", made.error()));
  hosted_ = std::move(*made);
  desk_->serve(hosted_);
  caf::actor_cast<caf::abstract_actor*>(hosted_)->attach_functor(
    [this, on_end = std::move(on_end)](const caf::error& reason) {
      if (!reason || reason == caf::exit_reason::normal || reason == caf::exit_reason::user_shutdown)
        on_end({});
      else
        on_end(fail(errc::user_code, describe_answer_error(system_, reason)));
    });
  return {};
}

void actor_host::on_calls(std::uint64_t caller, const std::string& calls) {
  desk_->on_calls(caller, calls);
}

void actor_host::stop() {
  if (hosted_)
    caf::anon_send_exit(hosted_, caf::exit_reason::user_shutdown);
}

} // namespace runtime
