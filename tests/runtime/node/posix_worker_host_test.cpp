#include "runtime/node/posix_worker_host.hpp"

#include <algorithm>
#include <csignal>
#include <future>

#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "runtime/node/posix_process_list.hpp"
#include "tests/runtime/node/process_fixture.hpp"

using namespace runtime;
using namespace std::chrono_literals;

namespace {

const std::string echo = "exec cat <&3 >&3"; // Sends every frame back as it came.

/// A host, what it told, and workers that are shell scripts.
struct bench {
  explicit bench(worker_host_options options = {})
    : host(or_throw(posix_worker_host::open(told.handlers(), std::move(options)))) {}

  worker_id start(const std::string& script, const std::string& argument = "worker") {
    const worker_id id(++last);
    host->start(id, {{"/bin/sh", "-c", script, argument}, {"PATH=/usr/bin:/bin"}, directory(id)});
    return id;
  }
  std::string directory(worker_id id) const { return here / fmt::format("work/{}", id); }

  temporary_directory here;
  heard told; // Outlives the host, which tells until it is gone.
  std::unique_ptr<posix_worker_host> host;
  std::uint64_t last = 0;
};

} // namespace

TEST_CASE("worker host: an exit is told with its code") {
  bench b;

  const auto exit = b.told.exit_of(b.start("exit 7"));

  CHECK(exit.kind == exit_kind::exited);
  CHECK(exit.exit_code == 7);
  CHECK(exit.message.empty());
}

TEST_CASE("worker host: a crash is told with its signal and the last words") {
  bench b;

  const auto exit = b.told.exit_of(b.start("echo going down >&2; kill -SEGV $$"));

  CHECK(exit.kind == exit_kind::signalled);
  CHECK(exit.signal == SIGSEGV);
  CHECK(exit.signal_name == "SIGSEGV");
  CHECK(exit.last_stderr == "going down\n");
}

TEST_CASE("worker host: a kill -9 from outside is told") {
  bench b;
  const auto id = b.start(echo);

  REQUIRE(::kill(static_cast<pid_t>(b.told.pid_of(id)), SIGKILL) == 0);

  CHECK(b.told.exit_of(id).signal_name == "SIGKILL");
}

TEST_CASE("worker host: a thousand frames come back in order, many at once") {
  bench b;
  const auto id = b.start(echo);
  std::vector<std::string> sent;
  for (int i = 0; i < 1000; ++i)
    sent.push_back(fmt::format("frame {}", i));

  for (const auto& frame : sent)
    b.host->send(id, frame);

  CHECK(b.told.frames_of(id, sent.size()) == sent);
  CHECK(b.told.runs() < sent.size() / 2);
}

TEST_CASE("worker host: large frames come back whole") {
  bench b;
  const auto id = b.start(echo);
  std::string large(20u << 20, '\0');
  for (std::size_t i = 0; i < large.size(); ++i)
    large[i] = static_cast<char>(i * 7 % 251);

  b.host->send(id, large);
  b.host->send(id, "");
  b.host->send(id, large);

  const auto frames = b.told.frames_of(id, 3);
  CHECK((frames[0] == large && frames[1].empty() && frames[2] == large));
}

TEST_CASE("worker host: what a worker said last comes before its end") {
  bench b;
  for (int i = 0; i < 20; ++i) {
    const auto id = b.start("printf '\\3\\0\\0\\0bye' >&3; exit 0");

    b.told.exit_of(id);

    CHECK(b.told.frames_of(id, 0) == std::vector<std::string>{"bye"});
  }
}

TEST_CASE("worker host: a frame over the limit ends the worker, and says so") {
  worker_host_options options;
  options.max_frame_bytes = 100;
  bench b(options);

  const auto exit = b.told.exit_of(b.start("printf '\\145\\0\\0\\0' >&3; sleep 1000"));

  CHECK(describe(exit).find("worker was killed by signal 9 (SIGKILL): a frame of 101 bytes was announced; the limit is "
                            "100") == 0);
}

TEST_CASE("worker host: a worker that leaves too much unread is killed, and says so") {
  worker_host_options options;
  options.max_unsent_bytes = 1u << 20;
  bench b(options);
  const auto id = b.start("sleep 1000");

  b.host->send(id, std::string(8u << 20, 'x'));

  const auto exit = b.told.exit_of(id);
  CHECK(exit.signal == SIGKILL);
  CHECK(exit.message.find(" unread, more than the limit of 1 MiB") != std::string::npos);
}

TEST_CASE("worker host: stdout and stderr go to files of their own, up to the limit") {
  worker_host_options options;
  options.max_output_bytes = 6;
  bench b(options);

  const auto id = b.start("echo out; echo error >&2; echo more");
  b.told.exit_of(id);

  CHECK(read_text(b.directory(id) + "/stdout") ==
        "out\nmo\n[caf-tune: output limit of 6 B reached; the rest is dropped]\n");
  CHECK(read_text(b.directory(id) + "/stderr") == "error\n");
  CHECK(b.told.warnings().empty());
}

TEST_CASE("worker host: more output than the limit holds up neither the worker nor its last words") {
  worker_host_options options;
  options.max_output_bytes = 1000;
  options.last_words_bytes = 20;
  bench b(options);

  const auto id = b.start("head -c 3000000 /dev/zero >&2; echo 'the very last word' >&2");
  const auto exit = b.told.exit_of(id);

  CHECK(exit.exit_code == 0);
  CHECK(exit.last_stderr == std::string(1, '\0') + "the very last word\n");
  CHECK(boost::filesystem::file_size(b.directory(id) + "/stderr") < 1100);
}

TEST_CASE("worker host: a program that is missing is told as such") {
  bench b;

  b.host->start(worker_id(1), {{"/no/such/program"}, {}, b.directory(worker_id(1))});

  const auto exit = b.told.exit_of(worker_id(1));
  CHECK(exit.kind == exit_kind::start_failed);
  CHECK(describe(exit) == "worker could not be started: /no/such/program: No such file or directory");
  CHECK_FALSE(b.told.was_started(worker_id(1)));
}

TEST_CASE("worker host: a kill reaches the worker's own children") {
  bench b;
  life_line line(b.here / "line");
  const auto id = b.start("exec 9>\"$0\"; sleep 1000 & echo up >&9; wait", line.name());
  CHECK(line.wait_for_line() == "up");

  b.host->kill(id);

  CHECK(b.told.exit_of(id).signal_name == "SIGKILL");
  line.wait_for_end();
}

TEST_CASE("worker host: when a worker ends its own children end too") {
  bench b;
  life_line line(b.here / "line");
  const auto id = b.start("exec 9>\"$0\"; sleep 1000 & echo up >&9; exit 0", line.name());
  CHECK(line.wait_for_line() == "up");

  CHECK(b.told.exit_of(id).exit_code == 0);
  line.wait_for_end();
}

TEST_CASE("worker host: an exit is not told before the worker's own children are gone") {
  bench b;
  life_line line(b.here / "line");
  // With so much memory its death takes a while.
  const auto id = b.start("exec 9>\"$0\"; (x=$(head -c 200000000 /dev/zero | tr '\\0' a); sh -c 'echo $PPID >&9'; "
                          "while :; do sleep 1000; done) & read -r x <&3",
                          line.name());
  const auto child = std::stoi(line.wait_for_line());

  b.host->send(id, "\n");
  b.told.exit_of(id);

  const auto now = look_at(child);
  CHECK((!now || now->has_ended));
}

TEST_CASE("worker host: what takes long to die is told") {
  std::promise<std::vector<process_facts>> told;
  auto left = told.get_future();
  bool is_clear = false;
  {
    posix_worker_leftovers leftovers{worker_leftovers_options()};
    // This process, which is never killed, stands for one that does not die.
    leftovers.on_ended(0, {{0, "", 0, {key_of(*look_at(::getpid()))}},
                           "",
                           true,
                           [&] { is_clear = true; },
                           [&](const std::vector<process_facts>& all) { told.set_value(all); }});

    const auto all = left.get();

    REQUIRE(all.size() == 1);
    CHECK(all[0].pid == ::getpid());
  }
  CHECK_FALSE(is_clear);
}

TEST_CASE("worker host: a grandchild that left the group and writes on does not hold up the worker's end") {
  bench b;
  life_line line(b.here / "line");
  const auto id =
    b.start("exec 9>\"$0\"; setsid sh -c 'echo $$ >&9; exec cat /dev/zero' & read -r x <&3; exit 3", line.name());
  const auto grandchild = std::stoi(line.wait_for_line());

  b.host->send(id, "\n");

  CHECK(b.told.exit_of(id).exit_code == 3);
  ::kill(grandchild, SIGKILL);
  line.wait_for_end();
}

TEST_CASE("worker host: what a worker started dies with it, in a session of its own too") {
  worker_host_options options;
  options.node_mark = "n.1.";
  bench b(options);
  life_line line(b.here / "line");
  const std::string daemon = "setsid sh -c 'exec 9>\"$0\"; echo up >&9; exec sleep 1000' \"$0\" & ";
  const std::string unmarked = "env -u CAF_TUNE_WORKER_MARK " + daemon;
  worker_id id;
  SUBCASE("killed") {
    id = b.start(daemon + "exec sleep 1000", line.name());
    CHECK(line.wait_for_line() == "up");
    b.host->kill(id);
  }
  SUBCASE("killed, and the mark is removed") {
    id = b.start(unmarked + "exec sleep 1000", line.name());
    CHECK(line.wait_for_line() == "up");
    b.host->kill(id);
  }
  SUBCASE("in good order") {
    id = b.start(daemon + "read -r x <&3", line.name());
    CHECK(line.wait_for_line() == "up");
    b.host->send(id, "\n");
  }
  SUBCASE("its own crash") {
    id = b.start(daemon + "read -r x <&3; kill -SEGV $$", line.name());
    CHECK(line.wait_for_line() == "up");
    b.host->send(id, "\n");
  }

  b.told.exit_of(id);
  line.wait_for_end();
}

TEST_CASE("worker host: a subreaper also finds what has neither a mark nor a parent, and leaves no zombies") {
  worker_host_options options;
  options.node_mark = "n.1.";
  options.leftovers.adopts_orphans = true;
  bench b(options);
  life_line line(b.here / "line");
  const auto id =
    b.start("env -i setsid sh -c 'exec 9>\"$0\"; echo $$ >&9; exec sleep 1000' \"$0\" & read -r x <&3", line.name());
  const auto orphan = std::stoi(line.wait_for_line());

  b.host->send(id, "\n");

  b.told.exit_of(id);
  line.wait_for_end();
  b.host.reset();
  CHECK(::waitpid(orphan, nullptr, WNOHANG) == -1); // It was waited for.
  CHECK(::prctl(PR_SET_CHILD_SUBREAPER, 0) == 0);
}

TEST_CASE("worker host: a worker that closes its link and lives on is killed, and says so") {
  worker_host_options options;
  options.look_every = 10ms;
  options.exit_within = 50ms;
  bench b(options);

  const auto exit = b.told.exit_of(b.start("exec 3>&-; sleep 1000"));

  CHECK(exit.signal == SIGKILL);
  CHECK(exit.message == "it closed the link to its node manager and did not exit");
}

TEST_CASE("worker host: peak memory is told") {
  bench b;
  const auto id = b.start("x=$(head -c 60000000 /dev/zero | tr '\\0' a); printf '\\2\\0\\0\\0up' >&3; read -r y <&3");
  b.told.frames_of(id, 1);

  b.host->kill(id);

  CHECK(b.told.exit_of(id).peak_memory_bytes > 60'000'000);
}

TEST_CASE("worker host: a worker that uses more memory than it may is killed, and says so; others live on") {
  worker_host_options options;
  options.look_at_limits_every = 10ms;
  bench b(options);
  const std::string fill = "x=$(head -c 60000000 /dev/zero | tr '\\0' a); printf '\\2\\0\\0\\0up' >&3; read -r y <&3";
  const worker_id greedy(101), modest(102);
  b.host->start(modest, {{"/bin/sh", "-c", fill}, {"PATH=/usr/bin:/bin"}, b.directory(modest), 1u << 30});
  b.host->start(greedy, {{"/bin/sh", "-c", fill}, {"PATH=/usr/bin:/bin"}, b.directory(greedy), 30u << 20});

  const auto exit = b.told.exit_of(greedy);

  CHECK(exit.signal == SIGKILL);
  CHECK(exit.message.find("it used ") == 0);
  CHECK(exit.message.find(" MiB of memory, more than the 30 MiB that its work declared") != std::string::npos);
  b.told.frames_of(modest, 1);
  b.host->send(modest, "\n");
  CHECK(b.told.exit_of(modest).exit_code == 0);
}

TEST_CASE("worker host: the cause of a crash names the most memory that the worker had") {
  worker_host_options options;
  options.look_every = 1h; // Nobody looks at its memory before its end.
  bench b(options);
  rusage own{};
  ::getrusage(RUSAGE_SELF, &own);
  const auto bytes = static_cast<std::uint64_t>(own.ru_maxrss) * 1024 + 50'000'000; // Less may be this process's.

  const auto exit =
    b.told.exit_of(b.start(fmt::format("x=$(head -c {} /dev/zero | tr '\\0' a); kill -SEGV $$", bytes)));

  CHECK(exit.signal_name == "SIGSEGV");
  CHECK(exit.peak_memory_bytes >= bytes);
  CHECK_MESSAGE(describe(exit).find("; peak memory ") != std::string::npos, describe(exit));
}

TEST_CASE("worker host: the memory of what a worker started counts as its own") {
  worker_host_options options;
  options.look_at_limits_every = 10ms;
  bench b(options);
  const worker_id id(101);
  const std::string fill = "setsid sh -c 'x=$(head -c 60000000 /dev/zero | tr \"\\0\" a); exec sleep 1000' & wait";

  b.host->start(id, {{"/bin/sh", "-c", fill}, {"PATH=/usr/bin:/bin"}, b.directory(id), 30u << 20});

  CHECK(b.told.exit_of(id).message.find("more than the 30 MiB") != std::string::npos);
}

TEST_CASE("worker host: this process's own memory is not taken for the worker's") {
  bench b;
  std::string ballast(200u << 20, 'x');
  const auto id = b.start("printf '\\2\\0\\0\\0up' >&3; read -r y <&3");
  b.told.frames_of(id, 1);

  b.host->kill(id);

  CHECK(b.told.exit_of(id).peak_memory_bytes < 50'000'000);
  CHECK(ballast.back() == 'x');
}

TEST_CASE("worker host: fifty workers at once are told apart") {
  bench b;
  std::vector<worker_id> all;
  for (int i = 0; i < 50; ++i)
    all.push_back(b.start(echo));

  for (const auto id : all)
    b.host->send(id, fmt::format("for {}", id));

  for (const auto id : all)
    CHECK(b.told.frames_of(id, 1) == std::vector<std::string>{fmt::format("for {}", id)});
}

TEST_CASE("worker host: what is said about a worker that has ended changes nothing") {
  bench b;
  const auto id = b.start("exit 0");
  b.told.exit_of(id);

  b.host->send(id, "late");
  b.host->kill(id);
  b.host.reset();

  CHECK(b.told.exits() == 1);
}

TEST_CASE("worker host: when it ends, so do its workers, and that is told") {
  bench b;
  const auto id = b.start(echo);
  b.told.pid_of(id);

  b.host.reset();

  CHECK(b.told.exit_of(id).signal_name == "SIGKILL");
  CHECK(b.told.exit_of(id).message == "its node manager ends");
}

TEST_CASE("worker host: a directory that cannot be made fails the start") {
  bench b;
  std::ofstream(b.here / "file") << "no directory";

  b.host->start(worker_id(1), {{"/bin/true"}, {}, b.here / "file/work"});

  CHECK(b.told.exit_of(worker_id(1)).message ==
        fmt::format("working directory {}: Not a directory", b.here / "file/work"));
}

TEST_CASE("worker host: a record that cannot be kept is a warning") {
  worker_host_options options;
  options.record_directory = "/dev/null/records";
  bench b(options);
  const auto id = b.start("exit 0");

  b.told.exit_of(id);

  REQUIRE(b.told.warnings().size() == 1);
  CHECK(b.told.warnings()[0] == fmt::format("/dev/null/records/{} cannot be written: Not a directory", id));
}
