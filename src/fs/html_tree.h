// The tree of an HTML page, within bounds.
//
// The tree builder (lexbor) looks through all open elements for each new one, and opens unclosed formatting again in
// each paragraph, as the HTML standard says; a few hundred kilobytes could ask it for hours and for all the memory.
// So it is watched token by token, by counts alone: the same bytes always give the same answer.
#pragma once

#include <lexbor/html/html.h>

#include <cstdint>
#include <memory>
#include <string_view>

#include "base/result.h"

namespace daimon::fs {

// Steps beyond those of usual pages that the tree builder may still take; one takes up to ten nanoseconds. The parts of
// one mail share what is left.
struct HtmlWork {
  std::uint64_t left = 100'000'000;
};

struct DestroyHtml {
  void operator()(lxb_html_document_t* document) const { lxb_html_document_destroy(document); }
  void operator()(lxb_html_parser_t* parser) const { lxb_html_parser_destroy(parser); }
};
using HtmlTree = std::unique_ptr<lxb_html_document_t, DestroyHtml>;

// `html` is UTF-8. kLimit for a page that nests or grows beyond any that is meant to be read.
Result<HtmlTree> parse_html(std::string_view html, HtmlWork& work);

}  // namespace daimon::fs
