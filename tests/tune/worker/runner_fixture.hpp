#pragma once

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <future>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <doctest/doctest.h>

#include "tune/worker/posix_trial_runner.hpp"

/// A directory that goes with the test.
class test_directory {
public:
  test_directory() {
    std::string name = (std::filesystem::temp_directory_path() / "caf-tune-test-XXXXXX").string();
    REQUIRE(::mkdtemp(name.data()) != nullptr);
    path_ = name;
  }
  ~test_directory() {
    std::error_code ignored;
    std::filesystem::remove_all(path_, ignored);
  }
  test_directory(const test_directory&) = delete;
  test_directory& operator=(const test_directory&) = delete;
  const tune::path& path() const { return path_; }

private:
  tune::path path_;
};

/// Checkpoints without manifests; fails on demand.
class fake_checkpoint_files : public tune::checkpoint_files {
public:
  [[nodiscard]] tune::result<std::optional<std::uint64_t>> write(const tune::path& directory,
                                                                 const fill& with) override {
    if (!why_not.empty())
      return tune::fail(tune::errc::io, why_not);
    std::filesystem::create_directories(directory);
    with(directory);
    if (std::filesystem::is_empty(directory))
      return std::optional<std::uint64_t>();
    written.push_back(directory.filename().string());
    return std::optional<std::uint64_t>(7);
  }
  [[nodiscard]] tune::result<void> check(const tune::path& directory) override {
    if (std::filesystem::exists(directory))
      return {};
    return tune::fail(tune::errc::not_found, directory.string() + ": it is not there");
  }

  std::string why_not; ///< Set: writing fails.
  std::vector<std::string> written;
};

/// The driver's side of a runner: asks, and waits for the event.
class conversation {
public:
  explicit conversation(tune::trial_runner& runner) : runner_(runner) {}

  template <class Event>
  Event begin(tune::attempt_order order) {
    return as<Event>(event_of([&](auto then) { return runner_.begin(std::move(order), std::move(then)); }));
  }
  template <class Event>
  Event answer(tune::attempt_answer answer) {
    return as<Event>(event_of([&](auto then) { return runner_.answer({answer, 0}, std::move(then)); }));
  }
  tune::attempt_report report() { return answer<tune::attempt_report>(tune::attempt_answer::go_on); }
  tune::attempt_over over(tune::attempt_answer last = tune::attempt_answer::go_on) {
    return answer<tune::attempt_over>(last);
  }
  /// All that was told since.
  tune::attempt_events events(tune::attempt_reply reply = {}) {
    return events_of([&](auto then) { return runner_.answer(reply, std::move(then)); });
  }
  /// Begins it, and answers go_on until it is over.
  tune::attempt_over run(tune::attempt_order order, std::vector<tune::attempt_report>* reports = nullptr) {
    begin<tune::attempt_alive>(std::move(order));
    for (;;) {
      auto event = event_of([&](auto then) { return runner_.answer({}, std::move(then)); });
      if (auto* over = std::get_if<tune::attempt_over>(&event))
        return std::move(*over);
      if (reports != nullptr)
        reports->push_back(as<tune::attempt_report>(std::move(event)));
    }
  }

private:
  template <class Ask>
  static tune::attempt_event event_of(Ask ask) {
    auto events = events_of(std::move(ask));
    REQUIRE(events.size() == 1); // Each report waits for its answer.
    return std::move(events.front());
  }
  template <class Ask>
  static tune::attempt_events events_of(Ask ask) {
    auto promise = std::make_shared<std::promise<tune::attempt_events>>();
    auto future = promise->get_future();
    runtime::or_throw(ask([promise](tune::attempt_events events) { promise->set_value(std::move(events)); }));
    return future.get();
  }
  template <class Event>
  static Event as(tune::attempt_event event) {
    REQUIRE(std::holds_alternative<Event>(event));
    return std::get<Event>(std::move(event));
  }

  tune::trial_runner& runner_;
};

inline std::string text_of(const tune::path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}
