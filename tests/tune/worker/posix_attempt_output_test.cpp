#include "tune/worker/posix_attempt_output.hpp"

#include <cstdio>
#include <iostream>

#include <doctest/doctest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "tests/tune/worker/runner_fixture.hpp"

using namespace tune;
using namespace std::chrono_literals;

namespace {

constexpr std::uint64_t limit = 100;
const std::string note = "\n[caf-tune: cut here: more than 100 bytes]\n";

void print(const std::string& text) {
  REQUIRE(::write(STDOUT_FILENO, text.data(), text.size()) == static_cast<ssize_t>(text.size()));
}

/// Where output goes while nothing is led elsewhere: a file instead of the test's own.
class own_output {
public:
  explicit own_output(const path& file) : before_(::dup(STDOUT_FILENO)) {
    std::fflush(stdout);
    REQUIRE(std::freopen(file.c_str(), "w", stdout) != nullptr);
  }
  ~own_output() {
    std::fflush(stdout);
    ::dup2(before_, STDOUT_FILENO);
    ::close(before_);
  }
  own_output(const own_output&) = delete;
  own_output& operator=(const own_output&) = delete;

private:
  int before_;
};

} // namespace

TEST_CASE("attempt output: what is printed between begin and end is in the directory's files, the rest is not") {
  const test_directory directory;
  std::string before, led, errors;
  {
    const own_output own(directory.path() / "own");
    attempt_output output(limit);
    std::printf("before\n");
    REQUIRE(output.begin(directory.path()));
    std::printf("printf\n");
    std::cout << "cout\n";
    std::fprintf(stderr, "stderr\n");
    output.end();
    std::printf("after\n");
  }
  CHECK(text_of(directory.path() / "own") == "before\nafter\n");
  CHECK(text_of(directory.path() / "stderr") == "stderr\n");
  const auto printed = text_of(directory.path() / "stdout"); // Two libraries' buffers have no common order.
  CHECK(printed.size() == 12);
  CHECK(printed.find("printf\n") != std::string::npos);
  CHECK(printed.find("cout\n") != std::string::npos);
}

TEST_CASE("attempt output: a later attempt appends") {
  const test_directory directory;
  attempt_output output(limit);
  for (const auto* each : {"first\n", "second\n"}) {
    REQUIRE(output.begin(directory.path()));
    print(each);
    output.end();
  }
  CHECK(text_of(directory.path() / "stdout") == "first\nsecond\n");
}

TEST_CASE("attempt output: what is too much is cut, with a note, once") {
  const test_directory directory;
  attempt_output output(limit);
  for (int attempt = 0; attempt < 3; ++attempt) {
    REQUIRE(output.begin(directory.path()));
    print(std::string(70, 'x'));
    output.end();
  }
  CHECK(text_of(directory.path() / "stdout") == std::string(100, 'x') + note);
}

TEST_CASE("attempt output: it is cut while it goes on, and a child's output too") {
  const test_directory directory;
  int child_may_print[2], child_has_printed[2];
  REQUIRE(::pipe(child_may_print) == 0);
  REQUIRE(::pipe(child_has_printed) == 0);
  attempt_output output(limit, 1ms);
  REQUIRE(output.begin(directory.path()));
  const auto child = ::fork();
  if (child == 0) { // Has the file itself, whatever becomes of the parent's descriptor.
    char byte = 0;
    const std::string text(500, 'c');
    (void)!::read(child_may_print[0], &byte, 1);
    (void)!::write(STDOUT_FILENO, text.data(), text.size());
    (void)!::write(child_has_printed[1], &byte, 1);
    ::_exit(0);
  }
  print(std::string(300, 'x'));
  while (text_of(directory.path() / "stdout").size() != limit + note.size()) // Until it was looked at.
    std::this_thread::yield();
  print("dropped");

  char byte = 0;
  REQUIRE(::write(child_may_print[1], &byte, 1) == 1);
  REQUIRE(::read(child_has_printed[0], &byte, 1) == 1);
  output.end();
  ::waitpid(child, nullptr, 0);

  CHECK(text_of(directory.path() / "stdout") == std::string(100, 'x') + note);
}

TEST_CASE("attempt output: where a file cannot be written, nothing is led there") {
  const test_directory directory;
  attempt_output output(limit);
  std::filesystem::create_directories(directory.path() / "stderr");

  const auto begun = output.begin(directory.path());

  REQUIRE(!begun);
  CHECK(begun.error().message == (directory.path() / "stderr").string() + ": Is a directory");
  output.end();
}
