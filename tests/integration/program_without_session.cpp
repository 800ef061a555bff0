// A mistake that users make: main() looks at its arguments before runtime::session, so that a worker, which is started
// without any, never becomes one.
#include "runtime/cluster.hpp"

#include <cstdio>

namespace {
const runtime::task_type triple("triple", [](int x) { return 3 * x; });
}

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fputs("usage: program_without_session --address HOST:PORT\n", stderr);
    return 3;
  }
  runtime::session session(argc, argv);
  const auto result = session.cluster().submit(triple, 14).try_get();
  std::fprintf(stderr, "%s\n", result ? "it worked" : result.error().message.c_str());
  return result ? 0 : 1;
}
