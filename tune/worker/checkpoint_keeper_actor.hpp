#pragma once

#include <cstdint>
#include <string>
#include <utility>
#include <vector>

#include <caf/atom.hpp>
#include <caf/event_based_actor.hpp>
#include <caf/type_id.hpp>

#include "runtime/actor_type.hpp"
#include "tune/path.hpp"
#include "tune/vocabulary.hpp"

CAF_ADD_ATOM(caf_tune, tune, here_atom, "here")
CAF_ADD_ATOM(caf_tune, tune, list_atom, "list")
CAF_ADD_ATOM(caf_tune, tune, read_atom, "read")
CAF_ADD_ATOM(caf_tune, tune, write_atom, "write")
CAF_ADD_ATOM(caf_tune, tune, whole_atom, "whole")
CAF_ADD_ATOM(caf_tune, tune, forget_atom, "forget")

namespace tune {

/// A file of a checkpoint: its path in it, and its size.
using checkpoint_file = std::pair<std::string, std::uint64_t>;

/// Hands out and takes in the checkpoints that lie below a node's own directory, for a driver whose storage that node
/// does not see. It runs in a worker there:
///
///   (here_atom)                                                       -> nothing: it is there
///   (list_atom, std::string directory)                                -> std::string:
///   to_bytes(vector<checkpoint_file>) (read_atom, std::string file, uint64 offset, uint32 most)         ->
///   std::string: fewer at its end (write_atom, std::string file, uint64 offset, std::string bytes)  -> nothing; makes
///   the directories above it (whole_atom, std::string directory)                               -> nothing: what was
///   written survives a crash (forget_atom, std::string directory)                              -> nothing: it is gone
///
/// Paths are absolute; those outside the node's directory are refused. An error is an answer like any other.
class checkpoint_keeper_actor : public caf::event_based_actor {
public:
  explicit checkpoint_keeper_actor(caf::actor_config& config);
  caf::behavior make_behavior() override;
  const char* name() const override { return "checkpoint_keeper_actor"; }

private:
  path root_; ///< The node's directory for this driver.
};

const runtime::actor_type<caf::behavior(checkpoint_keeper_actor*)>& checkpoint_keeper_type();

} // namespace tune
