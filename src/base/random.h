// Randomness as an interface, so that a seed reproduces a run.
#pragma once

#include <cstddef>
#include <cstdint>
#include <random>
#include <span>
#include <string>

namespace daimon {

class Random {
 public:
  virtual ~Random() = default;
  virtual std::uint64_t next() = 0;
};

// The operating system's generator (getrandom). For tokens, identifiers and fresh seeds. Any thread.
class SystemRandom final : public Random {
 public:
  std::uint64_t next() override;
};

// Reproducible: the same seed gives the same sequence on every machine (mt19937_64).
class SeededRandom final : public Random {
 public:
  explicit SeededRandom(std::uint64_t seed) : engine_(seed) {}
  std::uint64_t next() override { return engine_(); }

 private:
  std::mt19937_64 engine_;
};

// `bytes` random bytes as lower-case hexadecimal; 32 bytes for a 256-bit token.
std::string random_hex(Random& random, std::size_t bytes);

}  // namespace daimon
