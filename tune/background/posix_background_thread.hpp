#pragma once

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "tune/background/background.hpp"

namespace tune {

/// A thread, and the steady clock. It begins with start() and has ended when finish() returns.
class background_thread : public background {
public:
  background_thread() = default;
  ~background_thread() override;
  background_thread(const background_thread&) = delete;
  background_thread& operator=(const background_thread&) = delete;

  void start(step what) override;
  void wake() override;
  void finish() override;
  runtime::instant now() const override;

private:
  void run();
  void wait(std::unique_lock<std::mutex>& hold, std::optional<runtime::instant> until);

  step step_;
  std::mutex mutex_;
  std::condition_variable news_;
  bool is_woken_ = false;
  bool ends_ = false;
  std::thread thread_;
};

} // namespace tune
