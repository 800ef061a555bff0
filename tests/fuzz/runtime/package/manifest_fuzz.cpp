#include "tests/fuzz/fuzz_target.hpp"

#include "runtime/package/manifest.hpp"

/// The manifest that a store keeps beside a package's files. There is one text for each package, and no name in it
/// leads out of the package's directory.

namespace {

using namespace runtime;

bool is_plain_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.size() <= 255 &&
         name.find_first_of(std::string_view("/\0\n", 3)) == std::string::npos;
}

void run(std::string_view text) {
  const auto package = parse_manifest(text);
  if (!package)
    return fuzz::require(!package.error().message.empty(), "an error says nothing");
  fuzz::require(canonical_encoding(*package) == text, "a package has two texts");
  for (const auto& file : package->files)
    fuzz::require(is_plain_name(file.name), "a name is no plain file name");
  fuzz::require(find_file(*package, package->main) != nullptr, "there is no main file");
  fuzz::require(total_bytes(*package) <= manifest_limits{}.most_bytes, "a package is too large");
}

fuzz::inputs seeds() {
  package_manifest package;
  package.files.push_back({"digits", 4096, sha256{{1, 2, 3}}, /*executable=*/true});
  package.files.push_back({"libz.so.1", 0, sha256{{4, 5, 6}}, /*executable=*/false});
  package.main = "digits";
  return {canonical_encoding(package)};
}

const fuzz::target manifest_target("runtime/package/manifest", run, seeds);

} // namespace
