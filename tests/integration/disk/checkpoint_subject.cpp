#include "tests/integration/disk/subject.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>

#include <doctest/doctest.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include "tune/store/checkpoint_manifest.hpp"
#include "tune/store/file_checkpoint.hpp"
#include "tune/store/file_checkpoint_store.hpp"
#include "tune/store/file_unheard_events.hpp"

using namespace tune;
namespace fs = std::filesystem;

namespace {

constexpr trial_id the_trial(1);
constexpr attempt_number the_attempt = 1;

std::string content_of(iteration_number iteration, const char* part) {
  std::string text;
  for (int line = 0; line < 30; ++line)
    text += fmt::format("{} {} {}\n", part, iteration, line);
  return text;
}

/// As a trainable does it that looks whether its writes went well.
void put(const path& file, const std::string& content) {
  const auto fails = [&] { throw std::runtime_error(file.string() + ": " + std::strerror(errno)); };
  const int to = ::open(file.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
  if (to < 0)
    fails();
  for (std::size_t done = 0; done < content.size();) {
    const auto more = ::write(to, content.data() + done, content.size() - done);
    if (more < 0)
      fails();
    done += static_cast<std::size_t>(more);
  }
  ::close(to);
}

std::string text_of(const path& file) {
  std::ostringstream text;
  text << std::ifstream(file, std::ios::binary).rdbuf();
  return text.str();
}

attempt_events last_words(iteration_number iteration) {
  attempt_report report;
  report.iteration = iteration;
  report.values = {{"text", content_of(iteration, "last")}};
  return {report};
}

/// The newest iteration that anything in the trial's directory is of.
iteration_number newest_in(const path& trial) {
  iteration_number newest = 0;
  std::error_code none;
  for (fs::directory_iterator each(trial, none), end; !none && each != end; each.increment(none)) {
    auto name = each->path().filename().string();
    name = name.substr(0, name.find(".tmp"));
    if (const auto named = parse_checkpoint_name(name))
      newest = std::max(newest, named->iteration);
  }
  return newest;
}

/// What was acknowledged, and not taken back since.
struct acknowledged_checkpoints {
  explicit acknowledged_checkpoints(const std::vector<std::string>& said) {
    for (const auto& each : said) {
      const auto iteration = std::stoll(each.substr(each.find(' ')));
      if (const auto what = each.substr(0, each.find(' ')); what == "whole")
        whole.insert(iteration);
      else if (what == "named")
        named.insert(iteration);
      else if (what == "unheard")
        unheard.insert(iteration);
      else if (what == "forget")
        unheard.erase(iteration);
      else
        whole.erase(iteration), named.erase(iteration);
    }
  }
  std::set<iteration_number> whole, named, unheard;
};

void check_whole(const path& directory, iteration_number iteration) {
  const auto manifest = check_checkpoint(directory);
  REQUIRE_MESSAGE(manifest, manifest.error().message);
  CHECK(manifest->files.size() == 2);
  CHECK(text_of(directory / "weights") == content_of(iteration, "weights"));
  CHECK(text_of(directory / "deep/layer") == content_of(iteration, "layer"));
}

class checkpoints_under_test : public subject {
public:
  std::string name() const override { return "checkpoints"; }

  result<void> live(const path& directory, witness& tell, int rounds) const override {
    const auto trial = directory / "experiment/trial";
    const auto first = newest_in(trial) + 1;
    result<void> kept;
    file_checkpoint_store store([&](trial_id, const checkpoint_ref&, result<void> how) { kept = std::move(how); });
    store.sweep(directory / "experiment");
    store.wait();
    for (auto iteration = first; iteration < first + rounds; ++iteration) {
      if (auto written = write(trial, iteration, tell); !written)
        return written;
      store.keep(the_trial, ref_of(trial, iteration));
      store.wait();
      if (!kept)
        return kept;
      tell.acknowledge(fmt::format("named {}", iteration));
      if (auto told = leave_words(trial, iteration, tell); !told)
        return told;
      if (iteration % 3 == 0) {
        tell.acknowledge(fmt::format("dropping {}", iteration - 1));
        store.drop(the_trial, ref_of(trial, iteration - 1));
        store.wait();
      }
    }
    return {};
  }

  void check(const path& directory, const std::vector<std::string>& acknowledged) const override {
    const auto trial = directory / "experiment/trial";
    const acknowledged_checkpoints said(acknowledged);
    for (const auto iteration : said.whole)
      check_whole(trial / checkpoint_name(iteration, the_attempt), iteration);
    for (const auto iteration : said.named)
      check_whole(trial / checkpoint_name(iteration), iteration);
    for (const auto iteration : said.unheard)
      check_words(trial, iteration, /*must_be_there=*/true);
    check_all(trial);

    const auto next = newest_in(trial) + 1;
    result<void> kept = fail(errc::io, "nobody answered");
    {
      file_checkpoint_store store([&](trial_id, const checkpoint_ref&, result<void> how) { kept = std::move(how); });
      store.sweep(directory / "experiment");
      const auto written = files().write(trial / checkpoint_name(next, the_attempt), filling(next));
      REQUIRE_MESSAGE(written, written.error().message);
      store.keep(the_trial, ref_of(trial, next));
    }
    REQUIRE_MESSAGE(kept, kept.error().message);
    check_whole(trial / checkpoint_name(next), next);
  }

  bool is_harmless(const std::string& call, const std::string& path) const override {
    const bool is_removal = call == "unlink" || call == "unlinkat" || call == "rmdir" || call == "readlink";
    const bool is_look = call == "openat" || call == "readdir" || call == "lstat";
    const auto is_below = [&](const char* what) { return path.find(what) != std::string::npos; };
    // What stays of what was swept, dropped or heard takes space, and is nothing any more: the next start sweeps it.
    if (is_below(".tmp.left") || ((is_removal || is_look) && !is_below(".tmp")))
      return true;
    // After a checkpoint has its name there is nothing left to be swept; and what may be a new directory is synced.
    return (call == "openat" && is_below(".tmp")) ||
           ((call == "stat" || call == "lstat") && !is_below("manifest.json"));
  }

private:
  static file_checkpoint_files files() { return file_checkpoint_files({/*least_free_bytes=*/0}); }

  static checkpoint_files::fill filling(iteration_number iteration) {
    return [iteration](const path& into) {
      fs::create_directory(into / "deep");
      put(into / "weights", content_of(iteration, "weights"));
      put(into / "deep/layer", content_of(iteration, "layer"));
    };
  }

  static checkpoint_ref ref_of(const path& trial, iteration_number iteration) {
    return {iteration, the_attempt, "node", (trial / checkpoint_name(iteration, the_attempt)).string(), true, 0};
  }

  /// What a trainable throws is an error of its attempt.
  [[nodiscard]] static result<void> write_once(const path& trial, iteration_number iteration) {
    try {
      return files().write(trial / checkpoint_name(iteration, the_attempt), filling(iteration)).map([](auto) {});
    } catch (const std::exception& e) {
      return fail(errc::user_code, e.what());
    }
  }

  /// Each fourth is written again over itself.
  [[nodiscard]] static result<void> write(const path& trial, iteration_number iteration, witness& tell) {
    for (int time = 0; time < (iteration % 4 == 0 ? 2 : 1); ++time) {
      if (time != 0)
        tell.acknowledge(fmt::format("dropping {}", iteration));
      if (auto written = write_once(trial, iteration); !written)
        return written;
      tell.acknowledge(fmt::format("whole {}", iteration));
    }
    return {};
  }

  [[nodiscard]] static result<void> leave_words(const path& trial, iteration_number iteration, witness& tell) {
    const auto number = static_cast<attempt_number>(iteration);
    if (auto written = write_unheard(trial, number, last_words(iteration)); !written)
      return written;
    tell.acknowledge(fmt::format("unheard {}", iteration));
    if (iteration % 2 == 0) {
      tell.acknowledge(fmt::format("forget {}", iteration - 1));
      remove_unheard(trial, number - 1);
    }
    return {};
  }

  static void check_words(const path& trial, iteration_number iteration, bool must_be_there) {
    const auto read = read_unheard(trial, static_cast<attempt_number>(iteration));
    REQUIRE_MESSAGE(read, read.error().message);
    CHECK((*read || !must_be_there));
    if (*read) {
      REQUIRE((*read)->size() == 1);
      const auto& report = std::get<attempt_report>((*read)->front());
      CHECK(report.iteration == iteration);
      CHECK(report.values == std::get<attempt_report>(last_words(iteration).front()).values);
    }
  }

  /// Whatever has the name of a checkpoint and a manifest is one (I4), and whatever has that of last words is.
  static void check_all(const path& trial) {
    std::error_code none;
    for (const auto& each : fs::directory_iterator(trial, none)) {
      const auto name = each.path().filename().string();
      if (const auto named = parse_checkpoint_name(name); named && fs::exists(each.path() / manifest_file))
        check_whole(each.path(), named->iteration);
    }
    for (iteration_number iteration = 1; iteration <= newest_in(trial); ++iteration)
      check_words(trial, iteration, /*must_be_there=*/false);
  }
};

} // namespace

std::unique_ptr<subject> checkpoint_subject() {
  return std::make_unique<checkpoints_under_test>();
}
