#include "runtime/node/posix_worker_launcher.hpp"

#include <cstring>
#include <utility>

#include <spdlog/logger.h>
#include <unistd.h>

#include "runtime/node/work_environment.hpp"

namespace runtime {
namespace {

std::map<std::string, std::string> inherited_environment() {
  std::map<std::string, std::string> out;
  for (auto entry = ::environ; entry && *entry; ++entry)
    if (const auto* equals = std::strchr(*entry, '='))
      if (std::string name(*entry, static_cast<std::size_t>(equals - *entry)); !is_secret(name))
        out.emplace(std::move(name), equals + 1);
  return out;
}

/// "NAME=VALUE" of all, with the libraries' directories first in the loader's path.
std::vector<std::string> environment_of(const worker_program& program, const worker_setting& setting) {
  auto all = inherited_environment();
  for (const auto& [name, value] : setting.environment)
    all[name] = value;
  std::string path;
  for (const auto& directory : program.library_directories)
    path += directory + ":";
  if (!path.empty()) {
    auto& existing = all["LD_LIBRARY_PATH"];
    existing =
      existing.empty() ? path.substr(0, path.size() - 1) : path + existing; // An empty part is the current one.
  }
  std::vector<std::string> out;
  out.reserve(all.size());
  for (const auto& [name, value] : all)
    out.push_back(name + "=" + value);
  return out;
}

} // namespace

result<std::unique_ptr<posix_worker_launcher>> posix_worker_launcher::open(worker_host_options options,
                                                                           std::shared_ptr<spdlog::logger> log) {
  std::unique_ptr<posix_worker_launcher> launcher(
    new posix_worker_launcher(options.leftovers.directory, std::move(log)));
  posix_worker_host::handlers handlers;
  auto* self = launcher.get();
  handlers.on_started = [self](worker_id worker, std::uint32_t process_id) {
    self->listener_.on_started(worker, process_id);
  };
  handlers.on_frames = [self](worker_id worker, std::vector<std::string> frames) {
    self->listener_.on_frames(worker, std::move(frames));
  };
  handlers.on_exit = [self](worker_exit exit) { self->listener_.on_exit(std::move(exit)); };
  handlers.on_gone = [self](worker_id worker) { self->listener_.on_gone(worker); };
  handlers.on_warning = [self](worker_id worker, const error& why) {
    self->log_->warn("worker's output or record lost worker={} why=\"{}\"", worker, why.message);
  };
  handlers.on_waiting = [self](worker_id worker, const std::string& processes) {
    self->log_->warn("worker ended but its processes have not worker={} processes=\"{}\"", worker, processes);
  };
  auto host = posix_worker_host::open(std::move(handlers), std::move(options));
  if (!host)
    return fail(std::move(host.error()));
  launcher->host_ = std::move(*host);
  return launcher;
}

posix_worker_launcher::~posix_worker_launcher() = default;

void posix_worker_launcher::listen(listener who) {
  listener_ = std::move(who); // The host's thread looks at it after the first start only.
}

void posix_worker_launcher::start(worker_id worker, worker_program program, worker_setting setting) {
  host_->start(
    worker,
    {{program.path}, environment_of(program, setting), fmt::format("{}/{}", directory_, worker), setting.memory_bytes});
}

void posix_worker_launcher::send(worker_id worker, std::string frame) {
  host_->send(worker, std::move(frame));
}

void posix_worker_launcher::kill(worker_id worker, std::string why) {
  host_->kill(worker, std::move(why));
}

} // namespace runtime
