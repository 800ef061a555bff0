#pragma once

#include <cerrno>
#include <csignal>
#include <fstream>
#include <sstream>
#include <string>

#include <sys/types.h>
#include <unistd.h>

#include "runtime/cluster.hpp"
#include "runtime/worker_place.hpp"
#include "tests/support/posix_fifo.hpp"

// Tasks for clusters that something is done to, and what such tasks say.

/// What a task said through a fifo when it began.
struct sign_of_life {
  std::string node;
  pid_t process = 0;
  int earlier = 0; ///< So many of those that said so before it still ran then.
};

inline sign_of_life read_sign(posix_fifo& fifo) {
  sign_of_life sign;
  std::istringstream(fifo.read_line()) >> sign.node >> sign.process >> sign.earlier;
  return sign;
}

inline std::string own_node() {
  const auto place = runtime::this_worker_place();
  return place ? place->node : "?";
}

inline bool is_running(pid_t process) {
  std::ifstream stat("/proc/" + std::to_string(process) + "/stat");
  std::string text;
  std::getline(stat, text);
  const auto after_name = text.rfind(')');
  return after_name != std::string::npos && text.compare(after_name, 3, ") Z") != 0;
}

inline void give_sign(const std::string& fifo) {
  const auto diary = fifo + ".processes";
  int running = 0;
  std::ifstream earlier(diary);
  for (pid_t process = 0; earlier >> process;)
    running += is_running(process) ? 1 : 0;
  std::ofstream(diary, std::ios::app) << ::getpid() << std::endl;
  append_line(fifo, own_node() + ' ' + std::to_string(::getpid()) + ' ' + std::to_string(running));
}

/// Gives a sign and stays until its worker ends.
inline const runtime::task_type stays("stays", [](const std::string& fifo) -> int {
  give_sign(fifo);
  for (;;)
    ::pause();
});

inline const runtime::task_type names_node("names_node", [](int) { return own_node(); });

/// What a node of a fault_cluster runs, this one first where it has room.
inline runtime::task_options on_nodes(const std::string& first) {
  return runtime::task_options().cpus(0.1).resource("licence", 1).near_node(first);
}

/// Only there.
inline std::string run_on(runtime::cluster& driver, const std::string& node) {
  return driver.submit(names_node, runtime::task_options().cpus(0.1).on_node(node).wait_for_nodes(), 0).get();
}

/// Ends a task that stays and has no retries left; whether it was the one.
inline bool ends_with(runtime::future<int>& task, pid_t process) {
  ::kill(process, SIGKILL);
  return !task.try_get();
}
