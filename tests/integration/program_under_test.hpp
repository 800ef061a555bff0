#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <sys/types.h>
#include <utility>
#include <vector>

#include "tests/runtime/package/temporary_directory.hpp"

using words = std::vector<std::string>; ///< A command line, the program's path first, or more of one.

words operator+(words first, const words& more);

/// How a program ended, and all that it had written by then.
struct program_end {
  int code = 0; ///< Its exit code; 128 + signal for one that a signal ended, as shells say it.
  std::string out;
  std::string err;
};

/// A real program, started by a test with an environment of its own: no CAF_TUNE_ variables, and $HOME in its folder.
/// Whatever is waited for has a deadline that only a failure reaches; it throws with what the program wrote.
class program_under_test {
public:
  using environment = std::map<std::string, std::string>;

  program_under_test(const temporary_directory& folder, const words& command, const environment& more = {});
  ~program_under_test(); ///< Kills it, if it still runs.
  program_under_test(program_under_test&&) noexcept;
  program_under_test& operator=(program_under_test&&) = delete;

  void signal(int number);
  program_end wait();                             ///< For its end.
  std::string wait_for_file(const std::string&);  ///< For it to appear; its content at that moment, but for "\n".
  void wait_for_error(const std::string& phrase); ///< For standard error to hold this.
  void wait_for_size(const std::string& file, std::uintmax_t bytes); ///< At least; its folder is there.
  std::string error_text() const;                 ///< What standard error holds now.
  pid_t process_id() const { return process_; }

private:
  std::string written() const;
  template <class Condition>
  void wait_for_change(const std::string& directory, const std::string& what, Condition is_so);

  std::string name_;
  std::string output_; ///< Folder of out and err.
  pid_t process_ = -1;
};

/// Runs a program to its end.
program_end run_program(const temporary_directory& folder, const words& command,
                        const program_under_test::environment& more = {});

/// A head on a port of the kernel's choice, with 2 cpus and nothing else; it has its state in the folder.
class head_under_test {
public:
  explicit head_under_test(const temporary_directory& folder, const std::string& name = "head",
                           const std::string& program = CAF_TUNE_NODE);
  head_under_test(const temporary_directory& folder, const std::string& name, const std::string& program,
                  const std::string& state);       ///< With its state elsewhere.
  std::string address() const { return address_; } ///< HOST:PORT
  std::string port() const { return address_.substr(address_.find(':') + 1); }
  std::string token() const { return token_; }
  program_under_test& process() { return process_; }

private:
  std::string token_;
  program_under_test process_;
  std::string address_;
};

/// A port of this machine that nobody else gets while this lives: one that listens, and answers nothing, or one where
/// nothing listens.
class held_port {
public:
  enum class kind { silent, closed };
  explicit held_port(kind);
  ~held_port();
  held_port(const held_port&) = delete;
  held_port& operator=(const held_port&) = delete;
  std::string address() const { return "127.0.0.1:" + number_; }
  std::string number() const { return number_; }

private:
  int socket_;
  std::string number_;
};

/// The text with each first replaced by its second: what differs from run to run.
std::string with(std::string text, const std::vector<std::pair<std::string, std::string>>& replaced);
