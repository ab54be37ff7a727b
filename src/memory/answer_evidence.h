// How well the words of a question fit the words around a piece of text, by the words themselves and by what they mean:
// "fare" beside "ticket price" counts, though less than "fare" itself.
//
// Each telling word of the question is compared with every word of the passages (lexicon.h). What is nearest in a zone
// (before the piece, its sentence, its line, its column's head) is what that zone says of the word, as in soft
// alignment of questions and answers (Yang et al., "aNMM", 2016; Xiong et al., "K-NRM", 2017). Rarer words weigh more.
// The numbers that come of it are a part of what reader.h goes by.
#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "memory/lexicon.h"

namespace daimon::memory {

// One passage of a search, by its number.
struct AnswerSource {
  int number = 0;
  std::string_view path;
  std::string_view text;
};

inline constexpr std::size_t kEvidenceWidth = 56;
using Evidence = std::array<float, kEvidenceWidth>;

// The lines of a text that are not blank, trimmed, at most a thousand bytes of each.
std::vector<std::string_view> passage_lines(std::string_view text);

// One question beside its passages. The texts must outlive it.
class AnswerEvidence {
 public:
  // Without `meanings` only the same words count.
  AnswerEvidence(std::string_view question, std::span<const AnswerSource> sources,
                 const embedding::StaticEmbedding* meanings);

  // Of the piece [begin, begin + size) of a line (of passage_lines) of a source.
  [[nodiscard]] Evidence of(std::size_t source, std::size_t line, std::size_t begin, std::size_t size) const;

 private:
  struct Token : Lexicon::Token {
    int place = 0;  // in the passage, a line's end counted as some words
  };
  struct Line {
    std::string_view text;
    std::vector<Token> tokens;
  };
  struct Source {
    std::vector<Line> lines;
    std::vector<Token> path;
    std::vector<Token> all;  // of its path and its lines
  };
  // How much of the question a zone holds: the share of its words that stand there as they are, the share by meaning,
  // and the share of those with something near; each word by its weight.
  struct Held {
    float same = 0, like = 0, near = 0;
  };
  struct Asked {
    std::size_t word = 0;
    float weight = 0;
    bool name = false;
    bool number = false;
  };

  std::vector<Token> tokens_of(std::string_view text, int& place);
  [[nodiscard]] Held held(std::initializer_list<std::span<const Token>> zones) const;
  [[nodiscard]] float likeness(std::size_t asked, std::size_t word) const {
    return likeness_[asked * lexicon_.size() + word];
  }
  [[nodiscard]] std::span<const Token> head_of_column(const Source& source, std::size_t line, std::size_t begin) const;

  Lexicon lexicon_;
  std::vector<Asked> told_;      // the telling words of the question
  std::vector<float> likeness_;  // told x words, 0 to 1
  std::vector<Source> sources_;
  std::vector<std::vector<Held>> of_lines_;  // by source
  std::vector<Held> of_passages_;
  Held best_line_, best_passage_;
};

}  // namespace daimon::memory
