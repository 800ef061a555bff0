#pragma once

#include <functional>
#include <string>
#include <sys/types.h>
#include <vector>

/// What a process that may end at any moment says to the one that waits for its end, over a socket.
class witness {
public:
  explicit witness(int socket) : socket_(socket) {}

  /// What survives whatever happens from here on. Any thread may call it.
  void acknowledge(const std::string& what) const { say('+', what); }
  void complain(const std::string& what) const { say('!', what); } ///< What could not be done, in words for people.
  void name_fault(const std::string& what) const { say('?', what); }

private:
  void say(char kind, std::string what) const;

  int socket_;
};

/// How such a process ended, and what it had said.
struct life_end {
  int code = 0; ///< Of its exit; 128 + signal for one that a signal ended.
  std::vector<std::string> acknowledged;
  std::vector<std::string> complaints;
  std::string fault; ///< Empty: none has hit it.
};

/// A child of this process, which must have no threads, that does something and ends. One that hangs is ended by a
/// signal after a time that only such a one reaches.
class life {
public:
  explicit life(const std::function<void(witness&)>& what); ///< What it throws is a complaint, and code 3.
  ~life();
  life(const life&) = delete;
  life& operator=(const life&) = delete;

  void wait_for_acknowledged(std::size_t many); ///< Or for its end.
  /// Hears what was said until now. Whatever comes later does not count: it is not known when it was said.
  void stop_listening();
  void kill();
  life_end finish(); ///< Waits for its end.

private:
  bool hear(int how = 0);

  pid_t process_ = -1;
  int socket_ = -1;
  std::string unread_;
  bool listens_ = true;
  life_end end_;
};
