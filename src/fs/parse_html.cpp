// HTML to text: the title, then the main content, one block a line, headings marked as in Markdown.
#include "fs/parse_html.h"

#include <lexbor/dom/dom.h>

#include <string>

#include "fs/document.h"

namespace daimon::fs {
namespace {

bool is_any(std::string_view name, std::initializer_list<std::string_view> names) {
  for (const std::string_view one : names)
    if (one == name) return true;
  return false;
}

class Writer {
 public:
  void walk(lxb_dom_node_t* root) {
    // Without recursion: hostile pages nest a million elements.
    lxb_dom_node_t* node = root;
    while (node != nullptr) {
      const bool into = enter(node);
      if (into && node->first_child != nullptr) {
        node = node->first_child;
        continue;
      }
      if (into) leave(node);
      while (node != root && node->next == nullptr) {
        node = node->parent;
        if (node == nullptr) return;
        leave(node);
      }
      if (node == root) return;
      node = node->next;
    }
  }
  void title(std::string_view title) {
    text(title);
    line();
  }
  std::string take() {
    while (out_.ends_with('\n') || out_.ends_with(' ')) out_.pop_back();
    if (!out_.empty()) out_ += '\n';
    return std::move(out_);
  }

 private:
  static std::string_view name(lxb_dom_node_t* node) {
    std::size_t length = 0;
    const lxb_char_t* data = lxb_dom_element_local_name(lxb_dom_interface_element(node), &length);
    return {reinterpret_cast<const char*>(data), length};
  }
  static bool is_block(std::string_view name) {
    return is_any(name, {"p",  "div", "li",    "tr",   "br",   "h1",      "h2",        "h3",         "h4",
                         "h5", "h6",  "table", "ul",   "ol",   "section", "article",   "blockquote", "pre",
                         "dt", "dd",  "hr",    "main", "body", "title",   "figcaption"});
  }
  void line() {
    while (out_.ends_with(' ')) out_.pop_back();
    if (!out_.empty() && !out_.ends_with('\n')) out_ += '\n';
  }
  bool enter(lxb_dom_node_t* node) {
    if (node->type == LXB_DOM_NODE_TYPE_TEXT) {
      const lexbor_str_t& data = lxb_dom_interface_character_data(node)->data;
      if (data.data != nullptr) text({reinterpret_cast<const char*>(data.data), data.length});
      return false;
    }
    if (node->type != LXB_DOM_NODE_TYPE_ELEMENT) return node->type == LXB_DOM_NODE_TYPE_DOCUMENT;
    const std::string_view element = name(node);
    if (is_any(element, {"script", "style", "nav", "noscript", "template", "svg", "iframe", "head"})) return false;
    if (preformatted_ > 0 && element == "br") {
      out_ += '\n';
      return false;
    }
    if (is_block(element)) line();
    if (element == "pre") ++preformatted_;
    if (element.size() == 2 && element[0] == 'h' && element[1] >= '1' && element[1] <= '6')
      out_ += std::string(static_cast<std::size_t>(element[1] - '0'), '#') + " ";
    if (element == "li") out_ += "- ";
    if (is_any(element, {"td", "th"}) && !out_.empty() && !out_.ends_with('\n')) out_ += " | ";
    return true;
  }
  void leave(lxb_dom_node_t* node) {
    if (node->type != LXB_DOM_NODE_TYPE_ELEMENT) return;
    if (is_block(name(node))) line();
    if (name(node) == "pre") --preformatted_;
  }
  void text(std::string_view text) {
    if (preformatted_ > 0) {
      out_ += text;
      return;
    }
    for (const char c : text) {
      const bool blank = c == ' ' || c == '\n' || c == '\t' || c == '\r' || c == '\f';
      if (!blank)
        out_ += c;
      else if (!out_.empty() && !out_.ends_with(' ') && !out_.ends_with('\n'))
        out_ += ' ';
    }
  }
  std::string out_;
  int preformatted_ = 0;  // how many <pre> we are in
};

}  // namespace

Result<std::string> text_of_html(std::string_view html, HtmlWork& work) {
  DAIMON_TRY(const HtmlTree tree, parse_html(html, work));
  Writer writer;
  std::size_t length = 0;
  if (const lxb_char_t* title = lxb_html_document_title(tree.get(), &length); title != nullptr)
    writer.title({reinterpret_cast<const char*>(title), length});
  if (lxb_html_body_element_t* body = lxb_html_document_body_element(tree.get()); body != nullptr)
    writer.walk(lxb_dom_interface_node(body));
  return writer.take();
}

Result<std::string> text_of_html(std::string_view html) {
  HtmlWork work;
  return text_of_html(html, work);
}

}  // namespace daimon::fs
