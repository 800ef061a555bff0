#include <memory>
#include <string>

#include "tune/tune.hpp"

// What docs/tuning.md shows of callbacks, in a function, so that all of it compiles.

void send_to_my_phone(const std::string& text);
void add_callbacks(tune::experiment& experiment);

void add_callbacks(tune::experiment& experiment) {
#include "callbacks.inc"
}
