#include "runtime/base/result.hpp"

namespace runtime {

const char* to_string(errc code) noexcept {
  switch (code) {
  case errc::invalid_argument: return "invalid argument";
  case errc::not_found: return "not found";
  case errc::already_exists: return "already exists";
  case errc::infeasible: return "infeasible";
  case errc::timed_out: return "timed out";
  case errc::unreachable: return "unreachable";
  case errc::refused: return "refused";
  case errc::permission_denied: return "permission denied";
  case errc::incompatible: return "incompatible";
  case errc::io: return "input/output error";
  case errc::too_large: return "too large";
  case errc::cancelled: return "cancelled";
  case errc::user_code: return "error in user code";
  case errc::worker_lost: return "worker lost";
  case errc::node_lost: return "node lost";
  }
  return "unknown error";
}

error within(const std::string& where, error why) {
  why.message = where + ": " + why.message;
  return why;
}

} // namespace runtime
