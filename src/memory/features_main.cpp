// daimon-answer-features: what firmware/training/ranker.py learns from. Reads a line of JSON a question, {"question",
// "passages": [{"path", "text"}], "answer", "right": number of its passage from 1, 0 for none}, and writes of each, as
// 32-bit little-endian numbers: how many candidates and numbers of a meaning, what the question and its opening mean,
// and of each candidate whether it is right (1, else 0), its kind of match (2 exact, 1 holds the answer, 0), its kind,
// its evidence, how many features, and these. With the argument `plain` without any meaning.
#include <bit>
#include <cstdio>
#include <iostream>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.h"
#include "memory/answer_ranker.h"

int main(int count, char** words) {
  using namespace daimon;
  std::ios::sync_with_stdio(false);
  const auto put = [](std::uint32_t value) { std::fwrite(&value, sizeof value, 1, stdout); };
  const auto put_all = [&](std::span<const float> values) {
    for (const float value : values) put(std::bit_cast<std::uint32_t>(value));
  };
  std::optional<embedding::StaticEmbedding> meanings;
  if (count < 2 || std::string_view(words[1]) != "plain") {
    const auto folder = embedding::builtin_embedding();
    auto loaded = folder ? embedding::StaticEmbedding::load(*folder) : std::unexpected(folder.error());
    if (!loaded) return std::cerr << loaded.error().what << '\n', 1;
    meanings = std::move(*loaded);
  }
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
    const memory::AnswerEvidence evidence(question, sources, meanings ? &*meanings : nullptr);
    const auto all = memory::answer_candidates(question, sources, evidence);
    // Exactly the answer, or where nothing is, the shortest that holds it.
    std::size_t shortest = SIZE_MAX;
    bool exact = false;
    for (const auto& candidate : all) {
      if (right == 0 || candidate.passage != right || !candidate.text.contains(answer)) continue;
      exact = exact || candidate.text == answer;
      shortest = std::min(shortest, candidate.text.size());
    }
    put(static_cast<std::uint32_t>(all.size()));
    put(static_cast<std::uint32_t>(evidence.asked().size()));
    put_all(evidence.asked());
    put_all(evidence.opening());
    for (const auto& candidate : all) {
      const bool holds = right != 0 && candidate.passage == right && candidate.text.contains(answer);
      const bool is_right = right == 0
                                ? candidate.passage == 0
                                : holds && (exact ? candidate.text == answer : candidate.text.size() == shortest);
      put(is_right ? 1 : 0);
      put(right == 0 ? (candidate.passage == 0 ? 2 : 0) : !holds ? 0 : candidate.text == answer ? 2 : 1);
      put(static_cast<std::uint32_t>(candidate.kind));
      put_all(candidate.evidence);
      put(static_cast<std::uint32_t>(candidate.features.size()));
      for (const std::uint32_t feature : candidate.features) put(feature);
    }
  }
  return 0;
}
