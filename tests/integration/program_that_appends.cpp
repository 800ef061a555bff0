// program_that_appends DIRECTORY: appends to the journal there until it is killed, and prints the position of each
// record that is durable, a line each. The n-th record is of trial n.
#include <cstdio>
#include <string>

#include <unistd.h>

#include "tune/journal/file_journal.hpp"

int main(int, char** argv) {
  using namespace tune;
  const auto log = or_throw(file_journal::open(
    argv[1], [](journal_position, const journal_record&) { return result<void>(); }, {/*segment_bytes=*/20'000}));
  log->listen([](result<journal_position> up_to) {
    const auto line = std::to_string(or_throw(std::move(up_to))) + "\n";
    if (::write(STDOUT_FILENO, line.data(), line.size()) < 0)
      ::_exit(1);
  });
  for (auto next = log->found().last + 1;; ++next) {
    log->append(record::trial_created{trial_id(next), {{"lr", 0.5}}, record::trial_origin::searcher, {}});
    if (next % 16 == 0)
      or_throw(log->sync());
  }
}
