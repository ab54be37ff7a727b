// What a goal and the results name outright: file names, numbers, dates, months. The host reads them off, so that a
// small model only has to choose among them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace daimon::memory {

// Words that look like file names ("totals.txt", "notes/a.md"), in order, each once.
std::vector<std::string> file_names_in(std::string_view text);
// A text with the full paths of files below each of these folders (the first) as the system names them (the second
// instead of the folder); what stands between quotation marks with more than the path stays.
std::string with_paths_below(std::string text, std::span<const std::pair<std::string, std::string>> folders);
// Names of files that the goal wants written, wherever they are: "into a.txt", "to ~/a.txt", "as ../a.txt"; with "in"
// and the like only at the end of a goal to keep something, because that is also said of what is read.
std::vector<std::string> targets_in(std::string_view goal);
// Whether a path cannot be below a mounted folder: "/etc/motd.txt", "~/a.txt", "a/../../b.txt".
bool leads_out(std::string_view path);
// Of names that there is no file of, those that a goal wants read: of as many as are written each may be the new one,
// those of targets_in first. Only what ends as a document does: "Node.js" and "e.g." are words too.
std::vector<std::string> missing_sources(std::string_view goal, std::vector<std::string> missing, std::size_t writes);
// Where the name stands in the text, at `from` or later, with nothing beside it that could be more of a file's name:
// "a.md" does not stand in "data.md", nor "april.txt" in "notes/april.txt". npos: nowhere.
std::size_t find_name(std::string_view text, std::string_view name, std::size_t from = 0);
// What stands between two quotation marks of one kind, each once; an apostrophe within a word is none.
std::vector<std::string> quoted_in(std::string_view text);
// Of these names the longest that stands in the text as it is, if any: the names of files may have blanks in them.
std::optional<std::string> longest_name_in(std::string_view text, std::span<const std::string> names);
// The files that a goal names, in no order, each once: those of `there` by their whole paths or by their last parts
// alone, what stands between quotation marks, a path that begins with one of the folders there or goes on for a word
// or two, and what else looks like a name. Of these only the quoted ones and those in a folder may have blanks.
// `folders`: more of those that are there, "notes/drafts".
std::vector<std::string> files_named(std::string_view goal, std::span<const std::string> there,
                                     std::span<const std::string> folders = {});
// The text with `instead` where these names stand.
std::string without_names(std::string text, std::span<const std::string> names, std::string_view instead);
// The text without its file names: what they are made of names nothing else.
std::string without_file_names(std::string text);
// Only of those with the ending of a document: "booking.com" stays.
std::string without_document_names(std::string text);
// The number that begins at the digit `at`, without the commas of its thousands; `at` moves behind it.
std::string number_at(std::string_view text, std::size_t& at);
// Numbers as the calculator reads them ("1234.50" for "£1,234.50"), in order, each once; at most `most`.
std::vector<std::string> numbers_in(std::string_view text, std::size_t most);
// Days as 2026-05-03, from that form and from "3 May 2026", "May 3, 2026" and, where another date of the text gives the
// year, "3 May".
std::vector<std::string> dates_in(std::string_view text);
// 1 to 12 for a month's name in lower case or its first three letters, the year of four digits; 0 for any other word.
int month_of(std::string_view word);
int year_of(std::string_view word);
// Months named in the goal, as "2026-03", for each year that the goal mentions or else `elsewhere` (a name of a file,
// the years of a table); "may" is one only where it stands as one.
std::vector<std::string> months_in(std::string_view goal, std::string_view elsewhere);

// The words of a text or a name that say something, in lower case and without a plural's ending.
std::vector<std::string> words_told(std::string_view text);

// What the words of a goal say is to be done with numbers; none set: they do not tell.
struct Operations {
  bool add = false, subtract = false, multiply = false, divide = false;
  bool percent = false, power = false, root = false, round = false, convert = false;
};
Operations operations_in(std::string_view goal);
// Whether it says a number, in digits or as a word ("a dozen"); those of file names are none, those of dates are.
bool says_number(std::string_view goal);
// Whether two things that are found are to be reckoned with for certain: "A minus B", "take A from B", "A plus B".
bool asks_for_sum(std::string_view goal);

// A length of time that the goal says: "48 weeks", and whether it is counted back from a day ("before", "ago") or on
// ("after", "later"), where the words behind it tell.
struct TimeSpan {
  std::string length;
  std::optional<bool> is_back;
};
std::vector<TimeSpan> time_spans_in(std::string_view goal);

// Whether a goal only wants to know which files there are, all of them: "ls", "what have we got in here?"
bool asks_what_is_there(std::string_view goal);
// Whether it only says what is to be done, and not with what: "open the file", "convert it to miles".
bool lacks_its_thing(std::string_view goal);

// Whether anything in the goal asks for reckoning: a number that is no year, two months, or a word of sums, shares,
// spans of time and units. Of 1,691 goals that want it (firmware/training/episodes.py) it missed 25.
bool may_reckon(std::string_view goal);
// Whether anything may be written: a file is named, or a word of writing and keeping.
// A question, and what is only opened, printed or deleted, writes no file that it names.
bool may_write(std::string_view goal);
// Whether more than one thing may be looked up: something is joined, compared or taken from something. Of 591 goals
// that want it, it missed 7.
bool may_ask_several(std::string_view goal);

}  // namespace daimon::memory
