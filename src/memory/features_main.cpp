// daimon-answer-features: what firmware/training/reader.py learns to answer from. Reads a line of JSON a question,
// {"question", "passages": [{"path", "text"}], "answer", "right": number of its passage from 1, 0 for none}, and writes
// each as reading_record.h says.
#include <algorithm>
#include <string>
#include <vector>

#include "base/json.h"
#include "memory/answer_ranker.h"
#include "memory/reading_record.h"

namespace {

using namespace daimon;

void put(const Json& line, memory::ReadingRecorder& recorder, const embedding::StaticEmbedding& meanings) {
  const std::string answer(find_string(line, "answer").value_or(""));
  const auto right = find_integer(line, "right").value_or(0);
  std::vector<memory::AnswerSource> sources;
  for (const Json& passage : line.at("passages").as_array())
    sources.push_back({static_cast<int>(sources.size() + 1), find_string(passage, "path").value_or(""),
                       find_string(passage, "text").value_or("")});
  const std::string question = memory::as_meant(find_string(line, "question").value_or(""), sources, &meanings);
  std::vector<memory::Labelled> pieces;
  // Right is exactly the answer, or where nothing is, the shortest that holds it.
  std::size_t shortest = SIZE_MAX;
  for (const auto& candidate : memory::answer_candidates(question, sources, &meanings)) {
    const bool holds = right != 0 && candidate.passage == right && candidate.text.contains(answer);
    const bool exact = holds && candidate.text == answer;
    pieces.push_back({candidate.read, false, exact ? 2 : holds ? 1 : 0});
    if (holds) shortest = std::min(shortest, candidate.read.size);
  }
  const bool any_exact = std::ranges::any_of(pieces, [](const auto& piece) { return piece.match == 2; });
  for (memory::Labelled& labelled : pieces)
    labelled.right = any_exact ? labelled.match == 2 : labelled.match == 1 && labelled.piece.size == shortest;
  recorder.put(memory::Reading(question, sources, &meanings), pieces, right == 0);
}

}  // namespace

int main() { return memory::record_lines(put); }
