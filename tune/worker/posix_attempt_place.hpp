#pragma once

#include <string>

#include "tune/path.hpp"
#include "tune/trial/attempt_messages.hpp"

namespace tune {

/// Where an attempt runs, and where its files lie.
struct attempt_place {
  bool sees_storage = false;
  path directory; ///< The trial's, absolute.
};

/// Where a node keeps what experiments leave there: beside the directory that each driver's workers have, so that later
/// drivers find it. Empty: the node gives none.
path directory_for_experiments(const path& of_worker);

/// Of the files that an attempt prints to on a node that does not see the storage: ".attempt-3".
std::string output_suffix(attempt_number attempt);

/// Whether this machine sees a file with exactly this content.
bool holds(const std::string& file, const std::string& content);

/// The trial's directory in the experiment's storage if this machine sees the storage: if the order's marker file is
/// there with its content. Otherwise one of the same name in `node_directory`. Does not make it.
[[nodiscard]] result<attempt_place> place_of(const attempt_order& order, const path& node_directory);

const std::string& own_hostname();
const std::string& own_ip(); ///< An address of this machine that others may reach; "127.0.0.1" if it has no other.

} // namespace tune
