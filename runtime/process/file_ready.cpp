#include "runtime/process/file_ready.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <sys/stat.h>

#include <fmt/format.h>

namespace runtime {
namespace {

std::string fresh_name(const std::string& file) {
  return file + ".new";
}

tl::unexpected<error> cannot_be(const char* what, const std::string& file, int error_number) {
  return fail(errc::io, fmt::format("--ready-file: {} cannot be {}: {}; name a file in a directory that exists and can "
                                    "be written",
                                    file, what, std::strerror(error_number)));
}

} // namespace

result<void> prepare_ready_file(const std::string& file) {
  struct stat about {};
  if (::stat(file.c_str(), &about) == 0 && !S_ISREG(about.st_mode))
    return fail(errc::io,
                fmt::format("--ready-file: {} is not a regular file; name one, or one that does not exist yet", file));
  errno = 0;
  std::ofstream out(fresh_name(file));
  out.close();
  if (!out)
    return cannot_be("written", file, errno);
  std::remove(fresh_name(file).c_str());
  if (std::remove(file.c_str()) != 0 && errno != ENOENT)
    return cannot_be("removed", file, errno);
  return {};
}

result<void> write_ready_file(const std::string& file, const std::string& address) {
  const auto fresh = fresh_name(file);
  errno = 0;
  std::ofstream out(fresh);
  out << address << '\n';
  out.close();
  if (!out || std::rename(fresh.c_str(), file.c_str()) != 0)
    return cannot_be("written", file, errno);
  return {};
}

} // namespace runtime
