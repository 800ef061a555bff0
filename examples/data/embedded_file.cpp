#include "embedded_file.hpp"

#include <memory>
#include <stdexcept>

#include <zlib.h>

std::string unzipped(const char* begin, const char* end) {
  z_stream stream = {};
  constexpr int gzip_only = 15 + 16;
  if (inflateInit2(&stream, gzip_only) != Z_OK)
    throw std::runtime_error("zlib does not start");
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> at_the_end{&stream, inflateEnd};
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(begin)); // zlib only reads it.
  stream.avail_in = static_cast<uInt>(end - begin);
  std::string text;
  char part[16384];
  for (int how = Z_OK; how != Z_STREAM_END;) {
    stream.next_out = reinterpret_cast<Bytef*>(part);
    stream.avail_out = sizeof part;
    how = inflate(&stream, Z_NO_FLUSH);
    if (how != Z_OK && how != Z_STREAM_END)
      throw std::runtime_error("the embedded file is damaged");
    text.append(part, sizeof part - stream.avail_out);
  }
  return text;
}
