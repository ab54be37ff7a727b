#include "memory/compact_schema.h"

#include <algorithm>
#include <array>
#include <functional>
#include <string_view>
#include <vector>

#include "base/format.h"
#include "base/text.h"
#include "memory/answer_rank.h"
#include "memory/answer_type.h"
#include "memory/goal_facts.h"

namespace daimon::memory {
namespace {

using Names = std::vector<std::string>;

Json text_schema(int length_max) { return JsonObject{{"type", "string"}, {"minLength", 1}, {"maxLength", length_max}}; }

Json enum_schema(const Names& choices) { return JsonObject{{"enum", JsonArray(choices.begin(), choices.end())}}; }

Json span_schema(JsonArray lines, int length_max) {
  return JsonObject{{"type", "string"}, {"maxLength", length_max}, {"x-span-of", std::move(lines)}};
}

Json object_schema(JsonObject properties) {
  JsonArray required;
  for (const auto& property : properties) required.emplace_back(property.key());
  return JsonObject{{"type", "object"},
                    {"properties", std::move(properties)},
                    {"required", std::move(required)},
                    {"additionalProperties", false}};
}

Json any_of(JsonArray alternatives) {
  if (alternatives.size() == 1) return alternatives[0];
  return JsonObject{{"anyOf", std::move(alternatives)}};
}

JsonArray lines_of(std::string_view text) {
  JsonArray lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    if (const auto line = trim(text.substr(0, end)); !line.empty()) lines.emplace_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

bool contains(const Names& names, std::string_view name) { return std::ranges::find(names, name) != names.end(); }

// What came out of a call: the value behind "EXPR = ", without the rows or the passage that it came from.
std::string_view value_of(const Result& result) {
  std::string_view text = result.text;
  if (result.call == "answer") return text == "not there" ? "" : text.substr(0, text.rfind(" ["));
  if (const auto equals = text.rfind(" = "); equals != std::string_view::npos) text = text.substr(equals + 3);
  if (result.call == "table") text = text.substr(0, text.rfind(" ("));
  return trim(text);
}

bool gives_value(const Result& result) {
  return !result.error && (result.call == "answer" || result.call == "table" || result.call == "calculate") &&
         !value_of(result).empty();
}

// ------------------------------------------------------------------------------------------------------- answer

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

struct Candidate {
  int passage = 0;
  std::string text;
  double score = 0;
  bool plain = false;  // it answers, as far as words tell
};

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

// What could be the answer: pieces of the types, or without types whole sentences. The pieces whose lines fit best what
// was asked for, and what comes close to them.
std::vector<Candidate> candidates(const std::vector<const Passage*>& open, std::string_view asked,
                                  const std::vector<AnswerType>& types) {
  constexpr std::size_t kCandidatesMax = 48;  // of one line
  constexpr double kClose = 0.2;
  constexpr double kEarlier = 0.15;  // searches put the best passage first
  constexpr std::size_t kSentencesMax = 4;
  const auto words = telling_words(asked);
  std::vector<Candidate> all;
  for (std::size_t p = 0; p < open.size(); ++p) {
    std::vector<std::string_view> views;
    const JsonArray lines = lines_of(open[p]->text);
    if (types.empty())
      views = sentences_of(open[p]->text);
    else
      for (const Json& line : lines) views.emplace_back(line.as_string());
    const auto scores = line_scores(words, open[p]->path, views);
    for (std::size_t i = 0; i < views.size(); ++i) {
      const auto pieces =
          types.empty() ? Names{std::string(fitting(views[i]))} : candidates_in(views[i], types, kCandidatesMax);
      for (const std::string& text : pieces)
        all.push_back({open[p]->number, text, scores[i] - kEarlier * static_cast<double>(p),
                       !types.empty() && plainly_answers(asked, open[p]->path, open[p]->text, views[i], text)});
    }
  }
  std::ranges::stable_sort(all, std::greater(), &Candidate::score);
  std::erase_if(all, [&](const Candidate& one) { return one.score < all.front().score - kClose; });
  if (types.empty() && all.size() > kSentencesMax) all.resize(kSentencesMax);
  return all;
}

Json answer_schema(const Turn& turn) {
  const auto open = passages_open(turn);
  const std::string asked = asked_for(turn);
  const auto types = answer_types_of(turn.context.goal());
  auto found = types.empty() ? std::vector<Candidate>() : candidates(open, asked, types);
  // "Which day" is a day of the week, or else a date.
  if (found.empty() && types == std::vector{AnswerType::kWeekday}) found = candidates(open, asked, {AnswerType::kDate});
  // What is asked for has no form, or nothing has it: a small model cannot cut the answer out, but it can be read in
  // its sentence.
  if (found.empty()) found = candidates(open, asked, {});
  JsonArray alternatives;
  for (const Passage* passage : open) {
    Names texts;
    for (const Candidate& candidate : found)
      if (candidate.passage == passage->number && !contains(texts, candidate.text)) texts.push_back(candidate.text);
    if (!texts.empty())
      alternatives.push_back(
          object_schema({{"passage", JsonObject{{"const", passage->number}}}, {"answer", enum_schema(texts)}}));
  }
  // Not to be asked where it is plainly there. The best candidate comes first.
  if (found.empty() || !found.front().plain)
    alternatives.push_back(object_schema({{"passage", JsonObject{{"const", 0}}}}));
  return any_of(std::move(alternatives));
}

// ------------------------------------------------------------------------------------------------------- search

std::string escaped_for_pattern(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (std::string_view("\\^$.|?*+()[]{}/-").contains(c)) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

// Words of the goal, in its order, any of them left out.
Json query_schema(std::string_view goal) {
  constexpr std::size_t kWordsMax = 48;
  std::string pattern = "^";
  std::size_t words = 0;
  const auto is_word = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           static_cast<unsigned char>(c) >= 0x80;
  };
  for (std::size_t i = 0; i < goal.size() && words < kWordsMax;) {
    std::size_t end = i;
    while (end < goal.size() && is_word(goal[end])) ++end;
    if (end > i) {
      pattern += daimon::format("(?: ?{})?", escaped_for_pattern(goal.substr(i, end - i)));
      ++words;
    }
    i = end + (end == i ? 1 : 0);
  }
  if (words == 0) return text_schema(80);
  return JsonObject{{"type", "string"}, {"pattern", pattern + "$"}};
}

// ---------------------------------------------------------------------------------------------------- calculate

// Without what only looks like numbers: the names of files.
std::string without_file_names(std::string text) {
  for (const std::string& name : file_names_in(text))
    for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at))
      text.replace(at, name.size(), " ");
  return text;
}

std::string any_of_texts(const Names& items) {
  std::string text = "(?:";
  for (const std::string& item : items) {
    if (text.size() > 3) text += '|';
    text += escaped_for_pattern(item);
  }
  return text + ")";
}

// Units by the names that the firmware gives them, and any other word of the goal, which may be a unit too.
Names units_in(std::string_view goal) {
  Names units{"km", "miles",  "m",       "feet", "cm", "inches", "kg",      "lb",   "g",
              "oz", "litres", "gallons", "C",    "F",  "hours",  "minutes", "days", "weeks"};
  constexpr std::size_t kUnitsMax = 60;
  std::string word;
  for (const char c : std::string(goal) + " ") {
    if ((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z')) {
      word += c;
      continue;
    }
    if (!word.empty() && word.size() <= 12 && units.size() < kUnitsMax && !contains(units, word) &&
        months_in(word, "2000").empty())
      units.push_back(word);
    word.clear();
  }
  return units;
}

// Numbers and dates of the goal and of what calls gave, put together in the ways the calculator knows. What passages
// hold counts only where nothing was taken from them.
std::string expression_pattern(const Context& context) {
  std::string found = without_file_names(context.goal());
  const bool values = std::ranges::any_of(context.results(), gives_value);
  for (const Result& result : context.results()) {
    if (result.error) continue;
    if (gives_value(result) || result.call == "ask") found += "\n" + std::string(value_of(result));
    if (!values)
      for (const Passage& passage : result.passages) found += "\n" + passage.text;
  }
  constexpr std::size_t kNumbersMax = 60;
  auto numbers = numbers_in(found, kNumbersMax);
  const auto dates = dates_in(found);
  // The days and years of dates are no numbers to reckon with.
  std::erase_if(numbers, [&](const std::string& number) {
    return std::ranges::any_of(dates, [&](const std::string& date) {
      const std::string day = date.substr(8);
      return number == date.substr(0, 4) || number == day || (day.starts_with('0') && number == day.substr(1));
    });
  });
  Names ways;
  if (!numbers.empty()) {
    const std::string n = any_of_texts(numbers);
    const std::string u = any_of_texts(units_in(context.goal()));
    ways.push_back(daimon::format("{0}(?: [+*/-] {0}){{1,4}}", n));
    ways.push_back(daimon::format("{0}% of {0}", n));
    ways.push_back(daimon::format("{0} {1} in {1}", n, u));
    ways.push_back(daimon::format(R"(sqrt\({}\))", n));
    ways.push_back(daimon::format(R"(round\({}, [0-9]\))", n));
    ways.push_back(daimon::format(R"({0}\^{0})", n));
    if (!dates.empty())
      ways.push_back(daimon::format("{} [+-] {} (?:days|weeks|months|years)", any_of_texts(dates), n));
  }
  // The days between two dates are counted from the earlier one.
  for (const std::string& later : dates)
    for (const std::string& earlier : dates)
      if (earlier < later) ways.push_back(daimon::format("{} - {}", later, earlier));
  if (ways.empty()) return R"(^[0-9A-Za-z(\-][0-9A-Za-z .,+\-*/^()%]{0,98}$)";
  std::string pattern;
  for (const std::string& way : ways) pattern += (pattern.empty() ? "^(?:" : "|") + way;
  return pattern + ")$";
}

// -------------------------------------------------------------------------------------------------------- table

// How the rows of a table can be chosen: by a value that stands in a column and in the goal, by a month of the goal
// where there are dates; where the goal names neither, by any words of it.
JsonArray where_schemas(const Context& context, const FileEntry& file) {
  JsonArray choices;
  for (const auto& [column, value] : file.named)
    choices.push_back(
        JsonObject{{"where_column", JsonObject{{"const", column}}}, {"where_value", JsonObject{{"const", value}}}});
  if (const auto months = months_in(context.goal(), file.path); !months.empty() && !file.dates.empty())
    choices.push_back(JsonObject{{"where_column", enum_schema(file.dates)}, {"where_value", enum_schema(months)}});
  if (choices.empty())
    if (JsonArray lines = lines_of(context.goal()); !lines.empty())
      choices.push_back(
          JsonObject{{"where_column", enum_schema(file.columns)}, {"where_value", span_schema(std::move(lines), 80)}});
  return choices;
}

Json table_schema(const Context& context, const Offer& offer) {
  JsonArray alternatives;
  for (const FileEntry& file : context.files()) {
    if (file.columns.empty()) continue;
    const auto add = [&](const Names& operations, const Names& columns) {
      if (columns.empty()) return;
      const JsonObject plain{{"path", JsonObject{{"const", file.path}}},
                             {"operation", enum_schema(operations)},
                             {"column", enum_schema(columns)}};
      alternatives.push_back(object_schema(plain));
      for (const Json& where : where_schemas(context, file)) {
        JsonObject chosen = plain;
        for (const auto& member : where.as_object()) chosen[member.key()] = member.value();
        alternatives.push_back(object_schema(std::move(chosen)));
      }
    };
    add({"sum", "average", "min", "max"}, file.numbers);
    add({"count", "list", "distinct"}, file.columns);
  }
  return alternatives.empty() ? offer.arguments_schema : any_of(std::move(alternatives));
}

// -------------------------------------------------------------------------------------------------------- files

Json path_schema(const Context& context) {
  Names paths;
  for (const FileEntry& file : context.files()) paths.push_back(file.path);
  return paths.empty() ? text_schema(200) : enum_schema(paths);
}

// A folder of one of the files, or words of the goal.
Json folder_schema(const Context& context) {
  Names folders;
  for (const FileEntry& file : context.files())
    for (std::size_t end = file.path.find('/'); end != std::string::npos; end = file.path.find('/', end + 1))
      if (std::string folder = file.path.substr(0, end); !contains(folders, folder))
        folders.push_back(std::move(folder));
  JsonArray choices;
  if (!folders.empty()) choices.push_back(enum_schema(folders));
  if (JsonArray lines = lines_of(context.goal()); !lines.empty()) choices.push_back(span_schema(std::move(lines), 80));
  return any_of(std::move(choices));
}

// The file that the goal names, other than those that were read to get here; else one of the files or a new name.
Json target_schema(const Context& context) {
  Names named = file_names_in(context.goal());
  if (named.size() > 1)
    std::erase_if(named, [&](const std::string& name) {
      return std::ranges::any_of(context.results(), [&](const Result& result) {
        return !result.error && result.call != "write" && result.chosen.contains(to_text(Json(name)));
      });
    });
  if (!named.empty()) return enum_schema(named);
  JsonArray choices;
  if (!context.files().empty()) choices.push_back(path_schema(context));
  choices.push_back(JsonObject{{"type", "string"}, {"pattern", R"(^[^/\\\x00-\x1f"][^\\\x00-\x1f"]{0,98}$)"}});
  return any_of(std::move(choices));
}

// The values that calls gave and what the person answered; where there are none, words of the goal.
Json content_schema(const Context& context) {
  Names values;
  for (const Result& result : context.results()) {
    std::string_view value = gives_value(result) ? value_of(result) : "";
    if (result.call == "ask" && !result.error && result.text.size() > 2)
      value = std::string_view(result.text).substr(1, result.text.size() - 2);  // it stands between quotation marks
    if (!value.empty() && !contains(values, value)) values.emplace_back(value);
  }
  if (!values.empty()) return enum_schema(values);
  return JsonObject{{"type", "string"}, {"x-span-of", lines_of(context.goal())}};
}

// Every plan that could be carried out: what is looked up or worked out first, then what is made of it.
std::vector<Names> plans(const Context& context, std::span<const std::string> names) {
  const auto offered = [&](std::string_view name) {
    if (name == "table" && !context.files().empty() &&
        std::ranges::none_of(context.files(), [](const FileEntry& file) { return !file.columns.empty(); }))
      return false;
    return std::ranges::find(names, name) != names.end();
  };
  constexpr std::size_t kStepsMax = 8;
  std::vector<Names> made;
  const auto add = [&](const Names& plan) {
    if (!plan.empty() && plan.size() <= kStepsMax && std::ranges::all_of(plan, offered) &&
        std::ranges::find(made, plan) == made.end())
      made.push_back(plan);
  };
  for (const std::string_view name : {"read", "list", "none"}) add({std::string(name)});
  // What nothing in the goal asks for is not offered.
  const int sums_max = may_reckon(context.goal()) ? 2 : 0;
  const int lookups_max = may_ask_several(context.goal()) ? 3 : 1;
  const bool may_be_written = may_write(context.goal());
  for (const bool asks : {false, true})
    for (int lookups = 0; lookups <= lookups_max; ++lookups)
      for (int tables = 0; tables <= 2; ++tables)
        for (int sums = 0; sums <= sums_max; ++sums)
          for (const bool writes : {false, true}) {
            if (writes && !may_be_written) continue;
            Names plan;
            if (asks) plan.emplace_back("ask");
            for (int i = 0; i < lookups; ++i) plan.insert(plan.end(), {"search", "answer"});
            for (int i = 0; i < tables; ++i) plan.emplace_back("table");
            for (int i = 0; i < sums; ++i) plan.emplace_back("calculate");
            if (writes) plan.emplace_back("write");
            add(plan);
          }
  return made;
}

}  // namespace

std::string looked_for(const Turn& turn, const Result& search) {
  if (std::ranges::count(turn.plan, std::string_view("search"), &PlanStep::call) < 2) return turn.context.goal();
  const auto chosen = parse_call(search.chosen);
  const auto query = chosen ? find_string(chosen->arguments, "query") : std::nullopt;
  return query && !query->empty() ? std::string(*query) : turn.context.goal();
}

std::size_t passages_shown_each(std::span<const PlanStep> plan) {
  const auto searches = std::ranges::count(plan, std::string_view("search"), &PlanStep::call);
  return searches <= 1 ? 4 : searches == 2 ? 3 : 2;
}

Json compact_plan_schema(const Context& context, std::span<const std::string> names) {
  JsonArray choices;
  for (const Names& plan : plans(context, names)) choices.push_back(JsonArray(plan.begin(), plan.end()));
  // A process may have calls of which no usual plan is made.
  if (choices.empty())
    return object_schema({{"plan", JsonObject{{"type", "array"},
                                              {"items", enum_schema(Names(names.begin(), names.end()))},
                                              {"minItems", 1},
                                              {"maxItems", 6}}}});
  return object_schema({{"plan", JsonObject{{"enum", std::move(choices)}}}});
}

Json compact_with_schema(const Turn& turn, const Offer& offer) {
  const Context& context = turn.context;
  if (offer.name == "answer") return answer_schema(turn);
  if (offer.name == "table") return table_schema(context, offer);
  if (offer.name == "search") return object_schema({{"query", query_schema(context.goal())}});
  if (offer.name == "list") return any_of({object_schema({{"path", folder_schema(context)}}), object_schema({})});
  if (offer.name == "read") return object_schema({{"path", path_schema(context)}});
  if (offer.name == "ask") return object_schema({{"question", text_schema(160)}});
  if (offer.name == "write")
    return object_schema({{"path", target_schema(context)}, {"content", content_schema(context)}});
  if (offer.name == "calculate")
    return object_schema({{"expression", JsonObject{{"type", "string"}, {"pattern", expression_pattern(context)}}}});
  return offer.arguments_schema;
}

}  // namespace daimon::memory
