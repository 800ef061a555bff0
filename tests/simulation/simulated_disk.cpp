#include "tests/simulation/simulated_disk.hpp"

#include <algorithm>

#include "runtime/package/posix_file.hpp"

using runtime::file_error;
using tune::fail;
using tune::path;
using tune::result;
using kind = tune::store_disk::kind;

namespace sim {
namespace {

constexpr std::size_t piece_bytes = 64; ///< That a power loss writes or does not.

std::error_code code(std::errc why) {
  return std::make_error_code(why);
}

std::vector<std::string> names_in(const path& at) {
  std::vector<std::string> names;
  for (const auto& part : at.lexically_normal())
    if (part != "/" && !part.empty())
      names.push_back(part.string());
  return names;
}

} // namespace

disk::disk(std::uint64_t seed) : random_(seed, "disk"), root_(std::make_shared<inode>()) {
  root_->what = kind::directory;
}

disk::~disk() = default;

// ---- What goes wrong.

/// Whether this may be done now. One that dies in the midst of it does it still, in part.
std::error_code disk::step(process* whose, work what) {
  if (whose == nullptr)
    return {};
  if (!has_power_ || !whose->is_alive)
    return code(std::errc::io_error);
  if (what == work::read)
    return random_.chance(faults.read_errors) ? code(std::errc::io_error) : std::error_code();
  ++changes_;
  if (faults.is_full && what == work::write)
    return code(std::errc::no_space_on_device);
  if (random_.chance(what == work::sync ? faults.sync_errors : faults.write_errors))
    return code(std::errc::io_error);
  return {};
}

/// After each change.
bool disk::dies_now(process* whose) {
  if (whose == nullptr)
    return false;
  if (whose->dies_after && (*whose->dies_after)-- == 0)
    whose->is_alive = false;
  if (power_goes_after_ && (*power_goes_after_)-- == 0) {
    lose_power();
    if (const auto told = std::exchange(told_, nullptr))
      told();
  }
  return !has_power_ || !whose->is_alive;
}

void disk::lose_power_after(std::uint64_t changes, std::function<void()> told) {
  power_goes_after_ = changes;
  told_ = std::move(told);
}

void disk::lose_power() {
  has_power_ = false;
  power_goes_after_.reset();
  forget_unsynced(*root_);
}

void disk::forget_unsynced(inode& at) {
  if (at.what == kind::file)
    return tear(at);
  const auto reached = random_.below(at.unsynced_changes.size() + 1);
  for (std::size_t i = 0; i != reached; ++i)
    for (auto& [name, child] : at.unsynced_changes[i])
      if (child)
        at.synced_children[name] = child;
      else
        at.synced_children.erase(name);
  at.unsynced_changes.clear();
  at.children = at.synced_children;
  for (auto& [name, child] : at.children)
    forget_unsynced(*child);
}

void disk::tear(inode& file) {
  auto left = file.synced;
  if (file.bytes.size() > left.size() && random_.chance(0.8)) {
    left.resize(left.size() + random_.below(file.bytes.size() - left.size() + 1), '\0');
    for (std::size_t at = 0; at < left.size(); at += piece_bytes)
      if (random_.chance(0.7))
        for (auto i = std::max(at, file.synced.size()); i < std::min(at + piece_bytes, left.size()); ++i)
          left[i] = file.bytes[i];
  } else if (file.bytes.size() < left.size() && random_.chance(0.5)) {
    left.resize(file.bytes.size()); // It was cut off, and that reached the disk.
  }
  file.bytes = left;
  file.synced = left;
  file.lost.clear();
  file.unflipped = std::min(file.unflipped, left.size());
}

std::string disk::rot(std::string_view below, runtime::random_stream& random) {
  std::vector<std::pair<std::string, inode*>> files;
  const std::function<void(const std::string&, inode&, bool)> look = [&](const std::string& name, inode& at, bool in) {
    if (at.what == kind::file && in && !at.bytes.empty())
      files.emplace_back(name, &at);
    for (const auto& [child_name, child] : at.children)
      look(name + "/" + child_name, *child, in || child_name.find(below) != std::string::npos);
  };
  look("", *root_, false);
  if (files.empty())
    return {};
  const auto& [name, file] = files[random.below(files.size())];
  const auto bit = random.below(file->bytes.size() * 8);
  for (auto* bytes : {&file->bytes, &file->synced})
    if (bit / 8 < bytes->size())
      (*bytes)[bit / 8] = static_cast<char>((*bytes)[bit / 8] ^ (1 << bit % 8));
  file->is_rotten = true;
  return name;
}

bool disk::is_rotten(const path& below) const {
  const std::function<bool(const inode&)> look = [&](const inode& at) {
    return at.is_rotten ||
           std::any_of(at.children.begin(), at.children.end(), [&](const auto& each) { return look(*each.second); });
  };
  const auto found = find(below);
  return found && look(*found);
}

// ---- What is done.

disk::inode_ptr disk::find(const path& at) const {
  auto here = root_;
  for (const auto& name : names_in(at)) {
    const auto next = here->children.find(name);
    if (next == here->children.end())
      return nullptr;
    here = next->second;
  }
  return here;
}

std::error_code disk::alter(const path& directory, change what) {
  const auto found = find(directory);
  if (!found)
    return code(std::errc::no_such_file_or_directory);
  for (auto& [name, child] : what)
    if (child)
      found->children[name] = child;
    else
      found->children.erase(name);
  found->unsynced_changes.push_back(std::move(what));
  return {};
}

std::error_code disk::write(process* whose, inode& file, std::uint64_t offset, std::string_view bytes) {
  const auto why = step(whose, work::write);
  if (why == std::errc::no_space_on_device)
    bytes = bytes.substr(0, random_.below(bytes.size() + 1)); // So much had room.
  else if (why)
    return why;
  if (whose != nullptr && whose->dies_after == std::uint64_t{0})
    bytes = bytes.substr(0, random_.below(bytes.size() + 1));
  file.bytes.resize(std::max<std::size_t>(file.bytes.size(), offset + bytes.size()), '\0');
  std::copy(bytes.begin(), bytes.end(), file.bytes.begin() + static_cast<std::ptrdiff_t>(offset));
  auto lost = std::exchange(file.lost, {}); // What is written again is not clean any more.
  for (const auto& [begin, end] : lost) {
    if (begin < offset)
      file.lost.emplace_back(begin, std::min<std::size_t>(end, offset));
    if (end > offset + bytes.size())
      file.lost.emplace_back(std::max<std::size_t>(begin, offset + bytes.size()), end);
  }
  if (dies_now(whose))
    return code(std::errc::io_error);
  return why;
}

std::error_code disk::sync(process* whose, inode& file) {
  if (const auto why = step(whose, work::sync)) {
    if (has_power_ && whose->is_alive && file.bytes.size() > file.synced.size())
      file.lost.emplace_back(file.synced.size(), file.bytes.size());
    return why;
  }
  if (random_.chance(0.5) && dies_now(whose))
    return code(std::errc::io_error);
  if (file.bytes.size() > file.synced.size())
    file.unflipped = file.synced.size();
  file.unflipped = std::min(file.unflipped, file.bytes.size());
  file.synced = file.bytes;
  for (const auto& [begin, end] : file.lost)
    std::fill(file.synced.begin() + static_cast<std::ptrdiff_t>(std::min(begin, file.synced.size())),
              file.synced.begin() + static_cast<std::ptrdiff_t>(std::min(end, file.synced.size())), '\0');
  return dies_now(whose) ? code(std::errc::io_error) : std::error_code();
}

std::error_code disk::sync_directory(process* whose, const path& at) {
  const auto found = find(at);
  if (!found)
    return code(std::errc::no_such_file_or_directory);
  if (const auto why = step(whose, work::sync))
    return why;
  found->synced_children = found->children;
  found->unsynced_changes.clear();
  return dies_now(whose) ? code(std::errc::io_error) : std::error_code();
}

// ---- Views.

class file_view : public tune::store_file, public tune::journal_file {
public:
  file_view(disk& on, std::shared_ptr<process> whose, disk::inode_ptr file, path name)
    : disk_(on),
      whose_(std::move(whose)),
      file_(std::move(file)),
      name_(std::move(name)) {}
  result<std::string> read_at(std::uint64_t offset, std::uint32_t bytes) const override {
    if (const auto why = disk_.step(whose_.get(), disk::work::read))
      return fail(file_error(name_.string(), "read", why.value()));
    return offset >= file_->bytes.size() ? std::string() : file_->bytes.substr(offset, bytes);
  }
  result<void> write_at(std::uint64_t offset, std::string_view bytes) override {
    if (const auto why = disk_.write(whose_.get(), *file_, offset, bytes))
      return fail(file_error(name_.string(), "written", why.value()));
    return {};
  }
  result<void> append(std::string_view bytes) override { return write_at(file_->bytes.size(), bytes); }
  result<void> write_again(std::uint64_t offset, std::string_view bytes) override { return write_at(offset, bytes); }
  result<std::uint64_t> size_bytes() const override { return static_cast<std::uint64_t>(file_->bytes.size()); }
  result<void> sync() override {
    if (const auto why = disk_.sync(whose_.get(), *file_))
      return fail(file_error(name_.string(), "synced", why.value()));
    return {};
  }

private:
  disk& disk_;
  std::shared_ptr<process> whose_;
  disk::inode_ptr file_;
  path name_;
};

class held_view : public tune::held_directory {
public:
  explicit held_view(std::function<bool()> is_there) : is_there_(std::move(is_there)) {}
  std::error_code look(bool& is_still_there) const override {
    is_still_there = is_there_();
    return {};
  }

private:
  std::function<bool()> is_there_;
};

class store_view : public tune::store_disk {
public:
  store_view(disk& on, std::shared_ptr<process> whose) : disk_(on), whose_(std::move(whose)) {}

  result<std::unique_ptr<tune::store_file>> open_for_reading(const path& file) override {
    const auto found = disk_.find(file);
    if (!found)
      return fail(file_error(file.string(), "read", static_cast<int>(std::errc::no_such_file_or_directory)));
    if (const auto why = disk_.step(whose_.get(), disk::work::read))
      return fail(file_error(file.string(), "read", why.value()));
    return std::unique_ptr<tune::store_file>(std::make_unique<file_view>(disk_, whose_, found, file));
  }
  result<std::unique_ptr<tune::store_file>> open_for_writing(const path& file) override {
    auto found = disk_.find(file);
    std::error_code why;
    if (!found) {
      found = std::make_shared<disk::inode>();
      why = changed(file.parent_path(), {{file.filename().string(), found}});
    }
    if (why)
      return fail(file_error(file.string(), "written", why.value()));
    return std::unique_ptr<tune::store_file>(std::make_unique<file_view>(disk_, whose_, found, file));
  }
  result<void> sync_directory(const path& directory) override {
    if (const auto why = disk_.sync_directory(whose_.get(), directory))
      return fail(file_error(directory.string(), "synced", why.value()));
    return {};
  }
  std::error_code look_at(const path& at, status& found) override {
    const auto there = disk_.find(at);
    if (!there)
      return code(std::errc::no_such_file_or_directory);
    if (const auto why = disk_.step(whose_.get(), disk::work::read))
      return why;
    found = {there->what, there->bytes.size()};
    return {};
  }
  std::error_code list(const path& directory, std::vector<entry>& found) override {
    const auto there = disk_.find(directory);
    if (!there)
      return code(std::errc::no_such_file_or_directory);
    if (const auto why = disk_.step(whose_.get(), disk::work::read))
      return why;
    for (const auto& [name, child] : there->children)
      found.push_back({name, child->what});
    return {};
  }
  std::error_code make_directories(const path& directory) override {
    path at = "/";
    for (const auto& name : names_in(directory)) {
      const auto above = at;
      at /= name;
      if (disk_.find(at))
        continue;
      auto made = std::make_shared<disk::inode>();
      made->what = kind::directory;
      if (const auto why = changed(above, {{name, std::move(made)}}))
        return why;
    }
    return {};
  }
  std::error_code make_link(const path& to, const path& link) override {
    if (disk_.find(link))
      return code(std::errc::file_exists);
    auto made = std::make_shared<disk::inode>();
    made->what = kind::link;
    made->bytes = to.string();
    return changed(link.parent_path(), {{link.filename().string(), std::move(made)}});
  }
  std::error_code read_link(const path& link, path& to) override {
    const auto found = disk_.find(link);
    if (!found || found->what != kind::link)
      return code(std::errc::invalid_argument);
    to = found->bytes;
    return {};
  }
  std::error_code rename(const path& from, const path& to) override {
    const auto found = disk_.find(from);
    if (!found)
      return code(std::errc::no_such_file_or_directory);
    return changed(from.parent_path(), {{from.filename().string(), nullptr}, {to.filename().string(), found}});
  }
  std::error_code remove_file(const path& file) override {
    if (!disk_.find(file))
      return code(std::errc::no_such_file_or_directory);
    return changed(file.parent_path(), {{file.filename().string(), nullptr}});
  }
  std::error_code remove_tree(const path& at) override {
    const auto found = disk_.find(at);
    if (!found)
      return {};
    const auto children = found->children;
    for (const auto& [name, child] : children)
      if (const auto why = remove_tree(at / name))
        return why;
    return remove_file(at);
  }
  std::error_code measure(const path&, std::uint64_t& free_bytes) override {
    if (const auto why = disk_.step(whose_.get(), disk::work::read))
      return why;
    free_bytes = disk_.faults.is_full ? 0 : std::uint64_t{1} << 40;
    return {};
  }
  std::unique_ptr<tune::held_directory> hold(const path& directory) override {
    return std::make_unique<held_view>(
      [this, directory, held = disk_.find(directory)] { return held && disk_.find(directory) == held; });
  }

private:
  std::error_code changed(const path& directory, disk::change what) {
    if (const auto why = disk_.step(whose_.get(), disk::work::write))
      return why;
    if (const auto why = disk_.alter(directory, std::move(what)))
      return why;
    return disk_.dies_now(whose_.get()) ? code(std::errc::io_error) : std::error_code();
  }

  disk& disk_;
  std::shared_ptr<process> whose_;
};

class journal_view : public tune::journal_disk {
public:
  journal_view(disk& on, std::shared_ptr<process> whose, std::string directory)
    : disk_(on),
      whose_(whose),
      store_(on, std::move(whose)),
      directory_(std::move(directory)) {}

  result<std::vector<std::string>> list() override {
    std::vector<tune::store_disk::entry> found;
    if (const auto why = store_.list(directory_, found); why && why != std::errc::no_such_file_or_directory)
      return fail(file_error(directory_.string(), "read", why.value()));
    std::vector<std::string> names;
    for (auto& each : found)
      names.push_back(std::move(each.name));
    return names;
  }
  result<std::string> read(const std::string& file, std::uint64_t offset, std::uint32_t bytes) override {
    const auto opened = store_.open_for_reading(path_of(file));
    if (!opened)
      return fail(opened.error());
    auto piece = (*opened)->read_at(offset, bytes);
    const auto safe = disk_.find(path_of(file))->unflipped;
    if (piece && whose_ && offset < safe && disk_.random_.chance(disk_.faults.flips)) {
      const auto bit = disk_.random_.below(std::min<std::uint64_t>(piece->size(), safe - offset) * 8);
      (*piece)[bit / 8] = static_cast<char>((*piece)[bit / 8] ^ (1 << bit % 8));
    }
    return piece;
  }
  result<std::unique_ptr<tune::journal_file>> create(const std::string& file) override {
    if (disk_.find(path_of(file)))
      return fail(tune::errc::already_exists, path_of(file) + " is there already");
    return opened(file);
  }
  result<std::unique_ptr<tune::journal_file>> open(const std::string& file, std::uint64_t bytes) override {
    const auto found = disk_.find(path_of(file));
    if (!found)
      return fail(file_error(path_of(file), "written", static_cast<int>(std::errc::no_such_file_or_directory)));
    if (const auto why = disk_.step(whose_.get(), disk::work::write))
      return fail(file_error(path_of(file), "repaired", why.value()));
    found->bytes.resize(bytes);
    found->unflipped = std::min<std::size_t>(found->unflipped, bytes);
    if (disk_.dies_now(whose_.get()))
      return fail(file_error(path_of(file), "repaired", static_cast<int>(std::errc::io_error)));
    return opened(file);
  }
  result<void> remove(const std::string& file) override {
    if (const auto why = store_.remove_file(path_of(file)); why && why != std::errc::no_such_file_or_directory)
      return fail(file_error(path_of(file), "removed", why.value()));
    return {};
  }
  result<void> sync_directory() override { return store_.sync_directory(directory_); }
  std::string path_of(const std::string& file) const override { return (directory_ / file).string(); }

private:
  result<std::unique_ptr<tune::journal_file>> opened(const std::string& file) {
    if (auto made = store_.open_for_writing(path_of(file)); !made)
      return fail(made.error());
    return std::unique_ptr<tune::journal_file>(
      std::make_unique<file_view>(disk_, whose_, disk_.find(path_of(file)), path_of(file)));
  }

  disk& disk_;
  std::shared_ptr<process> whose_;
  store_view store_;
  path directory_;
};

std::unique_ptr<tune::store_disk> disk::view(std::shared_ptr<process> whose) {
  return std::make_unique<store_view>(*this, std::move(whose));
}

std::unique_ptr<tune::journal_disk> disk::journal(std::shared_ptr<process> whose, std::string directory) {
  return std::make_unique<journal_view>(*this, std::move(whose), std::move(directory));
}

} // namespace sim
