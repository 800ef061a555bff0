#include "tests/tidy/source_tree.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string_view>

namespace tidy {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 9> folders = {"runtime", "tune",  "tools", "examples", "tests",
                                                "bench",   "cmake", "docs",  ".ci"};

bool is_text(const fs::path& file) {
  static const std::vector<std::string> endings = {"",         ".cpp",  ".hpp",   ".proto", ".txt",
                                                   ".cmake",   ".in",   ".md",    ".sh",    ".py",
                                                   ".service", ".json", ".clang", ".yaml",  ".yml"};
  return std::find(endings.begin(), endings.end(), file.extension().string()) != endings.end();
}

std::vector<std::string> split(const std::string& text) {
  std::vector<std::string> lines;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);)
    lines.push_back(line);
  return lines;
}

std::string read(const fs::path& file) {
  std::ifstream stream(file, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

/// Blanks what the compiler does not read as code. Lengths and lines stay.
class blanker {
public:
  explicit blanker(std::string text) : text_(std::move(text)) {}

  std::string run() {
    while (at_ < text_.size())
      step();
    return std::move(text_);
  }

private:
  void step() {
    if (starts("//"))
      blank_to(text_.find('\n', at_));
    else if (starts("/*"))
      blank_to(end_of("*/", at_ + 2));
    else if (starts("R\"") && !follows_word())
      blank_to(end_of(")" + text_.substr(at_ + 2, text_.find('(', at_) - at_ - 2) + "\"", at_ + 2));
    else if (text_[at_] == '"')
      blank_literal('"');
    else if (text_[at_] == '\'' && !follows_word()) // In 10'000 it separates digits.
      blank_literal('\'');
    else if (starts("#include"))
      at_ = std::min(text_.find('\n', at_), text_.size()); // Its quotes are not a string's.
    else
      ++at_;
  }

  bool starts(std::string_view what) const { return text_.compare(at_, what.size(), what) == 0; }
  bool follows_word() const {
    return at_ > 0 && (std::isalnum(static_cast<unsigned char>(text_[at_ - 1])) != 0 || text_[at_ - 1] == '_');
  }

  std::size_t end_of(const std::string& closing, std::size_t from) const {
    const auto found = text_.find(closing, from);
    return found == std::string::npos ? found : found + closing.size();
  }

  void blank_literal(char quote) {
    auto end = at_ + 1;
    while (end < text_.size() && text_[end] != quote && text_[end] != '\n')
      end += text_[end] == '\\' ? 2 : 1;
    ++at_; // The quotes stay, so that a literal remains one.
    blank_to(end);
    ++at_;
  }

  void blank_to(std::size_t end) {
    for (end = std::min(end, text_.size()); at_ < end; ++at_)
      if (text_[at_] != '\n')
        text_[at_] = ' ';
  }

  std::string text_;
  std::size_t at_ = 0;
};

} // namespace

std::string source_file::name() const {
  return fs::path(path).filename().string();
}

std::string source_file::extension() const {
  return fs::path(path).extension().string();
}

bool source_file::is_in(const std::string& folder) const {
  return path.compare(0, folder.size() + 1, folder + "/") == 0;
}

source_file make_source(std::string path, const std::string& text) {
  source_file file;
  file.path = std::move(path);
  file.lines = split(text);
  if (const auto ending = file.extension(); ending == ".cpp" || ending == ".hpp")
    file.code = split(blanker(text).run());
  return file;
}

std::vector<source_file> read_tree(const std::string& root) {
  std::vector<fs::path> found;
  for (const auto& entry : fs::directory_iterator(root))
    if (entry.is_regular_file() && entry.path().filename() != ".git") // A file in a worktree.
      found.push_back(entry.path());
  for (const char* folder : folders)
    if (fs::exists(fs::path(root) / folder))
      for (const auto& entry : fs::recursive_directory_iterator(fs::path(root) / folder))
        if (entry.is_regular_file())
          found.push_back(entry.path());
  std::sort(found.begin(), found.end());

  std::vector<source_file> files;
  for (const auto& file : found)
    if (is_text(file))
      files.push_back(make_source(file.lexically_relative(root).generic_string(), read(file)));
  return files;
}

} // namespace tidy
