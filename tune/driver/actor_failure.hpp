#pragma once

#include <exception>
#include <functional>
#include <string>

#include <caf/fwd.hpp>

#include "tune/vocabulary.hpp"

namespace tune {

/// What an actor of a driver does with an exception that leaves one of its handlers, which is a broken invariant of
/// ours or memory that ran out: `last_act` gets it, to tell those who wait, and the actor ends. `who` as in "the
/// experiment's controller".
std::function<caf::error(std::exception_ptr&)> ends_experiment(std::string who,
                                                               std::function<void(const error&)> last_act);

} // namespace tune
