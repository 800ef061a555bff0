#pragma once

#include <string>

/// A file that becomes part of the program: its bytes are from name_begin to name_end.
#define EMBED_FILE(name, file)                                                                                         \
  __asm__(".section .rodata\n"                                                                                         \
          ".global " #name "_begin\n" #name "_begin:\n"                                                                \
          ".incbin \"" file "\"\n"                                                                                     \
          ".global " #name "_end\n" #name "_end:\n"                                                                    \
          ".byte 0\n"                                                                                                  \
          ".previous\n");                                                                                              \
  extern "C" const char name##_begin[];                                                                                \
  extern "C" const char name##_end[]

/// What gzip made smaller. Throws std::runtime_error if it is no such thing.
std::string unzipped(const char* begin, const char* end);
