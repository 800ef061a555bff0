#pragma once

#include "runtime/owner/detached_store.hpp"

namespace runtime {

/// One file for each actor, named by its id (16 hex digits), in a directory of its own.
class file_detached_store : public detached_store {
public:
  /// The directory is made when there is something to keep.
  explicit file_detached_store(std::string directory) : directory_(std::move(directory)) {}

  [[nodiscard]] result<std::map<actor_id, std::string>> load() override;
  [[nodiscard]] result<void> keep(actor_id actor, const std::string& bytes) override;
  void forget(actor_id actor) override;

private:
  std::string path_of(actor_id actor) const;

  std::string directory_;
};

} // namespace runtime
