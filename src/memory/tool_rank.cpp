#include "memory/tool_rank.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <numeric>
#include <ranges>
#include <string>
#include <tuple>

#include "base/text.h"
#include "memory/answer_rank.h"
#include "memory/lexicon.h"
#include "memory/network_layer.h"
#include "memory/reader.h"
#include "memory/tool_arguments.h"

namespace daimon::memory {
namespace {

using Words = std::vector<std::size_t>;

constexpr std::size_t kValuesMax = 1000;  // of the enumerations of all tools
constexpr std::size_t kReadMax = 10;      // tools whose arguments are looked for
constexpr std::size_t kTokensRead = 64;   // of a tool
constexpr std::size_t kValuesRead = 8;    // of an enumeration

float nearest(const Lexicon& lexicon, std::size_t word, const Words& others) {
  float most = 0;
  for (const std::size_t other : others) most = std::max(most, lexicon.likeness(word, other));
  return most;
}

// The mean over `words` of what is nearest among `others`, and the share that stands there.
std::pair<float, float> covered(const Lexicon& lexicon, const Words& words, const Words& others) {
  if (words.empty()) return {0, 0};
  float like = 0;
  float same = 0;
  for (const std::size_t word : words) {
    const float most = nearest(lexicon, word, others);
    like += most;
    same += most >= 1 ? 1 : 0;
  }
  const auto count = static_cast<float>(words.size());
  return {like / count, same / count};
}

float cosine(const std::vector<float>& a, const std::vector<float>& b) {
  return a.empty() || b.empty() ? 0 : dot(a, b);
}

// How sure it is that the goal says the required arguments of a tool, and how many of the others it says.
std::pair<float, float> said_arguments(std::string_view goal, const Offer& tool,
                                       const embedding::StaticEmbedding* meanings) {
  const auto arguments = arguments_of(tool.arguments_schema);
  const auto ways = argument_ways(goal, tool, arguments, meanings);
  float required = 0;
  float sure = 0;
  float others = 0;
  for (std::size_t a = 0; a < arguments.size(); ++a) {
    double best = -1e9;
    for (const ArgumentWay& way : ways[a].ways) best = std::max(best, way.score);
    const auto odds = static_cast<float>(1 / (1 + std::exp(ways[a].none - best)));
    if (arguments[a].required)
      required += 1, sure += odds;
    else
      others += odds;
  }
  return {required == 0 ? 1 : sure / required, std::min(others, 4.0F) / 4};
}

std::vector<Evidence> tool_features(std::string_view goal, std::span<const Offer> tools,
                                    const embedding::StaticEmbedding* meanings) {
  Lexicon lexicon(meanings);
  const auto told = [&](const std::vector<Lexicon::Token>& tokens) {
    Words words;
    for (const Lexicon::Token& token : tokens)
      if (!is_silent(lexicon.word(token.word)) && !std::ranges::contains(words, token.word))
        words.push_back(token.word);
    return words;
  };
  const auto direction = [&](std::string_view text) {
    return meanings != nullptr ? meanings->direction(text) : std::vector<float>();
  };
  const Words asked = told(lexicon.tokens(goal, 120));
  // What was said last says most of what is wanted now.
  const auto sentences = sentences_of(goal);
  const Words last = told(lexicon.tokens(sentences.empty() ? goal : sentences.back(), 40));
  const Words first(asked.begin(), asked.begin() + static_cast<std::ptrdiff_t>(std::min<std::size_t>(asked.size(), 5)));
  const auto asked_direction = direction(goal);
  std::vector<Evidence> all;
  std::size_t values_left = kValuesMax;
  for (const Offer& tool : tools) {
    const auto name_tokens = lexicon.tokens_of_name(tool.name, 12);
    const Words name = told(name_tokens);
    const Words about = told(lexicon.tokens(tool.summary, 60));
    Words both = name;
    both.insert(both.end(), about.begin(), about.end());
    const auto arguments = arguments_of(tool.arguments_schema);
    std::string argument_text;
    std::string name_text;
    for (const auto& token : name_tokens) name_text += lexicon.word(token.word) + " ";
    int enumerations = 0;
    int said_values = 0;
    for (const Argument& argument : arguments) {
      for (const auto& token : lexicon.tokens_of_name(argument.name, 8))
        argument_text += lexicon.word(token.word) + " ";
      argument_text += argument.description + " ";
      if (argument.values.empty()) continue;
      ++enumerations;
      said_values += std::ranges::any_of(argument.values | std::views::take(values_left),
                                         [&](const std::string& value) {
                                           const Words words = told(lexicon.tokens_of_name(value, 8));
                                           return !words.empty() && covered(lexicon, words, asked).second >= 1;
                                         })
                         ? 1
                         : 0;
      values_left -= std::min(values_left, argument.values.size());
    }
    Words everything = both;
    const Words of_arguments = told(lexicon.tokens(argument_text, 120));
    everything.insert(everything.end(), of_arguments.begin(), of_arguments.end());
    Evidence features{};
    std::size_t next = 0;
    const auto put = [&](float value) { features[next++] = value; };
    put(cosine(asked_direction, direction(name_text + tool.summary)));
    put(cosine(asked_direction, direction(name_text)));
    put(cosine(asked_direction, direction(argument_text)));
    const auto [name_like, name_same] = covered(lexicon, name, asked);
    put(name_like);
    put(name_same);
    const auto [about_like, about_same] = covered(lexicon, about, asked);
    put(about_like);
    put(about_same);
    const auto [asked_like, asked_same] = covered(lexicon, asked, both);
    put(asked_like);
    put(asked_same);
    put(covered(lexicon, asked, everything).first);
    put(covered(lexicon, last, both).first);
    put(covered(lexicon, name, last).first);
    put(name.empty() ? 0 : nearest(lexicon, name.front(), first));
    put(name.empty() ? 0 : nearest(lexicon, name.back(), asked));
    put(enumerations == 0 ? 0.5F : static_cast<float>(said_values) / static_cast<float>(enumerations));
    put(static_cast<float>(arguments.size()) / 10);
    put(static_cast<float>(std::ranges::count(arguments, true, &Argument::required)) / 5);  // 17
    all.push_back(features);
  }
  // Whether the goal says their arguments, of those that could be meant at all.
  std::vector<std::size_t> order(tools.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::ranges::stable_sort(order, std::greater(), [&](std::size_t i) { return all[i][0] + all[i][3] + all[i][7]; });
  order.resize(std::min(order.size(), kReadMax));
  for (const std::size_t i : order) std::tie(all[i][17], all[i][18]) = said_arguments(goal, tools[i], meanings);
  // How far each is behind the best of the others.
  constexpr std::array<std::size_t, 5> kCompared = {0, 3, 5, 7, 17};
  for (std::size_t c = 0; c < kCompared.size(); ++c)
    for (std::size_t i = 0; i < all.size(); ++i) {
      float best = 0;
      for (std::size_t j = 0; j < all.size(); ++j)
        if (j != i) best = std::max(best, all[j][kCompared[c]]);
      all[i][19 + c] = all[i][kCompared[c]] - best;
    }
  static_assert(19 + kCompared.size() <= kEvidenceWidth);
  return all;
}

// What a tool says of itself.
std::string text_of(const Offer& tool) {
  std::string text = tool.summary;
  for (const Argument& argument : arguments_of(tool.arguments_schema)) {
    text += "\n" + argument_question(argument);
    for (const std::string& value : argument.values | std::views::take(kValuesRead)) text += ", " + value;
  }
  return text;
}

std::vector<std::string> texts_of(std::span<const Offer> tools) {
  std::vector<std::string> texts;
  for (const Offer& tool : tools) texts.push_back(text_of(tool));
  return texts;
}

std::vector<AnswerSource> sources_of(std::span<const Offer> tools, const std::vector<std::string>& texts) {
  std::vector<AnswerSource> sources;
  for (std::size_t i = 0; i < tools.size(); ++i) sources.push_back({static_cast<int>(i + 1), tools[i].name, texts[i]});
  return sources;
}

}  // namespace

ToolReading::ToolReading(std::string_view goal, std::span<const Offer> tools,
                         const embedding::StaticEmbedding* meanings)
    : texts(texts_of(tools)),
      reading(cut_utf8(goal, kReadGoalBytesMax), sources_of(tools, texts), meanings, kTokensRead) {
  const auto features = tool_features(cut_utf8(goal, kReadGoalBytesMax), tools, meanings);
  for (std::size_t i = 0; i < tools.size(); ++i)
    pieces.push_back({.source = i, .begin = 0, .size = texts[i].size(), .kind = 0, .evidence = features[i]});
}

std::vector<double> rank_tools(std::string_view goal, std::span<const Offer> tools,
                               const embedding::StaticEmbedding* meanings) {
  const ToolReading read(goal, tools, meanings);
  ReadScores scores = read_pieces(ReaderFor::kTools, read.reading, read.pieces);
  for (double& score : scores.pieces) score -= scores.none;
  return std::move(scores.pieces);
}

}  // namespace daimon::memory
