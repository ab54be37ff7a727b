#include "memory/goal_facts.h"

#include <algorithm>
#include <array>
#include <cstdlib>
#include <functional>
#include <optional>
#include <regex>
#include <set>

#include "base/format.h"
#include "base/text.h"
#include "embedding/spelling.h"
#include "memory/answer_rank.h"

namespace daimon::memory {

bool leads_out(std::string_view path) {
  return path.starts_with('/') || path.starts_with("~/") || path.starts_with("../") || path.contains("/../");
}

namespace {

constexpr std::array<std::string_view, 12> kMonths = {"january",   "february", "march",    "april",
                                                      "may",       "june",     "july",     "august",
                                                      "september", "october",  "november", "december"};

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_alphanumeric(char c) { return is_letter(c) || is_digit(c); }

// A path whose last part has an ending.
bool is_path(std::string_view text) {
  constexpr std::size_t kBytesMax = 200;
  const std::size_t point = text.rfind('.');
  if (point == std::string_view::npos || point == 0 || text.size() > kBytesMax || text.contains("://") ||
      text.starts_with(' ') || text.ends_with(' '))
    return false;
  const std::string_view extension = text.substr(point + 1);
  return !extension.empty() && extension.size() <= 5 && is_letter(extension[0]) &&
         std::ranges::all_of(extension, is_alphanumeric) &&
         std::ranges::none_of(text, [](unsigned char c) { return c < 0x20 || c == '"' || c == '\\'; });
}

// Such a path below a mounted folder.
bool is_file_name(std::string_view text) { return is_path(text) && !leads_out(text) && !text.contains(".."); }

// Of what a file's name is made whatever stands beside it; a point can also end a sentence.
bool is_part_of_name(char c) { return is_alphanumeric(c) || c == '/' || c == '-' || c == '_'; }

// Whether nothing that could be more of a file's name stands before this place.
bool begins_name(std::string_view text, std::size_t at) {
  return at == 0 || !(is_part_of_name(text[at - 1]) || text[at - 1] == '.');
}

void add(std::vector<std::string>& list, std::string item) {
  if (std::ranges::find(list, item) == list.end()) list.push_back(std::move(item));
}

// Words in lower case without the punctuation around them; numbers keep no ending ("3rd" is "3").
std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  std::string word;
  const auto end = [&] {
    if (!word.empty() && is_digit(word[0]))
      while (!word.empty() && is_letter(word.back())) word.pop_back();
    if (!word.empty()) words.push_back(std::move(word));
    word.clear();
  };
  for (const char c : to_lower_ascii(text)) {
    if (is_alphanumeric(c))
      word += c;
    else
      end();
  }
  end();
  return words;
}

// Months by name, in order; of abbreviations none, since "mar" and "dec" are words too.
std::vector<int> month_numbers_in(std::string_view text) {
  std::vector<int> months;
  for (const std::string& word : words_of(text))
    if (const int month = word == "may" || word.size() > 3 ? month_of(word) : 0; month != 0) months.push_back(month);
  return months;
}

bool holds_any(std::string_view text, const std::set<std::string, std::less<>>& wanted) {
  return std::ranges::any_of(words_of(text), [&](const std::string& word) { return wanted.contains(word); });
}

int day_of(std::string_view word) {
  if (word.empty() || word.size() > 2 || !std::ranges::all_of(word, is_digit)) return 0;
  const int day = std::atoi(std::string(word).c_str());
  return day <= 31 ? day : 0;
}

std::vector<int> years_in(std::string_view text) {
  std::vector<int> years;
  for (const std::string& word : words_of(text))
    if (const int year = year_of(word); year != 0 && std::ranges::find(years, year) == years.end())
      years.push_back(year);
  return years;
}

constexpr std::size_t kReadMax = 1000;          // the expressions of the library recurse
constexpr std::size_t kOneThingBytesMax = 500;  // a longer goal asks for anything

// "... and which document says so?" asks for the source, which every answer has.
std::string without_question_for_source(std::string_view goal) {
  static const std::regex kSource(
      R"((,\s*)?(\band\b)?\s*(\b(in|from)\s+)?\b(which|what)\s+(document|file|letter|paper|page|mail|note)s?\b[^,.;?]*\??\s*$|(,\s*|\b)and\s+where\s+(does|is|did)\s+(it|that)\b[^,.;?]*\??\s*$)",
      std::regex::icase);
  return std::regex_replace(std::string(goal), kSource, "");
}

// Words as they may be names: without the marks around them and the point that ends a sentence.
std::vector<std::string_view> bare_words_of(std::string_view text) {
  std::vector<std::string_view> words;
  std::size_t begin = 0;
  for (std::size_t i = 0; i <= text.size(); ++i) {
    if (i < text.size() && !std::string_view(" \t\n\r\"'`()<>,;").contains(text[i])) continue;
    std::string_view word = text.substr(begin, i - begin);
    begin = i + 1;
    while (!word.empty() && std::string_view(".:?!-").contains(word.back())) word.remove_suffix(1);
    if (!word.empty()) words.push_back(word);
  }
  return words;
}

// Whether a span of time goes back, by the word behind it and by what stands before it; none where they do not tell.
// "30 days from" goes on, but "back 30 days from" and "take 30 days from" do not.
std::optional<bool> goes_back(const std::string& before, std::string_view side) {
  static const std::regex kBack(
      R"(\b(back|backwards|minus|subtract|take|knock|deduct|rewind|less) (by |off |about )?$)");
  static const std::regex kOn(R"(\b(add|plus|forward|ahead|on|another) (by |about |another )?$)");
  if (!side.empty() && side != "from") return side != "after" && side != "later" && side != "following";
  if (std::regex_search(before, kBack)) return true;
  if (side == "from" || std::regex_search(before, kOn)) return false;
  return std::nullopt;
}

}  // namespace

std::vector<std::string> file_names_in(std::string_view text) {
  std::vector<std::string> names;
  for (const std::string_view word : bare_words_of(text))
    if (is_file_name(word)) add(names, std::string(word));
  return names;
}

std::size_t find_name(std::string_view text, std::string_view name, std::size_t from) {
  if (name.empty()) return std::string_view::npos;
  for (std::size_t at = text.find(name, from); at != std::string_view::npos; at = text.find(name, at + 1)) {
    const std::size_t end = at + name.size();
    if (!begins_name(text, at)) continue;
    // A dash before a blank is punctuation: "add it up in list.csv- thanks".
    const bool is_dash = text.substr(std::min(end, text.size())).starts_with("- ");
    if (end < text.size() && is_part_of_name(text[end]) && !is_dash) continue;
    // The point of "into list.txt." ends the sentence, that of "list.txt.old" does not.
    if (end + 1 < text.size() && text[end] == '.' && is_alphanumeric(text[end + 1])) continue;
    return at;
  }
  return std::string_view::npos;
}

std::vector<std::string> quoted_in(std::string_view text) {
  constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kMarks{
      {{"\"", "\""}, {"“", "”"}, {"„", "“"}, {"«", "»"}, {"‘", "’"}, {"`", "`"}, {"'", "'"}}};
  std::vector<std::string> found;
  for (const auto& [open, close] : kMarks)
    for (std::size_t at = text.find(open); at != std::string_view::npos;) {
      const std::size_t begin = at + open.size();
      // An apostrophe opens nothing within a word, and closes nothing there.
      if (open == "'" && at > 0 && is_alphanumeric(text[at - 1])) {
        at = text.find(open, begin);
        continue;
      }
      std::size_t end = text.find(close, begin);
      while (close == "'" && end != std::string_view::npos && end + 1 < text.size() && is_alphanumeric(text[end + 1]))
        end = text.find(close, end + 1);
      if (end == std::string_view::npos) break;
      if (end > begin) add(found, std::string(text.substr(begin, end - begin)));
      at = text.find(open, end + close.size());
    }
  return found;
}

std::optional<std::string> longest_name_in(std::string_view text, std::span<const std::string> names) {
  std::optional<std::string> longest;
  for (const std::string& name : names)
    if ((!longest || name.size() > longest->size()) && find_name(text, name) != std::string_view::npos) longest = name;
  return longest;
}

namespace {

// The name that begins here and is longer than `least`: up to the first word that ends as a file's name does.
std::optional<std::string_view> name_at(std::string_view text, std::size_t at, std::size_t least) {
  constexpr std::size_t kBytesMax = 80;
  const std::string_view rest = text.substr(at, least + kBytesMax);
  if (rest.size() <= least || rest[least] == ' ') return std::nullopt;
  for (std::size_t end = least + 1; end <= rest.size(); ++end) {
    if (end < rest.size() && rest[end] == '\n') break;
    const std::string_view after = rest.substr(end);
    const bool quoted =
        after.starts_with("”") || after.starts_with("“") || after.starts_with("’") || after.starts_with("»");
    if (end < rest.size() && !quoted && !std::string_view(" ,;:!?)\"'`").contains(rest[end]) &&
        !after.starts_with("- ") && !(rest[end] == '.' && (end + 1 == rest.size() || rest[end + 1] == ' ')))
      continue;
    if (is_path(rest.substr(0, end))) return rest.substr(0, end);
  }
  return std::nullopt;
}

// "notes/Tracking Nummer.txt" where there is a folder "notes".
std::optional<std::string> name_in_folder(std::string_view text, const std::set<std::string>& folders) {
  for (const std::string& folder : folders)
    for (std::size_t at = text.find(folder); at != std::string_view::npos; at = text.find(folder, at + 1)) {
      if (!begins_name(text, at)) continue;
      if (const auto name = name_at(text, at, folder.size()); name && is_file_name(*name)) return std::string(*name);
    }
  return std::nullopt;
}

// "drafts/to do.md" where there is no such folder yet: a word with a slash, and one or two more up to one that ends as
// a file's name does, with nothing but a blank between them. Not "the pros/cons into list.md", nor a file that is
// there.
std::optional<std::string> name_in_new_folder(std::string_view text, std::span<const std::string> last_parts) {
  static const std::set<std::string, std::less<>> kNoFolder = {"and/or",  "n/a", "he/she", "she/he", "his/her",
                                                               "her/his", "w/o", "a/c",    "km/h",   "c/o"};
  static const std::set<std::string, std::less<>> kBetween = {
      "a",  "an",  "and", "as",   "at", "by",   "file", "for", "from",   "goes", "in",   "inside", "into",  "is",  "it",
      "of", "off", "on",  "onto", "or", "over", "per",  "say", "saying", "the",  "then", "to",     "under", "with"};
  constexpr std::size_t kMoreMax = 2;
  const auto words = bare_words_of(text);
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (!words[i].contains('/') || words[i].ends_with('/') || words[i].contains("://") || is_path(words[i]) ||
        !is_letter(words[i][0]) || kNoFolder.contains(to_lower_ascii(words[i])))
      continue;
    for (std::size_t j = i + 1; j < words.size() && j <= i + kMoreMax; ++j) {
      const char* const end = words[j - 1].data() + words[j - 1].size();
      if (words[j].data() != end + 1 || *end != ' ') break;
      if (kBetween.contains(to_lower_ascii(words[j]))) break;
      if (!is_path(words[j])) continue;
      const std::string_view whole(words[i].data(),
                                   static_cast<std::size_t>(words[j].data() + words[j].size() - words[i].data()));
      if (is_file_name(whole) && !std::ranges::contains(last_parts, words[j])) return std::string(whole);
      break;
    }
  }
  return std::nullopt;
}

// Whether a text between quotation marks that is more than this name has it.
bool is_quoted_with_more(std::span<const std::string> quoted, std::string_view name) {
  return std::ranges::any_of(quoted, [&](const std::string& one) { return one.contains(name) && trim(one) != name; });
}

}  // namespace

std::string with_paths_below(std::string text, std::span<const std::pair<std::string, std::string>> folders) {
  const auto quoted = quoted_in(text);
  for (const auto& [folder, shown] : folders) {
    const std::string prefix = folder + "/";
    for (std::size_t at = text.find(prefix); at != std::string::npos;) {
      const bool begins = at == 0 || std::string_view(" \t\n(\"'`").contains(text[at - 1]) ||
                          (at >= 3 && (text.compare(at - 3, 3, "“") == 0 || text.compare(at - 3, 3, "„") == 0));
      const auto name = begins ? name_at(text, at, prefix.size()) : std::nullopt;
      if (name && !is_quoted_with_more(quoted, *name)) {
        text.replace(at, prefix.size(), shown);
        at = text.find(prefix, at + shown.size());
      } else {
        at = text.find(prefix, at + 1);
      }
    }
  }
  return text;
}

std::vector<std::string> targets_in(std::string_view goal) {
  static const std::set<std::string, std::less<>> kBefore = {"append",  "as",   "called", "change", "create",
                                                             "into",    "make", "named",  "onto",   "overwrite",
                                                             "replace", "to",   "update", "write"};
  static const std::set<std::string, std::less<>> kBeforeLast = {"at", "file", "in", "on", "under"};
  static const std::set<std::string, std::less<>> kKeep = {"keep",   "log",  "note",  "put",
                                                           "record", "save", "store", "write"};
  const bool keeps = holds_any(goal, kKeep);
  std::vector<std::string> targets;
  const auto quoted = quoted_in(goal);
  const auto words = bare_words_of(goal);
  for (std::size_t i = 1; i < words.size(); ++i) {
    if (!is_path(words[i]) || is_quoted_with_more(quoted, words[i])) continue;
    const std::string before = to_lower_ascii(words[i - 1]);
    if (kBefore.contains(before) || (keeps && i + 1 == words.size() && kBeforeLast.contains(before)))
      add(targets, std::string(words[i]));
  }
  return targets;
}

namespace {

// By its ending: "booking.com" may be whom something was paid.
bool is_document(std::string_view name) {
  static const std::set<std::string, std::less<>> kEndings = {
      "csv", "doc", "docx", "eml",  "htm",  "html", "ini", "json", "log",  "md",  "odt",  "org", "pdf",
      "rst", "rtf", "tex",  "text", "toml", "tsv",  "txt", "xls",  "xlsx", "xml", "yaml", "yml"};
  return kEndings.contains(to_lower_ascii(name.substr(name.rfind('.') + 1)));
}

}  // namespace

std::string without_document_names(std::string text) {
  auto names = file_names_in(text);
  std::erase_if(names, std::not_fn(is_document));
  return without_names(std::move(text), names, " ");
}

std::vector<std::string> missing_sources(std::string_view goal, std::vector<std::string> missing, std::size_t writes) {
  std::erase_if(missing, std::not_fn(is_document));
  const auto targets = targets_in(goal);
  for (const bool named : {true, false})
    for (std::size_t i = missing.size(); i > 0 && writes > 0; --i)
      if (!named || std::ranges::contains(targets, missing[i - 1])) {
        missing.erase(missing.begin() + static_cast<std::ptrdiff_t>(i) - 1);
        --writes;
      }
  return missing;
}

std::vector<std::string> files_named(std::string_view goal, std::span<const std::string> there,
                                     std::span<const std::string> more_folders) {
  std::vector<std::string> named;
  std::string rest(goal);
  // False where it stands there no more, which ends what looks for the next one.
  const auto take_out = [&](const std::string& name) {
    const std::size_t before = rest.size();
    rest = without_names(std::move(rest), {&name, 1}, "\n");
    return rest.size() != before;
  };
  while (const auto whole = longest_name_in(rest, there)) {
    // "april.txt" of "notes/site april.txt" is no other file.
    add(named, *whole);
    if (!take_out(*whole)) break;
  }
  for (const std::string& name : quoted_in(rest)) {
    if (!is_file_name(name)) continue;
    take_out(name);
    add(named, name);
  }
  std::set<std::string> folders;
  for (const std::string& folder : more_folders) folders.insert(folder + "/");
  std::vector<std::string> last_parts;
  for (const std::string& path : there) {
    for (std::size_t end = path.find('/'); end != std::string::npos; end = path.find('/', end + 1))
      folders.insert(path.substr(0, end + 1));
    if (const std::size_t slash = path.rfind('/'); slash != std::string::npos) add(last_parts, path.substr(slash + 1));
  }
  while (const auto name = name_in_folder(rest, folders)) {
    add(named, *name);
    if (!take_out(*name)) break;
  }
  while (const auto name = name_in_new_folder(rest, last_parts)) {
    add(named, *name);
    if (!take_out(*name)) break;
  }
  while (const auto last = longest_name_in(rest, last_parts)) {
    const bool is_out = take_out(*last);
    for (const std::string& path : there)
      if (path.ends_with("/" + *last)) add(named, path);
    // It may also be a new one beside them.
    add(named, *last);
    if (!is_out) break;
  }
  for (std::string& name : file_names_in(rest)) add(named, std::move(name));
  return named;
}

std::string without_names(std::string text, std::span<const std::string> names, std::string_view instead) {
  for (const std::string& name : names)
    for (std::size_t at = find_name(text, name); at != std::string::npos; at = find_name(text, name, at))
      text.replace(at, name.size(), instead);
  return text;
}

std::string without_file_names(std::string text) {
  const auto names = file_names_in(text);
  return without_names(std::move(text), names, " ");
}

std::string number_at(std::string_view text, std::size_t& at) {
  const auto digit = [&](std::size_t i) { return i < text.size() && is_digit(text[i]); };
  std::string number;
  for (bool point = false; at < text.size(); ++at) {
    if (is_digit(text[at]))
      number += text[at];
    else if (text[at] == '.' && !point && digit(at + 1))
      number += '.', point = true;
    else if (text[at] != ',' || point || !digit(at + 1) || !digit(at + 2) || !digit(at + 3))
      break;
  }
  return number;
}

std::vector<std::string> numbers_in(std::string_view text, std::size_t most) {
  std::vector<std::string> numbers;
  for (std::size_t i = 0; i < text.size() && numbers.size() < most;) {
    if (!is_digit(text[i]) || (i > 0 && is_letter(text[i - 1]))) {
      ++i;
      continue;
    }
    std::string number = number_at(text, i);
    if (number.size() <= 30) add(numbers, std::move(number));
  }
  return numbers;
}

std::vector<std::string> dates_in(std::string_view text) {
  std::vector<std::string> dates;
  const auto words = words_of(text);
  const auto years = years_in(text);
  const auto at = [&](std::size_t i) { return i < words.size() ? std::string_view(words[i]) : std::string_view(); };
  for (std::size_t i = 0; i < words.size(); ++i) {
    int year = 0;
    int month = 0;
    int day = 0;
    const int year_here = year_of(at(i));
    const int month_here = month_of(at(i));
    if (year_here != 0 && at(i + 1).size() == 2 && at(i + 2).size() == 2 && day_of(at(i + 1)) != 0) {
      year = year_here;
      month = day_of(at(i + 1));
      day = day_of(at(i + 2));
    } else if (month_here != 0) {
      month = month_here;
      if (i > 0 && day_of(at(i - 1)) != 0)
        day = day_of(at(i - 1)), year = year_of(at(i + 1));
      else if (day_of(at(i + 1)) != 0)
        day = day_of(at(i + 1)), year = year_of(at(i + 2));
      if (year == 0 && years.size() == 1) year = years.front();
    }
    if (year != 0 && month >= 1 && month <= 12 && day != 0)
      add(dates, daimon::format("{:04}-{:02}-{:02}", year, month, day));
  }
  return dates;
}

std::vector<std::string> months_in(std::string_view goal, std::string_view elsewhere) {
  std::vector<int> years = years_in(goal);
  const bool is_elsewhere = years.empty();
  if (is_elsewhere) years = years_in(elsewhere);
  auto numbers = month_numbers_in(goal);
  // "If I may ask" is about no month.
  static const std::regex kMay(
      R"(\b(in|for|of|during|since|until|by|dated|and|this|last|next) may\b|\b[Mm]ay('s)? (19|20)\d\d|\S\s+May\b|[,;] may\b)");
  if (is_elsewhere && !std::regex_search(std::string(cut_utf8(goal, kReadMax)), kMay)) std::erase(numbers, 5);
  std::vector<std::string> months;
  for (const int month : numbers)
    for (const int year : years) add(months, daimon::format("{:04}-{:02}", year, month));
  return months;
}

std::vector<std::string> words_told(std::string_view text) {
  std::vector<std::string> told;
  for (std::string& word : words_of(text)) {
    if (is_silent(word)) continue;
    if (word.size() > 3 && word.ends_with('s') && !word.ends_with("ss")) word.pop_back();
    add(told, std::move(word));
  }
  return told;
}

Operations operations_in(std::string_view goal) {
  using Words = std::set<std::string, std::less<>>;
  static const Words kAdd = {"add", "added", "adding", "altogether", "both",  "combined", "plus",
                             "sum", "tally", "tot",    "together",   "total", "totted",   "totting"};
  static const Words kSubtract = {"cheaper", "dearer", "deduct",   "deducted", "difference", "fewer",
                                  "knock",   "left",   "less",     "lower",    "minus",      "remain",
                                  "remains", "remove", "subtract", "take",     "taken",      "subtracted"};
  static const Words kMultiply = {"double", "multiplied", "multiply", "product",
                                  "times",  "triple",     "tripled",  "doubled"};
  static const Words kDivide = {"divide", "divided", "dividing", "each",  "equally", "half",   "halved", "instalments",
                                "per",    "person",  "portion",  "ratio", "share",   "shared", "split",  "splitting"};
  static const Words kPercent = {"percent", "percentage", "pct"};
  static const Words kPower = {"cubed", "power", "squared"};
  static const Words kRound = {"decimals", "digits", "dp", "nearest", "places", "round", "rounded", "rounding"};
  // A root canal is none.
  static const std::regex kRoot(
      R"(\bsqrt\b|√|\bsquare root\b|\broot of\b|\broot \d|\bside of a square\b|\bsquare to (?:get|make|reach)\b)",
      std::regex::optimize);
  // "There are 33 of us and each pays it: how much in all", "32 lots of it".
  static const std::regex kForEach(
      R"(\b(?:each (?:of us |of them )?pay(?:s|ing)?|of us pay(?:ing)?|for (?:all )?\d+ of (?:us|them|these))\b[^]*\b(?:altogether|in all|total|together)\b|\b\d+ (?:lots|batches|sets|helpings) of\b)",
      std::regex::optimize);
  static const Words kConvert = {"convert", "converted", "conversion"};
  static const std::regex kAll(R"(\bin all\s*(?:$|[,.;?!])|\bthe lot\s*(?:$|[,.;?!])|, all in\s*$)",
                               std::regex::optimize);
  const std::string lower = to_lower_ascii(goal);
  const std::string read(cut_utf8(lower, kReadMax));
  Operations found;
  found.percent = holds_any(goal, kPercent) || goal.contains('%') || lower.contains("per cent");
  found.add = holds_any(goal, kAdd) || goal.contains(" + ") || std::regex_search(read, kAll);
  found.subtract = holds_any(goal, kSubtract) || lower.contains("more than") || goal.contains(" - ") ||
                   lower.contains("how much more") || lower.contains("how much higher") ||
                   lower.contains("how much extra") || lower.contains("how much on top of") ||
                   lower.contains("by how much") || lower.contains("how far apart") || lower.contains("how much over");
  found.multiply = holds_any(goal, kMultiply) || goal.contains(" * ") || goal.contains(" x ");
  found.divide = (holds_any(goal, kDivide) && !found.percent) || goal.contains(" / ");
  found.power = holds_any(goal, kPower) || goal.contains('^');
  found.root = std::regex_search(read, kRoot);
  found.round = holds_any(goal, kRound);
  found.convert = holds_any(goal, kConvert);
  static const Words kSharing = {"divide", "divided", "dividing", "shared", "sharing", "split", "splitting"};
  static const std::regex kAsksEach(
      R"(\b(?:does|do|will|would|should) (?:each|every)|each pays? the same|\bper person\b)", std::regex::optimize);
  if (std::regex_search(read, kForEach) && !holds_any(goal, kSharing) && !std::regex_search(read, kAsksEach)) {
    found.multiply = true;
    found.divide = found.add = false;
  }
  // "Ten times ten per cent" is said of shares, "added tax" of sums that have it.
  if (found.root || found.power) found.multiply = found.add = false;
  return found;
}

bool says_number(std::string_view goal) {
  static const std::set<std::string, std::less<>> kNumbers = {
      "couple", "dozen", "eight", "eleven", "fifteen", "fifty",  "five",  "four",   "half",     "hundred", "nine",
      "pair",   "seven", "six",   "ten",    "third",   "thirty", "three", "twelve", "thousand", "twenty",  "twice"};
  return holds_any(goal, kNumbers) || !numbers_in(without_file_names(std::string(goal)), 1).empty();
}

bool asks_for_sum(std::string_view goal) {
  static const std::regex kSum(
      R"(\b(?:minus|difference between|subtract|deduct|by how much|how far apart|how much (?:more|less|cheaper|dearer|higher|extra))\b|\bplus (?:the|my|our|what)\b|\b(?:add|tot|total) up (?:the|my|our|what)\b|\btake (?:the|my|our|a) (?:[^\s,.;?]+ ){1,7}(?:from|off|away from) (?:the|my|our|a)\b)",
      std::regex::icase | std::regex::optimize);
  static const std::regex kAsksMore(
      R"([,?] *(?:and )?(?:who|which|when|where|what|how)\b|\band (?:who|which|when|where|how)\b)",
      std::regex::icase | std::regex::optimize);
  const std::string read(cut_utf8(goal, kReadMax));
  return std::regex_search(read, kSum) && !std::regex_search(read, kAsksMore);
}

std::vector<TimeSpan> time_spans_in(std::string_view goal) {
  static const std::regex kSpan(
      R"((^|[^\d.,])(\d{1,5})[ -](day|week|month|year)s?\b(?:,? *(before|earlier|prior|ago|in advance|after|later|following|from)\b)?)",
      std::regex::icase);
  std::vector<TimeSpan> spans;
  const std::string text(cut_utf8(goal, kReadMax));
  for (auto found = std::sregex_iterator(text.begin(), text.end(), kSpan); found != std::sregex_iterator(); ++found) {
    const std::string before = to_lower_ascii(found->prefix().str()) + (*found)[1].str();
    spans.push_back({(*found)[2].str() + " " + to_lower_ascii((*found)[3].str()) + "s",
                     goes_back(before, to_lower_ascii((*found)[4].str()))});
  }
  return spans;
}

bool asks_what_is_there(std::string_view goal) {
  const auto is_slip = [](std::string word, std::string known) {
    if (!embedding::is_one_slip(word, known)) return false;
    std::ranges::sort(word);
    std::ranges::sort(known);
    return word.size() != known.size() || word == known;
  };
  // Of the phrasings that the firmware was trained on (firmware/data/goals/files.txt), and their likes.
  static const std::set<std::string, std::less<>> kWords = {
      "a",         "all",     "an",       "any",       "are",   "can",        "could",  "d",      "dir",
      "directory", "do",      "document", "documents", "every", "everything", "exist",  "file",   "files",
      "folder",    "folders", "for",      "get",       "give",  "given",      "got",    "have",   "here",
      "how",       "i",       "in",       "is",        "it",    "kindly",     "know",   "let",    "like",
      "list",      "listing", "look",     "ls",        "lsit",  "me",         "my",     "name",   "names",
      "of",        "on",      "only",     "our",       "ours",  "overview",   "papers", "please", "pls",
      "s",         "see",     "show",     "so",        "stuff", "tell",       "the",    "there",  "us",
      "ve",        "want",    "we",       "what",      "whats", "which",      "whole",  "would",  "you"};
  static const std::set<std::string, std::less<>> kThings = {
      "dir",  "directory", "documents", "everything", "files", "folder", "folders",
      "here", "list",      "listing",   "ls",         "lsit",  "there"};
  static const std::regex kWish(R"(\b(i'd|i would|we'd|i) (like|want) to\b)", std::regex::icase);
  if (goal.size() > 200) return false;
  const auto words = words_of(std::regex_replace(std::string(goal), kWish, ""));
  constexpr std::size_t kLongWord = 6;  // of shorter ones a slip may make others
  const auto is_in = [&is_slip](const auto& set) {
    return [&set, &is_slip](const std::string& word) {
      return set.contains(word) ||
             // A letter more, less or exchanged: another one makes another word ("directors", "holders").
             (word.size() > kLongWord && !kWords.contains(word) &&
              std::ranges::any_of(set, [&](const std::string& known) { return is_slip(word, known); }));
    };
  };
  return std::ranges::all_of(words, is_in(kWords)) && std::ranges::any_of(words, is_in(kThings));
}

bool lacks_its_thing(std::string_view goal) {
  static const std::set<std::string, std::less<>> kVerbs = {"convert", "display", "open",     "print",
                                                            "read",    "show",    "translate"};
  static const std::set<std::string, std::less<>> kThings = {"document", "file", "it", "one", "that", "this"};
  static const std::set<std::string, std::less<>> kBeside = {
      "a",   "again",  "can", "could", "for",    "hey", "hi",   "in", "into", "just", "kindly", "me",    "now", "ok",
      "out", "please", "pls", "ta",    "thanks", "the", "then", "to", "up",   "us",   "will",   "would", "you"};
  // Letters that no word here has could say anything.
  if (std::ranges::any_of(goal, [](unsigned char c) { return c >= 0x80; })) return false;
  bool verb = false;
  bool thing = false;
  std::string before;
  for (std::string& word : words_of(goal)) {
    verb = verb || kVerbs.contains(word);
    thing = thing || kThings.contains(word);
    const bool is_unit = (before == "to" || before == "into") && (goal.contains("onvert") || goal.contains("ranslate"));
    if (!is_unit && !kVerbs.contains(word) && !kThings.contains(word) && !kBeside.contains(word)) return false;
    before = std::move(word);
  }
  return verb && thing;
}

bool may_reckon(std::string_view goal) {
  static const std::set<std::string, std::less<>> kWords = {
      "above",   "add",     "added",      "adds",     "age",      "ago",        "altogether", "average",
      "below",   "between", "calculate",  "celsius",  "change",   "cheaper",    "cm",         "combined",
      "come",    "comes",   "compared",   "convert",  "cubed",    "day",        "days",       "dearer",
      "deduct",  "differ",  "difference", "divide",   "divided",  "double",     "each",       "fahrenheit",
      "fall",    "fallen",  "feet",       "figure",   "fraction", "gallons",    "half",       "higher",
      "hours",   "inches",  "increase",   "interest", "kg",       "kilometers", "kilometres", "km",
      "left",    "less",    "litres",     "long",     "lower",    "make",       "makes",      "mean",
      "miles",   "minus",   "minutes",    "months",   "more",     "multiplied", "multiply",   "old",
      "older",   "one",     "ounces",     "overall",  "per",      "percent",    "percentage", "plus",
      "portion", "pounds",  "product",    "quarter",  "ratio",    "reckon",     "remain",     "remaining",
      "remains", "rest",    "rise",       "risen",    "root",     "round",      "rounded",    "share",
      "since",   "split",   "spent",      "square",   "squared",  "subtract",   "sum",        "take",
      "third",   "times",   "together",   "tot",      "total",    "triple",     "twice",      "until",
      "vat",     "weeks",   "work",       "years",    "younger"};
  if (holds_any(goal, kWords)) return true;
  if (goal.find_first_of("%+*=") != std::string_view::npos || goal.contains(" - ") || goal.contains(" / ")) return true;
  const auto months = month_numbers_in(goal);
  if (std::set(months.begin(), months.end()).size() > 1) return true;
  return std::ranges::any_of(numbers_in(goal, 20), [](const std::string& number) {
    return number.size() != 4 || !(number.starts_with("19") || number.starts_with("20"));
  });
}

namespace {

// Whether a goal is a question, or begins with what is done with a file that is there.
bool asks_or_only_handles(std::string_view goal) {
  static const std::set<std::string, std::less<>> kFirst = {
      "are",    "delete", "did",   "display", "do",     "does",   "erase", "how",  "is",        "mail",
      "move",   "open",   "print", "read",    "remove", "rename", "rm",    "show", "translate", "trash",
      "unlink", "was",    "what",  "whats",   "when",   "where",  "which", "who",  "whose",     "why"};
  // \x1F stands for its name: "take a.csv and tell me ...", "bin a.txt", not "take eggs off a.txt".
  static const std::regex kHandles(
      "^\\W*(?:please |can you |could you |would you )*(?:take|use|check|bin|shred|chuck|"
      "go through|look (?:at|in|into|through)) (?:the file )?\x1F",
      std::regex::icase | std::regex::optimize);
  if (std::regex_search(std::string(goal), kHandles)) return true;
  static const std::set<std::string, std::less<>> kBefore = {"can",    "could", "hey",  "hi",     "just",
                                                             "kindly", "now",   "ok",   "please", "pls",
                                                             "so",     "then",  "will", "would",  "you"};
  for (const std::string& word : words_of(goal)) {
    if (kFirst.contains(word)) return true;
    if (!kBefore.contains(word)) return false;
  }
  return false;
}

// Signs and words of what a file is to hold; \x1F stands for its name.
bool says_content(const std::string& goal) {
  static const std::set<std::string, std::less<>> kWords = {
      "call", "called", "contain",   "contains", "content",  "contents", "drop", "goes", "hold",   "holds",
      "name", "named",  "overwrite", "redo",     "replaced", "rewrite",  "say",  "says", "should", "text"};
  static const std::regex kSign(
      "(^|[^\\w])(->|=>|>|:|=|\u2192)\\s*\x1F|\x1F['\"]?\\s*(:|->|=|<|- |is where)|"
      "\\b(need|want|like) (the answer|the result|it|that|this|[0-9][^.?!\x1F]{0,40} of (it|that)) "
      "(saved |stored |written )?(in|into) \x1F",
      std::regex::icase);
  return holds_any(goal, kWords) || std::regex_search(goal, kSign);
}

}  // namespace

int month_of(std::string_view word) {
  for (std::size_t i = 0; i < kMonths.size(); ++i)
    if (word == kMonths[i] || (word.size() == 3 && word == kMonths[i].substr(0, 3))) return static_cast<int>(i + 1);
  return 0;
}

int year_of(std::string_view word) {
  return word.size() == 4 && (word.starts_with("20") || word.starts_with("19")) && std::ranges::all_of(word, is_digit)
             ? std::atoi(std::string(word).c_str())
             : 0;
}

bool may_write(std::string_view goal) {
  static const std::set<std::string, std::less<>> kWords = {
      "add",  "append", "change", "copy",  "create", "down",   "draft",  "enter", "file",  "fill",   "into",
      "jot",  "keep",   "leave",  "log",   "make",   "note",   "notes",  "pop",   "put",   "record", "replace",
      "save", "saved",  "start",  "stick", "store",  "stored", "update", "wrte",  "write", "writes", "written"};
  if (!targets_in(goal).empty()) return true;
  const auto names = file_names_in(goal);
  if (!names.empty()) {
    if (goal.size() > kOneThingBytesMax) return true;
    // One that is named may be meant to be read, printed or deleted.
    const std::string told = without_names(std::string(goal), names, "\x1F");
    return !asks_or_only_handles(told) || holds_any(told, kWords) || says_content(told);
  }
  return holds_any(goal.size() > kOneThingBytesMax ? std::string(goal) : without_question_for_source(goal), kWords);
}

bool may_ask_several(std::string_view goal) {
  static const std::set<std::string, std::less<>> kWords = {
      "above", "add",     "added",    "against",  "also",       "altogether", "and",      "as",  "between",
      "both",  "compare", "compared", "combined", "difference", "each",       "from",     "if",  "left",
      "less",  "minus",   "once",     "or",       "plus",       "remains",    "subtract", "sum", "take",
      "than",  "then",    "together", "total",    "two",        "versus",     "with"};
  if (goal.size() > kOneThingBytesMax) return true;
  const std::string asked = without_question_for_source(goal);
  if (asked.find_first_of(",;&+") != std::string::npos || std::ranges::count(asked, '?') > 1) return true;
  return holds_any(asked, kWords);
}

}  // namespace daimon::memory
