#include "fs/html_tree.h"

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

#include "base/format.h"

namespace daimon::fs {
namespace {

// Browsers go no deeper than some hundred elements.
constexpr std::size_t kOpenMax = 10'000;
// Bold, links, fonts and cells that wait to be opened again: pages written by hand forget to close some tens.
constexpr std::size_t kFormattingMax = 256;
constexpr std::size_t kAttributesMax = 1'000;  // of one tag
constexpr std::size_t kNamesMax = 4'000;       // of tags and attributes that HTML does not know
// Usual pages take 15 bytes a byte, tables of small numbers 60.
constexpr std::uint64_t kTreeBytesPerByte = 128;
constexpr std::uint64_t kTreeBytesMin = 4ULL << 20;
constexpr std::uint64_t kTreeBytesMax = 1ULL << 30;

// What any page may have without being counted.
constexpr std::size_t kOpenUsual = 100;
constexpr std::size_t kNamesUsual = 500;
constexpr std::size_t kPairsUsual = 100;  // of attributes

constexpr std::size_t kPiece = std::size_t{64} << 10;  // given to the parser at once
constexpr std::size_t kErrorsKept = 1'000;

std::uint64_t beyond(std::uint64_t count, std::uint64_t usual) { return count > usual ? count - usual : 0; }

// What one of lexbor's pools holds.
class Pool {
 public:
  explicit Pool(const lexbor_mraw_t* memory) : chunk_(memory->mem->chunk_first) {}
  std::uint64_t bytes() {
    for (; chunk_->next != nullptr; chunk_ = chunk_->next) full_ += chunk_->size;
    return full_ + chunk_->size;
  }

 private:
  const lexbor_mem_chunk_t* chunk_;
  std::uint64_t full_ = 0;
};

class Builder {
 public:
  Builder(lxb_html_parser_t& parser, lxb_html_document_t& document, std::size_t html_bytes, HtmlWork& work)
      : parser_(parser),
        document_(document.dom_document),
        work_(work),
        bytes_max_(std::clamp(html_bytes * kTreeBytesPerByte, kTreeBytesMin, kTreeBytesMax)),
        nodes_(document_.mraw),
        texts_(document_.text),
        build_(parser.tkz->callback_token_done),
        build_context_(parser.tkz->callback_token_ctx) {
    lxb_html_tokenizer_callback_token_done_set(parser.tkz, &Builder::on_token, this);
  }

  Status run(std::string_view html) {
    while (!html.empty()) {
      const std::string_view piece = html.substr(0, kPiece);
      html.remove_prefix(piece.size());
      lxb_html_parse_chunk_process(&parser_, reinterpret_cast<const lxb_char_t*>(piece.data()), piece.size());
      // A tag without end gives no token, but takes memory.
      if (parser_.status == LXB_STATUS_OK) check_attributes(parser_.tkz->token);
      DAIMON_CHECK(result());
    }
    lxb_html_parse_chunk_end(&parser_);
    return result();
  }

 private:
  static lxb_html_token_t* on_token(lxb_html_tokenizer_t* tokenizer, lxb_html_token_t* token, void* context) {
    auto& self = *static_cast<Builder*>(context);
    self.check(*token);
    if (!self.refused_.empty()) {
      tokenizer->status = LXB_STATUS_ABORTED;
      return nullptr;
    }
    return self.build_(tokenizer, token, self.build_context_);
  }

  Status result() const {
    if (!refused_.empty())
      return fail(ErrorCode::kLimit, "the HTML " + refused_, "save the page as plain text from a browser");
    if (parser_.status != LXB_STATUS_OK) return fail(ErrorCode::kCorrupt, "the HTML does not parse");
    return {};
  }

  std::size_t check_attributes(const lxb_html_token_t* token) {
    std::size_t count = 0;
    for (const auto* attribute = token->attr_first; attribute != nullptr; attribute = attribute->next) ++count;
    if (count > kAttributesMax) refused_ = daimon::format("has a tag of more than {} attributes", kAttributesMax);
    return count;
  }

  // Before the tree builder gets a token: what it has made so far, and what this token may cost it.
  void check(const lxb_html_token_t& token) {
    const lxb_html_tree_t& tree = *parser_.tree;
    const std::size_t open = tree.open_elements->length;
    const std::size_t formatting = tree.active_formatting->length;
    const std::size_t attributes = check_attributes(&token);
    const std::size_t names =
        lexbor_dobject_allocated(document_.tags->entries) + lexbor_dobject_allocated(document_.attrs->entries);
    if (open > kOpenMax)
      refused_ = daimon::format("nests more than {} deep", kOpenMax);
    else if (formatting > kFormattingMax)
      refused_ = daimon::format("leaves more than {} formatting elements open", kFormattingMax);
    else if (names > kNamesMax)
      refused_ = daimon::format("has more than {} names of its own", kNamesMax);
    else if (nodes_.bytes() + texts_.bytes() > bytes_max_)
      refused_ = "grows far beyond its size when it is parsed";
    if (!refused_.empty()) return;

    // Elements in scope are looked for from the innermost outward, names in chains, attributes among each other and
    // among those of the formatting that is open.
    std::uint64_t steps = beyond(open, kOpenUsual) + (attributes + 1) * (beyond(names, kNamesUsual) / 16) +
                          beyond(attributes * attributes * (formatting + 1), kPairsUsual);
    if (formatting > 0 && is_formatting(token.tag_id) && !is_current(token.tag_id)) steps += 8 * (open + formatting);
    if (formatting > 0 && is_closed(tree.active_formatting->list[formatting - 1])) steps += open * formatting;
    if (steps > work_.left) {
      work_.left = 0;
      refused_ = "takes too long to parse";
      return;
    }
    work_.left -= steps;
    for (lexbor_array_obj_t* errors : {tree.parse_errors, parser_.tkz->parse_errors})
      if (errors->length > kErrorsKept) lexbor_array_obj_clean(errors);
  }

  // Tags whose misnesting is mended by the "adoption agency algorithm", in up to eight rounds.
  static bool is_formatting(lxb_tag_id_t tag) {
    constexpr std::array kTags = {LXB_TAG_A,    LXB_TAG_B,  LXB_TAG_BIG,    LXB_TAG_CODE,  LXB_TAG_EM,
                                  LXB_TAG_FONT, LXB_TAG_I,  LXB_TAG_NOBR,   LXB_TAG_S,     LXB_TAG_SMALL,
                                  LXB_TAG_U,    LXB_TAG_TT, LXB_TAG_STRIKE, LXB_TAG_STRONG};
    return std::ranges::contains(kTags, tag);
  }
  bool is_current(lxb_tag_id_t tag) const {
    const lxb_dom_node_t* current = lxb_html_tree_current_node(parser_.tree);
    return current != nullptr && current->local_name == tag;
  }
  // Whether the element is not open any more. (A marker between cells is none, and is not found either.)
  bool is_closed(const void* element) const {
    const lexbor_array_t& open = *parser_.tree->open_elements;
    for (std::size_t i = open.length; i > 0; --i)
      if (open.list[i - 1] == element) return false;
    return true;
  }

  lxb_html_parser_t& parser_;
  const lxb_dom_document_t& document_;
  HtmlWork& work_;
  const std::uint64_t bytes_max_;
  Pool nodes_, texts_;
  lxb_html_tokenizer_token_f build_;
  void* build_context_;
  std::string refused_;  // what is wrong with the page
};

}  // namespace

Result<HtmlTree> parse_html(std::string_view html, HtmlWork& work) {
  const std::unique_ptr<lxb_html_parser_t, DestroyHtml> parser(lxb_html_parser_create());
  if (!parser || lxb_html_parser_init(parser.get()) != LXB_STATUS_OK)
    return fail(ErrorCode::kLimit, "no memory to parse HTML");
  // Nobody listens to the tree. What lexbor does by itself with the options of a <select> looks through all of them for
  // each, and in 3.0 reads through a null pointer when its size has no value.
  lxb_html_parser_dom_opt_set(parser.get(), LXB_DOM_DOCUMENT_OPT_WO_EVENTS);
  lxb_html_tokenizer_keep_duplicate_set(parser->tkz, true);  // else each attribute is looked for among the others
  HtmlTree tree(lxb_html_parse_chunk_begin(parser.get()));
  if (!tree) return fail(ErrorCode::kLimit, "no memory to parse HTML");
  DAIMON_CHECK(Builder(*parser, *tree, html.size(), work).run(html));
  return tree;
}

}  // namespace daimon::fs
