#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tune {

/// Options from a JSON object, each into its field; what is wrong is kept, all of it. One that is absent leaves its
/// field as it is.
class json_options {
public:
  /// `where` begins each mistake.
  json_options(std::string where, std::string_view json);
  ~json_options();
  json_options(const json_options&) = delete;
  json_options& operator=(const json_options&) = delete;

  void read(const char* name, bool& field);
  void read(const char* name, int& field);
  void read(const char* name, std::int64_t& field);
  void read(const char* name, double& field);
  void read(const char* name, std::string& field);
  void read(const char* name, std::optional<std::uint64_t>& field);
  void read(const char* name, std::optional<int>& field);
  void read(const char* name, std::optional<double>& field);
  void read_json(const char* name, std::string& text); ///< Anything, as JSON.

  void add(const char* name, const std::string& mistake);
  /// After all were read: also those that nobody asked for.
  std::vector<std::string> mistakes() const;

private:
  struct parsed;

  template <class Fits, class Take>
  void read(const char* name, const char* wanted, Fits fits, Take take);

  std::string where_;
  std::unique_ptr<parsed> parsed_;
  std::vector<std::string> known_;
  std::vector<std::string> mistakes_;
};

} // namespace tune
