#include "tests/fuzz/fuzz_target.hpp"

#include "runtime/node/frame_stream.hpp"

/// What a worker writes to its node manager. The first byte says how the stream comes in pieces: that must not matter.

namespace {

constexpr std::size_t most_frame_bytes = 4096;

struct outcome {
  std::vector<std::string> frames;
  bool is_refused = false;
};

outcome read_in_pieces(std::string_view stream, std::size_t piece) {
  outcome read;
  runtime::frame_reader reader(most_frame_bytes);
  while (!stream.empty() && !read.is_refused) {
    const auto now = stream.substr(0, piece);
    read.is_refused = !reader.read(now, read.frames).has_value();
    stream.remove_prefix(now.size());
  }
  return read;
}

std::string written(const std::vector<std::string>& frames) {
  runtime::frame_writer writer;
  std::string stream;
  for (const auto& each : frames) {
    writer.add(each);
    const auto some = writer.waiting().substr(0, writer.waiting().size() / 2);
    stream += some;
    writer.written(some.size());
  }
  stream += writer.waiting();
  writer.written(writer.waiting().size());
  return stream;
}

void run(std::string_view input) {
  fuzz::parts parts(input);
  const auto piece = std::size_t{1} + parts.byte();
  const auto stream = parts.rest();

  const auto whole = read_in_pieces(stream, stream.size() + 1);
  const auto pieces = read_in_pieces(stream, piece);

  fuzz::require(whole.frames == pieces.frames, "frames depend on how the stream comes in pieces");
  fuzz::require(whole.is_refused == pieces.is_refused, "what is refused depends on how the stream comes in pieces");
  const auto again = written(whole.frames);
  fuzz::require(stream.substr(0, again.size()) == again, "the same frames are another stream");
  for (const auto& each : whole.frames)
    fuzz::require(each.size() <= most_frame_bytes, "a frame is longer than allowed");
}

fuzz::inputs seeds() {
  return {
    fuzz::of_kind(2, written({"", "a", "a frame", std::string(300, 'x')})),
    fuzz::of_kind(255, written({std::string(most_frame_bytes, 'x'), "after it"})),
    fuzz::of_kind(0, written({"one that is too long", std::string(most_frame_bytes + 1, 'x')})),
  };
}

const fuzz::target frame_stream_target("runtime/node/frame_stream", run, seeds);

} // namespace
