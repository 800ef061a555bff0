#include "runtime/process/node_program.hpp"

int main(int argc, char** argv) {
  return runtime::run_node_program(argc, argv);
}
