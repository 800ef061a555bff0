#include "tune/driver/actor_failure.hpp"

#include <caf/error.hpp>
#include <caf/exit_reason.hpp>
#include <caf/sec.hpp>
#include <fmt/format.h>

#include "runtime/base/describe_exception.hpp"

namespace tune {

std::function<caf::error(std::exception_ptr&)> ends_experiment(std::string who,
                                                               std::function<void(const error&)> last_act) {
  return [who = std::move(who), last_act = std::move(last_act)](std::exception_ptr& thrown) -> caf::error {
    last_act({errc::io, fmt::format("{} failed, which is a mistake of the library: {}; the experiment can be resumed",
                                    who, runtime::describe_exception(thrown))});
    return caf::make_error(caf::exit_reason::unhandled_exception);
  };
}

} // namespace tune
