#pragma once

#include <algorithm>
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <utility>

#include "runtime/base/random_stream.hpp"
#include "tune/journal/journal_disk.hpp"

/// A disk in memory that forgets what was not synced when the power goes, tears what it was writing, and fails when it
/// is told to.
class fake_journal_disk : public tune::journal_disk {
public:
  enum class fault {
    no_space,    ///< Nothing is written.
    short_write, ///< A part is written, then there is no space.
    input_output,
  };
  /// The n-th call that writes, from now on, fails, as do all after it. From 1.
  void fail_at(std::uint64_t n, fault how) {
    calls_ = 0;
    fails_at_ = n;
    how_ = how;
  }
  void mend() { fails_at_ = 0; }
  bool has_failed() const { return fails_at_ != 0 && calls_ >= fails_at_; }
  std::uint64_t calls() const { return calls_; }

  /// Of each file what was synced stays. Of the rest, piece by piece, some reached the disk and some did not; and so
  /// it is with files that were made and removed since the directory was synced.
  void lose_power(runtime::random_stream& chance) {
    for (auto it = files_.begin(); it != files_.end();) {
      auto& file = *it->second;
      if (!file.is_linked && chance.chance(0.5)) {
        it = files_.erase(it);
        continue;
      }
      tear(file, chance);
      ++it;
    }
    for (auto& [name, file] : removed_)
      if (files_.count(name) == 0 && chance.chance(0.5)) {
        tear(*file, chance);
        files_[name] = file;
      }
    removed_.clear();
  }
  /// kill -9: what was written is there.
  std::string content(const std::string& file) const { return files_.at(file)->bytes; }
  void set_content(const std::string& file, std::string bytes) {
    files_[file] = std::make_shared<inode>();
    files_[file]->bytes = std::move(bytes);
    files_[file]->synced = files_[file]->bytes;
    files_[file]->is_linked = true;
  }

  [[nodiscard]] tune::result<std::vector<std::string>> list() override {
    std::vector<std::string> names;
    for (const auto& [name, file] : files_)
      names.push_back(name);
    return names;
  }
  [[nodiscard]] tune::result<std::string> read(const std::string& file, std::uint64_t offset,
                                               std::uint32_t bytes) override {
    const auto found = files_.find(file);
    if (found == files_.end())
      return tune::fail(tune::errc::not_found, file + " is not there");
    const auto& all = found->second->bytes;
    return offset >= all.size() ? std::string() : all.substr(offset, bytes);
  }
  [[nodiscard]] tune::result<std::unique_ptr<tune::journal_file>> create(const std::string& file) override {
    if (auto done = step(file); !done)
      return tune::fail(done.error());
    if (files_.count(file) != 0)
      return tune::fail(tune::errc::already_exists, file + " is there already");
    files_[file] = std::make_shared<inode>();
    return std::unique_ptr<tune::journal_file>(std::make_unique<open_file>(*this, files_[file], file));
  }
  [[nodiscard]] tune::result<std::unique_ptr<tune::journal_file>> open(const std::string& file,
                                                                       std::uint64_t bytes) override {
    if (auto done = step(file); !done)
      return tune::fail(done.error());
    files_.at(file)->bytes.resize(bytes);
    return std::unique_ptr<tune::journal_file>(std::make_unique<open_file>(*this, files_[file], file));
  }
  [[nodiscard]] tune::result<void> remove(const std::string& file) override {
    if (auto done = step(file); !done)
      return done;
    removed_[file] = files_.at(file);
    files_.erase(file);
    return {};
  }
  [[nodiscard]] tune::result<void> sync_directory() override {
    if (auto done = step("the directory"); !done)
      return done;
    for (auto& [name, file] : files_)
      file->is_linked = true;
    removed_.clear();
    return {};
  }
  std::string path_of(const std::string& file) const override { return "/disk/" + file; }

private:
  struct inode {
    std::string bytes;
    std::string synced; ///< What a power loss leaves at least.
    // What a sync failed to write is taken for written: no other sync repeats it.
    std::size_t lost_from = 0;
    std::size_t lost_to = 0;
    bool is_linked = false;
  };

  class open_file : public tune::journal_file {
  public:
    open_file(fake_journal_disk& disk, std::shared_ptr<inode> file, std::string name)
      : disk_(disk),
        file_(std::move(file)),
        name_(std::move(name)) {}
    [[nodiscard]] tune::result<void> append(std::string_view bytes) override {
      auto done = disk_.step(name_);
      if (done)
        file_->bytes += bytes;
      else if (disk_.how_ == fault::short_write)
        file_->bytes += bytes.substr(0, bytes.size() / 2);
      return done;
    }
    [[nodiscard]] tune::result<void> write_again(std::uint64_t offset, std::string_view bytes) override {
      auto done = disk_.step(name_);
      if (done) {
        file_->bytes.replace(offset, bytes.size(), bytes);
        if (offset <= file_->lost_from)
          file_->lost_to = 0;
      }
      return done;
    }
    [[nodiscard]] tune::result<void> sync() override {
      auto done = disk_.step(name_);
      if (!done) {
        file_->lost_from = file_->synced.size();
        file_->lost_to = file_->bytes.size();
        return done;
      }
      file_->synced = file_->bytes;
      for (auto i = file_->lost_from; i < std::min(file_->lost_to, file_->synced.size()); ++i)
        file_->synced[i] = '\0';
      return done;
    }

  private:
    fake_journal_disk& disk_;
    std::shared_ptr<inode> file_;
    std::string name_;
  };

  [[nodiscard]] tune::result<void> step(const std::string& where) {
    ++calls_;
    if (!has_failed())
      return {};
    return tune::fail(tune::errc::io,
                      path_of(where) + (how_ == fault::input_output ? ": input/output error" : ": full"));
  }

  static void tear(inode& file, runtime::random_stream& chance) {
    constexpr std::size_t piece = 64;
    std::string left = file.synced;
    if (file.bytes.size() > left.size() && chance.chance(0.8)) {
      left.resize(left.size() + chance.below(file.bytes.size() - left.size() + 1), '\0');
      for (std::size_t at = 0; at < left.size(); at += piece)
        if (chance.chance(0.7))
          for (std::size_t i = std::max(at, file.synced.size()); i < std::min(at + piece, left.size()); ++i)
            left[i] = file.bytes[i];
    } else if (file.bytes.size() < left.size() && chance.chance(0.5)) {
      left = file.bytes; // It was cut off, and that reached the disk.
    }
    file.bytes = left;
    file.synced = left;
    file.is_linked = true;
  }

  std::map<std::string, std::shared_ptr<inode>> files_;
  std::map<std::string, std::shared_ptr<inode>> removed_;
  std::uint64_t calls_ = 0;
  std::uint64_t fails_at_ = 0;
  fault how_ = fault::no_space;
};
