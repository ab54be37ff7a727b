#include "memory/compact_schema.h"

#include <algorithm>
#include <string_view>
#include <vector>

#include "base/format.h"
#include "base/text.h"
#include "memory/answer_schema.h"
#include "memory/answer_target.h"
#include "memory/asked_parts.h"
#include "memory/days_from_today.h"
#include "memory/expression_schema.h"
#include "memory/goal_facts.h"
#include "memory/schema_parts.h"
#include "memory/table_schema.h"
#include "memory/tool_plan.h"
#include "memory/write_content.h"

namespace daimon::memory {
namespace {

bool file_names_hold(std::string_view goal, std::string_view word) {
  return std::ranges::any_of(file_names_in(goal), [&](const std::string& name) { return name.contains(word); });
}

std::size_t count_of(std::span<const PlanStep> plan, std::string_view call) {
  return static_cast<std::size_t>(std::ranges::count(plan, call, &PlanStep::call));
}

Names named_files(const Context& context) {
  Names there;
  for (const FileEntry& file : context.files()) there.push_back(file.path);
  constexpr std::size_t kGoalBytesMax = 16'384;
  return files_named(cut_utf8(context.goal(), kGoalBytesMax), there, context.folders());
}

// The goal without the file that it wants written, where that is plainly one.
std::string asked_of_target(const Context& context) {
  if (context.goal().size() > kPartedGoalBytesMax) return context.goal();
  Names targets = targets_in(context.goal());
  if (targets.size() != 1) {
    targets = named_files(context);
    std::erase_if(targets, [&](const std::string& name) {
      return std::ranges::contains(context.files(), name, &FileEntry::path);
    });
  }
  return targets.size() == 1 ? without_target(context.goal(), targets.front()) : context.goal();
}

// What the goal says of the search that is `number`th in the plan, from 0: a part of it, or of a plan that writes the
// goal without the file. Empty where the whole of it is meant or cannot be told.
std::string part_asked(const Turn& turn, std::size_t number) {
  const std::size_t searches = count_of(turn.plan, "search");
  if (searches < 2 && count_of(turn.plan, "calculate") == 0)
    return searches == 0 || count_of(turn.plan, "write") == 0 ? std::string() : asked_of_target(turn.context);
  auto parts = parts_of_goal(turn.context, searches);
  return number < parts.size() ? std::move(parts[number]) : std::string();
}

// The part of the goal that says it, and of a plan that looks once the goal, without the file that is written: the host
// ranks, and what the goal says counts. Else words of the goal, in its order, any of them left out; one at least that
// no search before has looked for.
Json query_schema(const Turn& turn) {
  constexpr std::size_t kWordsMax = 48;
  constexpr std::size_t kNewMax = 12;
  const Context& context = turn.context;
  std::string known = part_asked(turn, searches_done(context.results()));
  if (known.empty() && count_of(turn.plan, "search") == 1) known = context.goal();
  if (!known.empty()) return JsonObject{{"const", fitting(known)}};
  std::string_view goal = context.goal();
  Names words;
  const auto is_word = [](char c) {
    return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || static_cast<unsigned char>(c) >= 0x80;
  };
  for (std::size_t i = 0; i < goal.size() && words.size() < kWordsMax;) {
    std::size_t end = i;
    while (end < goal.size() && is_word(goal[end])) ++end;
    if (end > i) words.emplace_back(goal.substr(i, end - i));
    i = end + (end == i ? 1 : 0);
  }
  if (words.empty()) return text_schema(80);
  Names looked_for;
  for (const Result& result : context.results())
    if (const auto chosen = parse_call(result.chosen); chosen && chosen->name == "search")
      for (std::string& word : words_told(find_string(chosen->arguments, "query").value_or("")))
        looked_for.push_back(std::move(word));
  const auto optional = [](const std::string& word) { return daimon::format("(?: ?{})?", escaped_for_pattern(word)); };
  Names ways;
  if (!looked_for.empty())
    for (std::size_t i = 0; i < words.size() && ways.size() < kNewMax; ++i) {
      const auto told = words_told(words[i]);
      if (told.empty() || contains(looked_for, told[0]) || file_names_hold(context.goal(), words[i])) continue;
      std::string way;
      for (std::size_t j = 0; j < words.size(); ++j)
        way += j == i ? " ?" + escaped_for_pattern(words[j]) : optional(words[j]);
      ways.push_back(std::move(way));
    }
  std::string pattern;
  if (ways.empty())
    for (const std::string& word : words) pattern += optional(word);
  for (const std::string& way : ways) pattern += (pattern.empty() ? "(?:" : "|") + way;
  if (!ways.empty()) pattern += ")";
  return JsonObject{{"type", "string"}, {"pattern", "^" + pattern + "$"}};
}

// -------------------------------------------------------------------------------------------------------- files

// The files whose names have most of the goal's words, or all.
Json path_schema(const Context& context) {
  const auto words = words_told(context.goal());
  Names paths;
  std::ptrdiff_t most = 0;
  for (const FileEntry& file : context.files()) {
    const auto own = words_told(file.path);
    const auto shared = std::ranges::count_if(words, [&](const std::string& word) { return contains(own, word); });
    if (shared > most) most = shared, paths.clear();
    if (shared == most) paths.push_back(file.path);
  }
  return paths.empty() ? text_schema(200) : enum_schema(paths);
}

// The folders that the goal names; where it names none, everything there is.
Json list_schema(const Context& context) {
  const auto words = words_told(context.goal());
  Names folders;
  for (const FileEntry& file : context.files())
    for (std::size_t end = file.path.find('/'); end != std::string::npos; end = file.path.find('/', end + 1)) {
      const std::string folder = file.path.substr(0, end);
      const auto own = words_told(folder.substr(folder.rfind('/') + 1));
      if (!own.empty() && std::ranges::all_of(own, [&](const std::string& word) { return contains(words, word); }) &&
          !contains(folders, folder))
        folders.push_back(folder);
    }
  if (!folders.empty()) return object_schema({{"path", enum_schema(folders)}});
  // One that none of the files shown is in.
  JsonArray choices{object_schema({})};
  if (context.goal().contains('/'))
    if (JsonArray lines = lines_of(context.goal()); !lines.empty())
      choices.push_back(object_schema({{"path", span_schema(std::move(lines), 80)}}));
  return any_of(std::move(choices));
}

// The file that the goal names, other than those that were read to get here; else one of the files or a new name.
Json target_schema(const Context& context) {
  Names named = named_files(context);
  if (named.size() > 1)
    std::erase_if(named, [&](const std::string& name) {
      return std::ranges::any_of(context.results(), [&](const Result& result) {
        // By its last part alone too, where that is what the goal has.
        return !result.error && result.call != "write" &&
               (result.chosen.contains(to_text(Json(name))) ||
                (!name.contains('/') && result.chosen.contains(daimon::format("/{}\"", name))));
      });
    });
  if (!named.empty()) return enum_schema(named);
  JsonArray choices;
  if (!context.files().empty()) choices.push_back(path_schema(context));
  choices.push_back(JsonObject{{"type", "string"}, {"pattern", R"(^[^/\\\x00-\x1f"][^\\\x00-\x1f"]{0,98}$)"}});
  return any_of(std::move(choices));
}

// What came of the last call, or what the person answered; where there is neither, words of the goal that name no file.
Json content_schema(const Context& context) {
  const auto& results = context.results();
  for (auto result = results.rbegin(); result != results.rend(); ++result) {
    std::string_view value = gives_value(*result) ? value_of(*result) : "";
    if (result->call == "ask" && !result->error && result->text.size() > 2)
      value = std::string_view(result->text).substr(1, result->text.size() - 2);  // between quotation marks
    if (!value.empty()) return JsonObject{{"const", value}};
  }
  const Names named = named_files(context);
  if (const Names contents = contents_in(context.goal(), named); !contents.empty()) return enum_schema(contents);
  const std::string told = without_names(std::string(context.goal()), named, "\n");
  JsonArray pieces = lines_of(told);
  return JsonObject{{"type", "string"}, {"x-span-of", pieces.empty() ? lines_of(context.goal()) : std::move(pieces)}};
}

// Those for a goal that counts from today and asks nothing else; none for any other.
std::vector<Names> plans_from_today(const Context& context, std::span<const std::string> names) {
  const auto offered = [&](std::string_view name) { return std::ranges::contains(names, name); };
  const std::string& goal = context.goal();
  const auto unit = time_asked_from_today(goal);
  const bool asks_day = asks_day_from_today(goal);
  if ((!unit && !asks_day) || context.today().empty() || !offered("calculate") || asks_for_table(context)) return {};
  const bool is_said = dates_from_today(goal, goal, context.today()).size() == 2;
  std::vector<Names> made;
  if (asks_day || (unit && is_said))
    made = {{"calculate"}};
  else if (offered("search") && offered("answer"))
    made = {{"search", "answer", "calculate"}};
  if (made.empty()) return {};
  // How long something takes may stand in a document; and "until then" is what only the person knows.
  if (!is_said && unit == "") made.push_back({"search", "answer"});
  if (!is_said && unit && offered("ask")) made.push_back({"ask"});
  if (offered("write") && may_write(goal)) {
    made.push_back(made.front());
    made.back().emplace_back("write");
  }
  return made;
}

// Every plan that could be carried out: what is looked up or worked out first, then what is made of it.
std::vector<Names> plans(const Context& context, std::span<const std::string> names) {
  const auto offered = [&](std::string_view name) {
    if (name == "table" && !context.files().empty() &&
        std::ranges::none_of(context.files(), [](const FileEntry& file) { return !file.columns.empty(); }))
      return false;
    return std::ranges::find(names, name) != names.end();
  };
  if (offered("list") && asks_what_is_there(context.goal())) return {Names{"list"}};
  if (offered("ask") && context.files().size() != 1 && lacks_its_thing(context.goal())) return {Names{"ask"}};
  if (auto counted = plans_from_today(context, names); !counted.empty()) return counted;
  constexpr std::size_t kStepsMax = 8;
  std::vector<Names> made;
  const bool is_of_table = offered("table") && asks_for_table(context);
  const auto add = [&](const Names& plan) {
    if (is_of_table && !contains(plan, "table") && !contains(plan, "ask")) return;
    if (is_of_table && std::ranges::count(plan, "search") > 1) return;
    if (!plan.empty() && plan.size() <= kStepsMax && std::ranges::all_of(plan, offered) &&
        std::ranges::find(made, plan) == made.end())
      made.push_back(plan);
  };
  for (const std::string_view name : {"read", "list", "none"}) add({std::string(name)});
  // What nothing in the goal asks for is not offered.
  const int sums_max = may_reckon(context.goal()) ? 2 : 0;
  const int lookups_max = may_ask_several(context.goal()) ? 3 : 1;
  const bool may_be_written = may_write(context.goal());
  // What is added up or taken off each other, without a number in the goal, is two things at least; and three only
  // where the goal's words tell three apart or do not tell.
  const Operations asked = operations_in(context.goal());
  const bool tells_two = lookups_max > 1 && !parts_of_goal(context, 2).empty();
  const bool tells_three = lookups_max > 1 && !parts_of_goal(context, 3).empty();
  const bool needs_two = tells_two && sums_max > 0 && (asked.add || asked.subtract) && !asked.multiply &&
                         !asked.divide && !asked.percent && !says_number(context.goal());
  const bool needs_sum = needs_two && asks_for_sum(context.goal());
  const auto is_told = [&](int lookups, int tables, int sums) {
    if (lookups == 1) return sums == 0 || tables > 0 || !needs_two;
    if (lookups == 2) return sums > 0 || !needs_sum;
    return lookups != 3 || tells_three || !tells_two;
  };
  for (const bool asks : {false, true})
    for (int lookups = 0; lookups <= lookups_max; ++lookups)
      for (int tables = 0; tables <= 2; ++tables)
        for (int sums = 0; sums <= sums_max; ++sums)
          for (const bool writes : {false, true}) {
            if ((writes && !may_be_written) || !is_told(lookups, tables, sums)) continue;
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

std::size_t searches_done(std::span<const Result> results) {
  return static_cast<std::size_t>(
      std::ranges::count_if(results, [](const Result& result) { return result.call == "search" && !result.error; }));
}

std::vector<std::string> parts_of_goal(const Context& context, std::size_t searches) {
  if (context.goal().size() > kPartedGoalBytesMax) return {};
  return asked_parts(context.goal(), searches, named_files(context));
}

std::string looked_for(const Turn& turn, const Result& search) {
  const auto& results = turn.context.results();
  const auto before = std::span(results.data(), static_cast<std::size_t>(&search - results.data()));
  if (std::string part = part_asked(turn, searches_done(before)); !part.empty()) return part;
  if (count_of(turn.plan, "search") < 2) return turn.context.goal();
  const auto chosen = parse_call(search.chosen);
  const auto query = chosen ? find_string(chosen->arguments, "query") : std::nullopt;
  return query && !query->empty() ? std::string(*query) : turn.context.goal();
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
  if (offer.name == "search") return object_schema({{"query", query_schema(turn)}});
  if (offer.name == "list") return list_schema(context);
  if (offer.name == "read") return object_schema({{"path", path_schema(context)}});
  if (offer.name == "ask") {
    const auto question = tool_question(turn);
    return object_schema({{"question", question ? Json(JsonObject{{"const", *question}}) : text_schema(160)}});
  }
  if (offer.name == "write")
    return object_schema({{"path", target_schema(context)}, {"content", content_schema(context)}});
  if (offer.name == "calculate")
    return object_schema({{"expression", JsonObject{{"type", "string"}, {"pattern", expression_pattern(context)}}}});
  return tool_with_schema(turn, offer);
}

}  // namespace daimon::memory
