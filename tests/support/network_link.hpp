#pragma once

#include <string>
#include <vector>

#include "runtime/node/posix_descriptor.hpp"

/// A second network on this machine, joined to ours by a link that can lose what is sent, in each direction by itself.
/// Nobody is told: what is lost just does not arrive, as behind a switch that has died. It takes namespaces
/// (enter_own_namespaces() comes first) and the program `ip`. The network ends with what was started in it and this.
class network_link {
public:
  network_link(); ///< Throws std::runtime_error with what is not possible here.

  const std::string& our_host() const noexcept { return our_host_; }
  const std::string& their_host() const noexcept { return their_host_; }
  /// What starts a program over there: to be put before its command. The process is the program's own.
  std::vector<std::string> over_there() const;

  void lose_ours();   ///< What is sent from here.
  void lose_theirs(); ///< What is sent from over there.
  void lose_all();
  void restore();

private:
  std::string path_of_their_network() const;
  void ours_go_to(const std::string& hardware) const;
  void theirs_go_to(const std::string& hardware) const;

  std::string our_device_, their_device_, our_host_, their_host_;
  runtime::posix_descriptor their_network_;
};
