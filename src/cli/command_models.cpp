// daimon ls, cpu and free.
#include <algorithm>
#include <filesystem>

#include "base/format.h"
#include "base/text.h"
#include "cli/follow.h"
#include "cli/table.h"
#include "processor/model_store.h"

namespace daimon::cli {

std::string model_from(const Arguments& arguments) {
  std::string name = arguments.value("model");
  std::error_code failed;
  const bool is_path = name.starts_with("./") || name.starts_with("../") || name.ends_with(".gguf");
  if (!is_path || !std::filesystem::exists(name, failed)) return name;
  const auto path = std::filesystem::absolute(name, failed);
  return failed ? name : path.lexically_normal().string();
}

namespace {

std::string text_of(const Json& value, std::string_view member) {
  return printable(find_string(value, member).value_or(""));
}

Result<Json> loaded_models(const Session& session) {
  DAIMON_TRY(const api::Client client, session.client());
  return client.get("/v1/local/models");
}

// Lines of "name: value", as lscpu has them.
class Sheet {
 public:
  explicit Sheet(const Terminal& terminal) : terminal_(terminal) {}
  void add(std::string_view name, std::string_view value) { lines_.emplace_back(name, value); }
  void print() const {
    std::string out;
    for (const auto& [name, value] : lines_)
      out += daimon::format("{} {}\n", pad(name + ":", 22), terminal_.out.paint(Style::kBold, value));
    terminal_.out.write(out);
  }

 private:
  const Terminal& terminal_;
  std::vector<std::pair<std::string, std::string>> lines_;
};

// Calls `show` for every loaded model and its usage.
int for_each_loaded(const Session& session, const Arguments& arguments,
                    void (*show)(const Session&, const Json& model, const Json& usage)) {
  const auto models = loaded_models(session);
  if (!models) return session.failed(models.error());
  if (arguments.has("json")) return print_json(session.terminal, *models), kSuccess;
  const Json* list = find(*models, "loaded");
  if (list == nullptr || !list->is_array() || list->get_array().empty())
    return session.note("no model is loaded yet: the first goal loads one"), kSuccess;
  bool first = true;
  for (const Json& model : list->get_array()) {
    if (!std::exchange(first, false)) session.terminal.out.write("\n");
    if (const Json* usage = find(model, "usage")) show(session, model, *usage);
  }
  return kSuccess;
}

}  // namespace

int list_models(const Session& session, const Arguments& arguments) {
  const auto models = loaded_models(session);
  if (!models) return session.failed(models.error());
  const auto stored = processor::ModelStore(processor::ModelStore::default_folder()).list();
  const std::string_view standard = find_string(*models, "default").value_or("");
  if (arguments.has("json")) {
    JsonObject object = models->get_object();
    JsonArray list;
    for (const auto& model : stored)
      list.push_back(JsonObject{{"name", model.name}, {"path", model.path.string()}, {"bytes", model.bytes}});
    object["stored"] = std::move(list);
    return print_json(session.terminal, object), kSuccess;
  }
  Table table({"MODEL", "SIZE", "CONTEXT", "STATE", "WHAT"}, {1, 2});
  if (const Json* list = find(*models, "loaded"); list != nullptr && list->is_array())
    for (const Json& model : list->get_array()) {
      const std::string id = text_of(model, "id");
      const bool remote = find_bool(model, "remote").value_or(false);
      table.add({id, remote ? "" : show_bytes(find_number(model, "file_bytes").value_or(0)),
                 show_count(find_integer(model, "context_tokens").value_or(0)), remote ? "remote" : "loaded",
                 daimon::format("{}{}", text_of(model, "description"), id == standard ? " (default)" : "")},
                {Style::kCyan});
    }
  for (const auto& model : stored)
    table.add({printable(model.name), show_bytes(static_cast<double>(model.bytes)), "", "on disk",
               printable(model.quantisation)},
              {Style::kCyan});
  session.terminal.out.write(table.text(session.terminal, session.terminal.out));
  if (stored.empty()) session.note("daimon pull OWNER/REPO fetches more");
  return kSuccess;
}

int show_processor(const Session& session, const Arguments& arguments) {
  return for_each_loaded(session, arguments, [](const Session& with, const Json& model, const Json& usage) {
    const auto number = [&](std::string_view name) { return find_integer(usage, name).value_or(0); };
    const auto cores = number("sequences_max");
    const auto active = number("sequences_active");
    const double speed = find_number(usage, "tokens_per_second").value_or(0);
    Sheet sheet(with.terminal);
    sheet.add("Model name", daimon::format("{} ({})", text_of(model, "id"), text_of(model, "description")));
    sheet.add("Architecture", text_of(usage, "backend"));
    sheet.add("Cores", daimon::format("{}", cores));
    sheet.add("Cores at work", daimon::format("{}", active));
    sheet.add("Requests waiting", daimon::format("{}", number("requests_queued")));
    sheet.add("Hz of a core", active > 0 ? daimon::format("{:.1f}", speed / static_cast<double>(active)) : "idle");
    sheet.add("Tokens a second", daimon::format("{:.1f}", speed));
    sheet.add("Threads", daimon::format("{}", number("threads")));
    sheet.add("Parameters", show_count(find_integer(model, "parameters").value_or(0)));
    sheet.add("Context of a process",
              daimon::format("{} tokens", show_count(find_integer(model, "context_tokens").value_or(0))));
    sheet.add("Tokens generated", show_count(number("tokens_total")));
    const auto read = number("tokens_prompt_total");
    const auto cached = number("tokens_cached_total");
    sheet.add("Tokens read",
              daimon::format("{}, {} of them ({:.0f}%) from cache", show_count(read), show_count(cached),
                             read > 0 ? 100.0 * static_cast<double>(cached) / static_cast<double>(read) : 0.0));
    sheet.print();
  });
}

int show_memory(const Session& session, const Arguments& arguments) {
  const auto models = loaded_models(session);
  if (!models) return session.failed(models.error());
  if (arguments.has("json")) return print_json(session.terminal, *models), kSuccess;
  Table table({"MODEL", "TOTAL", "USED", "FREE", "USED%", "MEMORY"}, {1, 2, 3, 4, 5});
  const Json* list = find(*models, "loaded");
  if (list == nullptr || !list->is_array() || list->get_array().empty())
    return session.note("no model is loaded yet: the first goal loads one"), kSuccess;
  for (const Json& model : list->get_array()) {
    const Json* usage = find(model, "usage");
    if (usage == nullptr) continue;
    const auto total = find_integer(*usage, "cells_max").value_or(0);
    const auto used = find_integer(*usage, "cells_used").value_or(0);
    table.add({text_of(model, "id"), show_count(total), show_count(used), show_count(total - used),
               total > 0 ? daimon::format("{}%", used * 100 / total) : "",
               show_bytes(find_number(*usage, "memory_bytes").value_or(0))},
              {Style::kCyan});
  }
  session.terminal.out.write(table.text(session.terminal, session.terminal.out));
  session.note("in tokens of context; shared prefixes count once");
  return kSuccess;
}

}  // namespace daimon::cli
