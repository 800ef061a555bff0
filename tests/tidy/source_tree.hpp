#pragma once

#include <string>
#include <vector>

namespace tidy {

/// One file of the repository, read for rules that go line by line.
struct source_file {
  std::string path;               ///< From the root, with '/'.
  std::vector<std::string> lines; ///< As they stand.
  std::vector<std::string> code;  ///< The same for C++ with comments and the insides of literals as spaces; else empty.

  std::string name() const;      ///< "lease_queue.hpp"
  std::string extension() const; ///< ".hpp", or empty
  bool is_in(const std::string& folder) const;
};

source_file make_source(std::string path, const std::string& text);

/// What we wrote below the root: not what builds and editors left there.
std::vector<source_file> read_tree(const std::string& root);

} // namespace tidy
