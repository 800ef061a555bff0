#include "tune/journal/file_journal.hpp"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <fstream>
#include <mutex>

#include <doctest/doctest.h>

#include "tests/support/scratch_directory.hpp"
#include "tests/tune/journal/fake_journal_disk.hpp"
#include "tests/tune/journal/records_for_test.hpp"
#include "tune/journal/record_wire.hpp"

using namespace tune;

namespace {

const journal_visitor nothing = [](journal_position, const journal_record&) { return result<void>(); };

journal_record created(std::uint64_t trial) {
  return record::trial_created{trial_id(trial), {{"lr", 0.5}}, record::trial_origin::searcher, {}};
}

std::vector<std::string> all_in(const path& directory) {
  std::vector<std::string> found;
  or_throw(read_journal(directory, [&](journal_position position, const journal_record& record) -> result<void> {
    CHECK(position == found.size() + 1);
    found.push_back(or_throw(record_wire::to_bytes(record)));
    return {};
  }));
  return found;
}

std::string content_of(const path& file) {
  std::ifstream in(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

void write_content(const path& file, const std::string& bytes) {
  std::ofstream(file, std::ios::binary) << bytes;
}

/// Keeps what the listener hears.
class heard {
public:
  journal::durable_listener listener() {
    return [this](result<journal_position> up_to) {
      const std::lock_guard<std::mutex> hold(mutex_);
      all_.push_back(std::move(up_to));
      news_.notify_all();
    };
  }
  result<journal_position> wait_for_first() {
    std::unique_lock<std::mutex> hold(mutex_);
    news_.wait(hold, [this] { return !all_.empty(); });
    return all_.front();
  }
  std::vector<result<journal_position>> all() {
    const std::lock_guard<std::mutex> hold(mutex_);
    return all_;
  }

private:
  std::mutex mutex_;
  std::condition_variable news_;
  std::vector<result<journal_position>> all_;
};

} // namespace

TEST_CASE("file journal: what was appended is there after it was opened again, in order") {
  const scratch_directory place;
  const auto directory = place / "experiment" / "journal";
  std::vector<std::string> expected;
  heard news;
  for (int life = 0; life < 3; ++life) {
    const auto log = or_throw(file_journal::open(directory, nothing));
    CHECK(log->found().last == expected.size());
    CHECK(log->found().torn_file.empty());
    log->listen(news.listener());
    for (const auto& record : one_of_each_record()) {
      CHECK(log->append(record) == expected.size() + 1);
      expected.push_back(or_throw(record_wire::to_bytes(record)));
    }
    CHECK(log->sync());
    CHECK(all_in(directory) == expected); // Also while it is open.
  }

  journal_position last = 0;
  for (const auto& each : news.all()) {
    REQUIRE(each);
    CHECK(*each > last);
    last = *each;
  }
  CHECK(last == expected.size());
}

TEST_CASE("file journal: what was appended is written when it is closed") {
  const scratch_directory place;
  or_throw(file_journal::open(place.path(), nothing))->append(created(1));

  CHECK(all_in(place.path()).size() == 1);
}

TEST_CASE("file journal: what nobody waits for shares the sync of the next result") {
  const auto disk = std::make_shared<fake_journal_disk>();
  heard news;
  file_journal_options options;
  options.gathering = std::chrono::hours(1);
  const auto log = or_throw(file_journal::open(disk, nothing, options));
  log->listen(news.listener());

  for (std::uint64_t trial = 1; trial <= 100; ++trial)
    log->append(created(trial));
  record::result_reported reported;
  reported.trial = trial_id(1);
  reported.attempt = 1;
  reported.iteration = 1;
  log->append(reported);

  CHECK(news.wait_for_first() == result<journal_position>(101));
}

TEST_CASE("file journal: nor is a result synced at once where its trial does not wait") {
  heard news;
  file_journal_options options;
  options.gathering = std::chrono::hours(1);
  const auto log = or_throw(file_journal::open(std::make_shared<fake_journal_disk>(), nothing, options));
  log->listen(news.listener());
  record::result_reported reported;
  reported.trial = trial_id(1);
  reported.attempt = 1;

  for (reported.iteration = 1; reported.iteration <= 100; ++reported.iteration)
    log->append(reported, record_haste::none);
  log->append(reported, record_haste::as_its_kind);

  CHECK(news.wait_for_first() == result<journal_position>(101));
}

TEST_CASE("file journal: what nobody waits for is written all the same") {
  heard news;
  file_journal_options options;
  options.gathering = std::chrono::milliseconds(0);
  const auto log = or_throw(file_journal::open(std::make_shared<fake_journal_disk>(), nothing, options));
  log->listen(news.listener());

  log->append(created(1));

  CHECK(news.wait_for_first() == result<journal_position>(1));
}

TEST_CASE("file journal: who waits for all that was appended waits for no result") {
  file_journal_options options;
  options.gathering = std::chrono::hours(1);
  const auto log = or_throw(file_journal::open(std::make_shared<fake_journal_disk>(), nothing, options));
  log->append(created(1));

  CHECK(log->sync());
}

TEST_CASE("file journal: it goes on in a new segment when one is full") {
  const scratch_directory place;
  {
    const auto log = or_throw(file_journal::open(place.path(), nothing, {/*segment_bytes=*/200}));
    for (std::uint64_t i = 1; i <= 20; ++i) {
      log->append(created(i));
      CHECK(log->sync());
    }
  }

  CHECK(all_in(place.path()).size() == 20);
  CHECK(or_throw(read_journal(place.path(), nothing)).segments > 3);
  CHECK(or_throw(file_journal::open(place.path(), nothing))->append(created(21)) == 21);
}

TEST_CASE("file journal: it can be read from a record on") {
  const scratch_directory place;
  {
    const auto log = or_throw(file_journal::open(place.path(), nothing, {/*segment_bytes=*/200}));
    for (std::uint64_t i = 1; i <= 20; ++i) {
      log->append(created(i));
      CHECK(log->sync());
    }
  }
  for (journal_position first = 1; first <= 22; ++first) {
    auto expected = first;
    const auto found = or_throw(read_journal(
      place.path(),
      [&](journal_position position, const journal_record& record) -> result<void> {
        CHECK(position == expected++);
        CHECK(std::get<record::trial_created>(record).trial.value == position);
        return {};
      },
      first));
    CHECK(found.last == 20);
    CHECK(expected == std::max<journal_position>(first, 21));
  }

  std::filesystem::resize_file(place / "000001.segment", 40); // Not needed for the last record.
  CHECK(read_journal(place.path(), nothing, 20));
  CHECK_FALSE(read_journal(place.path(), nothing, 1));
}

TEST_CASE("file journal: two drivers cannot open one experiment") {
  const scratch_directory place;
  const auto first = or_throw(file_journal::open(place.path(), nothing));

  const auto second = file_journal::open(place.path(), nothing);

  REQUIRE(!second);
  CHECK(second.error().code == errc::refused);
  const auto words = content_of(place / "lock"); // "process 17 on host h"
  CHECK(second.error().message ==
        "the journal in " + place.path() + ": " + words.substr(0, words.size() - 1) + " has it open; end that first");
  CHECK(all_in(place.path()).empty()); // Reading needs no lock.
}

TEST_CASE("file journal: a torn tail is cut off, and said") {
  const scratch_directory place;
  const auto file = place / "000001.segment";
  {
    const auto log = or_throw(file_journal::open(place.path(), nothing));
    log->append(created(1));
  }
  const auto whole = content_of(file);
  write_content(file, whole + std::string("\x20\x00\x00\x02half", 8));
  CHECK(or_throw(read_journal(place.path(), nothing)).torn_bytes == 8);
  CHECK(content_of(file).size() == whole.size() + 8); // Reading changes nothing.

  {
    const auto log = or_throw(file_journal::open(place.path(), nothing));
    CHECK(log->found().torn_bytes == 8);
    CHECK(log->found().torn_file == "000001.segment");
    CHECK(content_of(file) == whole);
    log->append(created(2));
  }

  CHECK(all_in(place.path()).size() == 2);
}

TEST_CASE("file journal: damage in what was durable is an error that names file and byte") {
  const scratch_directory place;
  const auto file = place / "000001.segment";
  {
    const auto log = or_throw(file_journal::open(place.path(), nothing));
    for (std::uint64_t i = 1; i <= 3; ++i) {
      log->append(created(i));
      CHECK(log->sync());
    }
  }
  auto bytes = content_of(file);
  bytes[100] = static_cast<char>(~bytes[100]);
  write_content(file, bytes);

  for (const bool reads_only : {true, false}) {
    const auto why =
      reads_only ? read_journal(place.path(), nothing).error() : file_journal::open(place.path(), nothing).error();
    CHECK(why.code == errc::io);
    CHECK(why.message.find(file.string() + " is damaged at byte ") == 0);
  }
  CHECK(content_of(file) == bytes);
}

TEST_CASE("file journal: a newer version's segment and a stranger's file are refused, and nothing is changed") {
  const scratch_directory place;
  const auto file = place / "000001.segment";
  or_throw(file_journal::open(place.path(), nothing))->append(created(1));
  auto bytes = content_of(file);
  bytes[8] = 2;
  write_content(file, bytes);

  CHECK(file_journal::open(place.path(), nothing).error().message ==
        file.string() + ": its format has the version 2, and this program reads 1; use the version that wrote it, or a "
                        "newer one");
  write_content(file, "a letter to somebody");
  CHECK(file_journal::open(place.path(), nothing).error().message ==
        file.string() + ": this is no segment of a journal");
  CHECK(content_of(file) == "a letter to somebody");
}

TEST_CASE("file journal: a segment that is missing is an error") {
  const scratch_directory place;
  {
    const auto log = or_throw(file_journal::open(place.path(), nothing, {/*segment_bytes=*/1}));
    for (std::uint64_t i = 1; i <= 3; ++i) {
      log->append(created(i));
      CHECK(log->sync());
    }
  }
  std::filesystem::remove(place / "000002.segment");

  CHECK(read_journal(place.path(), nothing).error().message ==
        (place / "000002.segment").string() + " is missing: the journal is not whole");
  CHECK(read_journal(place / "none", nothing).error().message == "there is no journal in " + (place / "none").string());
}

TEST_CASE("file journal: a disk that fails is final, and the listener is told once") {
  const auto disk = std::make_shared<fake_journal_disk>();
  heard news;
  {
    const auto log = or_throw(file_journal::open(disk, nothing));
    log->listen(news.listener());
    log->append(created(1));
    CHECK(log->sync());
    disk->fail_at(1, fake_journal_disk::fault::short_write);
    log->append(created(2));
    CHECK(log->sync().error().message == "/disk/000001.segment: full");
    disk->mend();
    log->append(created(3));
    CHECK(!log->sync());
  }

  REQUIRE(news.all().size() == 2);
  CHECK(news.all()[0] == result<journal_position>(1));
  CHECK(!news.all()[1]);
  CHECK(or_throw(file_journal::open(disk, nothing))->found().last == 1);
}

TEST_CASE("file journal: what a sync failed to write is written again when it is opened again") {
  const auto disk = std::make_shared<fake_journal_disk>();
  {
    const auto log = or_throw(file_journal::open(disk, nothing));
    log->append(created(1));
    REQUIRE(log->sync());
    disk->fail_at(2, fake_journal_disk::fault::input_output); // The sync, not the write.
    log->append(created(2));
    REQUIRE(!log->sync());
    disk->mend();
  }
  {
    const auto log = or_throw(file_journal::open(disk, nothing));
    REQUIRE(log->found().last == 2); // The system still has it, and takes it for written.
    log->append(created(3));
    REQUIRE(log->sync());
  }
  runtime::random_stream chance(1);
  disk->lose_power(chance);

  CHECK(or_throw(file_journal::open(disk, nothing))->found().last == 3);
}

TEST_CASE("file journal: a record that could not be read again fails it, as a full disk does") {
  const auto disk = std::make_shared<fake_journal_disk>();
  heard news;
  const auto log = or_throw(file_journal::open(disk, nothing));
  log->listen(news.listener());
  log->append(created(1));
  CHECK(log->sync());

  log->append(created(0));

  CHECK(log->sync().error().message == "record 2 of the journal: trial created: trial: they are numbered from 1");
}

TEST_CASE("file journal: the segment of a released format is read for ever") {
  const scratch_directory place;
  std::filesystem::copy_file(CAF_TUNE_GOLDEN "/000001_v1.segment", place / "000001.segment");

  const auto found = all_in(place.path());

  const auto all = one_of_each_record();
  REQUIRE(found.size() == 10); // There were no others then.
  for (std::size_t i = 0; i < found.size(); ++i)
    CHECK(found[i] == or_throw(record_wire::to_bytes(all[i])));
}
