// What of a query matters, and where in a text it stands.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace daimon::fs {

// The words and numbers of a text in lower case, without those that every question has, in order, each once. When
// nothing else is left the common words stay.
std::vector<std::string> query_terms(std::string_view query);

// An FTS5 query that no input can break: the terms quoted, joined by OR; a month and a year next to each other also as
// ISO dates write them. Empty when there are no terms.
std::string fts_query(std::string_view query);

// How many of the terms stand in the text (a term also matches with an ending: "bill" in "bills").
std::size_t terms_in(const std::vector<std::string>& terms, std::string_view text);

// The lines of `text` that answer the query best, in their order, [begin, end) each, and together with a newline
// between them at most `bytes_max`; of a line that is longer its sentences. A bill says what it is at its head and the
// sum at its foot: lines need not be neighbours.
std::vector<std::pair<std::size_t, std::size_t>> best_lines(std::string_view text, std::string_view query,
                                                            std::size_t bytes_max);

// Whether `text` holds any of the terms that say what is asked for, other than words such as "number" or "date", which
// stand in every second document. True when there are no others.
bool is_about(const std::vector<std::string>& terms, std::string_view text);

}  // namespace daimon::fs
