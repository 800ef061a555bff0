#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "runtime/cluster.hpp"
#include "tune/path.hpp"
#include "tune/vocabulary.hpp"

namespace tune {

/// What is asked of a driver about its experiment, and answered with a result<std::string> as bytes.
///
///   where                  -> to_bytes(string host, string directory)
///   list                   -> to_bytes(vector<pair<string, uint64>>): the journal's files, and their bytes
///   read, file, offset     -> at most 256 KiB; fewer at the end of the file as it is now
struct experiment_question {
  enum class kind : std::uint8_t { where, list, read };
  kind what = kind::where;
  std::string file;
  std::uint64_t offset = 0;
};
[[nodiscard]] std::string to_bytes(const experiment_question& question);
[[nodiscard]] result<experiment_question> question_from(const std::string& bytes);

/// What the driver of the experiment in this directory answers. Files outside of its journal are refused.
[[nodiscard]] result<std::string> answer_to(const experiment_question& question, const path& directory);

[[nodiscard]] std::string answer_bytes(const result<std::string>& answer);
[[nodiscard]] result<std::string> answer_from(const std::string& bytes);

/// Makes an experiment known to its cluster by its name, and answers what is asked about it, until it goes. A second
/// one of the name is known as "name@id".
class experiment_announcement {
public:
  /// `on_trouble` is told, here and now, if the cluster cannot know it; it runs all the same. May be empty.
  experiment_announcement(runtime::cluster& cluster, const std::string& name, const std::string& id, path directory,
                          const std::function<void(const std::string&)>& on_trouble);
  ~experiment_announcement();
  experiment_announcement(const experiment_announcement&) = delete;
  experiment_announcement& operator=(const experiment_announcement&) = delete;

private:
  struct parts; ///< Outlives this where a call is still under way.

  void run();

  std::shared_ptr<parts> parts_;
  path directory_;
  runtime::remote_actor board_; ///< None: it could not be announced.
  std::thread thread_;
};

} // namespace tune
