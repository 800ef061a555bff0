#include "runtime/node/work_end.hpp"

#include <doctest/doctest.h>

#include "runtime/node/work_key.hpp"

using namespace runtime;

namespace {

worker_exit killed_by(int signal, std::string name) {
  worker_exit exit;
  exit.kind = exit_kind::signalled;
  exit.signal = signal;
  exit.signal_name = std::move(name);
  return exit;
}

} // namespace

TEST_CASE("work end: a worker that is killed for nonsense hears what it sent, in one readable line") {
  CHECK(
    describe_nonsense("GET /\n\xff") ==
    "it sent 7 bytes that are no message of a worker (\"GET /??\"); only caf-tune's library may write to descriptor "
    "3");
  CHECK(describe_nonsense(std::string(1000, 'x')) ==
        "it sent 1000 bytes that are no message of a worker (\"" + std::string(40, 'x') +
          "\" and more); only caf-tune's library may write to descriptor 3");
}

TEST_CASE("work end: a crash is told with its signal, memory and last words") {
  auto exit = killed_by(11, "SIGSEGV");
  exit.core_dumped = true;
  exit.peak_memory_bytes = 512u << 20;
  exit.last_stderr = "epoch 3\nloading batch 7\n";

  CHECK(describe(exit) == "worker was killed by signal 11 (SIGSEGV, core dumped); peak memory 512 MiB; its last words: "
                          "epoch 3 | loading batch 7");
}

TEST_CASE("work end: an exit is told with its code") {
  worker_exit exit;
  exit.exit_code = 3;

  CHECK(describe(exit) == "worker exited with code 3");
}

TEST_CASE("work end: why its node manager killed it, or could not start it, is told") {
  auto killed = killed_by(9, "SIGKILL");
  killed.message = "it did not register within 30 s";
  worker_exit missing;
  missing.kind = exit_kind::start_failed;
  missing.message = "/no/such: No such file or directory";

  CHECK(describe(killed) == "worker was killed by signal 9 (SIGKILL): it did not register within 30 s");
  CHECK(describe(missing) == "worker could not be started: /no/such: No such file or directory");
}

TEST_CASE("work end: of what it said only the last three lines that are not empty are told") {
  worker_exit exit;
  exit.last_stderr = "one\ntwo\n\n  three\r\nfour  \n\n";

  CHECK(describe(exit) == "worker exited with code 0; its last words: two | three | four");
}

TEST_CASE("work end: long last words are cut in front, and not within a character") {
  worker_exit exit;
  exit.last_stderr = "x" + std::string(1, '\n');
  for (int i = 0; i < 300; ++i)
    exit.last_stderr += "ü";

  std::string wanted = "worker exited with code 0; its last words: …";
  for (int i = 0; i < 200; ++i)
    wanted += "ü";
  CHECK(describe(exit) == wanted);
}

TEST_CASE("work end: whatever bytes a worker writes, people get printable UTF-8") {
  worker_exit exit;
  exit.last_stderr = "\x1b[31mred\x1b[0m\tok \xff\xc3\xa9 \xed\xa0\x80 \xc0\xaf \xf0\x9f\x98\x80 \xe2\x82";

  CHECK(describe(exit) == "worker exited with code 0; its last words: ?[31mred?[0m ok ?é ??? ?? 😀 ??");
}

TEST_CASE("work end: bytes are told in the unit that fits") {
  CHECK(describe_bytes(0) == "0 B");
  CHECK(describe_bytes(900) == "900 B");
  CHECK(describe_bytes(1536u << 20) == "1.5 GiB");
  CHECK(describe_bytes(16u << 20) == "16 MiB");
}

TEST_CASE("work key: is written as its lease and its number") {
  CHECK(fmt::format("work={}", work_key{lease_id(17), 1}) == "work=17.1");
}
