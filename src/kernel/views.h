// What the kernel's parts look like from outside (docs/api.md), and the bodies of what comes back to a process.
#pragma once

#include <filesystem>
#include <functional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"
#include "device/device.h"
#include "embedding/static_embedding.h"
#include "fs/file_system.h"
#include "journal/journal.h"
#include "kernel/model_pool.h"
#include "process/process.h"
#include "processor/processor.h"
#include "sandbox/sandbox.h"

namespace daimon::kernel {

// A record as an event of a stream: its body with seq, time, process and type before it.
Json event_of(const journal::Record& record);

JsonObject replied_body(const std::string& thought, const processor::Answered& reply, double ms);
// What of the body of a reply was used up; empty when nothing was.
JsonObject spent_body(const JsonObject& replied);
JsonObject returned_body(const std::string& call, const Result<device::Outcome>& outcome, double ms);

// Nobody can tell whether it happened.
JsonObject unknown_body(const std::string& call, std::string_view what, double ms);

// Steps `process` through the inputs of `records` and compares what it makes of them with what was journaled, up to the
// first difference.
struct Comparison {
  std::int64_t compared = 0;  // records that it made
  Json divergence;            // {"seq", "journal", "replay"}; null when there is none
};
Comparison compare(process::Process& process, std::span<const journal::Record> records);
Result<Json> replay_report(process::Process& process, std::span<const journal::Record> records);

// The view of a process that is held because its replay diverged, and of that process when it was killed.
Json held_view(Json view, std::string_view process, const Json& divergence);
Json killed_view(Json view);
// The view of a process that has not ended, in a journal that somebody changed.
Json distrusted_view(Json view, const Error& problem);
// Whether `row` says nothing else of a process than `view`. A build may have come to say more: what only `view` has is
// no difference.
bool is_within(const Json& row, const Json& view);

Result<Json> mount_folder(fs::FileSystem& files, const std::string& path, const std::string& name,
                          const std::function<void(const Json&)>& progress, const std::stop_token& stop);
Result<Json> mounts_view(fs::FileSystem& files);
// {"passages", "incomplete"}: `incomplete` are the mounts that may have more than was looked through. With `meanings`
// the passages that the search finds first are read, and those go first that answer the query best.
Result<Json> find_view(fs::FileSystem& files, std::string_view query, const std::vector<std::string>& mounts, int limit,
                       const embedding::StaticEmbedding* meanings);
Json model_view(const processor::ModelInfo& model, const processor::Usage& usage);

Json check_view(std::string_view name, bool ok, std::string_view detail, std::string_view remedy);
// Sandbox, disk, models, mounts.
void add_machine_checks(JsonArray& checks, const std::filesystem::path& state_folder, const sandbox::Options& sandbox,
                        ModelPool& models, fs::FileSystem& files);

// The input that tells a parent how its child ended and what it used up.
JsonObject child_ended_body(const std::string& child, const Json& view);

}  // namespace daimon::kernel
