// owner_actor: what it asks its head for its embedder.
#include <algorithm>
#include <chrono>
#include <utility>

#include <caf/behavior.hpp>
#include <caf/sec.hpp>
#include <fmt/format.h>

#include "runtime/net/caf_error.hpp"
#include "runtime/owner/owner_actor.hpp"
#include "runtime/owner/owner_wire.hpp"
#include "runtime/proto/tokens.pb.h"
#include "runtime/wire/protobuf_message.hpp"

namespace runtime {

void owner_actor::ask(ask_head question) {
  open_question open{std::move(question), {}};
  open.until = now() + open.question.deadline;
  if (core_.is_connected())
    return ask_now(std::move(open));
  questions_.emplace(++last_question_, std::move(open));
  arm_timer();
}

void owner_actor::ask_now(open_question open) {
  const auto left = open.until - now();
  const auto asked = request(head_, std::max<std::chrono::nanoseconds>(left, left.zero()), open.question.question).id();
  const auto answer = std::move(open.question.on_answer);
  add_multiplexed_response_handler(
    asked, caf::behavior{
             [answer](wire::Failure& why) { answer(fail(error_of(why))); },
             [answer](wire::ActorRecord& record) { answer(caf::make_message(std::move(record))); },
             [answer](wire::ClusterState& state) { answer(caf::make_message(std::move(state))); },
             [answer](wire::TokenReport& report) { answer(caf::make_message(std::move(report))); },
             [this, answer, deadline = open.question.deadline](const caf::error& why) {
               if (why == caf::sec::request_timeout)
                 answer(fail(errc::timed_out,
                             fmt::format("the head at {} did not answer within {} s; whether it did "
                                         "what was asked is unknown",
                                         options_.core.head_address, std::chrono::duration<double>(deadline).count())));
               else
                 answer(fail(within(fmt::format("the head at {} does not answer", options_.core.head_address),
                                    from_caf_error(why))));
             },
           });
}

void owner_actor::answer_late_questions() {
  const auto late = now();
  for (auto it = questions_.begin(); it != questions_.end();) {
    if (it->second.until > late) {
      ++it;
      continue;
    }
    auto open = std::move(it->second);
    it = questions_.erase(it);
    open.question.on_answer(fail(head_is_silent()));
  }
}

error owner_actor::head_is_silent() const {
  const auto& why = core_.why_head_is_down();
  return {errc::unreachable, fmt::format("the head at {} does not answer: {}", options_.core.head_address,
                                         why ? why->message : "it has not said that this program is welcome")};
}

} // namespace runtime
