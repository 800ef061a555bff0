#pragma once

#include <memory>
#include <string>
#include <vector>

#include "tests/integration/disk/life.hpp"
#include "tests/support/failing_calls.hpp"
#include "tune/path.hpp"
#include "tune/vocabulary.hpp"

/// Something that keeps on a disk what it acknowledges: what is done with it, what can go wrong with the disk, and what
/// must hold are three separate things, so that they combine.
class subject {
public:
  virtual ~subject() = default;
  virtual std::string name() const = 0;

  /// What one process does with it: goes on from what is there, for so many rounds or to the first error, and
  /// acknowledges what is durable. The same calls each time that the same is there.
  [[nodiscard]] virtual tune::result<void> live(const tune::path& directory, witness& tell, int rounds) const = 0;

  /// After all that lived have ended, in another process: what they acknowledged, in this order, is there; nothing is
  /// torn without that being said; and it can be gone on with. Fails the test otherwise.
  virtual void check(const tune::path& directory, const std::vector<std::string>& acknowledged) const = 0;

  /// Whether nothing is lost where this call fails, so that nobody needs to hear of it.
  virtual bool is_harmless(const std::string& call, const std::string& path) const = 0;
};

std::unique_ptr<subject> journal_subject();
std::unique_ptr<subject> checkpoint_subject();
std::unique_ptr<subject> state_subject(); ///< What a head and a node remember.
