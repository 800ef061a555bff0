#include <cstdio>
#include <string>

#include <unistd.h>

#include "runtime/node/posix_worker_host.hpp"

/// A node manager with one worker: node_manager_for_test RECORDS DIRECTORY WORDS... It lives until it is killed.
int main(int count, char** words) {
  if (count < 4)
    return 2;
  runtime::worker_host_options options;
  options.record_directory = words[1];
  runtime::posix_worker_host::handlers handlers;
  handlers.on_exit = [](runtime::worker_exit exit) { std::puts(describe(exit).c_str()); };
  const auto host = or_throw(runtime::posix_worker_host::open(handlers, options));
  host->start(runtime::worker_id(1), {{words + 3, words + count}, {"PATH=/usr/bin:/bin"}, words[2]});
  host->send(runtime::worker_id(1),
             "\n"); // As with real workers: nothing of the user's runs before the record is kept.
  for (;;)
    ::pause();
}
