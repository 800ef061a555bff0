#include "runtime/node/posix_worker_launcher.hpp"

#include <algorithm>
#include <csignal>

#include <spdlog/spdlog.h>

#include "tests/runtime/node/process_fixture.hpp"

using namespace runtime;

namespace {

namespace files = boost::filesystem;

/// A launcher, what it told, and workers that are shell scripts in files.
struct launching {
  explicit launching(const std::string& state, std::size_t max_kept = 20, const std::string& start = "b") {
    worker_host_options options;
    options.node_mark = "n." + start + ".";
    options.leftovers.directory = state + "/workers/" + start;
    options.leftovers.max_kept = max_kept;
    launcher = or_throw(posix_worker_launcher::open(options, spdlog::default_logger()));
    const auto handlers = told.handlers();
    launcher->listen({handlers.on_started, handlers.on_frames, handlers.on_exit, handlers.on_gone});
  }
  worker_exit run(std::uint64_t id, const std::string& script, worker_setting setting = {}) {
    const auto program = here / fmt::format("program{}", id);
    {
      std::ofstream out(program);
      out << "#!/bin/sh\n" << script << '\n';
    }
    files::permissions(program, files::owner_all);
    launcher->start(worker_id(id), {program, {"/lib/of/package"}}, std::move(setting));
    return told.exit_of(worker_id(id));
  }

  temporary_directory here;
  heard told; // Outlives the launcher, which tells until it is gone.
  std::unique_ptr<posix_worker_launcher> launcher;
};

std::vector<std::string> names_in(const std::string& directory) {
  std::vector<std::string> names;
  for (const auto& each : files::directory_iterator(directory))
    names.push_back(each.path().filename().string());
  std::sort(names.begin(), names.end());
  return names;
}

} // namespace

TEST_CASE("worker launcher: a worker has what its work and its package ask for, and no token") {
  temporary_directory state;
  launching l(state.path.string());
  REQUIRE(::setenv("CAF_TUNE_TOKEN_FILE", "/secret", 1) == 0);
  REQUIRE(::setenv("LD_LIBRARY_PATH", "/lib/of/user", 1) == 0);
  worker_setting setting;
  setting.environment = {{"SHAPE", "round"}, {"CAF_TUNE_WORKER", "1"}};

  l.run(1, "env; exit 3", setting);

  const auto printed = "\n" + read_text(state / "workers/b/1/stdout");
  for (const char* line : {"\nSHAPE=round\n", "\nCAF_TUNE_WORKER=1\n", "\nCAF_TUNE_WORKER_MARK=n.b.1\n",
                           "\nLD_LIBRARY_PATH=/lib/of/package:/lib/of/user\n"})
    CHECK(printed.find(line) != std::string::npos);
  CHECK(printed.find("/secret") == std::string::npos);
  ::unsetenv("CAF_TUNE_TOKEN_FILE");
  ::unsetenv("LD_LIBRARY_PATH");
}

TEST_CASE("worker launcher: each worker runs in a directory of its own, where what it prints lies too") {
  temporary_directory state;
  launching l(state.path.string());

  for (const std::uint64_t id : {1, 2}) {
    l.run(id, "pwd -P; exit 1");

    const auto directory = files::canonical(state / fmt::format("workers/b/{}", id)).string();
    CHECK(read_text(directory + "/stdout") == directory + "\n");
  }
}

TEST_CASE("worker launcher: frames go to a worker and come back") {
  temporary_directory state;
  launching l(state.path.string());
  const auto program = l.here / "echo";
  {
    std::ofstream out(program);
    out << "#!/bin/sh\nexec cat <&3 >&3\n";
  }
  files::permissions(program, files::owner_all);
  l.launcher->start(worker_id(4), {program, {}}, {});

  l.launcher->send(worker_id(4), "hello");

  CHECK(l.told.frames_of(worker_id(4), 1) == std::vector<std::string>{"hello"});
  l.launcher->kill(worker_id(4), "");
  CHECK(l.told.exit_of(worker_id(4)).signal == SIGKILL);
}

TEST_CASE("worker launcher: the directory of a worker that ended well is removed, those of the newest failures stay") {
  temporary_directory state;
  launching l(state.path.string(), /*max_kept=*/2);
  l.run(1, "echo one; exit 1");
  l.run(2, "exit 0");
  l.run(3, "kill -SEGV $$");
  l.run(4, "echo four >&2; exit 4");

  l.launcher.reset();

  CHECK(names_in(state / "workers/b") == std::vector<std::string>{"3", "4"});
  CHECK(read_text(state / "workers/b/4/stderr") == "four\n");
}

TEST_CASE("worker launcher: what an earlier start has left counts as failures, the oldest go first") {
  temporary_directory state;
  std::time_t time = 1'000'000;
  for (const char* left : {"workers/a/7", "workers/9/1", "workers/a/8"}) {
    files::create_directories(state / left);
    files::last_write_time(state / left, ++time);
  }
  files::create_directories(state / "workers/empty");
  launching l(state.path.string(), /*max_kept=*/2);
  l.run(1, "exit 1");

  l.launcher.reset();

  CHECK(names_in(state / "workers") == std::vector<std::string>{"a", "b"});
  CHECK(names_in(state / "workers/a") == std::vector<std::string>{"8"});
  CHECK(names_in(state / "workers/b") == std::vector<std::string>{"1"});
}

TEST_CASE("worker launcher: a worker may use the memory that its work declared, and no more") {
  temporary_directory state;
  launching l(state.path.string());
  worker_setting setting;
  setting.memory_bytes = 30u << 20;

  const auto exit = l.run(1, "x=$(head -c 60000000 /dev/zero | tr '\\0' a); sleep 1000", setting);

  CHECK(exit.message.find("more than the 30 MiB that its work declared") != std::string::npos);
}

TEST_CASE("worker launcher: a worker that cannot be started is told") {
  temporary_directory state;
  launching l(state.path.string());

  l.launcher->start(worker_id(1), {l.here / "nothing", {}}, {});

  const auto exit = l.told.exit_of(worker_id(1));
  CHECK(exit.kind == exit_kind::start_failed);
  CHECK(exit.message == fmt::format("{}: No such file or directory", l.here / "nothing"));
}
