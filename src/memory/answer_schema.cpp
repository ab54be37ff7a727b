#include "memory/answer_schema.h"

#include <algorithm>
#include <string>
#include <vector>

#include "base/text.h"
#include "memory/answer_ranker.h"
#include "memory/compact_schema.h"
#include "memory/schema_parts.h"

namespace daimon::memory {
namespace {

// What an answer may come from: the passages of the searches since the last answer.
std::vector<const Passage*> passages_open(const Turn& turn) {
  std::vector<const Passage*> open;
  const auto& results = turn.context.results();
  const std::size_t each = passages_shown_each(turn.plan);
  for (auto result = results.rbegin(); result != results.rend(); ++result) {
    if (result->call == "answer" && !result->error && !open.empty()) break;
    for (std::size_t i = 0; i < result->passages.size() && i < each; ++i) open.push_back(&result->passages[i]);
  }
  std::ranges::sort(open, {}, &Passage::number);
  return open;
}

// What the next answer is about: what the last search looked for.
std::string asked_for(const Turn& turn) {
  const auto& results = turn.context.results();
  const auto search = std::ranges::find(results.rbegin(), results.rend(), "search", &Result::call);
  return search == results.rend() ? turn.context.goal() : looked_for(turn, *search);
}

// As much of a sentence as an answer has room for: what is not plain ASCII may take a token a byte.
std::string_view fitting(std::string_view sentence) {
  constexpr double kTokensMax = 180;
  double tokens = 0;
  for (std::size_t i = 0; i < sentence.size(); ++i) {
    const auto byte = static_cast<unsigned char>(sentence[i]);
    tokens += byte >= 0x80 ? 1 : byte < 0x20 ? 6 : 0.5;
    if (tokens > kTokensMax) return cut_utf8(sentence, i);
  }
  return sentence;
}

}  // namespace

Json answer_schema(const Turn& turn) {
  const auto open = passages_open(turn);
  std::vector<AnswerSource> sources;
  for (const Passage* passage : open) sources.push_back({passage->number, passage->path, passage->text});
  auto ranked = rank_answers(asked_for(turn), sources, turn.meanings);
  const auto keep_types = [&](const std::vector<AnswerType>& types, bool none_too) {
    const auto is_meant = [&](const RankedAnswer& answer) {
      return answer.type && std::ranges::contains(types, *answer.type);
    };
    if (std::ranges::none_of(ranked, is_meant)) return;
    const bool plain =
        std::ranges::any_of(ranked, [&](const auto& answer) { return is_meant(answer) && answer.plain; });
    std::erase_if(ranked, [&](const RankedAnswer& answer) {
      return !is_meant(answer) && (answer.passage != 0 || plain || !none_too);
    });
  };
  // What is reckoned with next is a number, if there is any. Elsewhere the goal may tell what kind of thing answers it.
  const bool is_reckoned = std::ranges::any_of(turn.plan.subspan(std::min(turn.step, turn.plan.size())),
                                               [](const PlanStep& step) { return step.call == "calculate"; });
  auto types = answer_types_of(turn.context.goal());
  // "Which day" is a day of the week, or else a date.
  if (types == std::vector{AnswerType::kWeekday} &&
      std::ranges::none_of(ranked, [](const auto& answer) { return answer.type == AnswerType::kWeekday; }))
    types = {AnswerType::kDate};
  if (is_reckoned)
    keep_types({AnswerType::kMoney, AnswerType::kNumber}, false);
  else
    keep_types(types, true);
  // The model has no say in it: it chose worse than the reader does (docs/decisions/0007-firmware.md).
  const RankedAnswer& chosen = ranked.front();
  JsonObject answer{{"passage", JsonObject{{"const", chosen.passage}}}};
  if (chosen.passage != 0) answer["answer"] = JsonObject{{"const", fitting(chosen.text)}};
  return object_schema(std::move(answer));
}

}  // namespace daimon::memory
