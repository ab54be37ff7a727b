// daimon-answer-features: what firmware/training/ranker.py learns from. Reads a line of JSON a question, {"question",
// "passages": [{"path", "text"}], "answer", "right": number of its passage from 1, 0 for none}, and writes of each, as
// 32-bit little-endian numbers: how many candidates, and of each candidate whether it is right (1, else 0), its kind of
// match (2 exact, 1 holds the answer, 0), how many features, and these.
#include <cstdio>
#include <iostream>
#include <string>

#include "base/json.h"
#include "memory/answer_ranker.h"

int main() {
  using namespace daimon;
  std::ios::sync_with_stdio(false);
  const auto put = [](std::uint32_t value) { std::fwrite(&value, sizeof value, 1, stdout); };
  for (std::string line; std::getline(std::cin, line);) {
    const auto value = parse_json(line);
    if (!value) return std::cerr << value.error().what << '\n', 1;
    const std::string question(find_string(*value, "question").value_or(""));
    const std::string answer(find_string(*value, "answer").value_or(""));
    const auto right = find_integer(*value, "right").value_or(0);
    std::vector<memory::AnswerSource> sources;
    for (const Json& passage : value->at("passages").as_array())
      sources.push_back({static_cast<int>(sources.size() + 1), find_string(passage, "path").value_or(""),
                         find_string(passage, "text").value_or("")});
    const auto all = memory::answer_candidates(question, sources);
    // Exactly the answer, or where nothing is, the shortest that holds it.
    std::size_t shortest = SIZE_MAX;
    bool exact = false;
    for (const auto& candidate : all) {
      if (right == 0 || candidate.passage != right || !candidate.text.contains(answer)) continue;
      exact = exact || candidate.text == answer;
      shortest = std::min(shortest, candidate.text.size());
    }
    put(static_cast<std::uint32_t>(all.size()));
    for (const auto& candidate : all) {
      const bool holds = right != 0 && candidate.passage == right && candidate.text.contains(answer);
      const bool is_right = right == 0
                                ? candidate.passage == 0
                                : holds && (exact ? candidate.text == answer : candidate.text.size() == shortest);
      put(is_right ? 1 : 0);
      put(right == 0 ? (candidate.passage == 0 ? 2 : 0) : !holds ? 0 : candidate.text == answer ? 2 : 1);
      put(static_cast<std::uint32_t>(candidate.features.size()));
      for (const std::uint32_t feature : candidate.features) put(feature);
    }
  }
  return 0;
}
