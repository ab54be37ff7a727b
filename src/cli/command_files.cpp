// daimon mount, mounts, unmount, find.
#include <algorithm>
#include <filesystem>
#include <iterator>
#include <utility>
#include <vector>

#include "api/target.h"
#include "base/format.h"
#include "base/text.h"
#include "cli/follow.h"
#include "cli/interrupt.h"
#include "cli/mounting.h"
#include "cli/progress_bar.h"
#include "cli/table.h"

namespace daimon::cli {
namespace {

namespace stdfs = std::filesystem;

Result<Json> mount_named(const api::Client& client, std::string_view name) {
  DAIMON_TRY(const Json view, client.get("/v1/mounts"));
  if (const Json* list = find(view, "mounts"); list != nullptr && list->is_array())
    for (const Json& mount : list->get_array())
      if (find_string(mount, "name") == name) {
        const std::string root(find_string(mount, "root").value_or(""));
        std::error_code failed;
        if (stdfs::is_directory(root, failed)) return mount;
        return fail(ErrorCode::kNotFound,
                    daimon::format("the folder of '{}' is gone: {}", printable(name), printable(root)),
                    daimon::format("bring it back, or `daimon unmount {}` and mount where it is now", printable(name)));
      }
  return fail(ErrorCode::kNotFound, daimon::format("there is neither a folder nor a mount '{}'", printable(name)),
              "`daimon mounts` lists the mounts");
}

// The name of the mount, of those in `view`, that is meant by its name, or by the path of its folder, which may be
// gone.
Result<std::string> mount_name_of(const Json& view, const std::string& word) {
  std::error_code failed;
  stdfs::path folder = stdfs::weakly_canonical(stdfs::absolute(word, failed), failed);
  if (!folder.has_filename()) folder = folder.parent_path();  // "notes/"
  std::string by_folder;
  if (const Json* list = find(view, "mounts"); list != nullptr && list->is_array())
    for (const Json& mount : list->get_array()) {
      std::string name(find_string(mount, "name").value_or(""));
      if (name == word) return name;
      if (!failed && find_string(mount, "root") == folder.native()) by_folder = name;
    }
  if (!by_folder.empty()) return by_folder;
  return fail(ErrorCode::kNotFound,
              daimon::format("no folder is mounted {} {}",
                             word.contains('/') || stdfs::is_directory(word, failed) ? "from" : "as", printable(word)),
              "give the name: `daimon mounts` lists them");
}

std::string text_of(const Json& value, std::string_view member) {
  return printable(find_string(value, member).value_or(""));
}
std::string count_of(const Json& value, std::string_view member) {
  return show_count(find_integer(value, member).value_or(0));
}

std::string counted(const Json& value, std::string_view member, std::string_view one, std::string_view many) {
  const auto count = find_integer(value, member).value_or(0);
  return daimon::format("{} {}", show_count(count), one_or_many(count, one, many));
}

// "412 files without text are left out: 300 .png, 80 .so, 32 others"
std::string left_out(std::int64_t skipped, const Json& mount) {
  constexpr std::ptrdiff_t kShown = 4;
  std::string kinds;
  std::int64_t others = skipped;
  if (const Json* list = find(mount, "skipped_kinds"); list != nullptr && list->is_array())
    for (std::ptrdiff_t i = 0; i < std::min(kShown, std::ssize(list->get_array())); ++i) {
      const Json& kind = list->get_array()[static_cast<std::size_t>(i)];
      const std::string ending = text_of(kind, "ending");
      kinds += daimon::format("{}{} {}", kinds.empty() ? "" : ", ", count_of(kind, "files"),
                              ending.empty() ? "without an ending" : ending);
      others -= find_integer(kind, "files").value_or(0);
    }
  if (others > 0 && !kinds.empty())
    kinds += daimon::format(", {} {}", show_count(others), one_or_many(others, "other", "others"));
  return daimon::format("{} {} without text {} left out{}{}", show_count(skipped),
                        one_or_many(skipped, "file", "files"), one_or_many(skipped, "is", "are"),
                        kinds.empty() ? "" : ": ", kinds);
}

// What of it is left out or not whole: all of it when the folder was read anew, else only how much.
void note_problems(const Session& session, const Json& mount, bool all) {
  const auto problems = find_integer(mount, "problems").value_or(0);
  if (problems == 0) return;
  const std::string root = text_of(mount, "root");
  const std::string line = daimon::format("daimon: {} of the files in {} {} left out or not whole",
                                          show_count(problems), root, one_or_many(problems, "is", "are"));
  if (!all) return session.note(daimon::format("{}: `daimon mount {}` lists them", line, root));
  session.note(line + ":");
  constexpr std::int64_t kShown = 5;
  std::int64_t shown = 0;
  if (const Json* list = find(mount, "problem_list"); list != nullptr && list->is_array())
    for (; shown < std::min(kShown, std::ssize(list->get_array())); ++shown) {
      const Json& problem = list->get_array()[static_cast<std::size_t>(shown)];
      const std::string file = text_of(problem, "path");
      session.note(daimon::format("        {}{}{}", file, file.empty() ? "" : ": ", text_of(problem, "what")));
    }
  if (problems > shown) session.note(daimon::format("        and {} more", show_count(problems - shown)));
}

}  // namespace

Result<Json> mount_path(const Session& session, const api::Client& client, const std::string& path,
                        const std::string& name, Listing listing) {
  std::error_code failed;
  const stdfs::path folder = stdfs::canonical(path, failed);
  if (failed) {
    if (!path.contains('/') && name.empty()) return mount_named(client, path);
    if (failed == std::errc::no_such_file_or_directory)
      return fail(ErrorCode::kNotFound, daimon::format("there is no folder {}", printable(path)),
                  "check its name; `daimon mounts` lists what is mounted");
    return std::unexpected(os_error(failed.value(), daimon::format("mounting {}", printable(path))));
  }
  if (!stdfs::is_directory(folder, failed))
    return fail(ErrorCode::kInvalidArgument, daimon::format("{} is a file; only folders are mounted", printable(path)),
                daimon::format("daimon mount {}", printable(folder.parent_path().native())));
  if (!is_utf8(folder.native()))
    return fail(ErrorCode::kUnsupported,
                daimon::format("the path of {} is not valid UTF-8", printable(folder.native())),
                "rename it, or mount the folder above it");
  Json mount;
  std::optional<Error> error;
  const Interrupts interrupts;
  constexpr std::int64_t kManyFiles = 20'000;  // a minute or more
  bool warned = false;
  {
    ProgressBar bar(session.terminal);
    const auto take = [&](const Json& value) {
      if (const Json* progress = find(value, "progress")) {
        const auto done = find_integer(*progress, "files_done").value_or(0);
        const auto total = find_integer(*progress, "files_total").value_or(0);
        if (total - done >= kManyFiles && !warned)
          session.note(
              daimon::format("daimon: {} files take a while; Ctrl-C stops, and mounting again goes on from there",
                             show_count(total - done)));
        warned = true;
        bar.show(total > 0 ? static_cast<double>(done) / static_cast<double>(total) : -1,
                 daimon::format("reading {}", text_of(*progress, "path")),
                 daimon::format("{} of {}", show_count(done), show_count(total)));
      }
      if (const Json* made = find(value, "mount")) mount = *made;
      if (const Json* wrong = find(value, "error")) error = error_from_json(*wrong);
      return true;
    };
    JsonObject body{{"path", folder.native()}};
    if (!name.empty()) body["name"] = name;
    const auto streamed = client.stream("POST", "/v1/mounts", body, take, {interrupts.descriptor(), [&] {
                                                                             interrupts.clear();
                                                                             return false;
                                                                           }});
    if (!streamed && streamed.error().code == ErrorCode::kCancelled)
      return fail(ErrorCode::kCancelled, daimon::format("stopped while {} was read", printable(folder.native())),
                  daimon::format("daimon mount {} goes on where it stopped", printable(folder.native())));
    if (!streamed && streamed.error().code == ErrorCode::kUnavailable)
      return fail(ErrorCode::kUnavailable,
                  daimon::format("the daemon ended while {} was read", printable(folder.native())),
                  daimon::format("daimon mount {} goes on where it stopped", printable(folder.native())));
    DAIMON_CHECK(streamed);
  }
  if (error) return std::unexpected(*error);
  if (!mount.is_object()) return fail(ErrorCode::kInternal, "the daemon did not say how the mount ended");
  note_problems(session, mount, listing == Listing::kAll || find_integer(mount, "indexed").value_or(0) > 0);
  return mount;
}

// Passages of a mount of which it is not known yet what they mean.
std::int64_t unread(const Json& mount) { return find_integer(mount, "unread").value_or(0); }

// A search by meaning finds what has been read; by its words everything is found at once.
std::string being_read(const Json& mount) {
  return daimon::format("what {} of {} {} is being read in the background; by their words they are found already",
                        counted(mount, "unread", "passage", "passages"), text_of(mount, "name"),
                        unread(mount) == 1 ? "means" : "mean");
}

int mount(const Session& session, const Arguments& arguments) {
  const auto client = session.client();
  if (!client) return session.failed(client.error());
  const auto made = mount_path(session, *client, arguments.positional[0], arguments.value("name"), Listing::kAll);
  if (!made) return session.failed(made.error());
  if (arguments.has("json"))
    print_json(session.terminal, *made);
  else
    session.terminal.out.write(daimon::format("{}: {}, {}, from {}\n", text_of(*made, "name"),
                                              counted(*made, "files", "file", "files"),
                                              counted(*made, "chunks", "passage", "passages"), text_of(*made, "root")));
  if (const auto skipped = find_integer(*made, "skipped").value_or(0); skipped > 0 && !arguments.has("json"))
    session.note(left_out(skipped, *made));
  if (unread(*made) > 0 && !arguments.has("json")) session.note(being_read(*made));
  return kSuccess;
}

int list_mounts(const Session& session, const Arguments& arguments) {
  const auto client = session.client();
  const auto view = client ? client->get("/v1/mounts") : std::unexpected(client.error());
  if (!view) return session.failed(view.error());
  if (arguments.has("json")) return print_json(session.terminal, *view), kSuccess;
  Table table({"NAME", "STATE", "FILES", "PASSAGES", "PROBLEMS", "FOLDER"}, {2, 3, 4});
  const Json* list = find(*view, "mounts");
  if (list == nullptr || !list->is_array() || list->get_array().empty()) {
    session.note("no folder is mounted: daimon mount PATH");
    return kSuccess;
  }
  const auto is_gone = [](const Json& mount) { return find_bool(mount, "gone").value_or(false); };
  const auto is_incomplete = [&](const Json& mount) {
    return find_bool(mount, "complete") == false && !is_gone(mount);
  };
  for (const Json& mount : list->get_array())
    table.add(
        {text_of(mount, "name"),
         is_gone(mount)         ? "gone"
         : is_incomplete(mount) ? "incomplete"
         : unread(mount) > 0    ? "reading"
                                : "complete",
         count_of(mount, "files"), count_of(mount, "chunks"), count_of(mount, "problems"), text_of(mount, "root")},
        {Style::kCyan, is_gone(mount)         ? Style::kRed
                       : is_incomplete(mount) ? Style::kYellow
                                              : Style::kDim});
  session.terminal.out.write(table.text(session.terminal, session.terminal.out));
  for (const Json& mount : list->get_array())
    if (is_gone(mount))
      session.note(daimon::format("the folder of {} is gone: bring it back, or daimon unmount {}",
                                  text_of(mount, "name"), text_of(mount, "name")));
    else if (is_incomplete(mount))
      session.note(daimon::format("{} is being read, or that was interrupted: daimon mount {} goes on where it stopped",
                                  text_of(mount, "name"), text_of(mount, "root")));
    else if (unread(mount) > 0)
      session.note(being_read(mount));
  return kSuccess;
}

int unmount(const Session& session, const Arguments& arguments) {
  const auto client = session.client();
  if (!client) return session.failed(client.error());
  const auto view = client->get("/v1/mounts");
  if (!view) return session.failed(view.error());
  for (const std::string& word : arguments.positional) {
    const auto name = mount_name_of(*view, word);
    if (!name) return session.failed(name.error());
    if (const auto removed = client->remove("/v1/mounts/" + api::percent_encode(*name)); !removed)
      return session.failed(removed.error());
  }
  return kSuccess;
}

int find_passages(const Session& session, const Arguments& arguments) {
  const auto limit = arguments.integer("limit", 10, 1, 100);
  if (!limit) return session.usage_error("find", limit.error());
  std::string query;
  for (const std::string& word : arguments.positional) query += (query.empty() ? "" : " ") + word;
  if (trim(query).empty())
    return session.usage_error("find", {ErrorCode::kInvalidArgument, "what is to be found? The words are missing", ""});
  const auto client = session.client();
  if (!client) return session.failed(client.error());
  std::string target = daimon::format("/v1/find?q={}&limit={}", api::percent_encode(query), *limit);
  std::vector<std::string> mounts;
  const auto words = arguments.values("mount");
  const auto view = words.empty() ? Result<Json>(Json()) : client->get("/v1/mounts");
  if (!view) return session.failed(view.error());
  for (const std::string& word : words) {
    auto name = mount_name_of(*view, word);
    if (!name) return session.failed(name.error());
    if (!std::ranges::contains(mounts, *name)) mounts.push_back(std::move(*name));
  }
  for (const std::string& name : mounts) target += "&mount=" + api::percent_encode(name);
  const auto found = client->get(target);
  if (!found) return session.failed(found.error());
  const Json* list = find(*found, "passages");
  const bool nothing = list == nullptr || !list->is_array() || list->get_array().empty();
  if (arguments.has("json")) return print_json(session.terminal, *found), nothing ? kNotFound : kSuccess;
  for (const std::string& name : find_texts(*found, "incomplete"))
    session.note(daimon::format("daimon: {} is being read, or could not be, so there may be more (`daimon mounts`)",
                                printable(name)));
  if (nothing) {
    const auto mounted = client->get("/v1/mounts");
    const Json* all = mounted ? find(*mounted, "mounts") : nullptr;
    const bool none = all != nullptr && all->is_array() && all->get_array().empty();
    session.note(none ? "no folder is mounted: daimon mount PATH" : "nothing found");
    return kNotFound;
  }
  const Terminal& terminal = session.terminal;
  for (const Json& passage : list->get_array()) {
    std::string where = text_of(passage, "path");
    if (const auto page = find_integer(passage, "page")) where += daimon::format(" p{}", *page);
    std::string out = daimon::format("{} {}\n", terminal.out.paint(Style::kCyan, where),
                                     terminal.out.paint(Style::kDim, text_of(passage, "mount")));
    for (const std::string& line :
         wrap(printable_block(trim(find_string(passage, "text").value_or(""))), terminal.columns - 2))
      out += "  " + line + "\n";
    if (!terminal.out.write(out)) return kFailure;
  }
  return kSuccess;
}

}  // namespace daimon::cli
