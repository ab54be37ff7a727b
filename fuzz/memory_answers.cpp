// A question and a document's text: whatever stands in either, what is said to answer stands in the text, within a
// line, and the probabilities are ones.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <span>
#include <string_view>

#include "base/text.h"
#include "memory/answer_ranker.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace daimon;
  // The question, a line break, the text.
  const std::string_view input(reinterpret_cast<const char*>(data), size);
  const std::size_t end = input.find('\n');
  if (end == std::string_view::npos || size > 2048) return 0;
  const std::string question = repair_utf8(input.substr(0, end));
  const std::string text = repair_utf8(input.substr(end + 1));
  const memory::AnswerSource source{1, question, text};
  double sum = 0;
  bool none = false;
  for (const memory::RankedAnswer& answer : memory::rank_answers(question, std::span(&source, 1), nullptr)) {
    sum += answer.probability;
    none = none || answer.passage == 0;
    if (!text.contains(answer.text) || answer.text.contains('\n') || !is_utf8(answer.text)) std::abort();
    if (!(answer.probability >= 0)) std::abort();
  }
  if (!none || std::abs(sum - 1) > 1e-6) std::abort();
  return 0;
}
