// A small deterministic world around one process: what a runtime does, without threads, models or disks.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "base/format.h"
#include "process/process.h"

namespace daimon::process::test {

inline device::CallSpecification call(std::string name, device::EffectClass effect, capability::Access access,
                                      bool hidden = false, bool risky = false) {
  device::CallSpecification specification;
  specification.name = std::move(name);
  specification.summary = "a call";
  specification.arguments_schema = JsonObject{{"type", "object"}, {"properties", JsonObject{}}};
  specification.effect = effect;
  specification.hidden = hidden;
  specification.needs_approval_at_l2 = risky;
  specification.accesses = [access](const Json& arguments) -> Result<std::vector<capability::Access>> {
    capability::Access wanted = access;
    if (wanted.kind == "file") wanted.object = find_string(arguments, "path").value_or("");
    if (wanted.kind == "net") wanted.object = find_string(arguments, "url").value_or("");
    return std::vector{wanted};
  };
  return specification;
}

class World {
 public:
  using Reply = std::function<std::string(const Think&)>;
  using Device = std::function<JsonObject(const device::Call&)>;  // the body of `returned`, without "call"

  double money_each = 0;  // what a thought costs

  World() {
    using E = device::EffectClass;
    for (auto& specification : std::vector<device::CallSpecification>{
             call("survey", E::kRead, {"index", "survey", ""}, true),
             call("cite", E::kRead, {"index", "cite", ""}, true), call("search", E::kRead, {"index", "search", ""}),
             call("read", E::kRead, {"file", "read", ""}), call("list", E::kRead, {"file", "list", ""}),
             call("table", E::kRead, {"file", "read", ""}), call("calculate", E::kPure, {"calculator", "use", ""}),
             call("write", E::kPure, {"file", "write", ""}),
             call("apply", E::kQueryable, {"file", "write", ""}, true, true),
             call("ask", E::kPure, {"person", "ask", ""}), call("python", E::kPure, {"python", "run", ""}),
             call("fetch", E::kOpaque, {"net", "get", ""}), call("send", E::kOpaque, {"net", "send", ""})})
      static_cast<void>(table.add(specification, nullptr));
    devices["survey"] = [](const device::Call&) {
      return ok(JsonObject{{"files", JsonArray{JsonObject{{"path", "a.csv"}, {"columns", JsonArray{"date", "amount"}}},
                                               JsonObject{{"path", "letters/fence.md"}}}}},
                "2 files");
    };
    devices["search"] = [](const device::Call&) {
      return ok(JsonObject{{"passages", JsonArray{JsonObject{{"mount", "home"},
                                                             {"path", "bills/march.pdf"},
                                                             {"version", "v1"},
                                                             {"page", 1},
                                                             {"text", "Electricity, March 2026\nTotal due: £84.20"}}}}},
                "1 passage");
    };
    devices["cite"] = [](const device::Call& c) {
      const bool holds = std::string("Electricity, March 2026\nTotal due: £84.20")
                             .contains(find_string(c.arguments, "quote").value_or("?"));
      return ok(JsonObject{{"verified", holds}}, "");
    };
    devices["write"] = [](const device::Call& c) {
      return ok(
          JsonObject{
              {"path", *find_string(c.arguments, "path")}, {"change", "c1"}, {"diff", "+84.20"}, {"creates", true}},
          daimon::format("{} staged", *find_string(c.arguments, "path")));
    };
    devices["table"] = [](const device::Call&) { return ok(nullptr, "sum of amount in a.csv = 12.50 (3 rows)"); };
    devices["calculate"] = [](const device::Call&) { return ok(nullptr, "1 + 1 = 2"); };
  }

  static JsonObject ok(Json value, std::string text) {
    return {{"outcome", "ok"},
            {"text", std::move(text)},
            {"value", std::move(value)},
            {"label", to_json(capability::untrusted_label("file:x"))},
            {"ms", 1.0}};
  }
  static JsonObject failed(std::string what) {
    return {{"outcome", "error"},
            {"text", what},
            {"error", to_json(Error{ErrorCode::kInvalidArgument, what, {}})},
            {"ms", 1.0}};
  }

  Process make(std::string id = "p1") { return Process({table, constitution, nullptr}, std::move(id)); }

  static JsonObject created(std::string goal) {
    using C = capability::Capability;
    JsonArray grants;
    for (const C& grant : {C{"file", {"list", "read", "write"}, "", {}, {}, {}},
                           C{"index", {"cite", "search", "survey"}, "", {}, {}, {}},
                           C{"calculator", {"use"}, "", {}, {}, {}}, C{"person", {"ask"}, "", {}, {}, {}}})
      grants.push_back(to_json(grant));
    return {{"goal", std::move(goal)},
            {"profile", "compact-3"},
            {"seed", 7},
            {"autonomy", 2},
            {"grants", std::move(grants)},
            {"mounts", JsonArray{JsonObject{{"name", "home"}, {"root", "/home/x"}}}}};
  }

  void input(Process& process, std::string type, JsonObject body) {
    time += std::chrono::milliseconds(10);
    inputs.push_back({process.id(), type, true, body});
    for (auto& record : process.step(type, body, time)) outputs.push_back(std::move(record));
    times.push_back(time);
  }

  // Brings the next input that the world would bring; false when the process waits for a person, or for nothing.
  bool advance(Process& process) {
    if (const auto* thought = std::get_if<Think>(&process.pending())) {
      const std::string text = reply(*thought);
      JsonObject body{
          {"think", thought->id}, {"prompt_tokens", 100}, {"cached_tokens", 40}, {"generated_tokens", 5}, {"ms", 2.0}};
      if (money_each > 0) body["money"] = money_each;
      if (text.starts_with("error "))
        body["error"] = to_json(Error{error_code_named(text.substr(6)), "model away", {}});
      else
        body["text"] = text;
      input(process, "replied", std::move(body));
      return true;
    }
    if (const auto* work = std::get_if<Dispatch>(&process.pending())) {
      calls.push_back(work->call);
      const auto device = devices.find(work->call.name);
      JsonObject body = device != devices.end() ? device->second(work->call) : ok(nullptr, "done");
      body["call"] = work->call.id;
      input(process, "returned", std::move(body));
      return true;
    }
    if (const auto* timer = std::get_if<AwaitTimer>(&process.pending())) {
      time = std::max(time, timer->at);
      input(process, "timer", {});
      return true;
    }
    return false;
  }
  void run(Process& process) {
    for (int i = 0; i < 500 && advance(process); ++i) {
    }
  }
  void decide(Process& process, bool approve) {
    const auto& waiting = std::get<AwaitApproval>(process.pending());
    input(process, "decided", {{"request", waiting.request}, {"digest", waiting.digest}, {"approve", approve}});
  }

  // Replies with these texts in turn, then keeps to the last.
  void script(std::vector<std::string> texts) {
    reply = [texts = std::move(texts), next = std::size_t{0}](const Think&) mutable {
      return texts[std::min(next++, texts.size() - 1)];
    };
  }

  CallTable table;
  capability::Constitution constitution;
  Reply reply;
  std::map<std::string, Device> devices;
  std::vector<device::Call> calls;
  std::vector<journal::NewRecord> inputs, outputs;
  std::vector<WallTime> times;
  WallTime time = wall_time_from(1'770'000'000'000);
};

}  // namespace daimon::process::test
