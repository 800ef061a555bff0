#include "tests/tidy/source_rules.hpp"

#include <algorithm>
#include <array>
#include <functional>
#include <regex>
#include <utility>

namespace tidy {
namespace {

bool is_cpp(const source_file& file) {
  return !file.code.empty();
}

bool is_header(const source_file& file) {
  return file.extension() == ".hpp";
}

bool is_of_a_layer(const source_file& file) {
  return is_cpp(file) && (file.is_in("runtime") || file.is_in("tune"));
}

/// Directly in runtime/ or tune/: what users include, and its other half.
bool is_public(const source_file& file) {
  return is_of_a_layer(file) && std::count(file.path.begin(), file.path.end(), '/') == 1;
}

std::string stem(const source_file& file) {
  const auto name = file.name();
  return name.substr(0, name.size() - file.extension().size());
}

bool starts_with(const std::string& text, const std::string& what) {
  return text.compare(0, what.size(), what) == 0;
}

bool ends_with(const std::string& text, const std::string& what) {
  return text.size() >= what.size() && text.compare(text.size() - what.size(), what.size(), what) == 0;
}

/// Where the parts of a process are put together: it knows them all.
bool is_composition(const source_file& file) {
  return file.is_in("runtime/process") || file.is_in("tune/driver");
}

bool is_network(const source_file& file) {
  return file.path.find("/net/") != std::string::npos || file.path.find("/wire/") != std::string::npos;
}

bool is_adapter_name(const std::string& stem) {
  const std::array<const char*, 2> endings = {"_actor", "_wire"};
  const std::array<const char*, 3> beginnings = {"posix_", "file_", "s3_"};
  return std::any_of(endings.begin(), endings.end(), [&](const char* ending) { return ends_with(stem, ending); }) ||
         std::any_of(beginnings.begin(), beginnings.end(), [&](const char* start) { return starts_with(stem, start); });
}

bool is_core(const source_file& file) {
  return is_of_a_layer(file) && !is_public(file) && !is_network(file) && !is_composition(file) &&
         !is_adapter_name(stem(file));
}

bool is_test(const source_file& file) {
  return is_cpp(file) && file.is_in("tests");
}

/// What the line includes, with its brackets or quotes: `<caf/fwd.hpp>`. Empty: nothing.
std::string included(const std::string& line) {
  static const std::regex form(R"(^\s*#\s*include\s*([<"][^>"]+[>"]).*)");
  std::smatch match;
  return line.find("include") != std::string::npos && std::regex_match(line, match, form) ? match[1].str() : "";
}

std::string path_of(const std::string& include) {
  return include.size() < 2 ? "" : include.substr(1, include.size() - 2);
}

violations for_each_line(const source_file& file, const std::vector<std::string>& lines,
                         const std::function<std::string(const std::string&)>& wrong) {
  violations found;
  for (std::size_t i = 0; i < lines.size(); ++i)
    if (auto what = wrong(lines[i]); !what.empty())
      found.push_back({file.path, i + 1, std::move(what)});
  return found;
}

violations for_each_match(const source_file& file, const std::vector<std::string>& lines,
                          const std::vector<std::pair<std::regex, const char*>>& forbidden) {
  return for_each_line(file, lines, [&](const std::string& line) -> std::string {
    for (const auto& [pattern, what] : forbidden)
      if (std::regex_search(line, pattern))
        return what;
    return {};
  });
}

} // namespace

violations caf_in_its_place(const source_file& file) {
  if (!is_of_a_layer(file) || is_network(file) || is_public(file) || is_composition(file) ||
      ends_with(stem(file), "_actor"))
    return {};
  return for_each_line(file, file.code, [](const std::string& line) {
    const auto path = path_of(included(line));
    return starts_with(path, "caf/") && path != "caf/fwd.hpp" ? path + " outside of _actor, net/ and wire/"
                                                              : std::string();
  });
}

violations shells_fail_loudly(const source_file& file) {
  if (!is_of_a_layer(file))
    return {};
  const auto mentions = [&](const std::string& what) {
    return std::any_of(file.code.begin(), file.code.end(),
                       [&](const std::string& line) { return line.find(what) != std::string::npos; });
  };
  if (!mentions("event_based_actor(config)") || mentions("set_exception_handler("))
    return {};
  return {{file.path, 0, "an actor without an exception handler: it would vanish without a word"}};
}

violations costly_headers_in_sources(const source_file& file) {
  if (!is_header(file))
    return {};
  // The headers of wire code may; then nobody's header may include them. A fixture has one or two tests that include
  // it.
  const bool is_wire =
    ends_with(stem(file), "_wire") || file.is_in("tests") || file.path == "runtime/wire/protobuf_message.hpp";
  return for_each_line(file, file.code, [&](const std::string& line) {
    const auto path = path_of(included(line));
    const bool is_caf = path == "caf/all.hpp" || path == "caf/io/all.hpp";
    const bool is_protobuf =
      ends_with(path, ".pb.h") || ends_with(path, "_wire.hpp") || path == "runtime/wire/protobuf_message.hpp";
    return is_caf || (is_protobuf && !is_wire) ? path + " in a header" : std::string();
  });
}

/// In headers everywhere; of a source file what has its only declaration there, in an unnamed namespace.
violations results_are_nodiscard(const source_file& file) {
  const bool is_source = !is_header(file);
  bool is_unnamed = false;
  // A declaration that begins with its return type, perhaps with the attribute in the line before.
  static const std::regex declared(
    R"(^\s*((static|virtual|inline|friend|constexpr|explicit)\s+)*(runtime::|tune::)?result<.*>\s*&*\s*(\w+::)*\w+)"
    R"(\s*\(.*)");
  static const std::regex only_type(R"(^\s*((static|virtual|inline|constexpr)\s+)*(runtime::|tune::)?result<.*>\s*$)");
  violations found;
  for (std::size_t i = 0; i < file.code.size(); ++i) {
    const auto& line = file.code[i];
    if (line == "namespace {")
      is_unnamed = true;
    else if (file.lines[i].rfind("} // namespace", 0) == 0)
      is_unnamed = false;
    if (line.find("result<") == std::string::npos || (is_source && (!is_unnamed || line.front() == ' ')))
      continue;
    static const std::regex member_of_a_template(R"(\w+(<.*>)?::\w+\s*\()"); // Its declaration has the attribute.
    const bool is_declaration = std::regex_match(line, declared) || std::regex_match(line, only_type);
    const bool marked_before = i > 0 && file.code[i - 1].find("[[nodiscard]]") != std::string::npos &&
                               file.code[i - 1].find(';') == std::string::npos;
    const bool is_elsewhere = std::regex_search(line.substr(line.rfind('>') + 1), member_of_a_template) ||
                              (i + 1 < file.code.size() && std::regex_match(line, only_type) &&
                               std::regex_search(file.code[i + 1], member_of_a_template));
    if (is_declaration && !marked_before && !is_elsewhere)
      found.push_back({file.path, i + 1, "returns a result and is not [[nodiscard]]"});
  }
  return found;
}

namespace {

bool is_python_test(const source_file& file) {
  return file.extension() == ".py" && file.is_in("tests");
}

violations python_does_not_wait(const source_file& file) {
  static const std::vector<std::pair<std::regex, const char*>> forbidden = {
    {std::regex(R"(\bsleep\s*\()"), "a test that sleeps"},
    {std::regex(R"(\btime\.(time|monotonic|perf_counter|process_time)(_ns)?\s*\(|\bdatetime\.(utc)?now\s*\()"),
     "a test that asks the clock"},
    {std::regex(R"(\bbind\s*\(\s*\([^,()]*,\s*[1-9])"), "a test that picks a port"},
  };
  return for_each_match(file, file.lines, forbidden);
}

} // namespace

violations tests_do_not_wait(const source_file& file) {
  if (is_python_test(file))
    return python_does_not_wait(file);
  if (!is_test(file))
    return {};
  static const std::vector<std::pair<std::regex, const char*>> forbidden = {
    {std::regex(R"(\b(sleep_for|sleep_until|u?sleep|nanosleep)\s*\()"), "a test that sleeps"},
    {std::regex(R"(::now\s*\(\s*\)(?!\s*const)|_clock::(universal|local)_time\b|)"
                R"(\b(gettimeofday|clock_gettime|time)\s*\(\s*(nullptr|NULL|0|&|CLOCK))"),
     "a test that asks the clock"},
    {std::regex(R"(\bstd::clock\b)"), "a test that asks the clock"},
    {std::regex(R"((\bhtons\s*\(|\bpublish_atom(_v|::value)?\s*,|[.>]publish\s*\(([^,()]*,)?)"
                R"(|\blisten_(on|for_heartbeats)\s*\([^,()]*,)\s*(std::)?(uint16_t)?\s*[({]?\s*[1-9])"),
     "a test that picks a port"},
  };
  // Of four or five digits: lower ones are for errors, as 65536 is. The flag is in a literal, so not in `code`.
  static const std::vector<std::pair<std::regex, const char*>> in_literals = {
    {std::regex(R"raw("--(node-|liveness-)?port("\s*,\s*"|=)(?!65536)[1-9][0-9]{3,4}")raw"),
     "a test that picks a port"},
  };
  auto found = for_each_match(file, file.code, forbidden);
  const auto ports = for_each_match(file, file.lines, in_literals);
  found.insert(found.end(), ports.begin(), ports.end());
  return found;
}

violations open_ends_are_numbered(const source_file& file) {
  static const std::vector<std::pair<std::regex, const char*>> forbidden = {
    {std::regex(R"(\b(TO)"
                R"(DO|FIX)"
                R"(ME|HA)"
                R"(CK)\b(?!\(#[0-9]+\)))"),
     "an open end without the number of its issue"},
  };
  return for_each_match(file, file.lines, forbidden);
}

violations no_dead_code(const source_file& file) {
  static const std::regex alone(R"(^\s*//(?!/)(.*[;{]|\s*\})\s*$)");
  violations found;
  for (std::size_t i = 0; i < file.code.size(); ++i) // A comment is blank in `code`.
    if (file.code[i].find_first_not_of(' ') == std::string::npos && std::regex_match(file.lines[i], alone))
      found.push_back({file.path, i + 1, "a comment that looks like code"});
  return found;
}

violations authors_are_in_the_history(const source_file& file) {
  static const std::vector<std::pair<std::regex, const char*>> forbidden = {
    {std::regex(R"([@\\]author\b|\b[Aa]uthors?:\s|\b([Ww]ritten|[Cc]reated|[Cc]oded)\s+by\s+[A-Z][a-z])"),
     "an author's name, which belongs into the history"},
  };
  return file.name() == "LICENSE" ? violations() : for_each_match(file, file.lines, forbidden);
}

violations cores_are_pure(const source_file& file) {
  if (!is_core(file))
    return {};
  static const std::regex impure_header(
    R"(<(caf/(?!fwd).*|google/.*|spdlog/.*|thread|mutex|shared_mutex|condition_variable|future|fstream|iostream|)"
    R"(filesystem|boost/filesystem.*|unistd\.h|fcntl\.h|sys/.*|netdb\.h|netinet/.*|openssl/.*)>|".*\.pb\.h")");
  return for_each_line(file, file.code, [](const std::string& line) -> std::string {
    const auto include = included(line);
    if (std::regex_match(include, impure_header))
      return "a core that includes " + include;
    if (const auto path = path_of(include); path.find('/') != std::string::npos && ends_with(path, ".hpp"))
      if (const auto other = make_source(path, ""); other.is_in("runtime") || other.is_in("tune"))
        if (is_network(other) || is_composition(other) || is_adapter_name(stem(other)))
          return "a core that includes the shell or adapter " + include;
    if (line.find("::now(") != std::string::npos || line.find("std::random_device") != std::string::npos)
      return "a core that asks for the time or for chance";
    return {};
  });
}

violations shells_are_virtual(const source_file& file) {
  const bool is_simulated = file.is_in("runtime/head") || file.is_in("runtime/node") || file.is_in("runtime/owner");
  if (!is_cpp(file) || !is_simulated || !ends_with(stem(file), "_actor"))
    return {};
  static const std::vector<std::pair<std::regex, const char*>> forbidden = {
    {std::regex(R"(::now\s*\(\s*\)(?!\s*const))"), "a shell that asks a clock other than its actor system's"},
    {std::regex(R"(\brandom_device\b|\bRAND_bytes\b)"), "a shell that draws chance by itself"},
    {std::regex(R"(\bstd::(thread|async)\b)"), "a shell with a thread of its own"},
  };
  return for_each_match(file, file.code, forbidden);
}

violations network_in_its_place(const source_file& file) {
  // Benchmarks and the network's own tests measure and provoke CAF's plain middleman.
  if (!is_cpp(file) || file.is_in("runtime/net") || file.is_in("tests/runtime/net") || file.is_in("bench"))
    return {};
  static const std::vector<std::pair<std::regex, const char*>> forbidden = {
    {std::regex(
       R"(\bmiddleman\s*\(\s*\)\s*\.\s*(publish|remote_actor|connect|open|spawn_server|spawn_client|remote_))"),
     "plain text over CAF's own middleman; runtime/net/ is the network"},
    {std::regex(R"(\bcaf::io::(publish|remote_actor|connect|open)\b)"),
     "plain text over CAF's own middleman; runtime/net/ is the network"},
  };
  return for_each_match(file, file.code, forbidden);
}

violations includes_from_the_root(const source_file& file) {
  if (!is_cpp(file) || file.is_in("examples")) // An example is laid out as its user would.
    return {};
  return for_each_line(file, file.code, [](const std::string& line) -> std::string {
    const auto include = included(line);
    if (include.empty() || include[0] == '<')
      return {};
    const auto other = make_source(path_of(include), "");
    for (const char* root : {"runtime", "tune", "tests", "tools", "bench"})
      if (other.is_in(root))
        return {};
    return include + " is not a path from the root";
  });
}

violations files_are_short(const source_file& file) {
  const std::size_t limit = file.is_in("tests") ? 600 : 500;
  if ((!is_cpp(file) && file.extension() != ".proto") || file.lines.size() <= limit)
    return {};
  return {{file.path, 0,
           std::to_string(file.lines.size()) + " lines, more than " + std::to_string(limit) +
             ": which second subject hides in it?"}};
}

violations lines_are_short(const source_file& file) {
  constexpr std::size_t most = 120;
  const std::array<const char*, 4> endings = {".cpp", ".hpp", ".proto", ".cmake"};
  const auto extension = file.extension();
  const bool is_script = extension.empty() && file.is_in("tools");
  if (!is_script && extension != ".sh" && extension != ".py" && file.name() != "CMakeLists.txt" &&
      std::find(endings.begin(), endings.end(), extension) == endings.end())
    return {};
  return for_each_line(file, file.lines, [](const std::string& line) -> std::string {
    const auto begins_one = [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }; // Of UTF-8.
    const auto columns = static_cast<std::size_t>(std::count_if(line.begin(), line.end(), begins_one));
    return columns > most ? std::to_string(columns) + " columns, more than " + std::to_string(most) : std::string();
  });
}

violations no_word_of_a_workplace(const source_file& file) {
  // Each is written in two halves, so that this file may say it.
  static const std::vector<std::string> words = {std::string("/wo") + "rk/",     std::string("spi") + "kes/",
                                                 std::string("DEV") + "ELOPERS", std::string("STY") + "LE.md",
                                                 std::string("DES") + "IGN.md",  std::string(".lib") + "rary/",
                                                 std::string("deb.") + "debian", std::string("snapshot.") + "debian"};
  return for_each_line(file, file.lines, [](const std::string& line) -> std::string {
    for (const auto& word : words)
      if (line.find(word) != std::string::npos)
        return "names " + word + ", which nobody outside knows";
    return {};
  });
}

} // namespace tidy
