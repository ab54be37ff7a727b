#include "constraint/grammar.h"

#include <algorithm>
#include <array>
#include <map>
#include <set>

#include "base/format.h"
#include "constraint/machine.h"
#include "constraint/text_pattern.h"

namespace daimon::constraint {
namespace {

// About 200 bytes a state while it is compiled.
constexpr std::size_t kStatesMax = 500'000;
constexpr std::size_t kPatternBytesMax = 8192;  // a byte of it may become some thirty states
constexpr std::uint64_t kEnumeratedIntegersMax = 4096;

class SchemaCompiler {
 public:
  SchemaCompiler(const Json& root, Automaton& automaton) : root_(root), automaton_(automaton) {}

  Status compile() {
    // Texts and names become a state or two a byte: looked at before they do.
    if (to_text(root_).size() > kStatesMax) return error(ErrorCode::kLimit, "", "the schema is too large");
    automaton_.rules.push_back(0);
    DAIMON_TRY(const Fragment whole, value(root_, ""));
    if (automaton_.states.size() > kStatesMax) return error(ErrorCode::kLimit, "", "the schema is too large");
    automaton_.rules[0] = whole.begin;
    automaton_.states[whole.end].accept = true;
    return {};
  }

 private:
  static std::unexpected<Error> error(ErrorCode code, std::string_view pointer, std::string_view what) {
    return fail(code, daimon::format("schema at '{}': {}", pointer.empty() ? "/" : pointer, what),
                code == ErrorCode::kUnsupported ? "write the schema without it, or check the value after it is made"
                                                : "correct the schema");
  }
  void link(StateId from, StateId to) { automaton_.states[from].epsilon.push_back(to); }
  Fragment text(std::string_view bytes) {
    Fragment made{automaton_.add(), 0};
    StateId at = made.begin;
    for (const char c : bytes) {
      const StateId next = automaton_.add();
      automaton_.states[at].bytes.push_back({static_cast<std::uint8_t>(c), static_cast<std::uint8_t>(c), next});
      at = next;
    }
    made.end = at;
    return made;
  }
  Fragment then(Fragment a, Fragment b) {
    link(a.end, b.begin);
    return {a.begin, b.end};
  }
  Fragment choice(const std::vector<Fragment>& options) {
    const Fragment either{automaton_.add(), automaton_.add()};
    for (const Fragment& option : options) {
      link(either.begin, option.begin);
      link(option.end, either.end);
    }
    return either;
  }

  Result<Fragment> value(const Json& schema, const std::string& pointer) {
    if (automaton_.states.size() > kStatesMax) return error(ErrorCode::kLimit, pointer, "the schema is too large");
    if (++depth_ > 200) return error(ErrorCode::kLimit, pointer, "the schema is nested too deeply");
    auto made = value_at(schema, pointer);
    --depth_;
    return made;
  }

  Result<Fragment> value_at(const Json& schema, const std::string& pointer) {
    if (schema.is_bool() && !schema.get_bool())
      return error(ErrorCode::kInvalidArgument, pointer, "false admits nothing");
    if (!schema.is_object())
      return error(ErrorCode::kUnsupported, pointer, "a schema must be an object that says what is wanted");
    DAIMON_CHECK(check_keywords(schema.get_object(), pointer));
    if (const auto pattern = find_string(schema, "pattern"); pattern && pattern->size() > kPatternBytesMax)
      return error(ErrorCode::kLimit, pointer + "/pattern", "the pattern is too long");
    if (const auto reference = find_string(schema, "$ref")) return refer(*reference, pointer);
    if (const Json* constant = find(schema, "const")) return text(boost::json::serialize(*constant));
    if (const Json* list = find(schema, "enum")) {
      if (!list->is_array() || list->get_array().empty())
        return error(ErrorCode::kInvalidArgument, pointer + "/enum", "an empty enum admits nothing");
      std::vector<Fragment> options;
      std::set<std::string> seen;
      for (const Json& item : list->get_array()) {
        std::string serialised = boost::json::serialize(item);
        if (seen.insert(serialised).second) options.push_back(text(serialised));
      }
      return choice(options);
    }
    for (const std::string_view keyword : {"anyOf", "oneOf"})
      if (const Json* list = find(schema, keyword)) {
        if (!list->is_array() || list->get_array().empty())
          return error(ErrorCode::kInvalidArgument, pointer, "an empty anyOf admits nothing");
        std::vector<Fragment> options;
        for (std::size_t i = 0; i < list->get_array().size(); ++i) {
          DAIMON_TRY(const Fragment option,
                     value(list->get_array()[i], daimon::format("{}/{}/{}", pointer, keyword, i)));
          options.push_back(option);
        }
        return choice(options);
      }
    const Json* type = find(schema, "type");
    if (type == nullptr) {
      if (find(schema, "properties") != nullptr) return object(schema, pointer);
      if (find(schema, "x-span-of") != nullptr || find(schema, "pattern") != nullptr) return string(schema, pointer);
      return error(ErrorCode::kUnsupported, pointer, "a schema without a type would admit anything");
    }
    if (type->is_string()) return typed(type->get_string(), schema, pointer);
    if (!type->is_array() || type->get_array().empty())
      return error(ErrorCode::kInvalidArgument, pointer + "/type", "not a type");
    std::vector<Fragment> options;
    for (const Json& one : type->get_array()) {
      if (!one.is_string()) return error(ErrorCode::kInvalidArgument, pointer + "/type", "not a type");
      DAIMON_TRY(const Fragment option, typed(one.get_string(), schema, pointer));
      options.push_back(option);
    }
    return choice(options);
  }

  static Status check_keywords(const JsonObject& schema, const std::string& pointer) {
    static const std::set<std::string, std::less<>> kKnown = {
        "type", "properties", "required", "additionalProperties", "items", "minItems", "maxItems", "enum", "const",
        "minLength", "maxLength", "pattern", "minimum", "maximum", "anyOf", "oneOf", "$ref", "$defs", "definitions",
        "x-span-of", "x-begins-with",
        // These describe; they restrict nothing.
        "description", "title", "default", "examples", "example", "$schema", "$id", "$comment", "deprecated",
        "readOnly", "format"};
    for (const auto& member : schema)
      if (!kKnown.contains(std::string_view(member.key())))
        return error(ErrorCode::kUnsupported, pointer,
                     daimon::format("the keyword '{}' is not known", std::string_view(member.key())));
    return {};
  }

  Result<Fragment> refer(std::string_view reference, const std::string& pointer) {
    RuleId rule = 0;
    if (const auto known = rules_.find(reference); known != rules_.end()) {
      rule = known->second;
    } else {
      const Json* target = &root_;
      if (reference != "#") {
        if (!reference.starts_with("#/"))
          return error(ErrorCode::kUnsupported, pointer, daimon::format("$ref '{}' leaves the schema", reference));
        boost::system::error_code failed;
        target = root_.find_pointer(reference.substr(1), failed);
        if (failed || target == nullptr)
          return error(ErrorCode::kInvalidArgument, pointer, daimon::format("$ref '{}' points nowhere", reference));
      }
      rule = static_cast<RuleId>(automaton_.rules.size());
      automaton_.rules.push_back(0);
      rules_.emplace(std::string(reference), rule);
      DAIMON_TRY(const Fragment made, value(*target, std::string(reference.substr(1))));
      automaton_.rules[rule] = made.begin;
      automaton_.states[made.end].accept = true;
    }
    return call(rule);
  }

  Fragment call(RuleId rule) {
    const Fragment made{automaton_.add(), automaton_.add()};
    automaton_.states[made.begin].call = rule;
    automaton_.states[made.begin].call_return = made.end;
    return made;
  }

  Result<Fragment> typed(std::string_view type, const Json& schema, const std::string& pointer) {
    if (type == "object") return object(schema, pointer);
    if (type == "array") return array(schema, pointer);
    if (type == "string") return string(schema, pointer);
    if (type == "integer") return integer(schema, pointer);
    if (type == "number") return number(schema, pointer);
    if (type == "boolean") return choice({text("true"), text("false")});
    if (type == "null") return text("null");
    return error(ErrorCode::kInvalidArgument, pointer, daimon::format("'{}' is not a type", type));
  }

  Result<Fragment> object(const Json& schema, const std::string& pointer) {
    if (const Json* additional = find(schema, "additionalProperties");
        additional != nullptr && !(additional->is_bool() && !additional->get_bool()))
      return error(ErrorCode::kUnsupported, pointer, "additionalProperties other than false");
    static const JsonObject kNoMembers;
    const Json* properties = find(schema, "properties");
    const JsonObject& members =
        properties != nullptr && properties->is_object() ? properties->get_object() : kNoMembers;
    std::set<std::string, std::less<>> required;
    if (const Json* list = find(schema, "required"); list != nullptr && list->is_array())
      for (const Json& name : list->get_array()) {
        if (!name.is_string() || !members.contains(std::string_view(name.get_string())))
          return error(ErrorCode::kInvalidArgument, pointer + "/required",
                       "a required property is not among the properties, so nothing satisfies it");
        required.emplace(name.get_string());
      }
    // Two lanes: before and after the first member, which decides about the comma.
    Fragment whole = text("{");
    StateId first = whole.end;
    StateId later = automaton_.add();
    for (const auto& member : members) {
      const std::string_view name = member.key();
      DAIMON_TRY(const Fragment inner, value(member.value(), daimon::format("{}/properties/{}", pointer, name)));
      const std::string key = boost::json::serialize(boost::json::string(name)) + ":";
      const StateId next_first = automaton_.add();
      const StateId next_later = automaton_.add();
      const Fragment plain = text(key);
      const Fragment comma = text("," + key);
      link(first, plain.begin);
      link(later, comma.begin);
      link(plain.end, inner.begin);
      link(comma.end, inner.begin);
      link(inner.end, next_later);
      if (!required.contains(name)) {
        link(first, next_first);
        link(later, next_later);
      }
      first = next_first;
      later = next_later;
    }
    const Fragment close = text("}");
    link(first, close.begin);
    link(later, close.begin);
    return Fragment{whole.begin, close.end};
  }

  Result<Fragment> array(const Json& schema, const std::string& pointer) {
    const Json* items = find(schema, "items");
    if (items == nullptr) return error(ErrorCode::kUnsupported, pointer, "an array needs items");
    DAIMON_TRY(const auto minimum, limit(schema, "minItems", 0, pointer));
    DAIMON_TRY(const auto maximum, limit(schema, "maxItems", UINT32_MAX, pointer));
    if (minimum > maximum)
      return error(ErrorCode::kInvalidArgument, pointer, "minItems is above maxItems, so nothing satisfies it");
    const Fragment open = text("[");
    const Fragment close = text("]");
    if (maximum == 0) return then(open, close);
    DAIMON_TRY(const Fragment item, value(*items, pointer + "/items"));
    Fragment first = item;
    if (maximum > 1) {
      // Wanted in two places and compiled once: arrays in arrays would double with every level.
      const auto rule = static_cast<RuleId>(automaton_.rules.size());
      automaton_.rules.push_back(item.begin);
      automaton_.states[item.end].accept = true;
      first = call(rule);
      const Fragment more = add_repeat(automaton_, then(text(","), call(rule)), minimum > 1 ? minimum - 1 : 0,
                                       maximum == UINT32_MAX ? UINT32_MAX : maximum - 1);
      link(first.end, more.begin);
      link(more.end, close.begin);
    } else {
      link(first.end, close.begin);
    }
    link(open.end, first.begin);
    if (minimum == 0) link(open.end, close.begin);
    return Fragment{open.begin, close.end};
  }

  Result<Fragment> string(const Json& schema, const std::string& pointer) {
    DAIMON_TRY(const auto minimum, limit(schema, "minLength", 0, pointer));
    DAIMON_TRY(const auto maximum, limit(schema, "maxLength", UINT32_MAX, pointer));
    if (minimum > maximum)
      return error(ErrorCode::kInvalidArgument, pointer, "minLength is above maxLength, so nothing satisfies it");
    Fragment inner;
    if (const Json* spans = find(schema, "x-span-of")) {
      if (!spans->is_array() || spans->get_array().empty())
        return error(ErrorCode::kInvalidArgument, pointer + "/x-span-of", "no text to take a span of");
      std::vector<std::string_view> texts;
      for (const Json& item : spans->get_array())
        if (item.is_string() && !item.get_string().empty()) texts.emplace_back(item.get_string());
      if (texts.empty())
        return error(ErrorCode::kInvalidArgument, pointer + "/x-span-of", "only empty texts to take a span of");
      inner = add_spans(automaton_, texts);
    } else if (const auto pattern = find_string(schema, "pattern")) {
      if (minimum != 0 || maximum != UINT32_MAX)
        return error(ErrorCode::kUnsupported, pointer,
                     "pattern together with minLength or maxLength: put the limit into the pattern");
      auto made = add_pattern(automaton_, *pattern);
      if (!made) return error(made.error().code, pointer, made.error().what);
      inner = *made;
    } else {
      inner = add_text(automaton_, minimum, maximum);
    }
    std::string open = "\"";
    if (const Json* begins = find(schema, "x-begins-with")) {
      if (!begins->is_string()) return error(ErrorCode::kInvalidArgument, pointer + "/x-begins-with", "not a string");
      open = boost::json::serialize(*begins);
      open.pop_back();
    }
    return then(then(text(open), inner), text("\""));
  }

  Fragment digits(std::uint32_t minimum, std::uint32_t maximum) {
    const Fragment digit{automaton_.add(), automaton_.add()};
    automaton_.states[digit.begin].bytes.push_back({'0', '9', digit.end});
    return add_repeat(automaton_, digit, minimum, maximum);
  }
  Fragment whole_number(bool negative_too) {
    const Fragment lead{automaton_.add(), automaton_.add()};
    automaton_.states[lead.begin].bytes.push_back({'1', '9', lead.end});
    const Fragment magnitude = choice({text("0"), then(lead, digits(0, 17))});
    return negative_too ? choice({magnitude, then(text("-"), magnitude)}) : magnitude;
  }

  Result<Fragment> integer(const Json& schema, const std::string& pointer) {
    const auto minimum = find_integer(schema, "minimum");
    const auto maximum = find_integer(schema, "maximum");
    if ((find(schema, "minimum") != nullptr && !minimum) || (find(schema, "maximum") != nullptr && !maximum))
      return error(ErrorCode::kUnsupported, pointer, "the limits of an integer must be integers");
    if (minimum && maximum && *minimum > *maximum)
      return error(ErrorCode::kInvalidArgument, pointer, "minimum is above maximum, so nothing satisfies it");
    // Without a sign, so that neither the difference nor the counting overflows at the ends of the range.
    if (const auto difference =
            static_cast<std::uint64_t>(maximum.value_or(0)) - static_cast<std::uint64_t>(minimum.value_or(0));
        minimum && maximum && difference < kEnumeratedIntegersMax) {
      std::vector<Fragment> options;
      for (std::uint64_t i = 0; i <= difference; ++i)
        options.push_back(text(std::to_string(*minimum + static_cast<std::int64_t>(i))));
      return choice(options);
    }
    if (maximum || (minimum && *minimum != 0))
      return error(ErrorCode::kUnsupported, pointer,
                   "limits further apart than 4096, or only one of them other than minimum 0");
    return whole_number(!minimum);
  }

  Result<Fragment> number(const Json& schema, const std::string& pointer) {
    const auto minimum = find_number(schema, "minimum");
    if (find(schema, "maximum") != nullptr || (find(schema, "minimum") != nullptr && (!minimum || *minimum != 0.0)))
      return error(ErrorCode::kUnsupported, pointer, "limits of a number other than minimum 0");
    const Fragment whole = whole_number(!minimum);
    const Fragment fraction = then(text("."), digits(1, 17));
    const Fragment exponent = then(choice({text("e"), text("e-"), text("e+")}), digits(1, 2));
    return then(then(whole, add_repeat(automaton_, fraction, 0, 1)), add_repeat(automaton_, exponent, 0, 1));
  }

  static Result<std::uint32_t> limit(const Json& schema, std::string_view keyword, std::uint32_t otherwise,
                                     const std::string& pointer) {
    const Json* found = find(schema, keyword);
    if (found == nullptr) return otherwise;
    const auto value = find_integer(schema, keyword);
    if (!value || *value < 0)
      return error(ErrorCode::kInvalidArgument, pointer, daimon::format("{} is not a count", keyword));
    return static_cast<std::uint32_t>(std::min<std::int64_t>(*value, 1'000'000'000));
  }

  const Json& root_;
  Automaton& automaton_;
  std::map<std::string, RuleId, std::less<>> rules_;
  int depth_ = 0;
};

// From which states can the end of their rule be reached? A fixed point over the reversed edges (a call counts when its
// rule can end).
std::vector<bool> productive_states(const Automaton& automaton) {
  const std::size_t count = automaton.states.size();
  std::vector<std::vector<StateId>> before(count);
  std::vector<std::vector<StateId>> callers(automaton.rules.size());
  std::vector<std::vector<RuleId>> rules_at(count);
  for (RuleId rule = 0; rule < automaton.rules.size(); ++rule) rules_at[automaton.rules[rule]].push_back(rule);
  std::vector<StateId> open;
  std::vector<bool> productive(count);
  const auto mark = [&](StateId state) {
    if (productive[state]) return;
    productive[state] = true;
    open.push_back(state);
  };
  for (StateId i = 0; i < count; ++i) {
    const State& state = automaton.states[i];
    for (const ByteEdge& edge : state.bytes) before[edge.to].push_back(i);
    for (const StateId to : state.epsilon) before[to].push_back(i);
    if (state.counter != State::Counter::kNone) before[state.counter_to].push_back(i);
    if (state.call != kNoRule) {
      callers[state.call].push_back(i);
      before[state.call_return].push_back(i);
    }
    if (state.accept) mark(i);
  }
  const auto can_call = [&](StateId i) {
    const State& state = automaton.states[i];
    return state.call == kNoRule || (productive[automaton.rules[state.call]] && productive[state.call_return]);
  };
  while (!open.empty()) {
    const StateId state = open.back();
    open.pop_back();
    for (const StateId from : before[state])
      if (automaton.states[from].call == kNoRule || can_call(from)) mark(from);
    for (const RuleId rule : rules_at[state])
      for (const StateId caller : callers[rule])
        if (can_call(caller)) mark(caller);
  }
  return productive;
}

}  // namespace

Result<std::shared_ptr<const Grammar>> Grammar::from_json_schema(const Json& schema) {
  auto grammar = std::make_shared<Grammar>();
  DAIMON_CHECK(SchemaCompiler(schema, grammar->automaton_).compile());
  grammar->productive_ = productive_states(grammar->automaton_);
  if (!grammar->productive_[grammar->automaton_.rules[0]])
    return fail(ErrorCode::kInvalidArgument, "no text satisfies the schema: it refers to itself without an end",
                "give the recursion a way to stop");
  Simulation trial(grammar->automaton_, grammar->productive_);
  static_cast<void>(trial.start());
  if (trial.is_cut())
    return fail(ErrorCode::kLimit, "the schema can begin in too many ways: it refers to itself before anything is read",
                "name each alternative once");
  return grammar;
}

std::shared_ptr<Machine> Grammar::machine(const std::shared_ptr<const Vocabulary>& vocabulary) const {
  const std::scoped_lock lock(mutex_);
  if (machine_ == nullptr || machine_->vocabulary() != vocabulary || machine_->is_full())
    machine_ = std::make_shared<Machine>(*this, vocabulary);
  return machine_;
}

}  // namespace daimon::constraint
