#include "tune/results/file_result_records.hpp"

#include "runtime/package/posix_file.hpp"
#include "tune/results/event_record.hpp"

#include <cerrno>
#include <functional>
#include <limits>
#include <string_view>

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace tune {
namespace {

using runtime::file_error;
using runtime::posix_file;

constexpr std::uint32_t chunk_bytes = 1024 * 1024;

[[nodiscard]] result<void> cut(const std::string& path, std::uint64_t size_bytes) {
  if (::truncate(path.c_str(), static_cast<off_t>(size_bytes)) != 0)
    return fail(file_error(path, "cut", errno));
  return {};
}

/// Gives the file's bytes, piece by piece, until `take` wants no more.
[[nodiscard]] result<void> read_all(const posix_file& file, const std::function<bool(std::string_view)>& take) {
  for (std::uint64_t offset = 0;;) {
    auto bytes = file.read_at(offset, chunk_bytes);
    if (!bytes)
      return fail(bytes.error());
    if (bytes->empty() || !take(*bytes))
      return {};
    offset += bytes->size();
  }
}

error too_few(const std::string& path, std::uint64_t wanted, std::uint64_t found) {
  return {errc::not_found, fmt::format("{} holds {} results where there were {}", path, found, wanted)};
}

/// Where the `count`-th line ends. Within quotes, where that matters, a newline ends none.
[[nodiscard]] result<std::uint64_t> end_of_line(const std::string& path, std::uint64_t count, bool with_quotes) {
  auto file = posix_file::open_for_reading(path);
  if (!file)
    return fail(file.error());
  std::uint64_t lines = 0;
  std::uint64_t offset = 0;
  bool quoted = false;
  auto read = read_all(*file, [&](std::string_view bytes) {
    for (const char c : bytes) {
      if (lines == count)
        return false;
      ++offset;
      if (c == '"' && with_quotes)
        quoted = !quoted;
      else if (c == '\n' && !quoted)
        ++lines;
    }
    return true;
  });
  if (!read)
    return fail(read.error());
  if (lines < count)
    return fail(too_few(path, count, lines));
  return offset;
}

/// After a power loss a file may have its length without its content.
[[nodiscard]] result<void> check_last_line(const std::string& path, std::uint64_t end) {
  if (end == 0)
    return {};
  auto file = posix_file::open_for_reading(path);
  if (!file)
    return fail(file.error());
  const auto bytes = file->read_at(end < 2 ? 0 : end - 2, 2);
  if (!bytes)
    return fail(bytes.error());
  if (*bytes != "}\n")
    return fail(errc::invalid_argument, fmt::format("{} holds a line that is no result", path));
  return {};
}

} // namespace

result<void> keep_json_lines(const std::string& path, std::uint64_t records) {
  return end_of_line(path, records, /*with_quotes=*/false).and_then([&](std::uint64_t end) {
    return check_last_line(path, end).and_then([&] { return cut(path, end); });
  });
}

result<std::string> keep_csv_rows(const std::string& path, std::uint64_t rows) {
  const auto begin = end_of_line(path, 1, /*with_quotes=*/true);
  if (!begin)
    return fail(begin.error());
  const auto end = end_of_line(path, rows + 1, /*with_quotes=*/true);
  if (!end)
    return fail(end.error());
  if (auto done = cut(path, *end); !done)
    return fail(done.error());
  return posix_file::open_for_reading(path).and_then(
    [&](const posix_file& file) { return file.read_at(0, static_cast<std::uint32_t>(*begin)); });
}

result<void> keep_event_records(const std::string& path, std::uint64_t records) {
  auto file = posix_file::open_for_reading(path);
  if (!file)
    return fail(file.error());
  const auto status = file->status();
  if (!status)
    return fail(status.error());
  const auto size = static_cast<std::uint64_t>(status->st_size);
  std::uint64_t offset = 0;
  for (std::uint64_t i = 0; i < records; ++i) {
    const auto header = file->read_at(offset, event_header_bytes);
    if (!header)
      return fail(header.error());
    const auto length = event_length(*header);
    if (length > size || offset + event_header_bytes + length + event_footer_bytes > size)
      return fail(too_few(path, records, i));
    offset += event_header_bytes + length + event_footer_bytes;
  }
  return cut(path, offset);
}

std::size_t count_columns(const std::string& csv_header) {
  std::size_t columns = 1;
  bool quoted = false;
  for (const char c : csv_header) {
    if (c == '"')
      quoted = !quoted;
    columns += c == ',' && !quoted ? 1 : 0;
  }
  return columns;
}

result<void> widen_csv(const std::string& path, const std::string& header, std::size_t more) {
  auto file = posix_file::open_for_reading(path);
  if (!file)
    return fail(file.error());
  std::string content = header;
  const std::string cells(more, ',');
  bool quoted = false;
  bool in_header = true;
  auto read = read_all(*file, [&](std::string_view bytes) {
    for (const char c : bytes) {
      if (c == '"')
        quoted = !quoted;
      const bool ends = c == '\n' && !quoted;
      if (!in_header) {
        if (ends)
          content += cells;
        content += c;
      }
      in_header = in_header && !ends;
    }
    return true;
  });
  if (!read)
    return read;
  return replace_file(path, content, durability::process_crash);
}

result<void> replace_file(const std::string& path, const std::string& content, durability survives) {
  const auto made = path + ".new";
  const int descriptor = ::open(made.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (descriptor < 0)
    return fail(file_error(made, "written", errno));
  int failed = 0;
  for (std::string_view left = content; !left.empty() && failed == 0;) {
    const auto written = ::write(descriptor, left.data(), left.size());
    if (written >= 0)
      left.remove_prefix(static_cast<std::size_t>(written));
    else if (errno != EINTR)
      failed = errno;
  }
  if (failed == 0 && survives == durability::power_loss && ::fsync(descriptor) != 0)
    failed = errno;
  if (::close(descriptor) != 0 && failed == 0)
    failed = errno;
  if (failed == 0 && ::rename(made.c_str(), path.c_str()) != 0)
    failed = errno;
  if (failed != 0) {
    ::unlink(made.c_str());
    return fail(file_error(path, "written", failed));
  }
  if (survives == durability::power_loss)
    return runtime::sync_directory(path.substr(0, path.rfind('/')));
  return {};
}

} // namespace tune
