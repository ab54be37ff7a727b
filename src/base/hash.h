// SHA-256 (FIPS 180-4, by OpenSSL): the hash of journal records, blobs, file versions and models.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"

namespace daimon {

using Digest = std::array<std::uint8_t, 32>;

class Sha256 {
 public:
  Sha256();
  ~Sha256();
  Sha256(Sha256&&) noexcept;
  Sha256& operator=(Sha256&&) noexcept;

  void update(std::string_view bytes);
  Digest finish();  // once

 private:
  struct Context;
  std::unique_ptr<Context> context_;
};

Digest sha256(std::string_view bytes);
// Reads the file in pieces; any size.
Result<Digest> sha256_of_file(const std::filesystem::path& path);
// 64 lower-case hexadecimal digits, and back.
std::string to_hex(const Digest& digest);
Result<Digest> digest_from_hex(std::string_view text);

}  // namespace daimon
