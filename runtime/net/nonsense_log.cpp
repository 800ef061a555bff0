#include "runtime/net/nonsense_log.hpp"

#include <utility>

#include <caf/actor_system.hpp>
#include <caf/message_view.hpp>
#include <caf/result.hpp>
#include <caf/scheduled_actor.hpp>
#include <caf/sec.hpp>
#include <caf/to_string.hpp>
#include <spdlog/spdlog.h>

namespace runtime {
namespace {

constexpr std::uint64_t told_each = 128;

} // namespace

nonsense_log::nonsense_log(std::string who, std::shared_ptr<spdlog::logger> log)
  : who_(std::move(who)),
    log_(log ? std::move(log) : spdlog::default_logger()) {
}

void nonsense_log::dropped(const std::string& what, const std::string& why) {
  if (times_++ % told_each == 0)
    log_->warn("message dropped by=\"{}\" what={} repeated={} why=\"{}\"", who_, what, times_, why);
}

void outlive_peers(caf::scheduled_actor& self, std::shared_ptr<nonsense_log> log) {
  self.set_exit_handler([log](caf::scheduled_actor* me, caf::exit_msg& exit) {
    if (!exit.source || exit.source.node() == me->node())
      return me->quit(std::move(exit.reason));
    log->dropped("exit", "only its own process may end it");
  });
  self.set_error_handler(
    [log](caf::scheduled_actor* me, caf::error& why) { log->dropped("error", me->system().render(why)); });
  self.set_default_handler([log](caf::scheduled_actor*, caf::message_view& view) -> caf::result<caf::message> {
    log->dropped("message", caf::to_string(view.copy_content_to_message()));
    return caf::sec::unexpected_message;
  });
}

} // namespace runtime
