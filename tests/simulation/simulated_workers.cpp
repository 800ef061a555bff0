#include "tests/simulation/simulated_workers.hpp"

#include <iterator>
#include <sstream>
#include <utility>

#include "runtime/proto/worker.pb.h"

using namespace runtime;
namespace wire = caf_tune::runtime::v1;

namespace sim {

std::string to_text(const work_note& note) {
  return std::to_string(note.lasts_ms) + " " + std::to_string(note.number) + " " + std::to_string(note.cpus);
}

std::optional<work_note> parse_note(const std::string& text) {
  std::istringstream in(text);
  work_note note;
  if (in >> note.lasts_ms >> note.number >> note.cpus)
    return note;
  return std::nullopt;
}

simulated_workers::simulated_workers(network& net, fake_worker_options options, watcher watch)
  : processes_([&net](std::chrono::nanoseconds after,
                      std::function<void()> what) { net.at(net.now() + after, std::move(what)); },
               options),
    watch_(std::move(watch)) {
}

void simulated_workers::listen(listener who) {
  listener observed = who;
  observed.on_frames = [this, who](worker_id worker, std::vector<std::string> frames) {
    for (const auto& frame : frames) {
      wire::FromWorker message;
      if (message.ParseFromString(frame) && message.has_ended())
        end(worker);
    }
    who.on_frames(worker, std::move(frames));
  };
  observed.on_exit = [this, who](worker_exit how) {
    end(how.worker);
    who.on_exit(std::move(how));
  };
  processes_.listen(std::move(observed));
}

void simulated_workers::start(worker_id worker, worker_program program, worker_setting setting) {
  processes_.start(worker, std::move(program), std::move(setting));
}

void simulated_workers::send(worker_id worker, std::string frame) {
  wire::ToWorker message;
  const auto is_run = message.ParseFromString(frame) && message.has_run();
  processes_.send(worker, std::move(frame));
  if (!is_run || processes_.workers().count(worker) == 0)
    return; // There is no such process any more.
  if (const auto note = parse_note(message.run().arguments()); note && running_.emplace(worker, *note).second)
    watch_.on_begin(*note);
}

void simulated_workers::end(worker_id worker) {
  if (const auto ended = running_.extract(worker))
    watch_.on_end(ended.mapped());
}

void simulated_workers::die() {
  processes_.die();
  while (!running_.empty())
    end(running_.begin()->first);
}

void simulated_workers::crash_one(random_stream& random) {
  if (!running_.empty())
    processes_.crash(std::next(running_.begin(), static_cast<std::ptrdiff_t>(random.below(running_.size())))->first);
}

} // namespace sim
