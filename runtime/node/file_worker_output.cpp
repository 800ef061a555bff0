#include "runtime/node/file_worker_output.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>

#include <fcntl.h>

#include "runtime/node/work_end.hpp"

namespace runtime {

result<file_worker_output> file_worker_output::open(std::string path, std::uint64_t max_bytes) {
  posix_descriptor file(::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC, 0600));
  if (!file)
    return fail(errc::io, fmt::format("{}: {}", path, std::strerror(errno)));
  return file_worker_output(std::move(path), std::move(file), max_bytes);
}

result<void> file_worker_output::append(std::string_view text) {
  if (!file_ || text.empty())
    return {};
  const auto kept = text.substr(0, static_cast<std::size_t>(std::min<std::uint64_t>(room_, text.size())));
  auto done = write(kept);
  room_ -= kept.size();
  if (done && kept.size() < text.size()) {
    done = write(fmt::format("{}[caf-tune: output limit of {} reached; the rest is dropped]\n",
                             line_is_open_ ? "\n" : "", describe_bytes(max_bytes_)));
    file_.close();
  }
  return done;
}

result<void> file_worker_output::write(std::string_view text) {
  if (!text.empty())
    line_is_open_ = text.back() != '\n';
  while (!text.empty()) {
    const auto written = ::write(file_.get(), text.data(), text.size());
    if (written < 0 && errno != EINTR) {
      const int code = errno;
      file_.close();
      return fail(errc::io, fmt::format("{}: {}; what else the worker prints is dropped", path_, std::strerror(code)));
    }
    if (written > 0)
      text.remove_prefix(static_cast<std::size_t>(written));
  }
  return {};
}

} // namespace runtime
