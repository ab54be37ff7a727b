// From nothing to ready, each time in a process of its own, because libllama loads its backends once a process.
#include <algorithm>
#include <cstdio>
#include <filesystem>

#include "base/format.h"
#include "kernel/boot.h"
#include "kernel_world.h"
#include "processor/firmware.h"
#include "processor/local_processor.h"
#include "processor/stub_hub.h"

namespace daimon::bench {
namespace {

constexpr int kRuns = 9;

processor::Request first_words() {
  processor::Request request;
  request.messages = {{processor::Role::kUser, "hello"}};
  request.tokens_max = 1;
  return request;
}

void say(const std::vector<double>& milliseconds) {
  std::string line;
  for (const double value : milliseconds) line += daimon::format("{} ", value);
  std::puts(line.c_str());
}

// The numbers that this program prints when it is given `arguments`, and before them the milliseconds until it had. It
// runs with the pages that the daemon is started with (cli/daemon_start.cpp).
std::vector<double> ask(const std::vector<std::string>& arguments) {
  std::vector<double> numbers;
  std::vector<std::string> words{"/usr/bin/env", "GLIBC_TUNABLES=glibc.malloc.hugetlb=1",
                                 std::filesystem::read_symlink("/proc/self/exe").native()};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::string line;
  const auto begin = Steady::now();
  processor::test::Child child(words);
  line = child.line();
  numbers.push_back(microseconds_since(begin) / 1000);
  for (char* at = line.data(); *at != '\0' && *at != '\n';) {
    char* end = nullptr;
    const double value = std::strtod(at, &end);
    if (end == at) break;
    numbers.push_back(value);
    at = end + 1;
  }
  return numbers;
}

using Columns = std::vector<std::vector<double>>;

void add(Columns& columns, const std::vector<double>& numbers, std::size_t wanted) {
  if (numbers.size() != wanted) give_up("a boot failed");
  columns.resize(wanted);
  for (std::size_t i = 0; i < wanted; ++i) columns[i].push_back(numbers[i]);
}

// 200 ended processes, 8 that wait for a person, a mount of 272 files.
void fill(const Folder& folder, const std::filesystem::path& state) {
  write_home(folder.path / "home", 200);
  Edge edge;
  {
    Machine machine(state,
                    scripted("compact-3",
                             {R"({"plan":["search","answer"]})", R"({"call":"search","with":{"query":"water May"}})",
                              R"({"call":"answer","with":{"passage":0}})"},
                             edge),
                    &edge);
    static_cast<void>(must(machine.files().mount(folder.path / "home", "home", {}, {})));
    for (int i = 0; i < 200; ++i) static_cast<void>(machine.run(bill_goal(i)));
  }
  Machine machine(
      state,
      scripted("compact-3", {R"({"plan":["ask"]})", R"({"call":"ask","with":{"question":"Which year?"}})"}, edge),
      &edge);
  for (int i = 0; i < 8; ++i) static_cast<void>(machine.run(bill_goal(i)));
}

}  // namespace

int boot_once(const std::filesystem::path& state) {
  const auto begin = Steady::now();
  const auto until = [&] { return microseconds_since(begin) / 1000; };
  const auto system = must(kernel::boot({.state_folder = state, .config_folder = state / "none", .threads = 1}));
  const double booted = until();
  static_cast<void>(must(system->status()));
  const double status = until();
  static_cast<void>(must(system->chat("firmware", first_words(), {})));
  const double token = until();
  static_cast<void>(must(system->status()));
  say({booted, status, token, until(), process_cpu_us() / 1000});
  return 0;
}

int load_once() {
  const auto begin = Steady::now();
  processor::LocalOptions options;
  options.model_path = must(processor::firmware_path());
  options.trusted = true;
  options.context_tokens = 2048;  // as kernel::boot has it
  options.cells_max = 16'384;
  options.sequences_max = 64;
  options.threads = 1;
  const auto processor = must(processor::LocalProcessor::create(options));
  const double loaded = microseconds_since(begin) / 1000;
  static_cast<void>(must(processor::complete(*processor, first_words())));
  say({loaded, microseconds_since(begin) / 1000, process_cpu_us() / 1000});
  return 0;
}

void bench_boot() {
  const Folder folder;
  const auto existing = folder.path / "existing";
  fill(folder, existing);
  Columns empty, full, load;
  for (int run = 0; run <= kRuns; ++run) {
    const auto fresh = folder.path / daimon::format("empty{}", run);
    const auto on_empty = ask({std::string(kBootOnce), fresh.string()});
    const auto on_existing = ask({std::string(kBootOnce), existing.string()});
    const auto bare = ask({std::string(kLoadOnce)});
    if (run == 0) continue;  // the page cache warms
    add(empty, on_empty, 6);
    add(full, on_existing, 6);
    add(load, bare, 4);
  }
  std::puts(daimon::format("\nboot: milliseconds, median (least-most) of {} processes, files in the page cache, one "
                           "thread",
                           kRuns)
                .c_str());
  std::puts(daimon::format("  {:<24}{:<24}{:<24}{:<24}{:<24}{:<24}{}", "", "boot()", "+ first status()",
                           "+ first token", "+ status(): ready", "from exec to ready", "CPU time from exec")
                .c_str());
  const auto line = [](std::string_view name, const Columns& columns) {
    std::puts(daimon::format("  {:<24}{:<24}{:<24}{:<24}{:<24}{:<24}{}", name, spread(columns[1], 0),
                             spread(columns[2], 0), spread(columns[3], 0), spread(columns[4], 0), spread(columns[0], 0),
                             spread(columns[5], 0))
                  .c_str());
  };
  line("empty state folder", empty);
  line("200 ended, 8 waiting", full);
  std::puts(daimon::format("  {:<24}{:<24}{:<24}{:<24}{:<24}{:<24}{}", "a bare load", spread(load[1], 0), "",
                           spread(load[2], 0), "", spread(load[0], 0), spread(load[3], 0))
                .c_str());
  const auto ratio = [&](const Columns& columns) {
    std::vector<double> ratios;
    for (std::size_t i = 0; i < columns[4].size(); ++i) ratios.push_back(columns[4][i] / load[2][i]);
    return spread(ratios, 2);
  };
  std::puts(
      daimon::format("  ready / a bare load and its first token: {}x empty, {}x existing", ratio(empty), ratio(full))
          .c_str());
}

}  // namespace daimon::bench
