#include "runtime/node/file_worker_output.hpp"

#include "tests/runtime/node/process_fixture.hpp"

using namespace runtime;

TEST_CASE("worker output: is kept up to its limit, then one line says so and the rest is dropped") {
  temporary_directory here;
  auto output = or_throw(file_worker_output::open(here / "stdout", 10));

  CHECK(output.append("1234567\n"));
  CHECK(output.append("8901"));
  CHECK(output.append("more"));

  CHECK(read_text(here / "stdout") == "1234567\n89\n[caf-tune: output limit of 10 B reached; the rest is dropped]\n");
}

TEST_CASE("worker output: exactly its limit is no excess") {
  temporary_directory here;
  auto output = or_throw(file_worker_output::open(here / "stdout", 4));

  CHECK(output.append("123\n"));
  CHECK(read_text(here / "stdout") == "123\n");

  CHECK(output.append("x"));
  CHECK(read_text(here / "stdout") == "123\n[caf-tune: output limit of 4 B reached; the rest is dropped]\n");
}

TEST_CASE("worker output: a file that cannot be opened is told") {
  temporary_directory here;

  const auto output = file_worker_output::open(here / "missing/stdout", 10);

  REQUIRE_FALSE(output);
  CHECK(output.error().message == fmt::format("{}: No such file or directory", here / "missing/stdout"));
}

TEST_CASE("worker output: a full disk is told once") {
  auto output = or_throw(file_worker_output::open("/dev/full", 100));

  const auto kept = output.append("text");

  REQUIRE_FALSE(kept);
  CHECK(kept.error().message == "/dev/full: No space left on device; what else the worker prints is dropped");
  CHECK(output.append("text"));
}
