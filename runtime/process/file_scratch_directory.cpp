#include "runtime/process/file_scratch_directory.hpp"

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <utility>

#include <boost/filesystem/operations.hpp>
#include <fmt/format.h>

namespace runtime {

result<scratch_directory> scratch_directory::make(const std::string& name) {
  const char* base = std::getenv("TMPDIR");
  std::string path = fmt::format("{}/{}-XXXXXX", base && *base ? base : "/tmp", name);
  if (::mkdtemp(path.data()) == nullptr)
    return fail(errc::io, fmt::format("{}: cannot make a directory: {}; set TMPDIR to one that can be written", path,
                                      std::strerror(errno)));
  return scratch_directory(std::move(path));
}

scratch_directory::scratch_directory(scratch_directory&& other) noexcept : path_(std::exchange(other.path_, {})) {
}

scratch_directory::~scratch_directory() {
  boost::system::error_code ignored; // A worker that is just being killed may still hold a file.
  if (!path_.empty())
    boost::filesystem::remove_all(path_, ignored);
}

} // namespace runtime
