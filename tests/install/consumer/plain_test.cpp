// What a test looks like whose framework brings no main() of ours, as GoogleTest's users write one: its program is its
// own node and worker all the same.
#include <iostream>

#include <runtime/session.hpp>
#include <runtime/test_cluster.hpp>

namespace {

const runtime::task_type square("square", [](int x) { return x * x; });

} // namespace

int main() {
  runtime::run_if_child_process();

  runtime::test_cluster cluster(/*nodes=*/1, runtime::cpus(1));
  const int result = cluster.driver().submit(square, 7).get();

  std::cout << result << '\n';
  return result == 49 ? 0 : 1;
}
