#include "device/html_text.h"

#include <lexbor/dom/dom.h>
#include <lexbor/html/html.h>

#include <memory>

#include "base/text.h"

namespace daimon::device {
namespace {

struct DestroyParser {
  void operator()(lxb_html_parser_t* parser) const { lxb_html_parser_destroy(parser); }
};
struct DestroyDocument {
  void operator()(lxb_html_document_t* document) const { lxb_html_document_destroy(document); }
};

bool is_hidden(lxb_tag_id_t tag) {
  switch (tag) {
    case LXB_TAG_SCRIPT:
    case LXB_TAG_STYLE:
    case LXB_TAG_NOSCRIPT:
    case LXB_TAG_TEMPLATE:
    case LXB_TAG_IFRAME:
    case LXB_TAG_OBJECT:
    case LXB_TAG_SVG:
      return true;
    default:
      return false;
  }
}

bool is_inline(lxb_tag_id_t tag) {
  switch (tag) {
    case LXB_TAG_A:
    case LXB_TAG_ABBR:
    case LXB_TAG_B:
    case LXB_TAG_CODE:
    case LXB_TAG_EM:
    case LXB_TAG_FONT:
    case LXB_TAG_I:
    case LXB_TAG_LABEL:
    case LXB_TAG_MARK:
    case LXB_TAG_Q:
    case LXB_TAG_S:
    case LXB_TAG_SMALL:
    case LXB_TAG_SPAN:
    case LXB_TAG_STRONG:
    case LXB_TAG_SUB:
    case LXB_TAG_SUP:
    case LXB_TAG_TIME:
    case LXB_TAG_U:
      return true;
    default:
      return false;
  }
}

void end_line(std::string& text) {
  while (text.ends_with(' ')) text.pop_back();
  if (!text.empty() && !text.ends_with('\n')) text += '\n';
}

void append_text(std::string& text, std::string_view run) {
  for (const char c : run) {
    const bool space = c == ' ' || c == '\t' || c == '\n' || c == '\r' || c == '\f';
    if (!space)
      text += c;
    else if (!text.empty() && !text.ends_with(' ') && !text.ends_with('\n'))
      text += ' ';
  }
}

// Without recursion: a page may nest as deeply as its author likes.
void walk(lxb_dom_node_t* root, std::string& text) {
  lxb_dom_node_t* node = root;
  while (node != nullptr) {
    const bool element = node->type == LXB_DOM_NODE_TYPE_ELEMENT;
    const auto tag = static_cast<lxb_tag_id_t>(node->local_name);
    if (node->type == LXB_DOM_NODE_TYPE_TEXT) {
      const lexbor_str_t& data = lxb_dom_interface_character_data(node)->data;
      append_text(text, {reinterpret_cast<const char*>(data.data), data.length});
    }
    if (element && (tag == LXB_TAG_TD || tag == LXB_TAG_TH))
      append_text(text, " ");
    else if (element && !is_inline(tag))
      end_line(text);
    if (node->first_child != nullptr && !(element && is_hidden(tag))) {
      node = node->first_child;
      continue;
    }
    while (node != root && node->next == nullptr) {
      node = node->parent;
      const auto closed = static_cast<lxb_tag_id_t>(node->local_name);
      if (!is_inline(closed) && closed != LXB_TAG_TD && closed != LXB_TAG_TH) end_line(text);
    }
    if (node == root) break;
    node = node->next;
  }
}

}  // namespace

Result<std::string> text_of_html(std::string_view html) {
  const std::unique_ptr<lxb_html_parser_t, DestroyParser> parser(lxb_html_parser_create());
  if (!parser || lxb_html_parser_init(parser.get()) != LXB_STATUS_OK)
    return fail(ErrorCode::kLimit, "no memory to parse HTML");
  // Nobody listens to the tree, and what lexbor 3.0 does by itself with a <select> whose size has no value reads
  // through a null pointer.
  lxb_html_parser_dom_opt_set(parser.get(), LXB_DOM_DOCUMENT_OPT_WO_EVENTS);
  const std::unique_ptr<lxb_html_document_t, DestroyDocument> document(
      lxb_html_parse(parser.get(), reinterpret_cast<const lxb_char_t*>(html.data()), html.size()));
  if (!document) return fail(ErrorCode::kCorrupt, "the page could not be parsed");
  std::string text;
  std::size_t length = 0;
  if (const lxb_char_t* title = lxb_html_document_title(document.get(), &length); title != nullptr)
    append_text(text, {reinterpret_cast<const char*>(title), length});
  end_line(text);
  if (lxb_html_body_element_t* body = lxb_html_document_body_element(document.get()); body != nullptr)
    walk(lxb_dom_interface_node(body), text);
  end_line(text);
  return repair_utf8(text);
}

}  // namespace daimon::device
