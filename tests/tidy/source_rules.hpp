#pragma once

#include "tests/tidy/source_tree.hpp"

#include <cstddef>
#include <string>
#include <vector>

namespace tidy {

struct violation {
  std::string path;
  std::size_t line = 0; ///< From 1; 0: the file as a whole.
  std::string what;
};

/// Each rule looks at one file and says where the file breaks it.
using violations = std::vector<violation>;

violations caf_in_its_place(const source_file& file); ///< Only _actor, net/, wire/, process/ and public headers.
violations costly_headers_in_sources(const source_file& file); ///< caf/all.hpp and .pb.h only in .cpp files.
/// Each function of a header that returns a result. Not those of a .cpp file: all their calls are in sight there, and
/// the attribute on each would hide more than it shows.
violations results_are_nodiscard(const source_file& file);
violations tests_do_not_wait(const source_file& file);      ///< No sleep, clock or fixed port.
violations open_ends_are_numbered(const source_file& file); ///< Nothing is put off without an issue.
violations no_dead_code(const source_file& file);           ///< Nothing that is commented out.
violations authors_are_in_the_history(const source_file& file);
violations cores_are_pure(const source_file& file);         ///< No CAF, protobuf, logger, clock, file, thread, shell.
violations shells_fail_loudly(const source_file& file);     ///< Each event-based actor sets an exception handler.
violations shells_are_virtual(const source_file& file);     ///< What is simulated has no clock, chance, thread.
violations network_in_its_place(const source_file& file);   ///< CAF's own middleman only in runtime/net/.
violations includes_from_the_root(const source_file& file); ///< "runtime/head/lease_queue.hpp"
violations files_are_short(const source_file& file);        ///< 500 lines, tests 600.
violations lines_are_short(const source_file& file);        ///< 120 columns: C++, protobuf, CMake, scripts.
violations no_word_of_a_workplace(const source_file& file); ///< The repository stands on its own.

} // namespace tidy
