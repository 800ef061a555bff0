#include "tune/results/file_journal_source.hpp"

#include "tune/journal/file_journal.hpp"

namespace tune {

result<void> file_journal_source::read(journal_position first, journal_position last, const visitor& visit) {
  bool done = false;
  const journal_visitor wanted = [&](journal_position position, const journal_record& record) -> result<void> {
    if (position > last) { // The rest is not wanted.
      done = true;
      return fail(errc::cancelled, "");
    }
    visit(position, record);
    return {};
  };
  auto read = read_journal(directory_, wanted, first);
  if (!read && !done)
    return fail(read.error());
  return {};
}

} // namespace tune
