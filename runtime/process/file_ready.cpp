#include "runtime/process/file_ready.hpp"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <fstream>

#include <fmt/format.h>

namespace runtime {

result<void> write_ready_file(const std::string& file, const std::string& address) {
  const auto fresh = file + ".new";
  errno = 0;
  std::ofstream out(fresh);
  out << address << '\n';
  out.close();
  if (!out || std::rename(fresh.c_str(), file.c_str()) != 0)
    return fail(errc::io, fmt::format("--ready-file: {} cannot be written: {}", file, std::strerror(errno)));
  return {};
}

} // namespace runtime
