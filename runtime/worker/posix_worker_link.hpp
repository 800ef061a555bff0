#pragma once

#include <mutex>
#include <optional>
#include <string>
#include <vector>

namespace runtime {

/// A worker's end of the socket pair to its node manager: frames of 4 bytes of length (little endian) and content.
/// Blocking. One thread reads; send() may be called from any.
class posix_worker_link {
public:
  explicit posix_worker_link(int socket) : socket_(socket) {}

  /// The next frame; nothing when the node manager has ended.
  std::optional<std::string> receive();

  /// Frames one after the other, in one write where possible. False when the node manager has ended.
  bool send(const std::vector<std::string>& frames);
  bool send(const std::string& frame) { return send(std::vector<std::string>{frame}); }

private:
  bool fill();

  int socket_;
  std::string in_; // What has been read of frames that are not complete, from at_ on.
  std::size_t at_ = 0;
  std::mutex writing_;
};

} // namespace runtime
