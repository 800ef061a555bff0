#pragma once

#include "runtime/base/result.hpp"

#include <exception>
#include <functional>
#include <memory>
#include <string>

#include <caf/fwd.hpp>
#include <spdlog/fwd.h>

namespace runtime {

/// What an actor does with an exception that leaves one of its handlers. Every shell sets one: CAF's own would print it
/// and let the actor vanish, and whoever waits for it would wait for ever.
using exception_handler = std::function<caf::error(std::exception_ptr&)>;

/// For the parts of a node or head: an exception is a broken invariant of ours, or memory that ran out. It is logged as
/// critical, and `die` ends the process, which starts again from its state. `log` null: the default one; `die` null:
/// std::abort. `who` as in "node manager".
exception_handler ends_process(std::string who, std::shared_ptr<spdlog::logger> log = nullptr,
                               std::function<void()> die = nullptr);

/// For the parts of a driver, whose process is the user's: it is logged as critical, `last_act` gets it, to tell those
/// who wait, and the actor ends. `last_act` may be empty.
exception_handler ends_actor(std::string who, std::shared_ptr<spdlog::logger> log = nullptr,
                             std::function<void(const error&)> last_act = nullptr);

} // namespace runtime
