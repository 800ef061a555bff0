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
CAF_ADD_ATOM(caf_tune, tune, check_atom, "check")
CAF_ADD_ATOM(caf_tune, tune, size_atom, "size")
CAF_ADD_ATOM(caf_tune, tune, clean_atom, "clean")

namespace tune {

/// A file of a checkpoint: its path in it, and its size.
using checkpoint_file = std::pair<std::string, std::uint64_t>;

/// Hands out and takes in the checkpoints that lie below a node's own directory for experiments, for a driver whose
/// storage that node does not see. It runs in a worker there:
///
///   (here_atom)                                     -> nothing: it is there
///   (list_atom, string directory)                   -> string: to_bytes(vector<checkpoint_file>)
///   (size_atom, string file)                        -> int64: its bytes; -1: there is none
///   (read_atom, string file, uint64 offset, uint32 most)    -> string: fewer at its end
///   (write_atom, string file, uint64 offset, string bytes)  -> nothing; makes the directories above it
///   (whole_atom, string directory)                  -> nothing: what was written survives a crash
///   (check_atom, string directory)                  -> nothing: it holds a whole checkpoint
///   (forget_atom, string what)                      -> nothing: it is gone
///   (clean_atom, string directory, string keep)     -> nothing: all below it is gone, but for what is in
///                                                      to_bytes(vector<string>) directories
///
/// Paths are absolute, or below that directory; those outside of it are refused. An error is an answer like any other.
class checkpoint_keeper_actor : public caf::event_based_actor {
public:
  explicit checkpoint_keeper_actor(caf::actor_config& config);
  caf::behavior make_behavior() override;
  const char* name() const override { return "checkpoint_keeper_actor"; }

private:
  template <class Result, class Function>
  caf::result<Result> allowed(const std::string& what, Function use) const;

  path root_; ///< The node's directory for experiments.
};

const runtime::actor_type<caf::behavior(checkpoint_keeper_actor*)>& checkpoint_keeper_type();

} // namespace tune
