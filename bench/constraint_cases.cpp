#include "constraint_cases.h"

#include <algorithm>

#include "base/format.h"
#include "base/random.h"

namespace daimon::bench {
namespace {

const char* const kWords[] = {
    "account",     "amount",  "archive",  "balance", "branch", "budget",  "customer", "date",    "delivery", "document",
    "electricity", "entry",   "file",     "folder",  "format", "invoice", "language", "letter",  "limit",    "line",
    "market",      "message", "month",    "name",    "number", "order",   "owner",    "page",    "path",     "payment",
    "period",      "person",  "priority", "project", "query",  "reason",  "record",   "region",  "report",   "result",
    "section",     "service", "sort",     "source",  "state",  "status",  "street",   "subject", "table",    "target",
    "text",        "title",   "total",    "unit",    "user",   "value",   "version",  "width",   "year",     "zone"};

std::string word(Random& random) { return kWords[random.next() % std::size(kWords)]; }

std::string words(Random& random, std::size_t count) {
  std::string text = word(random);
  for (std::size_t i = 1; i < count; ++i) text += " " + word(random);
  return text;
}

Json object(JsonObject properties) {
  JsonArray required;
  for (const auto& member : properties) required.emplace_back(member.key());
  return JsonObject{{"type", "object"},
                    {"properties", std::move(properties)},
                    {"required", std::move(required)},
                    {"additionalProperties", false}};
}

Json choice(Random& random, std::size_t count) {
  JsonArray names;
  for (std::size_t i = 0; i < count; ++i) names.emplace_back(daimon::format("{}_{}_{}", word(random), word(random), i));
  return JsonObject{{"type", "string"}, {"enum", std::move(names)}};
}

Json free_text(std::size_t length_max) { return JsonObject{{"type", "string"}, {"maxLength", length_max}}; }

Json tool(Random& random, std::size_t number, std::size_t arguments, std::size_t described) {
  JsonObject with;
  for (std::size_t i = 0; i < arguments; ++i) {
    const std::string name = daimon::format("{}_{}", word(random), i);
    Json argument;
    switch (random.next() % 5) {
      case 0:
        argument = JsonObject{{"type", "integer"}, {"minimum", 0}};
        break;
      case 1:
        argument = choice(random, 8);
        break;
      case 2:
        argument = JsonObject{{"type", "boolean"}};
        break;
      case 3:
        argument = JsonObject{{"type", "array"}, {"items", choice(random, 5)}, {"minItems", 1}, {"maxItems", 4}};
        break;
      default:
        argument = free_text(120);
        break;
    }
    if (described > 0) argument.get_object()["description"] = words(random, described);
    with[name] = std::move(argument);
  }
  return object({{"call", JsonObject{{"const", daimon::format("{}_{}_{}", word(random), word(random), number)}}},
                 {"with", object(std::move(with))}});
}

Json any_tool(std::size_t count, std::size_t arguments, std::size_t described) {
  SeededRandom random(count);
  JsonArray tools;
  for (std::size_t i = 0; i < count; ++i) tools.push_back(tool(random, i, arguments, described));
  return JsonObject{{"anyOf", std::move(tools)}};
}

// A value that satisfies one of the schemas above.
Json answer(const Json& schema, Random& random) {
  if (const Json* constant = find(schema, "const")) return *constant;
  if (const Json* list = find(schema, "enum")) return list->get_array()[random.next() % list->get_array().size()];
  if (const Json* list = find(schema, "anyOf"))
    return answer(list->get_array()[random.next() % list->get_array().size()], random);
  const std::string_view type = find_string(schema, "type").value();
  if (type == "integer") return static_cast<std::int64_t>(random.next() % 5000);
  if (type == "boolean") return random.next() % 2 == 0;
  if (type == "array") {
    JsonArray made;
    for (std::size_t i = 1 + random.next() % 4; i > 0; --i) made.push_back(answer(*find(schema, "items"), random));
    return made;
  }
  if (type == "object") {
    JsonObject made;
    for (const auto& member : find(schema, "properties")->get_object())
      made[member.key()] = answer(member.value(), random);
    return made;
  }
  if (const Json* texts = find(schema, "x-span-of")) {
    const std::string text(texts->get_array()[random.next() % texts->get_array().size()].get_string());
    const std::size_t begin = text.find(' ', random.next() % (text.size() / 2)) + 1;
    return Json(text.substr(begin, text.find(' ', std::min(begin + 30, text.size() - 1)) - begin));
  }
  const auto most = static_cast<std::size_t>(find_integer(schema, "maxLength").value());
  return Json(words(random, 4 + random.next() % 8).substr(0, most));
}

// The same language in libllama's grammar notation.
class Gbnf {
 public:
  static std::string of(const Json& schema) {
    Gbnf made;
    const std::string root = made.value(schema);
    return "root ::= " + root + "\n" + made.rules_ +
           "char ::= [^\"\\\\\\x7F\\x00-\\x1F] | \"\\\\\" ([\"\\\\bfnrt] | \"u\" [0-9a-fA-F]{4})\n"
           "integer ::= \"0\" | [1-9] [0-9]{0,17}\n"
           "boolean ::= \"true\" | \"false\"\n";
  }

 private:
  static std::string literal(std::string_view text) {
    std::string made = "\"";
    for (const char c : text) {
      if (c == '"' || c == '\\') made += '\\';
      made += c;
    }
    return made + "\"";
  }
  std::string rule(const std::string& body) {
    const std::string name = daimon::format("r{}", count_++);
    rules_ += name + " ::= " + body + "\n";
    return name;
  }
  std::string value(const Json& schema) {
    if (const Json* constant = find(schema, "const")) return literal(to_text(*constant));
    const auto choice_of = [&](const JsonArray& list, auto make) {
      std::string body;
      for (const Json& one : list) body += (body.empty() ? "" : " | ") + make(one);
      return rule(body);
    };
    if (const Json* list = find(schema, "enum"))
      return choice_of(list->get_array(), [](const Json& one) { return literal(to_text(one)); });
    if (const Json* list = find(schema, "anyOf"))
      return choice_of(list->get_array(), [this](const Json& one) { return value(one); });
    const std::string_view type = find_string(schema, "type").value();
    if (type == "integer" || type == "boolean") return std::string(type);
    if (type == "array") {
      const std::string item = value(*find(schema, "items"));
      return rule(daimon::format("\"[\" {} (\",\" {}){{0,{}}} \"]\"", item, item,
                                 find_integer(schema, "maxItems").value() - 1));
    }
    if (type == "object") {
      std::string body;
      for (const auto& member : find(schema, "properties")->get_object())
        body += literal(daimon::format("{}\"{}\":", body.empty() ? "{" : ",", std::string_view(member.key()))) + " " +
                value(member.value()) + " ";
      return rule(body + "\"}\"");
    }
    return rule(daimon::format("\"\\\"\" char{{0,{}}} \"\\\"\"", find_integer(schema, "maxLength").value()));
  }

  std::string rules_;
  int count_ = 0;
};

}  // namespace

std::vector<Case> cases(std::size_t answers) {
  SeededRandom random(2);
  std::vector<Case> made;
  made.push_back({"one call",
                  object({{"call", JsonObject{{"enum", JsonArray{"search", "read", "write", "answer"}}}},
                          {"text", free_text(200)},
                          {"count", JsonObject{{"type", "integer"}, {"minimum", 0}}},
                          {"exact", JsonObject{{"type", "boolean"}}}}),
                  {},
                  {}});
  made.push_back({"enums of 800",
                  object({{"customer", choice(random, 200)},
                          {"product", choice(random, 200)},
                          {"region", choice(random, 200)},
                          {"reason", choice(random, 200)}}),
                  {},
                  {}});
  made.push_back({"40 tools", any_tool(40, 4, 0), {}, {}});
  made.push_back({"over 100 KB", any_tool(150, 6, 10), {}, {}});
  for (const std::size_t kilobytes : std::initializer_list<std::size_t>{2, 16, 64}) {
    JsonArray lines;
    for (std::size_t bytes = 0; bytes < kilobytes * 1024; bytes += lines.back().get_string().size())
      lines.emplace_back(words(random, 40));
    made.push_back(
        {daimon::format("span of {} KB", kilobytes),
         object({{"answer", JsonObject{{"type", "string"}, {"maxLength", 160}, {"x-span-of", std::move(lines)}}}}),
         {},
         {}});
  }
  for (Case& one : made) {
    if (!one.name.starts_with("span")) one.gbnf = Gbnf::of(one.schema);
    for (std::size_t i = 0; i < answers; ++i) one.answers.push_back(to_text(answer(one.schema, random)));
  }
  return made;
}

}  // namespace daimon::bench
