#include "tune/results/posix_progress_printer.hpp"

#include "tests/runtime/package/temporary_directory.hpp"

#include <future>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <unistd.h>

using namespace tune;

namespace {

/// What the printer prints while `use` has it.
template <class Function>
std::string printed(progress_printer_options options, Function use) {
  const temporary_directory disk;
  options.descriptor = ::open((disk / "out").c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
  REQUIRE(options.descriptor >= 0);
  {
    posix_progress_printer printer(options);
    use(printer);
  }
  ::close(options.descriptor);
  return read_text(disk / "out");
}

} // namespace

TEST_CASE("progress printer: without a block it prints the lines, in order, to the last") {
  progress_printer_options options;
  CHECK(printed(options, [](posix_progress_printer& printer) {
          printer.add("one\n");
          printer.add("");
          printer.add("two\n");
        }) == "one\ntwo\n");
}

TEST_CASE("progress printer: lines that come faster than they can be printed are counted") {
  progress_printer_options options;
  options.max_lines = 2;
  options.redraw_every = std::chrono::hours(1);
  CHECK(printed(options, [](posix_progress_printer& printer) {
          for (const char* line : {"1\n", "2\n", "3\n", "4\n"})
            printer.add(line);
        }) == "1\n2\n2 more events are not shown\n");
}

TEST_CASE("progress printer: the block is drawn over the one before, and stays at the end") {
  progress_printer_options options;
  options.block = true;
  options.redraw_every = std::chrono::milliseconds(1);
  std::promise<void> drawn_thrice;
  int drawn = 0;
  options.draw = [&](const progress_options& size) {
    CHECK(size.width == 80);
    if (++drawn == 3)
      drawn_thrice.set_value();
    return "a\nb\n" + std::string(drawn > 3 ? "" : std::to_string(drawn) + "\n");
  };
  const auto text = printed(options, [&](posix_progress_printer&) { drawn_thrice.get_future().wait(); });

  CHECK(text.substr(0, 39) == "a\nb\n1\n\x1b[3A\x1b[Ja\nb\n2\n\x1b[3A\x1b[Ja\nb\n3\n\x1b[3A\x1b[J");
  CHECK(text.substr(text.size() - 4) == "a\nb\n");
}

TEST_CASE("progress printer: a file is no terminal") {
  const int file = ::open("/dev/null", O_WRONLY);
  CHECK_FALSE(is_terminal(file));
  ::close(file);
}
