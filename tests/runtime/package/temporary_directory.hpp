#pragma once

#include <fstream>
#include <sstream>
#include <string>

#include <boost/filesystem.hpp>

/// A machine's disk, gone at the end of its scope.
struct temporary_directory {
  temporary_directory()
    : path(boost::filesystem::temp_directory_path() / boost::filesystem::unique_path("caf-tune-%%%%-%%%%-%%%%")) {
    boost::filesystem::create_directories(path);
  }
  ~temporary_directory() { boost::filesystem::remove_all(path); }
  temporary_directory(const temporary_directory&) = delete;
  temporary_directory& operator=(const temporary_directory&) = delete;
  std::string operator/(const std::string& name) const { return (path / name).string(); }

  boost::filesystem::path path;
};

inline std::string read_text(const std::string& name) {
  std::ostringstream out;
  out << std::ifstream(name, std::ios::binary).rdbuf();
  return out.str();
}

inline void write_text(const std::string& name, const std::string& content) {
  std::ofstream(name, std::ios::binary) << content;
}
