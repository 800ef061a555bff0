#include "tune/journal/file_segment_log.hpp"

#include <vector>

#include <doctest/doctest.h>

#include "runtime/base/random_stream.hpp"
#include "tests/tune/journal/fake_journal_disk.hpp"

#include "tests/support/seeds.hpp"

using namespace tune;

namespace {

using records = std::vector<std::string>;

/// What is in the journal, and a log that can go on.
struct opened {
  records found;
  result<file_segment_log> log;
};

opened open_log(const std::shared_ptr<fake_journal_disk>& disk, std::uint64_t segment_bytes = 300) {
  records found;
  auto log = file_segment_log::open(disk,
                                    [&](journal_position position, std::string_view bytes) -> result<void> {
                                      REQUIRE(position == found.size() + 1);
                                      found.emplace_back(bytes);
                                      return {};
                                    },
                                    {segment_bytes, "a test", 0});
  return {std::move(found), std::move(log)};
}

std::string any_record(runtime::random_stream& chance) {
  std::string made(1 + chance.below(120), '\0');
  for (auto& c : made)
    c = static_cast<char>(chance.below(4) == 0 ? 0 : chance.below(256));
  return made;
}

/// What was written so far: the durable part must be there after whatever happens, and no more than all of it.
struct model {
  records written;
  std::size_t durable = 0;

  /// Writes groups until the disk fails, or so many.
  void write(file_segment_log& log, std::uint64_t groups, runtime::random_stream& chance) {
    for (std::uint64_t g = 0; g < groups; ++g) {
      const auto many = 1 + chance.below(4);
      std::string group;
      for (std::uint64_t i = 0; i < many; ++i) {
        written.push_back(any_record(chance));
        file_segment_log::add(written.back(), group);
      }
      if (!log.write(group, many))
        return;
      durable = written.size();
    }
  }
  /// What is found is what was written, as far as it goes; and from here on that is the journal.
  void check(const records& found) {
    REQUIRE(found.size() >= durable);
    REQUIRE(found.size() <= written.size());
    for (std::size_t i = 0; i < found.size(); ++i)
      REQUIRE(found[i] == written[i]);
    written.resize(found.size());
    durable = found.size(); // Whoever has read it builds on it.
  }
};

} // namespace

TEST_CASE("journal: whatever is reported durable survives a power loss at any point, and nothing is torn (I5)") {
  for_each_seed(400, [](seed s) {
    runtime::random_stream chance(s);
    const auto disk = std::make_shared<fake_journal_disk>();
    model m;
    for (int life = 0; life < 6; ++life) {
      if (chance.chance(0.7)) // The power goes in the middle of a call: that and all later ones do not happen.
        disk->fail_at(1 + chance.below(30), fake_journal_disk::fault::short_write);
      auto [found, log] = open_log(disk);
      if (log) {
        m.check(found);
        m.write(*log, chance.below(12), chance);
        REQUIRE((log->last() == m.durable));
      } else {
        REQUIRE(disk->has_failed()); // It opens, unless the disk does not do it.
      }
      disk->mend();
      if (chance.chance(0.7))
        disk->lose_power(chance);
    }
    auto [found, log] = open_log(disk);
    REQUIRE(log);
    m.check(found);
  });
}

TEST_CASE("journal: whichever call fails, what was durable before is there afterwards") {
  using fault = fake_journal_disk::fault;
  for (const auto how : {fault::no_space, fault::short_write, fault::input_output}) {
    std::uint64_t n = 1;
    for (bool was_faulted = true; was_faulted; ++n) {
      REQUIRE(n < 1'000);
      runtime::random_stream chance(n);
      const auto disk = std::make_shared<fake_journal_disk>();
      model m;
      disk->fail_at(n, how);
      if (auto first = open_log(disk); first.log) {
        m.write(*first.log, 20, chance);
        if (!disk->has_failed())
          if (auto second = open_log(disk); second.log) {
            m.check(second.found);
            m.write(*second.log, 20, chance);
          }
      }
      was_faulted = disk->has_failed();
      disk->mend();
      auto [found, log] = open_log(disk);
      REQUIRE(log);
      m.check(found);
      m.write(*log, 3, chance);
      m.check(open_log(disk).found);
    }
    CHECK(n > 50); // Each step of a run was met.
  }
}

TEST_CASE("journal: a bit that flips in what was synced is an error, wherever it is, and never a shorter journal") {
  runtime::random_stream chance(1);
  const auto disk = std::make_shared<fake_journal_disk>();
  model m;
  {
    auto first = open_log(disk);
    m.write(*first.log, 15, chance);
    REQUIRE(first.log->segment() >= 3);
  }
  const auto last_group_is_open = [](std::size_t left) { return left < 600; };
  for (const auto& file : or_throw(disk->list())) {
    const auto whole = disk->content(file);
    const bool is_last = file == or_throw(disk->list()).back();
    for (std::size_t at = 0; at < whole.size(); ++at) {
      auto broken = whole;
      broken[at] = static_cast<char>(broken[at] ^ (1 << chance.below(8)));
      disk->set_content(file, broken);
      records found;
      const auto read = read_segments(*disk, [&](journal_position, std::string_view bytes) -> result<void> {
        found.emplace_back(bytes);
        return {};
      });
      // Only the last group can be taken for a torn write: no later one says that it was synced.
      if (read) {
        REQUIRE((is_last && last_group_is_open(whole.size() - at)));
        REQUIRE(read->torn_bytes > 0);
      }
      for (std::size_t i = 0; i < found.size(); ++i)
        REQUIRE(found[i] == m.written[i]);
    }
    disk->set_content(file, whole);
  }
}
