#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>
#include <utility>

namespace tune {

/// The questions about an experiment that its driver has not answered: in order, each given to it once, and answered
/// once. A driver that asks for the next one while there is none is given the next that comes.
class question_board {
public:
  using number = std::uint64_t;
  static constexpr std::size_t most = 1'000; ///< Unanswered at once.

  /// Nothing: there are too many already.
  std::optional<number> on_ask(std::string question) {
    if (open_.size() >= most)
      return std::nullopt;
    open_.insert(++last_);
    waiting_.emplace_back(last_, std::move(question));
    return last_;
  }

  void on_driver_waits() noexcept { driver_waits_ = true; }

  /// What the driver is to be given now, if it waits and there is one; then it does not wait any more.
  std::optional<std::pair<number, std::string>> take() {
    if (!driver_waits_ || waiting_.empty())
      return std::nullopt;
    driver_waits_ = false;
    auto next = std::move(waiting_.front());
    waiting_.pop_front();
    return next;
  }

  /// Whether somebody waits for this answer.
  bool on_answer(number question) { return open_.erase(question) != 0; }

private:
  number last_ = 0;
  bool driver_waits_ = false;
  std::set<number> open_;
  std::deque<std::pair<number, std::string>> waiting_; ///< That the driver was not given yet.
};

} // namespace tune
