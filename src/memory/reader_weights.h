// The weights of reader.h, which the build makes of firmware/reader_answers.bin, reader_arguments.bin and
// reader_tools.bin: the upper halves of floats, in the order in which reader.cpp takes them.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace daimon::memory {

inline constexpr std::size_t kReaderWeights = 262483;
using ReaderTable = std::array<std::uint16_t, kReaderWeights>;
// The id of the embedding whose vectors they were learned with; others say nothing to them.
extern const std::string_view kReaderEmbedding;
extern const ReaderTable kAnswersTable, kArgumentsTable, kToolsTable;

}  // namespace daimon::memory
