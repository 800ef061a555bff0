#pragma once

#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <unordered_map>
#include <vector>

#include <caf/actor.hpp>
#include <caf/actor_proxy.hpp>

namespace caf_tune::runtime::v1 {
class Reply;
} // namespace caf_tune::runtime::v1

namespace runtime {
namespace wire = caf_tune::runtime::v1;

/// Stands in a worker for all remote callers of its hosted actor: passes their calls on as CAF messages and collects
/// the answers. To the actor it is the sender of each message. An answer is passed on at once when no other call is
/// open; while there are, answers gather and a thread passes them on, so that thousands of calls share a write.
class call_desk : public caf::actor_proxy {
public:
  /// Takes wire::Replies, serialised, for one caller. Called from several threads, not at the same time.
  using deliver_replies = std::function<void(std::uint64_t caller, std::string replies)>;

  /// Answers beyond this go separately, so that no frame becomes larger than the node manager reads; a larger one goes
  /// alone.
  static constexpr std::size_t most_gathered_bytes = 1u << 20;

  call_desk(caf::actor_config& config, deliver_replies deliver);
  ~call_desk() override;

  void serve(caf::actor whom);
  void on_calls(std::uint64_t caller, const std::string& calls); ///< wire::Calls, serialised.

  void enqueue(caf::mailbox_element_ptr what, caf::execution_unit*) override; ///< The answers of the hosted actor.
  void kill_proxy(caf::execution_unit* context, caf::error why) override;

private:
  struct open_call {
    std::uint64_t caller = 0;
    std::uint64_t id = 0;
  };
  struct answer {
    open_call to;
    caf::message content;
  };

  void reject(open_call call, const std::string& why);
  void pass_on(std::vector<answer> answers);
  wire::Reply to_reply(std::uint64_t id, const caf::message& content);
  void run();

  deliver_replies deliver_;
  caf::actor whom_;
  std::mutex mutex_;
  std::mutex delivering_; // Keeps the order of one caller's answers between the two ways that they go.
  std::condition_variable gathered_;
  std::unordered_map<std::uint64_t, open_call> open_; // By the number in the CAF message id.
  std::vector<answer> answers_;
  std::uint64_t last_ = 0;
  bool ending_ = false;
  std::thread thread_;
};

} // namespace runtime
