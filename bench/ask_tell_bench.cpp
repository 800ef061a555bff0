// What caf-tune ask-tell takes: a program on the other side of two pipes, which reads each answer.
#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <vector>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bench/figures.hpp"
#include "bench/posix_disk.hpp"

namespace {

using steady = std::chrono::steady_clock;

/// caf-tune ask-tell in a space of four parameters.
class searching_program {
public:
  explicit searching_program(std::vector<std::string> more) {
    std::array<int, 2> in{};
    std::array<int, 2> out{};
    if (::pipe2(in.data(), O_CLOEXEC) != 0 || ::pipe2(out.data(), O_CLOEXEC) != 0)
      throw std::runtime_error("no pipe can be had");
    std::vector<std::string> words = {CAF_TUNE_PROGRAM, "ask-tell", "--space", ASK_TELL_SPACE, "--mode", "min"};
    words.insert(words.end(), more.begin(), more.end());
    process_ = ::fork();
    if (process_ == 0) {
      ::dup2(in[0], STDIN_FILENO);
      ::dup2(out[1], STDOUT_FILENO);
      std::vector<char*> arguments;
      for (auto& word : words)
        arguments.push_back(word.data());
      arguments.push_back(nullptr);
      ::execv(arguments.front(), arguments.data());
      ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    in_ = in[1];
    out_ = out[0];
  }
  ~searching_program() {
    ::close(in_);
    ::waitpid(process_, nullptr, 0);
    ::close(out_);
  }
  searching_program(const searching_program&) = delete;
  searching_program& operator=(const searching_program&) = delete;

  /// Asks for so many, reads them, tells each and reads the answers. `first`: the number of the next trial.
  void turn(std::uint64_t first, std::uint64_t trials) {
    send(fmt::format("{{\"ask\": {}}}\n", trials));
    read_lines(trials);
    std::string tells;
    for (std::uint64_t i = 0; i < trials; ++i)
      tells += fmt::format("{{\"tell\": {{\"trial\": {}, \"value\": {}}}}}\n", first + i, 0.5 + 1e-9 * double(i));
    send(tells);
    read_lines(trials);
  }

private:
  void send(const std::string& text) {
    for (std::size_t sent = 0; sent < text.size();) {
      const auto put = ::write(in_, text.data() + sent, text.size() - sent);
      if (put <= 0)
        throw std::runtime_error("caf-tune ask-tell reads no more");
      sent += static_cast<std::size_t>(put);
    }
  }
  void read_lines(std::uint64_t lines) {
    std::array<char, 1u << 16> piece{};
    while (lines > 0) {
      const auto got = ::read(out_, piece.data(), piece.size());
      if (got <= 0)
        throw std::runtime_error("caf-tune ask-tell has ended");
      const std::string text(piece.data(), static_cast<std::size_t>(got));
      if (text.find("\"error\"") != std::string::npos)
        throw std::runtime_error(text);
      lines -= static_cast<std::uint64_t>(std::count(text.begin(), text.end(), '\n'));
    }
  }

  pid_t process_ = 0;
  int in_ = -1;
  int out_ = -1;
};

/// Trials that were asked for and told, a second; so many at once.
double trials_per_second(std::uint64_t trials, std::uint64_t at_once, std::vector<std::string> more = {},
                         const char* searcher = "random") {
  more.insert(more.end(), {"--searcher", searcher});
  searching_program program(std::move(more));
  program.turn(1, 1); // Started.
  const auto began = steady::now();
  for (std::uint64_t done = 0; done < trials; done += at_once)
    program.turn(2 + done, at_once);
  return static_cast<double>(trials) / std::chrono::duration<double>(steady::now() - began).count();
}

} // namespace

int main(int argc, char** argv) {
  const bench::figures figures(argc, argv);
  const std::uint64_t many = figures.is_quick() ? 5'000 : 200'000;
  constexpr double goal = 10'000; // Of the conversation: the searcher is the cheapest.
  if (const std::string name = "ask_tell_trials_per_second"; figures.wants(name))
    figures.show({name, trials_per_second(many, 100), "1/s", goal, {}, "100 asked for and told at once"});
  if (const std::string name = "ask_tell_trials_per_second_one_at_a_time"; figures.wants(name))
    figures.show({name, trials_per_second(many / 5, 1), "1/s", goal, {}, "each answer read before the next line"});
  if (const std::string name = "ask_tell_trials_per_second_auto"; figures.wants(name))
    figures.show({name,
                  trials_per_second(2'000, 1, {}, "auto"),
                  "1/s",
                  {},
                  {},
                  "the first 2,000, each answer read before the next line, by the default searcher"});
  if (const std::string name = "ask_tell_trials_per_second_journal"; figures.wants(name)) {
    const auto bare = bench::bare_syncs_per_second(figures.is_quick() ? 100 : 1'000);
    const bench::scratch_directory place;
    figures.show({name,
                  trials_per_second(many, 500, {"--journal", place.path()}),
                  "1/s",
                  goal,
                  {},
                  fmt::format("500 at once, two syncs for them; write and sync: {:.0f}/s", bare)});
  }
}
