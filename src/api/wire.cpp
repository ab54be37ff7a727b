#include "api/wire.h"

#include <cmath>

#include "base/format.h"
#include "base/text.h"

namespace daimon::api {
namespace {

// Reads the members of one object; what is left over at `finish` is unknown.
class Reader {
 public:
  explicit Reader(const Json& value) : value_(value) {
    if (!value.is_object()) error_ = Error{ErrorCode::kInvalidArgument, "the body must be a JSON object", {}};
  }

  void read(std::string_view name, std::string& to, bool required = false) {
    if (const Json* member = take(name, required)) {
      if (member->is_string())
        to = member->get_string();
      else
        wrong(name, "a string");
    }
  }
  void read(std::string_view name, bool& to, bool required = false) {
    if (const Json* member = take(name, required)) {
      if (member->is_bool())
        to = member->get_bool();
      else
        wrong(name, "true or false");
    }
  }
  template <class Integer>
    requires std::is_integral_v<Integer>
  void read(std::string_view name, Integer& to) {
    if (const Json* member = take(name, false)) {
      boost::system::error_code bad;
      const auto number = member->is_double() ? Integer{} : member->to_number<Integer>(bad);
      if (bad || member->is_double() || !member->is_number())
        wrong(name, "a whole number in its range");
      else
        to = number;
    }
  }
  void read(std::string_view name, double& to) {
    if (take(name, false) != nullptr) {
      const auto number = find_number(value_, name);
      if (number && std::isfinite(*number))
        to = *number;
      else
        wrong(name, "a number");
    }
  }
  void read(std::string_view name, std::vector<std::string>& to) {
    const Json* member = take(name, false);
    if (member == nullptr) return;
    if (!member->is_array()) return wrong(name, "a list of strings");
    for (const Json& item : member->get_array()) {
      if (!item.is_string()) return wrong(name, "a list of strings");
      to.emplace_back(item.get_string());
    }
  }
  const Json* take(std::string_view name, bool required) {
    known_.emplace_back(name);
    const Json* member = find(value_, name);
    if (member != nullptr && member->is_null() && !required) return nullptr;
    if (member == nullptr && required && !error_)
      error_ = Error{ErrorCode::kInvalidArgument, daimon::format("\"{}\" is missing from the body", name), {}};
    return member;
  }
  void wrong(std::string_view name, std::string_view wanted) {
    if (!error_) error_ = Error{ErrorCode::kInvalidArgument, daimon::format("\"{}\" must be {}", name, wanted), {}};
  }
  void fail_with(const Error& error) {
    if (!error_) error_ = error;
  }

  template <class T>
  Result<T> finish(T value) {
    if (!error_)
      for (const auto& member : value_.get_object())
        if (!std::ranges::contains(known_, std::string_view(member.key()))) {
          std::string names;
          for (const std::string& name : known_) names += (names.empty() ? "" : ", ") + name;
          error_ = Error{ErrorCode::kInvalidArgument,
                         daimon::format("\"{}\" is unknown here", printable(cut_utf8(member.key(), 80))),
                         daimon::format("known: {}", names)};
          break;
        }
    if (error_) return std::unexpected(*error_);
    return value;
  }

 private:
  const Json& value_;
  std::optional<Error> error_;
  std::vector<std::string> known_;
};

}  // namespace

Result<kernel::Budget> budget_from(const Json& value) {
  kernel::Budget budget;
  Reader reader(value);
  reader.read("tokens", budget.tokens);
  reader.read("seconds", budget.seconds);
  reader.read("effects", budget.effects);
  reader.read("money", budget.money);
  if (budget.tokens < 0 || budget.seconds < 0 || budget.effects < 0 || budget.money < 0)
    reader.fail_with({ErrorCode::kInvalidArgument, "a budget cannot be negative", {}});
  return reader.finish(budget);
}

Result<kernel::StartOptions> start_options_from(const Json& value) {
  kernel::StartOptions options;
  std::string mode = "run";
  std::uint64_t seed = 0;
  Reader reader(value);
  reader.read("goal", options.goal, true);
  reader.read("mounts", options.mounts);
  reader.read("model", options.model);
  reader.read("autonomy", options.autonomy);
  reader.read("mode", mode);
  reader.read("parent", options.parent);
  reader.read("material", options.material);
  reader.read("seed", seed);
  if (const Json* given = find(value, "seed"); given != nullptr && !given->is_null()) options.seed = seed;
  if (const Json* given = reader.take("budget", false)) {
    if (auto budget = budget_from(*given))
      options.budget = *budget;
    else
      reader.fail_with(budget.error());
  }
  if (mode == "ask")
    options.mode = kernel::Mode::kAsk;
  else if (mode != "run")
    reader.wrong("mode", "\"run\" or \"ask\"");
  return reader.finish(std::move(options));
}

Result<kernel::Signal> signal_from(const Json& value) {
  std::string name;
  Reader reader(value);
  reader.read("signal", name, true);
  kernel::Signal signal = kernel::Signal::kPause;
  if (name == "resume")
    signal = kernel::Signal::kResume;
  else if (name == "kill")
    signal = kernel::Signal::kKill;
  else if (name != "pause")
    reader.wrong("signal", "\"pause\", \"resume\" or \"kill\"");
  return reader.finish(signal);
}

Result<kernel::Decision> decision_from(const Json& value) {
  kernel::Decision decision;
  Reader reader(value);
  reader.read("request", decision.request, true);
  reader.read("digest", decision.digest, true);
  reader.read("approve", decision.approve, true);
  reader.read("reason", decision.reason);
  return reader.finish(std::move(decision));
}

Result<std::string> undo_from(const Json& value) {
  std::string change;
  Reader reader(value);
  reader.read("change", change, true);
  return reader.finish(std::move(change));
}

Result<Answer> answer_from(const Json& value) {
  Answer answer;
  Reader reader(value);
  reader.read("request", answer.request, true);
  reader.read("text", answer.text, true);
  return reader.finish(std::move(answer));
}

Result<MountRequest> mount_request_from(const Json& value) {
  MountRequest request;
  Reader reader(value);
  reader.read("path", request.path, true);
  reader.read("name", request.name);
  if (!request.path.starts_with('/') || request.path.contains('\0')) reader.wrong("path", "an absolute path");
  return reader.finish(std::move(request));
}

std::string_view name_of(Scope scope) noexcept { return scope == Scope::kAll ? "all" : "models"; }

Result<ListenRequest> listen_request_from(const Json& value) {
  ListenRequest request;
  std::string scope = "models";
  Reader reader(value);
  reader.read("port", request.port);
  reader.read("scope", scope);
  reader.read("new_token", request.new_token);
  reader.read("keep", request.keep);
  if (scope == "all")
    request.scope = Scope::kAll;
  else if (scope != "models")
    reader.wrong("scope", "\"models\" or \"all\"");
  return reader.finish(request);
}

JsonObject to_json(const kernel::Budget& budget) {
  JsonObject object;
  if (budget.tokens != 0) object["tokens"] = budget.tokens;
  if (budget.seconds != 0) object["seconds"] = budget.seconds;
  if (budget.effects != 0) object["effects"] = budget.effects;
  if (budget.money != 0) object["money"] = budget.money;
  return object;
}

JsonObject to_json(const kernel::StartOptions& options) {
  JsonObject object{{"goal", options.goal},         {"mounts", JsonArray(options.mounts.begin(), options.mounts.end())},
                    {"model", options.model},       {"budget", to_json(options.budget)},
                    {"autonomy", options.autonomy}, {"mode", options.mode == kernel::Mode::kAsk ? "ask" : "run"}};
  if (options.seed) object["seed"] = *options.seed;
  if (!options.parent.empty()) object["parent"] = options.parent;
  if (!options.material.empty()) object["material"] = options.material;
  return object;
}

Json error_body(const Error& error) { return JsonObject{{"error", daimon::to_json(error)}}; }

int status_of(ErrorCode code) noexcept {
  switch (code) {
    case ErrorCode::kInvalidArgument:
    case ErrorCode::kUnsupported:
      return 400;
    case ErrorCode::kDenied:
      return 403;
    case ErrorCode::kNotFound:
      return 404;
    case ErrorCode::kConflict:
      return 409;
    case ErrorCode::kLimit:
      return 429;
    case ErrorCode::kUnavailable:
      return 503;
    case ErrorCode::kTimeout:
      return 504;
    case ErrorCode::kCancelled:
    case ErrorCode::kCorrupt:
    case ErrorCode::kIo:
    case ErrorCode::kInternal:
      break;
  }
  return 500;
}

}  // namespace daimon::api
