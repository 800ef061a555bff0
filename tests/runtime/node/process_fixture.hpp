#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <functional>
#include <map>
#include <mutex>
#include <sstream>
#include <string>
#include <type_traits>
#include <vector>

#include <boost/filesystem.hpp>
#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/node/posix_descriptor.hpp"
#include "runtime/node/posix_worker_host.hpp"

/// A directory for one test.
struct temporary_directory {
  temporary_directory()
    : path(boost::filesystem::temp_directory_path() / boost::filesystem::unique_path("caf-tune-%%%%-%%%%-%%%%")) {
    boost::filesystem::create_directories(path);
  }
  ~temporary_directory() { boost::filesystem::remove_all(path); }
  std::string operator/(const std::string& name) const { return (path / name).string(); }
  boost::filesystem::path path;
};

inline std::string read_text(const std::string& name) {
  std::ostringstream out;
  out << std::ifstream(name).rdbuf();
  return out.str();
}

/// Up to the end of a pipe: until the last process that could write to it has closed it or ended.
inline std::string read_to_end(int descriptor) {
  std::string all;
  char buffer[4096];
  for (;;) {
    const auto n = ::read(descriptor, buffer, sizeof buffer);
    if (n <= 0)
      return all;
    all.append(buffer, static_cast<std::size_t>(n));
  }
}

/// A named pipe that processes hold open while they live: its end is theirs. A script opens it with `exec 9>"$0"`.
class life_line {
public:
  explicit life_line(std::string name) : name_(std::move(name)) { REQUIRE(::mkfifo(name_.c_str(), 0600) == 0); }
  const std::string& name() const { return name_; }
  /// Waits for somebody who opens it and writes a line.
  std::string wait_for_line() {
    if (!reader_)
      reader_ = runtime::posix_descriptor(::open(name_.c_str(), O_RDONLY | O_CLOEXEC));
    std::string line;
    for (char c = 0; ::read(reader_.get(), &c, 1) == 1 && c != '\n';)
      line += c;
    return line;
  }
  void wait_for_end() { read_to_end(reader_.get()); }

private:
  std::string name_;
  runtime::posix_descriptor reader_;
};

/// What a worker host tells, to be waited for.
class heard {
public:
  runtime::posix_worker_host::handlers handlers() {
    runtime::posix_worker_host::handlers h;
    h.on_started = [this](runtime::worker_id id, std::uint32_t pid) { change([&] { pids_[id] = pid; }); };
    h.on_frames = [this](runtime::worker_id id, std::vector<std::string> frames) {
      change([&] {
        ++runs_;
        for (auto& frame : frames)
          frames_[id].push_back(std::move(frame));
      });
    };
    h.on_exit = [this](runtime::worker_exit exit) { change([&] { exits_.emplace(exit.worker, std::move(exit)); }); };
    h.on_gone = [this](runtime::worker_id id) { change([&] { gone_.push_back(id); }); };
    h.on_warning = [this](runtime::worker_id, runtime::error why) {
      change([&] { warnings_.push_back(why.message); });
    };
    return h;
  }
  runtime::worker_exit exit_of(runtime::worker_id id) {
    wait_for([&] { return exits_.count(id) != 0; });
    return exits_.at(id);
  }
  std::vector<std::string> frames_of(runtime::worker_id id, std::size_t at_least) {
    wait_for([&] { return frames_[id].size() >= at_least; });
    return frames_[id];
  }
  std::uint32_t pid_of(runtime::worker_id id) {
    wait_for([&] { return pids_.count(id) != 0; });
    return pids_.at(id);
  }
  bool was_started(runtime::worker_id id) {
    return asked([&] { return pids_.count(id) != 0; });
  }
  std::size_t exits() {
    return asked([&] { return exits_.size(); });
  }
  std::size_t runs() {
    return asked([&] { return runs_; });
  }
  std::vector<runtime::worker_id> gone(std::size_t at_least) {
    wait_for([&] { return gone_.size() >= at_least; });
    return gone_;
  }
  std::vector<std::string> warnings() {
    return asked([&] { return warnings_; });
  }

private:
  void change(const std::function<void()>& how) {
    {
      std::lock_guard guard(mutex_);
      how();
    }
    changed_.notify_all();
  }
  template <class F>
  std::invoke_result_t<F> asked(F what) {
    std::lock_guard guard(mutex_);
    return what();
  }
  template <class F>
  void wait_for(F what) {
    std::unique_lock lock(mutex_);
    REQUIRE(changed_.wait_for(lock, std::chrono::seconds(60), what)); // Only a failure takes so long.
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<runtime::worker_id, std::uint32_t> pids_;
  std::map<runtime::worker_id, std::vector<std::string>> frames_;
  std::map<runtime::worker_id, runtime::worker_exit> exits_;
  std::vector<std::string> warnings_;
  std::vector<runtime::worker_id> gone_;
  std::size_t runs_ = 0; // How often frames were told.
};
