#include "tests/support/control_group.hpp"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>
#include <stdexcept>

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

namespace {

bool has_word(const std::string& list, const std::string& word, char between) {
  std::istringstream words(list);
  for (std::string each; std::getline(words, each, between);)
    if (each == word)
      return true;
  return false;
}

std::string first_line(const std::string& file) {
  std::ifstream in(file);
  std::string line;
  std::getline(in, line);
  return line;
}

struct hierarchy {
  std::string root;
  bool is_version_1 = false;
};

/// Where the controller lies. Its root, as a group that has processes gives no controllers to groups below it.
hierarchy hierarchy_of(const std::string& name) {
  std::ifstream mounts("/proc/self/mounts");
  std::string device, directory, type, options;
  for (std::string rest; mounts >> device >> directory >> type >> options && std::getline(mounts, rest);) {
    if (type == "cgroup" && has_word(options, name, ','))
      return {directory, true};
    if (type == "cgroup2" && has_word(first_line(directory + "/cgroup.subtree_control"), name, ' '))
      return {directory, false};
  }
  throw std::runtime_error(fmt::format("no control groups with {} are mounted", name));
}

} // namespace

control_group::control_group(controller what) {
  const std::string name = what == controller::memory ? "memory" : "pids";
  const auto where = hierarchy_of(name);
  static int count = 0;
  parent_ = where.root;
  directory_ = fmt::format("{}/caf-tune-test-{}-{}", parent_, ::getpid(), ++count);
  if (::mkdir(directory_.c_str(), 0700) != 0)
    throw std::runtime_error(fmt::format("{} cannot be made: {}", directory_, std::strerror(errno)));
  if (what == controller::pids)
    limit_file_ = "pids.max";
  else if (where.is_version_1) {
    limit_file_ = "memory.limit_in_bytes";
    no_limit_ = "-1";
  } else
    limit_file_ = "memory.max";
}

control_group::~control_group() {
  std::istringstream left(read("cgroup.procs"));
  for (std::string process; left >> process;)
    std::ofstream(parent_ + "/cgroup.procs") << process << std::flush;
  ::rmdir(directory_.c_str());
}

void control_group::take_in(pid_t process) {
  write("cgroup.procs", std::to_string(process));
}

void control_group::limit_to(std::uint64_t most) {
  write(limit_file_, std::to_string(most));
}

void control_group::limit_to_what_is_used() {
  write(limit_file_, read("pids.current"));
}

void control_group::end_limit() {
  write(limit_file_, no_limit_);
}

void control_group::write(const std::string& file, const std::string& text) const {
  std::ofstream to(directory_ + "/" + file);
  if (!(to << text << std::flush))
    throw std::runtime_error(fmt::format("{}/{} does not take {}: {}", directory_, file, text, std::strerror(errno)));
}

std::string control_group::read(const std::string& file) const {
  std::ifstream from(directory_ + "/" + file);
  std::ostringstream text;
  text << from.rdbuf();
  return text.str();
}
