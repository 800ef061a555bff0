#include "tune/results/file_journal_source.hpp"

#include "tune/journal/file_journal.hpp"

namespace tune {

result<void> file_journal_source::read(journal_position first, journal_position last, const visitor& visit) {
  bool done = false;
  auto read = read_journal(directory_, [&](journal_position position, const journal_record& record) -> result<void> {
    if (position > last) { // The rest is not wanted.
      done = true;
      return fail(errc::cancelled, "");
    }
    if (position >= first)
      visit(position, record);
    return {};
  });
  if (!read && !done)
    return fail(read.error());
  return {};
}

} // namespace tune
