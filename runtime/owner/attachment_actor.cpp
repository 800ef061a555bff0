#include "runtime/owner/attachment_actor.hpp"

#include <chrono>
#include <set>
#include <utility>

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/behavior.hpp>
#include <caf/send.hpp>
#include <fmt/format.h>

#include "runtime/base/overloaded.hpp"
#include "runtime/net/caf_error.hpp"
#include "runtime/net/nonsense_log.hpp"
#include "runtime/net/shell_failure.hpp"
#include "runtime/owner/dial_deadline.hpp"
#include "runtime/owner/owner_actor.hpp"
#include "runtime/owner/owner_wire.hpp"
#include "runtime/wire/protobuf_message.hpp"

namespace runtime {
namespace {

struct actor_found {
  result<actor_record> what;
};

constexpr std::chrono::seconds attach_deadline{5};

std::string name_of(const attachment_query& query) {
  return query.name.empty() ? fmt::format("{:x}", query.actor.value) : query.name;
}

[[nodiscard]] result<actor_record> read_answer(result<caf::message> answer) {
  if (!answer)
    return fail(std::move(answer.error()));
  if (!answer->match_elements<wire::ActorRecord>())
    return fail(errc::incompatible, "the head answers with something else than an actor");
  return read_actor_record(answer->get_as<wire::ActorRecord>(0));
}

} // namespace
} // namespace runtime

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(runtime::actor_found)

namespace runtime {

attachment_actor::attachment_actor(caf::actor_config& config, caf::actor owner, caf::actor middleman,
                                   attachment_query query, actor_watch watch)
  : event_based_actor(config),
    core_(name_of(query), query.options),
    owner_(std::move(owner)),
    middleman_(std::move(middleman)),
    query_(std::move(query)),
    watch_(std::move(watch)) {
  set_down_handler([this](const caf::down_msg& down) {
    if (!hosted_ || down.source != hosted_.address())
      return;
    hosted_ = nullptr;
    const auto is_far = down.reason == caf::exit_reason::remote_link_unreachable;
    perform(core_.on_lost(is_far ? error{errc::node_lost, "the link to its node is lost"}
                                 : error{errc::worker_lost, "it is not where it was"},
                          now()));
  });
  outlive_peers(*this, std::make_shared<nonsense_log>("attachment"));
  set_exception_handler(ends_actor(fmt::format("attachment to actor \"{}\"", name_of(query_)), nullptr,
                                   [this](const error& why) { end(fail(why)); }));
}

caf::behavior attachment_actor::make_behavior() {
  perform(core_.on_begin(now()));
  return {
    [this](actor_found& found) {
      perform(found.what ? core_.on_found(std::move(*found.what), now())
                         : core_.on_not_found(std::move(found.what.error()), now()));
    },
    [this](caf::tick_atom) {
      armed_.reset();
      perform(core_.on_time(now()));
    },
  };
}

void attachment_actor::on_exit() {
  end(fail(errc::cancelled, fmt::format("nobody follows actor \"{}\" any more", name_of(query_))));
  owner_ = middleman_ = node_ = hosted_ = nullptr;
}

void attachment_actor::end(const result<void>& how) {
  watch_.on_ended(how);
}

void attachment_actor::perform(const attachment_core::actions& actions) {
  for (const auto& action : actions)
    std::visit(overloaded{
                 [this](const attachment_core::find_actor&) { find_actor(); },
                 [this](const attachment_core::dial_node& a) { dial_node(a); },
                 [this](const attachment_core::attach& a) { attach(a); },
                 [this](const attachment_core::is_alive& a) {
                   if (watch_.on_alive)
                     watch_.on_alive(a.record, hosted_);
                 },
                 [this](const attachment_core::is_restarting& a) {
                   if (watch_.on_restarting)
                     watch_.on_restarting(a.why);
                 },
                 [this](const attachment_core::has_ended& a) {
                   end(a.how);
                   quit();
                 },
               },
               action);
  arm_timer();
}

void attachment_actor::find_actor() {
  wire::FindActor question;
  question.set_name(query_.name);
  question.set_actor_id(query_.actor.value);
  ask_head ask;
  ask.question = caf::make_message(std::move(question));
  ask.on_answer = [self = caf::actor_cast<caf::actor>(this)](result<caf::message> answer) {
    caf::anon_send(self, actor_found{read_answer(std::move(answer))});
  };
  send(owner_, std::move(ask));
}

void attachment_actor::dial_node(const attachment_core::dial_node& order) {
  request(middleman_, dial_deadline, caf::connect_atom_v, order.host, order.port)
    .then(
      [this](const caf::node_id&, const caf::strong_actor_ptr& node, const std::set<std::string>&) {
        node_ = caf::actor_cast<caf::actor>(node);
        perform(node ? core_.on_dialled(now()) : core_.on_dial_failed(now()));
      },
      [this](const caf::error&) { perform(core_.on_dial_failed(now())); });
}

void attachment_actor::attach(const attachment_core::attach& order) {
  wire::AttachActor question;
  *question.mutable_work() = make_work_key(order.work);
  question.set_actor_id(order.actor.value);
  const auto asked = request(node_, attach_deadline, std::move(question)).id();
  add_multiplexed_response_handler(asked, caf::behavior{
                                            [this](const wire::WorkStarted&) {
                                              hosted_ = caf::actor_cast<caf::actor>(current_sender());
                                              monitor(hosted_);
                                              perform(core_.on_attached(now()));
                                            },
                                            [this](const wire::Failure&) { perform(core_.on_refused(now())); },
                                            [this](const caf::error&) { perform(core_.on_refused(now())); },
                                          });
}

void attachment_actor::arm_timer() {
  const auto next = core_.wake_at();
  if (!next || (armed_ && *armed_ <= *next))
    return; // CAF cannot take back a delayed message: an earlier one on its way is enough.
  armed_ = next;
  delayed_send(this, *next - now(), caf::tick_atom_v);
}

} // namespace runtime
