#include "tests/fuzz/fuzz_target.hpp"

#include "tune/store/checkpoint_manifest.hpp"

/// A checkpoint's manifest.json. No path in it leads out of the checkpoint's directory. A line without braces is taken
/// for the name of a checkpoint's directory.

namespace {

using namespace tune;

bool stays_inside(const std::string& path) {
  const auto framed = "/" + path + "/";
  return !path.empty() && path.front() != '/' && framed.find("/../") == std::string::npos &&
         framed.find("/./") == std::string::npos && framed.find("//") == std::string::npos &&
         path.find('\0') == std::string::npos && path != manifest_file;
}

void check_manifest(std::string_view text) {
  const auto manifest = parse_manifest(text);
  if (!manifest)
    return fuzz::require(!manifest.error().message.empty(), "an error says nothing");
  for (const auto& file : manifest->files)
    fuzz::require(stays_inside(file.path), "a path leads out of the checkpoint's directory");
  fuzz::require(manifest->iteration.value_or(0) >= 0, "an iteration is less than 0");
  const auto written = to_json(*manifest);
  const auto again = parse_manifest(written);
  fuzz::require(again.has_value(), "what was written cannot be read");
  fuzz::require(again->files == manifest->files && again->iteration == manifest->iteration &&
                  again->attempt == manifest->attempt && to_json(*again) == written,
                "what was written reads as something else");
}

void check_name(std::string_view name) {
  const auto parsed = parse_checkpoint_name(name);
  if (!parsed)
    return;
  const auto written =
    parsed->attempt ? checkpoint_name(parsed->iteration, *parsed->attempt) : checkpoint_name(parsed->iteration);
  const auto again = parse_checkpoint_name(written);
  fuzz::require(again && again->iteration == parsed->iteration && again->attempt == parsed->attempt,
                "the name of a checkpoint is read as another one");
}

void run(std::string_view text) {
  if (text.find('{') == std::string_view::npos)
    check_name(text);
  check_manifest(text);
}

fuzz::inputs seeds() {
  checkpoint_manifest manifest;
  manifest.written_by = "caf-tune 0.1.0";
  manifest.iteration = 7;
  manifest.attempt = 2;
  manifest.files = {{"optimizer/state.bin", 100, 0xe3069283}, {"weights.bin", 4096, 1}};
  return {to_json(manifest), to_json({}), checkpoint_name(7), checkpoint_name(1'000'000, 2)};
}

const fuzz::target checkpoint_manifest_target("tune/store/checkpoint_manifest", run, seeds);

} // namespace
