#include "memory/answer_schema.h"

#include <algorithm>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "base/text.h"
#include "memory/answer_ranker.h"
#include "memory/compact_schema.h"
#include "memory/days_from_today.h"
#include "memory/goal_facts.h"
#include "memory/prompt_profile.h"
#include "memory/schema_parts.h"

namespace daimon::memory {
namespace {

// What an answer may come from: the passages of the searches since the last answer.
std::vector<const Passage*> passages_open(const Turn& turn) {
  std::vector<const Passage*> open;
  const auto& results = turn.context.results();
  for (auto result = results.rbegin(); result != results.rend(); ++result) {
    if (result->call == "answer" && !result->error && !open.empty()) break;
    for (const Passage& passage : result->passages) open.push_back(&passage);
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

// Whether a sum of money is what can be reckoned with: what is asked for sounds like one, as what comes with a bill
// does, or a piece that is one is nearly as probable as whatever else there is.
bool is_sum_meant(std::string_view asked, const std::vector<RankedAnswer>& ranked) {
  using Words = std::set<std::string, std::less<>>;
  static const Words kSums = {"amount",      "balance", "bill",   "charge",  "cost",    "credit",  "debt",
                              "deposit",     "fee",     "fine",   "income",  "invoice", "loan",    "money",
                              "owe",         "paid",    "pay",    "payment", "payout",  "premium", "price",
                              "refund",      "rent",    "salary", "spend",   "spent",   "tax",     "total",
                              "wage",        "expense", "saving", "saved",   "earn",    "grant",   "gas",
                              "electricity", "water",   "phone",  "mobile",  "oil",     "power",   "broadband"};
  static const Words kCounts = {"age",         "copie",      "day",      "degree",  "distance", "height",  "hour",
                                "kg",          "km",         "kwh",      "length",  "many",     "mile",    "mileage",
                                "minute",      "month",      "number",   "page",    "people",   "percent", "percentage",
                                "point",       "population", "quantity", "reading", "score",    "size",    "speed",
                                "temperature", "unit",       "visitor",  "volume",  "week",     "weight",  "year"};
  const auto told = words_told(asked);
  const auto holds = [&](const Words& words) {
    return std::ranges::any_of(told, [&](const std::string& word) { return words.contains(word); });
  };
  if (holds(kCounts)) return false;
  const double least = holds(kSums) ? 0 : 0.3;  // of what is most probable
  const auto first = std::ranges::find_if(ranked, [](const RankedAnswer& answer) { return answer.passage != 0; });
  return first != ranked.end() && std::ranges::any_of(ranked, [&](const RankedAnswer& answer) {
           return answer.type == AnswerType::kMoney && answer.probability >= least * first->probability;
         });
}

// Without what answered another question of the same plan: the same piece, where the file has it but once.
void erase_answered(std::vector<RankedAnswer>& ranked, const Context& context) {
  for (const Result& result : context.results()) {
    if (result.call != "answer" || result.error) continue;
    const auto before = parse_call(result.chosen);
    if (!before) continue;
    const auto text = find_string(before->arguments, "answer");
    const auto number = find_integer(before->arguments, "passage");
    const Passage* from = number ? context.passage(static_cast<int>(*number)) : nullptr;
    if (!text || text->empty() || from == nullptr) continue;
    std::erase_if(ranked, [&](const RankedAnswer& answer) {
      const Passage* passage = context.passage(answer.passage);
      return passage != nullptr && passage->path == from->path && answer.text == *text &&
             passage->text.find(*text) == passage->text.rfind(*text);
    });
  }
}

// What the answer may be instead, where it is doubtful: the likeliest of other lines. How likely the first is says how
// often it is right (docs/decisions/0007-firmware.md).
JsonArray others_than(const RankedAnswer& chosen, const std::vector<RankedAnswer>& ranked,
                      const std::vector<AnswerSource>& sources) {
  constexpr double kSure = 0.6;   // of all pieces together
  constexpr double kLeast = 0.1;  // of that too; beside "none" of everything
  double total = 0;
  for (const RankedAnswer& answer : ranked)
    if (answer.passage != 0 || chosen.passage == 0) total += answer.probability;
  if (chosen.passage != 0 && chosen.probability >= kSure * total) return {};
  const auto on_one_line = [&](const RankedAnswer& a, const RankedAnswer& b) {
    if (a.passage != b.passage) return false;
    const std::string_view text = sources[a.read.source].text;
    const auto [first, last] = std::minmax(a.read.begin, b.read.begin);
    return !text.substr(first, last - first).contains('\n');
  };
  std::vector<const RankedAnswer*> others;
  for (const RankedAnswer& answer : ranked) {
    if (others.size() == (chosen.passage == 0 ? 1 : kOthersMax) || answer.probability < kLeast * total) break;
    const auto same = [&](const RankedAnswer& other) {
      return answer.text == other.text || (other.passage != 0 && on_one_line(answer, other));
    };
    if (answer.passage != 0 && !same(chosen) && std::ranges::none_of(others, [&](const auto* o) { return same(*o); }))
      others.push_back(&answer);
  }
  JsonArray said;
  for (const RankedAnswer* other : others)
    said.push_back(JsonObject{{"passage", other->passage}, {"answer", fitting(other->text)}});
  return said;
}

}  // namespace

Json answer_schema(const Turn& turn) {
  const auto open = passages_open(turn);
  std::vector<AnswerSource> sources;
  for (const Passage* passage : open) sources.push_back({passage->number, passage->path, passage->text});
  const std::string asked = asked_for(turn);
  auto ranked = rank_answers(asked, sources, turn.meanings);
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
  erase_answered(ranked, turn.context);
  // What is reckoned with next is a number, if there is any. Elsewhere the goal may tell what kind of thing answers it.
  const bool is_reckoned = std::ranges::any_of(turn.plan.subspan(std::min(turn.step, turn.plan.size())),
                                               [](const PlanStep& step) { return step.call == "calculate"; });
  auto types = answer_types_of(asked);
  // "Which day" is a day of the week, or else a date.
  if (types == std::vector{AnswerType::kWeekday} &&
      std::ranges::none_of(ranked, [](const auto& answer) { return answer.type == AnswerType::kWeekday; }))
    types = {AnswerType::kDate};
  if (is_reckoned && time_asked_from_today(turn.context.goal()))
    keep_types({AnswerType::kDate}, true);
  else if (is_reckoned && is_sum_meant(asked, ranked))
    keep_types({AnswerType::kMoney}, false);
  else if (is_reckoned)
    keep_types({AnswerType::kMoney, AnswerType::kNumber}, false);
  else
    keep_types(types, true);
  // The model has no say in it: it chose worse than the reader does (docs/decisions/0007-firmware.md).
  const RankedAnswer& chosen = ranked.front();
  JsonObject answer{{"passage", JsonObject{{"const", chosen.passage}}}};
  if (chosen.passage != 0) answer["answer"] = JsonObject{{"const", fitting(chosen.text)}};
  // What is reckoned with or written is one thing; and of several answers nobody could tell which is meant.
  const bool is_the_end =
      turn.step + 1 == turn.plan.size() && std::ranges::count(turn.plan, "answer", &PlanStep::call) == 1;
  if (auto others = is_the_end ? others_than(chosen, ranked, sources) : JsonArray(); !others.empty())
    answer["otherwise"] = JsonObject{{"const", std::move(others)}};
  return object_schema(std::move(answer));
}

}  // namespace daimon::memory
