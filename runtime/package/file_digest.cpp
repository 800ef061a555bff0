#include "runtime/package/file_digest.hpp"

#include <openssl/evp.h>

#include "runtime/base/invariant.hpp"
#include "runtime/package/posix_file.hpp"

namespace runtime {

struct digest_maker::context {
  context() : evp(EVP_MD_CTX_new()) {}
  ~context() { EVP_MD_CTX_free(evp); }
  context(const context&) = delete;
  context& operator=(const context&) = delete;
  EVP_MD_CTX* evp;
};

digest_maker::digest_maker() : context_(std::make_unique<context>()) {
  CAF_TUNE_INVARIANT(context_->evp != nullptr && EVP_DigestInit_ex(context_->evp, EVP_sha256(), nullptr) == 1,
                     "OpenSSL has no SHA-256");
}

digest_maker::~digest_maker() = default;

void digest_maker::add(std::string_view piece) {
  CAF_TUNE_INVARIANT(EVP_DigestUpdate(context_->evp, piece.data(), piece.size()) == 1, "{} bytes", piece.size());
}

sha256 digest_maker::finish() {
  sha256 digest;
  unsigned size = 0;
  CAF_TUNE_INVARIANT(EVP_DigestFinal_ex(context_->evp, digest.value.data(), &size) == 1 && size == digest.value.size(),
                     "{} bytes", size);
  return digest;
}

sha256 digest_of(std::string_view bytes) {
  digest_maker maker;
  maker.add(bytes);
  return maker.finish();
}

package_id id_of(const package_manifest& package) {
  return digest_of(canonical_encoding(package));
}

result<sha256> hash_file(const posix_file& file) {
  constexpr std::uint32_t piece_bytes = 256u << 10;
  digest_maker maker;
  for (std::uint64_t offset = 0;;) {
    const auto piece = file.read_at(offset, piece_bytes);
    if (!piece)
      return fail(piece.error());
    if (piece->empty())
      return maker.finish();
    maker.add(*piece);
    offset += piece->size();
  }
}

result<sha256> hash_file(const std::string& path) {
  return posix_file::open_for_reading(path).and_then([](const posix_file& file) { return hash_file(file); });
}

} // namespace runtime
