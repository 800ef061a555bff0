#include "tests/integration/disk/subject.hpp"

#include <filesystem>
#include <string>
#include <system_error>

#include <doctest/doctest.h>

#include "tune/journal/file_journal.hpp"

using namespace tune;

namespace {

constexpr file_journal_options small_segments{/*segment_bytes=*/600};

/// The n-th record is of trial n.
journal_record record_of(journal_position position) {
  return record::trial_created{
    trial_id(position), {{"lr", 0.5}, {"position", std::to_string(position)}}, record::trial_origin::searcher, {}};
}

[[nodiscard]] result<void> is_in_order(journal_position position, const journal_record& record) {
  const auto* created = std::get_if<record::trial_created>(&record);
  if (created == nullptr || created->trial.value != position ||
      created->values.get<std::string>("position") != std::to_string(position))
    return fail(errc::io, "record " + std::to_string(position) + " is another");
  return {};
}

/// 0 for what is not there.
std::uintmax_t size_of(const path& file) {
  std::error_code none;
  const auto bytes = std::filesystem::file_size(file, none);
  return none ? 0 : bytes;
}

class journal_under_test : public subject {
public:
  std::string name() const override { return "journal"; }

  result<void> live(const path& directory, witness& tell, int rounds) const override {
    const auto log = file_journal::open(directory / "journal", is_in_order, small_segments);
    if (!log)
      return fail(log.error());
    (*log)->listen([&tell](const result<journal_position>& up_to) {
      if (up_to)
        tell.acknowledge(std::to_string(*up_to));
    });
    auto next = (*log)->found().last;
    for (int round = 0; round < rounds; ++round) {
      for (int i = 0; i <= round % 3; ++i)
        (*log)->append(record_of(++next));
      if (auto synced = (*log)->sync(); !synced)
        return synced;
    }
    return {};
  }

  void check(const path& directory, const std::vector<std::string>& acknowledged) const override {
    const auto journal = directory / "journal";
    const auto durable = acknowledged.empty() ? 0 : std::stoull(acknowledged.back());
    const auto read = read_journal(journal, is_in_order);
    if (!read) {
      CHECK_MESSAGE(read.error().code == errc::not_found, read.error().message);
      CHECK(durable == 0);
    }
    const auto found = read ? *read : journal_found();
    CHECK(found.last >= durable);
    const auto torn = found.torn_file.empty() ? journal : journal / found.torn_file;
    const auto before = size_of(torn);
    {
      const auto log = file_journal::open(journal, is_in_order, small_segments);
      REQUIRE_MESSAGE(log, log.error().message);
      CHECK((*log)->found().last == found.last);
      CHECK((*log)->found().torn_bytes == found.torn_bytes);
      if (!found.torn_file.empty() && found.torn_bytes != before) // Else it was begun anew.
        CHECK(size_of(torn) == before - found.torn_bytes);
      (*log)->append(record_of(found.last + 1));
      CHECK((*log)->sync());
    }
    const auto again = read_journal(journal, is_in_order);
    REQUIRE_MESSAGE(again, again.error().message);
    CHECK(again->last == found.last + 1);
    CHECK(again->torn_bytes == 0);
  }

  bool is_harmless(const std::string& call, const std::string& path) const override {
    // Who has the journal is written into its lock for people; that it is locked is another call.
    return path.find("/lock") != std::string::npos && (call == "ftruncate" || call == "pwrite");
  }
};

} // namespace

std::unique_ptr<subject> journal_subject() {
  return std::make_unique<journal_under_test>();
}
