#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <caf/fwd.hpp>
#include <spdlog/fwd.h>

namespace runtime {

/// Warns of messages that an actor cannot use. The first is told of and then each 128th: a peer that repeats itself
/// must not fill the disk. For the actor's own thread.
class nonsense_log {
public:
  /// `who` as in "node manager"; `log` null: the default one.
  explicit nonsense_log(std::string who, std::shared_ptr<spdlog::logger> log = nullptr);

  void dropped(const std::string& what, const std::string& why);

private:
  std::string who_;
  std::shared_ptr<spdlog::logger> log_;
  std::uint64_t times_ = 0;
};

/// A shell hears messages of other processes, and none of them may end it: exits are taken from actors of its own
/// process only, errors and messages that it does not know are logged and dropped. CAF's own handlers would end it with
/// the first two and print the third to standard output. (exit_reason::kill cannot be refused: CAF asks no handler.)
void outlive_peers(caf::scheduled_actor& self, std::shared_ptr<nonsense_log> log);

} // namespace runtime
