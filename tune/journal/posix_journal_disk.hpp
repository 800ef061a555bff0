#pragma once

#include <memory>
#include <string>

#include "tune/journal/journal_disk.hpp"
#include "tune/path.hpp"

namespace tune {

/// A directory of a file system.
class posix_journal_disk : public journal_disk {
public:
  explicit posix_journal_disk(path directory) : directory_(std::move(directory)) {}

  [[nodiscard]] result<std::vector<std::string>> list() override;
  [[nodiscard]] result<std::string> read(const std::string& file, std::uint64_t offset, std::uint32_t bytes) override;
  [[nodiscard]] result<std::unique_ptr<journal_file>> create(const std::string& file) override;
  [[nodiscard]] result<std::unique_ptr<journal_file>> open(const std::string& file, std::uint64_t bytes) override;
  [[nodiscard]] result<void> remove(const std::string& file) override;
  [[nodiscard]] result<void> sync_directory() override;
  std::string path_of(const std::string& file) const override { return (directory_ / file).string(); }

private:
  path directory_;
  std::string read_name_; ///< What is read is read on: it stays open.
  std::shared_ptr<void> read_file_;
};

} // namespace tune
