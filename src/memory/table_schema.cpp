#include "memory/table_schema.h"

#include <algorithm>
#include <iterator>
#include <regex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/format.h"
#include "base/text.h"
#include "memory/goal_facts.h"
#include "memory/schema_parts.h"

namespace daimon::memory {
namespace {

// The goal without names of files that are not there: these are to be written, and say nothing of a table.
std::string without_new_names(const Context& context) {
  Names fresh = file_names_in(context.goal());
  const auto ends_in = [](std::string_view path, std::string_view name) {
    return path.ends_with(name) && (path.size() == name.size() || path[path.size() - name.size() - 1] == '/');
  };
  std::erase_if(fresh, [&](const std::string& name) {
    return std::ranges::any_of(context.files(), [&](const FileEntry& file) {
      const std::string there = to_lower_ascii(file.path);
      const std::string named = to_lower_ascii(name);
      return ends_in(there, named) || ends_in(named, there);
    });
  });
  return without_names(context.goal(), fresh, " ");
}

// The tables that the goal is about: those it names, else those that hold a value which it names, else those whose
// names have most of its words.
std::vector<const FileEntry*> tables_meant(const Context& context) {
  std::vector<const FileEntry*> tables;
  for (const FileEntry& file : context.files())
    if (!file.columns.empty()) tables.push_back(&file);
  const auto keep_if = [&](auto is_meant) {
    std::vector<const FileEntry*> kept;
    std::ranges::copy_if(tables, std::back_inserter(kept), is_meant);
    if (!kept.empty()) tables = std::move(kept);
  };
  const std::string told = without_new_names(context);
  const std::string goal = to_lower_ascii(told);
  const auto has_path = [&](const FileEntry* file) { return goal.contains(to_lower_ascii(file->path)); };
  const auto has_name = [&](const FileEntry* file) {
    return goal.contains(to_lower_ascii(file->path.substr(file->path.rfind('/') + 1)));
  };
  const auto words = words_told(told);
  const auto shared = [&](const FileEntry* file) {
    Names own = words_told(file->path);
    for (const std::string& column : file->columns)
      for (std::string& word : words_told(column)) own.push_back(std::move(word));
    return std::ranges::count_if(words, [&](const std::string& word) { return contains(own, word); });
  };
  if (std::ranges::any_of(tables, has_path)) return keep_if(has_path), tables;
  keep_if(has_name);
  keep_if([](const FileEntry* file) { return !file->named.empty(); });
  std::ptrdiff_t most = 0;
  for (const FileEntry* file : tables) most = std::max(most, shared(file));
  keep_if([&](const FileEntry* file) { return shared(file) == most; });
  return tables;
}

// The columns that the goal names, or all.
Names columns_meant(const Names& columns, const std::string& goal) {
  const auto words = words_told(goal);
  Names meant;
  for (const std::string& column : columns) {
    const auto own = words_told(column);
    if (!own.empty() && std::ranges::all_of(own, [&](const std::string& word) { return contains(words, word); }))
      meant.push_back(column);
  }
  return meant.empty() ? columns : meant;
}

// How the rows of a table can be chosen: by a value that stands in a column and in the goal, by a month of the goal
// where there are dates. Its year, where the goal says none, is one of the table's: "invoices-2025.csv" may have
// others.
JsonArray where_schemas(const Context& context, const FileEntry& file) {
  JsonArray choices;
  for (const auto& [column, value] : file.named)
    choices.push_back(
        JsonObject{{"where_column", JsonObject{{"const", column}}}, {"where_value", JsonObject{{"const", value}}}});
  std::string years;  // as a text, as a name of a file would be
  for (const std::string& year : file.years) years += year + " ";
  if (const auto months = months_in(without_file_names(context.goal()), years); !months.empty() && !file.dates.empty())
    choices.push_back(JsonObject{{"where_column", enum_schema(file.dates)}, {"where_value", enum_schema(months)}});
  return choices;
}

// What the words of the goal say is to be done with the column; none: they do not tell. Of 5,000 goals over tables
// (firmware/training/episodes.py) they told it of 3,473, of 11 not rightly.
Names operations_told(const Context& context) {
  static const std::vector<std::pair<std::string_view, Names>> kWords{
      {"count", {"count", "how many times", "how often", "number of", "how frequently"}},
      {"average", {"average", "avg", "typical", "the mean", "mean of"}},
      {"sum", {"total", "sum", "add up", "adding up", "added up", "altogether", "overall", "in all"}},
      {"max", {"highest", "largest", "biggest", "max", "maximum", "dearest", "priciest", "most expensive", "longest"}},
      {"min", {"lowest", "smallest", "least", "min", "minimum", "cheapest", "shortest"}},
      {"distinct", {"different", "distinct", "unique", "occur", "occurs", "set of"}}};
  const auto spaced = [](std::string_view text) {
    std::string words = " ";
    for (const char c : to_lower_ascii(text)) words += is_digit(c) || (c >= 'a' && c <= 'z') ? c : ' ';
    return words + " ";
  };
  const std::string goal = spaced(without_file_names(context.goal()));
  std::string columns;
  for (const FileEntry& file : context.files())
    for (const std::string& column : file.columns) columns += spaced(column);
  Names told;
  for (const auto& [operation, words] : kWords)
    if (std::ranges::any_of(words, [&](const std::string& word) {
          // One that is in a column's name may be no more than that.
          return goal.contains(" " + word + " ") && !columns.contains(" " + word + " ");
        }))
      told.emplace_back(operation);
  return told;
}

}  // namespace

bool asks_for_table(const Context& context) {
  static const Names kOperations{"average", "avg",     "biggest",    "combined", "count",    "distinct",
                                 "highest", "largest", "least",      "lowest",   "max",      "maximum",
                                 "mean",    "min",     "minimum",    "overall",  "smallest", "sum",
                                 "tally",   "total",   "altogether", "many",     "much"};
  // Bins are collected often too: this asks for rows only with a value of the table.
  static const Names kFrequency{"often", "frequently"};
  const std::string goal = without_file_names(context.goal());
  const auto said = words_told(goal);
  // "How many" and "how much" are silent words elsewhere.
  const std::string lower = " " + to_lower_ascii(goal) + " ";
  const auto is_said = [&](const std::string& word) {
    return contains(said, word) || lower.contains(" " + word + " ") || lower.contains(" " + word + "(");
  };
  const bool any_value =
      std::ranges::any_of(context.files(), [](const FileEntry& file) { return !file.named.empty(); });
  const bool operation =
      std::ranges::any_of(kOperations, is_said) || (any_value && std::ranges::any_of(kFrequency, is_said));
  if (!operation) return false;
  // "How much went on groceries?" is of a table that has numbers and groceries.
  static const std::regex kSpentOn(R"(\b(went|goes|go|gone|spent|spend|spending|paid) (out )?on (the )?)");
  constexpr std::size_t kReadMax = 1000;  // the expressions of the library recurse
  const std::string read(cut_utf8(lower, kReadMax));
  if (std::smatch spent; std::regex_search(read, spent, kSpentOn)) {
    const Names on = words_told(spent.suffix().str());
    const auto is_value = [&](const auto& named) {
      const Names value = words_told(named.second);
      return !value.empty() && on.size() >= value.size() && std::equal(value.begin(), value.end(), on.begin());
    };
    for (const FileEntry& file : context.files())
      if (file.numbers != file.columns && std::ranges::any_of(file.named, is_value)) return true;
  }
  // A file or column named by a month, a year or a number alone is named by chance.
  const auto is_name = [](const Names& words) {
    return std::ranges::any_of(words, [](const std::string& word) {
      return word.size() > 2 && !is_digit(word[0]) && word != "may" && months_in(word, "2000").empty();
    });
  };
  static const Names kTold{"everything under", "all under", "column", "combined", "everything in"};
  const auto is_letter = [](char c) { return c >= 'a' && c <= 'z'; };
  const auto all = words_told(context.goal());
  return std::ranges::any_of(context.files(), [&](const FileEntry& file) {
    if (file.columns.empty()) return false;
    const std::string name = file.path.substr(file.path.rfind('/') + 1);
    auto own = words_told(name.substr(0, name.rfind('.')));
    // Of "invoices-2025.csv" the year need not be said where a value of the table is.
    if (!file.named.empty())
      std::erase_if(own, [](const std::string& word) { return std::ranges::all_of(word, is_digit); });
    const bool is_named =
        is_name(own) && std::ranges::all_of(own, [&](const std::string& word) { return contains(all, word); });
    const bool has_column = std::ranges::any_of(file.columns, [&](const std::string& column) {
      const auto words = words_told(column);
      return is_name(words) &&
             std::ranges::all_of(words, [&](const std::string& word) { return contains(said, word); });
    });
    // "Everything under mark", "the combined mark": a column of numbers that is told as one.
    const bool is_told = std::ranges::any_of(file.numbers, [&](const std::string& column) {
      const std::string name_of_column = to_lower_ascii(column);
      return file.numbers != file.columns && std::ranges::any_of(kTold, [&](std::string_view before) {
               const std::string told = daimon::format(" {} {}", before, name_of_column);
               const std::size_t at = lower.find(told);
               return at != std::string::npos && !is_letter(lower[at + told.size()]) &&
                      !lower.substr(at + told.size()).starts_with(" of ");
             });
    });
    return is_named || is_told || (has_column && !file.named.empty());
  });
}

Json table_schema(const Context& context, const Offer& offer) {
  const Names told = operations_told(context);
  JsonArray alternatives, others;  // those that do what the goal says, and the rest
  for (const FileEntry* file : tables_meant(context)) {
    const auto where = where_schemas(context, *file);
    const auto add = [&](const Names& possible, const Names& columns) {
      if (columns.empty()) return;
      Names operations;
      std::ranges::copy_if(possible, std::back_inserter(operations),
                           [&](const std::string& operation) { return contains(told, operation); });
      JsonArray& choices = operations.empty() ? others : alternatives;
      if (operations.empty()) operations = possible;
      const JsonObject plain{{"path", JsonObject{{"const", file->path}}},
                             {"operation", enum_schema(operations)},
                             {"column", enum_schema(columns)}};
      // A value or a month that the goal names is there to choose rows by.
      if (where.empty()) choices.push_back(object_schema(plain));
      for (const Json& rows : where) {
        JsonObject chosen = plain;
        for (const auto& member : rows.as_object()) chosen[member.key()] = member.value();
        choices.push_back(object_schema(std::move(chosen)));
      }
    };
    add({"sum", "average", "min", "max"}, columns_meant(file->numbers, context.goal()));
    add({"count", "list", "distinct"}, columns_meant(file->columns, context.goal()));
  }
  if (alternatives.empty()) alternatives = std::move(others);
  return alternatives.empty() ? offer.arguments_schema : any_of(std::move(alternatives));
}

}  // namespace daimon::memory
