// What the networks have learned, which the build takes from firmware/: of reader_answers.bin, reader_arguments.bin and
// reader_tools.bin the numbers of reader.cpp; of encoder.bin those of text_encoder.cpp; of encoder_vectors.bin six
// vectors for what is no piece and one for each piece of encoder_pieces.tsv.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>

namespace daimon::memory {

// The bytes of a file; where they are numbers, each is the upper half of a float, its lower byte first.
using WeightTable = std::span<const unsigned char>;

inline constexpr std::size_t kReaderWeights = 262483;
inline constexpr std::size_t kEncodedReaderWeights = kReaderWeights + 180320;  // of one that sees what the encoder says
inline constexpr std::size_t kEncoderWeights = 4739713;
inline constexpr std::size_t kEncoderVectors = std::size_t{8000} * 256;
// The id of what a text means, by encoder.bin and the pieces.
extern const std::string_view kMeaningId;
// The id of the embedding whose vectors the readers were learned with; others say nothing to them.
extern const std::string_view kReaderEmbedding;
extern const WeightTable kReaderAnswersTable, kReaderArgumentsTable, kReaderToolsTable;
extern const WeightTable kEncoderTable, kEncoderVectorsTable, kEncoderPiecesTable;

}  // namespace daimon::memory
