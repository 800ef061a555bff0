#include "tests/integration/program_under_test.hpp"

#include <array>
#include <csignal>
#include <cstdlib>
#include <optional>
#include <stdexcept>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <nlohmann/json.hpp>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/random_stream.hpp"

// caf-tune ask-tell as a program in another language uses it: over pipes, killed at any line.

namespace {

using nlohmann::json;

const char* const space = "lr: {loguniform: [1e-5, 0.1]}\nlayers: {randint: [1, 4]}\nact: {choice: [relu, tanh]}\n";

/// caf-tune ask-tell, with its standard input and output in our hands.
class asked_program {
public:
  explicit asked_program(const words& command) {
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    REQUIRE(::pipe2(in.data(), O_CLOEXEC) == 0);
    REQUIRE(::pipe2(out.data(), O_CLOEXEC) == 0);
    process_ = ::fork();
    REQUIRE(process_ >= 0);
    if (process_ == 0) {
      ::dup2(in[0], STDIN_FILENO);
      ::dup2(out[1], STDOUT_FILENO);
      std::vector<char*> arguments;
      for (const auto& word : command)
        arguments.push_back(const_cast<char*>(word.c_str()));
      arguments.push_back(nullptr);
      ::execv(arguments.front(), arguments.data());
      ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    in_ = in[1];
    out_ = out[0];
  }
  ~asked_program() {
    kill();
    end();
  }
  asked_program(const asked_program&) = delete;
  asked_program& operator=(const asked_program&) = delete;

  void send(const std::string& line) { // A pipe holds more than these.
    const auto text = line + "\n";
    REQUIRE(::write(in_, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
  }
  void kill() {
    if (process_ > 0)
      ::kill(process_, SIGKILL);
  }
  void wait_for_answer(int at_most_ms) const {
    pollfd out{out_, POLLIN, 0};
    ::poll(&out, 1, at_most_ms);
  }
  /// The next line; none: it has ended.
  std::optional<std::string> read() {
    for (;;) {
      if (const auto end = unread_.find('\n'); end != std::string::npos) {
        auto line = unread_.substr(0, end);
        unread_.erase(0, end + 1);
        return line;
      }
      std::array<char, 4096> piece{};
      const auto got = ::read(out_, piece.data(), piece.size());
      if (got <= 0)
        return std::nullopt;
      unread_.append(piece.data(), static_cast<std::size_t>(got));
    }
  }
  /// Its exit code, after the end of its input.
  int end() {
    if (process_ <= 0)
      return -1;
    ::close(in_);
    int status = 0;
    REQUIRE(::waitpid(process_, &status, 0) == process_);
    ::close(out_);
    process_ = 0;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

private:
  pid_t process_ = 0;
  int in_ = -1;
  int out_ = -1;
  std::string unread_;
};

/// A client that runs a search to its end, and writes down each configuration, decision and best that it was answered.
/// With chance, its caf-tune is killed again and again: before or after it has read a line, or many.
class search_client {
public:
  search_client(words command, runtime::random_stream* chance) : command_(std::move(command)), chance_(chance) {
    start();
  }

  json run(int trials) {
    while (highest_ < static_cast<std::uint64_t>(trials))
      for (const auto& trial : ask(3))
        evaluate(trial);
    heard_.push_back(say({{"best", true}}));
    CHECK(process_->end() == 0);
    return heard_;
  }
  int kills() const { return kills_; }

private:
  void start() {
    process_.emplace(command_);
    lines_until_kill_ = chance_ == nullptr ? -1 : static_cast<int>(chance_->below(30));
  }

  /// The answer; none: it was killed instead, and runs again.
  std::optional<json> read() {
    if (lines_until_kill_-- == 0) {
      process_->wait_for_answer(static_cast<int>(chance_->below(8)));
      process_->kill();
      ++kills_;
      const auto last = chance_->chance(0.5) ? process_->read() : std::nullopt; // It may have been quicker.
      process_->end();
      start();
      if (!last)
        return std::nullopt;
      lost_ = true;
      return json::parse(*last);
    }
    const auto line = process_->read();
    REQUIRE(line);
    return json::parse(*line);
  }

  /// Said until it is answered.
  json say(const json& what) {
    for (;;) {
      lost_ = false;
      process_->send(what.dump());
      if (auto answer = read()) {
        REQUIRE_MESSAGE(!answer->contains("error"), answer->dump());
        return *answer;
      }
    }
  }

  std::vector<json> ask(std::size_t count) {
    std::vector<json> trials;
    lost_ = false;
    process_->send(json{{"ask", count}}.dump());
    while (trials.size() < count) {
      const auto answer = read();
      if (answer && answer->contains("config") && (*answer)["trial"] > highest_) {
        highest_ = (*answer)["trial"];
        trials.push_back(*answer);
      }
      if (answer && !lost_)
        continue;
      lost_ = false; // What was not seen is pending, or was never created: then it is asked for again.
      const auto open = say({{"pending", true}});
      for (const auto& each : open["pending"])
        if (each["trial"] > highest_ && trials.size() < count) {
          highest_ = each["trial"];
          trials.push_back({{"trial", each["trial"]}, {"config", each["config"]}});
        }
      lost_ = false;
      if (trials.size() < count)
        process_->send(json{{"ask", count - trials.size()}}.dump());
    }
    for (const auto& each : trials)
      heard_.push_back(each);
    return trials;
  }

  void evaluate(const json& trial) {
    const auto& id = trial["trial"];
    const auto value = trial["config"]["lr"].get<double>();
    for (const int iteration : {1, 2, 4, 8}) { // With gaps.
      auto answer = say({{"report", {{"trial", id}, {"iteration", iteration}, {"value", value / iteration}}}});
      answer.erase("reason"); // Who asks again after a stop is told another.
      heard_.push_back(answer);
      if (answer["decision"] == "stop")
        return;
    }
    heard_.push_back(say({{"tell", {{"trial", id}, {"value", value}}}}));
  }

  words command_;
  runtime::random_stream* chance_;
  std::optional<asked_program> process_;
  json heard_ = json::array();
  std::uint64_t highest_ = 0;
  int lines_until_kill_ = -1;
  int kills_ = 0;
  bool lost_ = false;
};

words ask_tell(const temporary_directory& folder, const words& more = {}) {
  write_text(folder / "space.yaml", space);
  return words{CAF_TUNE, "ask-tell", "--space", folder / "space.yaml"} + more;
}

/// With this on its standard input.
program_end run_with(const temporary_directory& folder, const std::string& input, const words& command) {
  write_text(folder / "input", input);
  std::string line = "exec";
  for (const auto& word : command)
    line += " '" + word + "'";
  return run_program(folder, {"/bin/sh", "-c", line + " < '" + (folder / "input") + "'"});
}

} // namespace

TEST_CASE("ask-tell: killed at any line and started again, it goes on as if nothing had happened (I5, I6)") {
  const temporary_directory folder;
  const words flags = {"--mode", "min", "--seed", "7", "--scheduler", R"({"name": "asha", "max_t": 9})"};
  search_client undisturbed(ask_tell(folder, flags), nullptr);
  const auto expected = undisturbed.run(120);
  runtime::random_stream chance(std::getenv("CAF_TUNE_SEED") == nullptr ? 1
                                                                        : std::stoull(std::getenv("CAF_TUNE_SEED")));

  search_client killed(ask_tell(folder, flags + words{"--journal", folder / "search"}), &chance);
  const auto heard = killed.run(120);

  CHECK(heard == expected);
  CHECK(killed.kills() >= 10);
  const auto best = run_program(folder, {CAF_TUNE, "best", folder / "search", "--json"});
  REQUIRE_MESSAGE(best.code == 0, best.err);
  CHECK(json::parse(best.out)["metrics"]["value"] == expected.back()["value"]);
  const auto trials = run_program(folder, {CAF_TUNE, "trials", folder / "search", "--json"});
  CHECK(json::parse(trials.out).size() == 120);
  CHECK(trials.err == "");
}

TEST_CASE("ask-tell: a torn tail is cut off, and said") {
  const temporary_directory folder;
  const auto command = ask_tell(folder, {"--journal", folder / "search"});
  const auto before = run_with(folder, "{\"ask\": 2}\n", command);
  const auto segment = folder / "search/journal/000001.segment";
  write_text(segment, read_text(segment) + "torn");

  const auto after = run_with(folder, "{\"pending\": true}\n{\"ask\": 1}\n", command);

  CHECK(after.code == 0);
  CHECK(after.err == "caf-tune: " + segment +
                       ": 4 bytes that a crash left half written at the end were cut off; nothing that was answered is "
                       "among them\n");
  const auto pending = json::parse(after.out.substr(0, after.out.find('\n')));
  CHECK(pending["pending"].size() == 2);
  CHECK(pending["pending"][0]["config"] == json::parse(before.out.substr(0, before.out.find('\n')))["config"]);
  CHECK(after.out.find("\n{\"trial\":3,") != std::string::npos);
}

TEST_CASE("ask-tell: a journal that another process has is refused, and so is one of another search") {
  const temporary_directory folder;
  const auto command = ask_tell(folder, {"--journal", folder / "search"});
  {
    asked_program first(command);
    first.send(R"({"ask": 1})");
    REQUIRE(first.read());

    const auto second = run_with(folder, "{\"ask\": 1}\n", command);
    CHECK(second.code == 1);
    CHECK(second.out == "");
    CHECK(second.err.find("has it open; end that first") != std::string::npos);
  }

  const auto other = run_with(folder, "{\"ask\": 1}\n", command + words{"--seed", "3", "--mode", "min"});
  CHECK(other.code == 2);
  CHECK(other.out == "");
  CHECK(other.err ==
        "caf-tune: --journal: it is the journal of another search; use another directory, or go "
        "on with what it was:\n  mode: it was \"max\", now it is \"min\"\n  seed: it was 0, now it is 3\n");
}

TEST_CASE("ask-tell: each line is answered before the next is sent, and errors end nothing") {
  const temporary_directory folder;
  asked_program program(ask_tell(folder, {"--mode", "min"}));

  program.send(R"({"ask": 1})");
  CHECK(json::parse(program.read().value())["trial"] == 1);
  program.send("nonsense");
  CHECK(*program.read() == R"({"error":"it is no JSON; use for example {\"ask\": 1}","line":2})");
  program.send(R"({"tell": {"trial": 1, "value": NaN}})");
  CHECK(*program.read() == R"({"trial":1,"ok":true})");
  program.send(R"({"best": true})");
  CHECK(*program.read() == R"({"trial":null,"config":null,"value":null})");
  CHECK(program.end() == 1); // One line was wrong.
}

TEST_CASE("ask-tell: wrong usage ends with 2, and every mistake of the file with its line") {
  const temporary_directory folder;
  const auto wrong = [&](const words& command) {
    const auto end = run_program(folder, command);
    CHECK(end.code == 2);
    CHECK(end.out == "");
    return with(end.err, {{folder.path.string() + "/", ""}});
  };

  CHECK(wrong({CAF_TUNE, "ask-tell"}) == "caf-tune: --space: the file with what is searched is missing\n");
  CHECK(wrong({CAF_TUNE, "ask-tell", "--space", folder / "none"}) ==
        "caf-tune: --space: none: cannot be opened: No such file or directory\n");
  CHECK(wrong({CAF_TUNE, "ask-tell", "--space", folder.path.string() + "/"}) ==
        "caf-tune: --space: : cannot be read: Is a directory\n");
  CHECK(wrong(ask_tell(folder, {"--seed", "-1"})) ==
        "caf-tune: --seed: \"-1\" is no integer from 0 to 18446744073709551615\n");
  CHECK(wrong(ask_tell(folder, {"--mode", "least"})) == "caf-tune: --mode: \"least\" is neither min nor max\n");
  write_text(folder / "bad.yaml", "lr: {loguniform: [0, 1]}\nact: {choise: [1]}\n");
  CHECK(wrong({CAF_TUNE, "ask-tell", "--space", folder / "bad.yaml"}) ==
        "caf-tune: bad.yaml:1: space: \"lr\": log scale needs low > 0, but low is 0; use for example 1e-6\n"
        "caf-tune: bad.yaml:2: space: \"act\": there is no domain \"choise\"; did you mean \"choice\"?\n");

  write_text(folder / "space.yaml", "lr: {uniform: [0, 1]}\n");
  CHECK(wrong({CAF_TUNE, "ask-tell", "--space", folder / "space.yaml", "--scheduler", "resource_changing"}) ==
        "caf-tune: scheduler: resource_changing is for experiments, whose trials it gives their resources; whoever "
        "runs the trials of an ask-tell gives them theirs: use the scheduler inside it alone\n");
}

TEST_CASE("ask-tell: what each searcher and scheduler supports, as a table and as JSON") {
  const temporary_directory folder;
  const auto list = [&](const words& flags) {
    const auto end = run_program(folder, words{CAF_TUNE, "ask-tell"} + flags);
    CHECK(end.code == 0);
    CHECK(end.err == "");
    return end.out;
  };

  CHECK(list({"--searcher", "list"}).find("SEARCHER") == 0);
  CHECK(list({"--scheduler", "list"}).find("SCHEDULER") == 0);
  CHECK(list({"--searcher", "list"}).find("\nauto, the default: ") != std::string::npos);
  json random;
  for (const auto& each : json::parse(list({"--searcher", "list", "--json"}))) {
    CHECK(each.contains("chooses") == (each["name"] == "auto"));
    if (each["name"] == "random")
      random = each;
  }
  CHECK(random["learns"] == false);
  CHECK(random["conditions"] == true);
  const auto schedulers = json::parse(list({"--scheduler", "list", "--json"}));
  REQUIRE(schedulers.size() >= 3);
  CHECK(schedulers[1]["options"]["type"] == "promotion");
  CHECK(schedulers[1]["decisions"] == json({"continue", "pause", "stop"}));
  for (const auto& each : schedulers)
    CHECK(each["name"] != "resource_changing");
  CHECK(list({"--scheduler", "list"}).find("\nresource_changing is for experiments alone: ") != std::string::npos);
}

TEST_CASE("ask-tell: the example in Python finds a good configuration, and goes on after it was run") {
  if (std::system("python3 --version > /dev/null 2>&1") != 0) {
    MESSAGE("skipped: there is no python3 here");
    return;
  }
  const temporary_directory folder;
  const words command = {"/usr/bin/env", "python3", ASK_TELL_EXAMPLE, "--journal", folder / "search"};
  const auto first = run_program(folder, command, {{"CAF_TUNE", CAF_TUNE}});
  REQUIRE_MESSAGE(first.code == 0, first.err);
  const auto best = json::parse(first.out);
  CHECK(best["value"].get<double>() < 3);
  CHECK(best["config"]["method"] == "b");

  const auto second = run_program(folder, command, {{"CAF_TUNE", CAF_TUNE}});
  CHECK(second.code == 0);
  CHECK(second.out == first.out);
}
