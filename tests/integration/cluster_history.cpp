#include "tests/integration/cluster_history.hpp"

#include <fstream>
#include <map>
#include <string>
#include <utility>
#include <variant>

#include "runtime/base/overloaded.hpp"
#include "tune/journal/file_journal.hpp"
#include "tune/results/trial_directory_name.hpp"
#include "tune/vocabulary.hpp"

using namespace tune;

namespace {

/// Each attempt as it began: of its own file, for what is done is in the diary alone.
std::map<history::attempt, history::began> read_begun(const path& file) {
  std::map<history::attempt, history::began> all;
  std::ifstream lines(file);
  for (history::began one; lines >> one.by.trial >> one.by.number >> one.node >> one.from;)
    all.emplace(one.by, one);
  return all;
}

/// Each began right before the first thing that it did: the order of the diary is that of the deeds.
std::vector<history::deed> read_deeds(const path& diary) {
  auto begun = read_begun(diary.string() + ".begun");
  std::vector<history::deed> deeds;
  std::ifstream lines(diary);
  int process = 0;
  for (history::performed one; lines >> one.by.trial >> one.by.number >> one.iteration >> process;) {
    if (const auto first = begun.find(one.by); first != begun.end()) {
      deeds.emplace_back(first->second);
      begun.erase(first);
    }
    deeds.emplace_back(one);
  }
  for (const auto& [by, one] : begun) // They ended before they did anything.
    deeds.emplace_back(one);
  return deeds;
}

std::vector<history::acknowledged> read_acknowledgements(const path& file) {
  std::vector<history::acknowledged> all;
  std::ifstream lines(file);
  for (history::acknowledged one; lines >> one.trial >> one.iteration;)
    all.push_back(one);
  return all;
}

class journal_reader {
public:
  void read(const journal_record& what) {
    std::visit(
      runtime::overloaded{
        [&](const record::experiment_begun& it) { experiment_ = it.id; },
        [&](const record::attempt_started& it) {
          records.emplace_back(
            history::started{of(it.trial, it.attempt), it.from, it.of ? name_of(it.of) : std::string()});
        },
        [&](const record::result_reported& it) {
          records.emplace_back(history::counted{of(it.trial, it.attempt), it.iteration, it.checkpoint.has_value()});
        },
        [&](const record::checkpoint_saved& it) {
          records.emplace_back(history::saved{of(it.trial, it.checkpoint.attempt), it.checkpoint.iteration});
        },
        [&](const record::attempt_ended& it) { records.emplace_back(history::ended{of(it.trial, it.attempt)}); },
        [&](const record::trial_changed& it) {
          if (has_ended(it.state))
            records.emplace_back(history::trial_ended{name_of(it.trial)});
        },
        [](const auto&) {},
      },
      what);
  }

  std::vector<history::record> records;

private:
  std::string name_of(trial_id trial) const { return trial_name(experiment_, trial); }
  history::attempt of(trial_id trial, attempt_number number) const { return {name_of(trial), number}; }

  std::string experiment_;
};

} // namespace

history::storm read_storm(const path& diary, const path& journal, const std::map<std::string, std::size_t>& slots) {
  journal_reader reader;
  or_throw(read_journal(journal, [&](journal_position, const journal_record& each) -> result<void> {
    reader.read(each);
    return {};
  }));
  return {read_deeds(diary), read_acknowledgements(diary.string() + ".acknowledged"), std::move(reader.records), slots};
}
