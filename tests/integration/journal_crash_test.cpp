// The journal and checkpoints against a real kernel: processes that are killed, disks that are full.
#include <array>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fstream>
#include <sstream>
#include <string>

#include <doctest/doctest.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/random_stream.hpp"
#include "tests/support/scratch_directory.hpp"
#include "tune/journal/file_journal.hpp"
#include "tune/store/file_checkpoint.hpp"

using namespace tune;

namespace {

const journal_visitor nothing = [](journal_position, const journal_record&) { return result<void>(); };

journal_record numbered(std::uint64_t number) {
  return record::trial_created{trial_id(number), {{"lr", 0.5}}, record::trial_origin::searcher, {}};
}

/// Each record is the one of its number.
journal_position count_in_order(const path& directory) {
  return or_throw(read_journal(directory,
                               [](journal_position position, const journal_record& record) -> result<void> {
                                 REQUIRE(std::get<record::trial_created>(record).trial.value == position);
                                 return {};
                               }))
    .last;
}

/// Starts the program, reads so many bytes of what it prints, kills it, and reads the rest. The last whole line.
journal_position run_and_kill(const std::string& directory, std::size_t bytes) {
  std::array<int, 2> ends{};
  REQUIRE(::pipe(ends.data()) == 0);
  const pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    ::dup2(ends[1], STDOUT_FILENO);
    ::close(ends[0]);
    ::close(ends[1]);
    ::execl(CAF_TUNE_APPENDER, CAF_TUNE_APPENDER, directory.c_str(), nullptr);
    ::_exit(127);
  }
  ::close(ends[1]);
  std::string said;
  std::array<char, 64> piece{};
  bool is_killed = false;
  for (;;) {
    if (said.size() >= bytes && !is_killed)
      is_killed = ::kill(child, SIGKILL) == 0;
    const auto got = ::read(ends[0], piece.data(), piece.size());
    if (got <= 0)
      break;
    said.append(piece.data(), static_cast<std::size_t>(got));
  }
  ::close(ends[0]);
  int status = 0;
  REQUIRE(::waitpid(child, &status, 0) == child);
  REQUIRE(WIFSIGNALED(status)); // It did not end by itself.
  const auto end = said.rfind('\n');
  REQUIRE(end != std::string::npos);
  const auto begin = said.rfind('\n', end - 1);
  return std::stoull(said.substr(begin == std::string::npos ? 0 : begin + 1, end));
}

/// A disk of so many bytes; empty path where this process may not mount one.
class small_disk {
public:
  explicit small_disk(const std::string& size) {
    if (::mount("tmpfs", place_.path().c_str(), "tmpfs", 0, ("size=" + size).c_str()) == 0)
      is_mounted_ = true;
    else
      MESSAGE("skipped: no disk of " << size << " can be mounted here: " << std::strerror(errno));
  }
  ~small_disk() {
    if (is_mounted_)
      ::umount2(place_.path().c_str(), MNT_DETACH);
  }
  small_disk(const small_disk&) = delete;
  small_disk& operator=(const small_disk&) = delete;
  explicit operator bool() const { return is_mounted_; }
  path operator/(const std::string& name) const { return place_ / name; }

private:
  scratch_directory place_;
  bool is_mounted_ = false;
};

void put(const path& file, std::size_t bytes) {
  std::ofstream(file, std::ios::binary) << std::string(bytes, 'x'); // Unchecked, as users do it.
}

} // namespace

TEST_CASE("a process is killed at any moment: what it said is durable is in the journal, which then goes on (I5)") {
  const scratch_directory place;
  runtime::random_stream random(1);
  journal_position before = 0;
  for (int round = 0; round < 20; ++round) {
    const auto said = run_and_kill(place.path(), 1 + random.below(400));
    const auto found = count_in_order(place.path());
    CHECK(said > before);
    CHECK(found >= said);
    before = found;
  }
  CHECK(or_throw(read_journal(place.path(), nothing)).segments > 1);
}

TEST_CASE("a disk that is full ends the journal with an error; with room it goes on, and nothing is lost") {
  const small_disk disk("1m");
  if (!disk)
    return;
  const auto directory = disk / "journal";
  put(disk / "ballast", 300'000);
  journal_position durable = 0;
  {
    const auto log = or_throw(file_journal::open(directory, nothing, {/*segment_bytes=*/100'000}));
    result<void> synced;
    for (std::uint64_t next = 1; synced; ++next) {
      REQUIRE(next < 100'000);
      log->append(numbered(next));
      if (next % 50 != 0)
        continue;
      synced = log->sync();
      durable = synced ? next : durable;
    }
    CHECK(synced.error().code == errc::io);
    CHECK(synced.error().message.find("cannot be written: No space left on device; make room there") !=
          std::string::npos);
  }
  CHECK(durable > 1'000);
  CHECK(count_in_order(directory) >= durable);

  std::filesystem::remove(disk / "ballast");
  {
    const auto log = or_throw(file_journal::open(directory, nothing));
    const auto next = log->found().last + 1;
    CHECK(next > durable);
    CHECK(log->append(numbered(next)) == next);
    CHECK(log->sync());
    durable = next;
  }
  CHECK(count_in_order(directory) == durable);
}

TEST_CASE("a disk that is full refuses a checkpoint, also one whose writer did not notice; the one before it stays") {
  const small_disk disk("1m");
  if (!disk)
    return;
  file_checkpoint_files files(file_checkpoint_options{/*least_free_bytes=*/0});
  const auto whole = disk / "trial/checkpoint_000001.attempt-1";
  const auto too_large = disk / "trial/checkpoint_000002.attempt-1";
  or_throw(files.write(whole, [](const path& into) { put(into / "weights", 200'000); }));

  const auto written = files.write(too_large, [](const path& into) { put(into / "weights", 5'000'000); });

  REQUIRE(!written);
  CHECK(written.error().code == errc::io);
  CHECK(written.error().message.find("no checkpoint is written; make room there") != std::string::npos);
  CHECK(check_checkpoint(whole));
  CHECK_FALSE(std::filesystem::exists(too_large));
  CHECK(
    or_throw(files.write(too_large, [](const path& into) { put(into / "weights", 300'000); }))); // The space is back.
}
