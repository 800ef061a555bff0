#include "tools/caf_tune/posix_spec_file.hpp"

#include <cerrno>
#include <cstddef>
#include <cstring>

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

namespace tools {
namespace {

constexpr std::size_t most_bytes = 16u << 20;

tune::error system_error(const char* what) {
  return {tune::errc::io, fmt::format("{}: {}", what, std::strerror(errno))};
}

class open_file {
public:
  explicit open_file(const char* path) : descriptor_(::open(path, O_RDONLY | O_CLOEXEC)) {}
  ~open_file() {
    if (descriptor_ >= 0)
      ::close(descriptor_);
  }
  open_file(const open_file&) = delete;
  open_file& operator=(const open_file&) = delete;
  int descriptor() const { return descriptor_; }

private:
  int descriptor_;
};

} // namespace

tune::result<std::string> read_spec_file(const std::string& path) {
  const open_file file(path.c_str());
  if (file.descriptor() < 0)
    return tune::fail(system_error("cannot be opened"));
  std::string text;
  std::string buffer(1u << 16, '\0');
  for (;;) {
    const auto got = ::read(file.descriptor(), buffer.data(), buffer.size());
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0)
      return tune::fail(system_error("cannot be read"));
    if (got == 0)
      return text;
    text.append(buffer, 0, static_cast<std::size_t>(got));
    if (text.size() > most_bytes)
      return tune::fail(tune::errc::too_large, fmt::format("it is larger than {} bytes", most_bytes));
  }
}

} // namespace tools
