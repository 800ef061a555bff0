#pragma once

#include <optional>
#include <string>

namespace bench {

/// One measured figure, as tools/bench shows it.
struct figure {
  std::string name; ///< What is measured, as bench/README.md lists it: "call to an actor, synchronous".
  double value = 0;
  std::string unit;               ///< "1/s", "us", "MB"
  std::optional<double> at_least; ///< The goal, if there is one: this, or ...
  std::optional<double> at_most;  ///< ... this.
  std::string beside; ///< The limit or peer measured in the same run: "bare posix_spawn: 2,012/s". May be empty.
  // Where the value is the worst of several rounds. With --json only.
  std::optional<double> median = std::nullopt;
  int rounds = 0;
  std::string what = {}; ///< What the name stands for, in words.
};

/// What each benchmark's main() begins with. Flags: --quick, --only NAME, --json; a wrong one ends the program (2).
class figures {
public:
  figures(int argc, char** argv);

  bool is_quick() const noexcept { return quick_; } ///< Short runs: shows that it works; the figure is rough.
  bool wants(const std::string& name) const;        ///< Ask before measuring.
  void show(const figure& measured) const;          ///< A line at once: for people, or with --json as JSON.
  void skip(const figure& wanted, const std::string& why) const; ///< The same for one that cannot be measured here.

private:
  bool quick_ = false;
  bool json_ = false;
  std::string only_;
};

} // namespace bench
