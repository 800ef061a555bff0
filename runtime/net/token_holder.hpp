#pragma once

#include "runtime/net/token_ring.hpp"

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>

namespace runtime {

/// The tokens that are good in this process. They may be replaced while links use them: whatever shakes hands asks for
/// them anew. Any thread.
class token_holder {
public:
  explicit token_holder(const token_ring& ring) : ring_(std::make_shared<const token_ring>(ring)) {}

  std::shared_ptr<const token_ring> now() const;
  void replace(const token_ring& ring); ///< Then tells the listeners.

  /// Hears of each replacement for as long as it lives, on the thread that replaces: it only passes on.
  class listener {
  public:
    listener(std::shared_ptr<token_holder> tokens, std::function<void()> on_replaced);
    ~listener(); ///< Afterwards there are no more calls.
    listener(const listener&) = delete;
    listener& operator=(const listener&) = delete;

  private:
    const std::shared_ptr<token_holder> tokens_;
    std::uint64_t number_ = 0;
  };

private:
  mutable std::mutex mutex_;
  std::shared_ptr<const token_ring> ring_;
  std::mutex listening_; ///< Held during the calls.
  std::map<std::uint64_t, std::function<void()>> listeners_;
  std::uint64_t last_listener_ = 0;
};

} // namespace runtime
