#pragma once

#include <map>
#include <stdexcept>
#include <string>

#include "tune/config.hpp"
#include "tune/path.hpp"

namespace tune {

/// What a trial runs, as a class. It lives in a process of its own: it may crash, leak or hang without harm to others.
/// One thread calls these, one after the other. Throwing fails the attempt; what() becomes its error.
class trial_actor {
public:
  virtual ~trial_actor() = default;

  virtual void set_up(const config& values) = 0; ///< Once per attempt, first.
  /// One iteration. Must contain the experiment's metric; {"done", true} among them says that it was the last.
  virtual metrics step() = 0;
  /// Into an empty directory; seen whole or not at all. A class that does not override it has no checkpoints: after a
  /// loss its trials begin anew.
  virtual void save(const path& directory) { (void)directory; }
  /// What save() wrote, perhaps on another machine, or, with tune::pbt(), with other values; after set_up().
  virtual void load(const path& directory) {
    (void)directory;
    throw std::logic_error("the trainable has a checkpoint, but no load()");
  }
  /// The same object for another trial's values, instead of a new one: return true if it is then as after set_up().
  /// Called after clean_up(), and only on an object that has not failed.
  virtual bool reset(const config& values) {
    (void)values;
    return false;
  }
  virtual void clean_up() {} ///< After the last step, also when the trial was stopped; not when it failed.

  /// What the attempt has, as trial::resources(); known from set_up() and reset() on.
  const std::map<std::string, double>& resources() const noexcept { return resources_; }

private:
  friend class running_trial;
  std::map<std::string, double> resources_;
};

} // namespace tune
