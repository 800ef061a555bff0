// main() of a doctest program that uses a cluster: the test program is its own worker and node.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>

#include "runtime/session.hpp"

int main(int argc, char** argv) {
  runtime::run_if_child_process();
  return doctest::Context(argc, argv).run();
}
