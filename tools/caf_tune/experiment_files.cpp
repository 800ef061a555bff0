#include "tools/caf_tune/experiment_files.hpp"

#include <cstdlib>
#include <filesystem>
#include <system_error>

#include <fmt/format.h>

namespace tools {
namespace {

using tune::errc;
using tune::error;
using tune::fail;

bool is_a_directory(const std::filesystem::path& path) {
  std::error_code ignored;
  return std::filesystem::is_directory(path, ignored);
}

std::filesystem::path storage() {
  if (const char* given = std::getenv("CAF_TUNE_STORAGE"); given != nullptr && *given != '\0')
    return given;
  const char* home = std::getenv("HOME");
  return std::filesystem::path(home == nullptr ? "." : home) / "caf-tune-results";
}

std::string without_slash(std::string directory) {
  while (directory.size() > 1 && directory.back() == '/')
    directory.pop_back();
  return directory;
}

error about(const std::string& directory, const error& why) {
  if (!is_a_directory(directory))
    return {errc::not_found, fmt::format("{}: there is no such directory", directory)};
  if (!is_a_directory(std::filesystem::path(directory) / "journal"))
    return {errc::not_found, fmt::format("{}: that is no experiment's directory: it holds no journal", directory)};
  return runtime::within(directory, why);
}

} // namespace

std::string find_experiment(const std::string& given) {
  if (!is_a_directory(given) && given.find('/') == std::string::npos)
    if (const auto stored = storage() / given; is_a_directory(stored))
      return stored.string();
  return without_slash(given);
}

tune::result<void> read_records(const experiment_files& files, const tune::journal_visitor& visitor) {
  const auto found = tune::read_journal(files.journal, visitor);
  if (!found)
    return fail(about(files.directory, found.error()));
  return {};
}

tune::result<experiment_files> read_experiment(const std::string& given, const std::optional<cluster_wish>& cluster) {
  experiment_files files;
  if (cluster && !is_a_directory(given) && given.find('/') == std::string::npos) {
    auto fetched = fetch_experiment(*cluster, given);
    if (!fetched && !is_a_directory(storage() / given)) // One that is here is read here, whatever the cluster says.
      return fail(fetched.error());
    if (fetched) {
      files.directory = fetched->directory;
      files.journal = (fetched->copy / "journal").string();
      files.host = fetched->host;
      files.keeps_copy = std::move(fetched->keeps_copy);
    }
  }
  if (files.journal.empty()) {
    files.directory = find_experiment(given);
    files.journal = files.directory + "/journal";
  }
  auto found = tune::read_journal(files.journal, [&](tune::journal_position, const tune::journal_record& record) {
    return files.view.on_record(record);
  });
  if (!found)
    return fail(about(files.directory, found.error()));
  files.found = *found;
  if (files.host.empty())
    files.directory = without_slash(std::filesystem::absolute(files.directory).lexically_normal().string());
  if (!files.view.has_begun())
    return fail(errc::not_found, fmt::format("{}: its journal holds no experiment yet", files.directory));
  return files;
}

} // namespace tools
