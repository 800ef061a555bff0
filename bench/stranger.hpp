#pragma once

#include <cstdint>

#include <sys/types.h>

namespace bench {

/// A process without the token that connects to a port of this machine again and again for as long as this lives, sends
/// garbage, and leaves.
class stranger {
public:
  stranger(std::uint16_t port, unsigned connects_per_second); ///< Throws std::runtime_error.
  ~stranger();
  stranger(const stranger&) = delete;
  stranger& operator=(const stranger&) = delete;

private:
  pid_t process_ = 0;
};

} // namespace bench
