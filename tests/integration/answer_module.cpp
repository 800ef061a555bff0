// A shared object of a program: a test sends it to a node.
extern "C" int answer() {
  return 42;
}
