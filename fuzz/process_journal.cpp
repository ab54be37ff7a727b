// What a model writes, what devices give back and what a journal holds: each line of the input goes where the process
// waits for it, and a line that is {"type": ..., "body": {...}} is an input as somebody else may have written it into a
// journal. Whatever they are, the process takes them without harm, the same each time, can be shown, and changes no
// file that nobody approved.
#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/format.h"
#include "base/json.h"
#include "base/text.h"
#include "capability/constitution.h"
#include "device/ask.h"
#include "device/calculator_device.h"
#include "device/files_device.h"
#include "device/table_device.h"
#include "process/call_table.h"
#include "process/process.h"

namespace {

using namespace daimon;

JsonObject created() {
  JsonArray grants;
  for (const capability::Capability& grant : {capability::Capability{"file", {"list", "read", "write"}, "", {}, {}, {}},
                                              capability::Capability{"calculator", {"use"}, "", {}, {}, {}},
                                              capability::Capability{"person", {"ask"}, "", {}, {}, {}}})
    grants.push_back(to_json(grant));
  return {{"goal", "Write the sum of amount in a.csv to notes/total.txt"},
          {"profile", "compact-3"},
          {"seed", 7},
          {"autonomy", 2},
          {"grants", std::move(grants)},
          {"mounts", JsonArray{JsonObject{{"name", "home"}, {"root", "/home/x"}}}}};
}

class Run {
 public:
  explicit Run(const process::Process::Environment& environment) : process_(environment, "p1") {}

  std::string of(std::string_view text) {
    input("created", created());
    for (int lines = 0; !text.empty() && lines < 200; ++lines) {
      const std::string_view line = text.substr(0, text.find('\n'));
      text.remove_prefix(std::min(text.size(), line.size() + 1));
      take(line);
    }
    return std::move(said_);
  }

 private:
  void take(std::string_view line) {
    const auto json = parse_json(line);
    if (json && find(*json, "body") != nullptr && find(*json, "body")->is_object()) {
      const std::string type(find_string(*json, "type").value_or(""));
      approved_ += type == "decided";
      // A capability, an autonomy or a plan of another making is another question than this fuzzer's.
      if (type != "created") input(type, find(*json, "body")->get_object());
    } else if (const auto* thought = std::get_if<process::Think>(&process_.pending())) {
      input("replied", {{"think", thought->id}, {"text", repair_utf8(line)}, {"prompt_tokens", 9}, {"ms", 1.0}});
    } else if (const auto* work = std::get_if<process::Dispatch>(&process_.pending())) {
      input("returned", {{"call", work->call.id},
                         {"outcome", line.starts_with('!') ? "error" : "ok"},
                         {"text", repair_utf8(line)},
                         {"value", json ? *json : Json()},
                         {"label", to_json(capability::untrusted_label("file:x"))}});
    } else if (const auto* approval = std::get_if<process::AwaitApproval>(&process_.pending())) {
      const bool approve = line.ends_with('y');
      approved_ += approve;
      input("decided", {{"request", approval->request}, {"digest", approval->digest}, {"approve", approve}});
    } else if (const auto* question = std::get_if<process::AwaitAnswer>(&process_.pending())) {
      input("answered", {{"request", question->request}, {"text", repair_utf8(line)}});
    } else if (std::holds_alternative<process::AwaitTimer>(process_.pending())) {
      input("timer", {});
    }
  }

  void input(std::string_view type, const JsonObject& body) {
    for (const journal::NewRecord& record : process_.step(type, body, wall_time_from(++at_)))
      said_ += record.type + to_text(record.body) + "\n";
    said_ += to_text(process_.view()) + "\n";
    const auto* work = std::get_if<process::Dispatch>(&process_.pending());
    if (work == nullptr || work->call.id == call_) return;
    call_ = work->call.id;
    if (work->call.name == "apply" && ++applied_ > approved_) std::abort();
  }

  process::Process process_;
  std::string said_;
  std::string call_;
  std::int64_t at_ = 0;
  int approved_ = 0;
  int applied_ = 0;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto devices = [] {
    std::vector<std::unique_ptr<device::Device>> made;
    made.push_back(device::make_files_device(nullptr, 022));
    made.push_back(device::make_table_device());
    made.push_back(device::make_calculator_device());
    return made;
  }();
  static const process::CallTable calls = [] {
    process::CallTable made;
    for (const auto& device : devices)
      if (!made.add_device(*device)) std::abort();
    if (!made.add(device::make_ask_specification(), nullptr)) std::abort();
    return made;
  }();
  static const capability::Constitution none;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  if (Run({calls, none}).of(text) != Run({calls, none}).of(text)) std::abort();
  return 0;
}
