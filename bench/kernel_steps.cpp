// What an input costs: whole, at the kernel's edge, while it runs; then its parts, by stepping the journal again.
#include <fcntl.h>
#include <sys/statfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>

#include "base/format.h"
#include "base/sqlite.h"
#include "device/ask.h"
#include "journal/journal.h"
#include "kernel/views.h"
#include "kernel_world.h"
#include "process/call_table.h"
#include "process/process.h"

namespace daimon::bench {
namespace {

namespace stdfs = std::filesystem;

constexpr int kRounds = 5;

struct Script {
  std::string name, profile, goal;
  std::vector<std::string> texts;
  int processes = 0;  // in a round
};

std::vector<Script> scripts() {
  std::vector<Script> list;
  list.push_back({"search, answer",
                  "compact-3",
                  bill_goal(12),
                  {R"({"plan":["search","answer"]})", R"({"call":"search","with":{"query":"electricity March"}})",
                   R"({"call":"answer","with":{"passage":1,"answer":"Total due for electricity in March"}})"},
                  30});
  list.push_back({"calculate, write",
                  "compact-3",
                  "Add 84.20 and 91.10 and write it to totals.txt",
                  {R"({"plan":["calculate","write"]})", R"({"call":"calculate","with":{"expression":"84.20 + 91.10"}})",
                   R"({"call":"write","with":{"path":"totals.txt","content":"175.30"}})"},
                  30});
  // A long process: what grows with what was done before.
  Script reads{"20 reads of 4 KB", "", "Read all the notes and sum them up", {}, 5};
  reads.texts.push_back(R"({"plan":[{"call":"read","text":"read the notes","check":"all are read"}]})");
  for (int i = 0; i < 20; ++i)
    reads.texts.push_back(daimon::format(R"({{"call":"read","with":{{"path":"notes/note{}.md"}}}})", i));
  reads.texts.emplace_back(R"({"call":"finish","with":{"answer":"They are notes.","found":true}})");
  list.push_back(std::move(reads));
  std::string pasted = "Add 84.20 and 91.10, which stand in this:";
  while (pasted.size() < 64 * 1024) pasted += "\na line of a letter that somebody pasted into the goal, about nothing";
  list.push_back({"a goal of 64 KB",
                  "compact-3",
                  pasted,
                  {R"({"plan":["calculate"]})", R"({"call":"calculate","with":{"expression":"84.20 + 91.10"}})"},
                  10});
  return list;
}

// One value an input, by the input's place in its process.
class Series {
 public:
  void add(std::size_t place, double value) {
    if (places_.size() <= place) places_.resize(place + 1);
    places_[place].push_back(value);
  }
  // The mean over the places of their medians: parts add up to the whole, and what a busy machine does to one run of
  // many does not count.
  [[nodiscard]] double typical() const {
    double sum = 0;
    for (const auto& values : places_) sum += quantile(values, 0.5);
    return places_.empty() ? 0 : sum / static_cast<double>(places_.size());
  }
  [[nodiscard]] double at(double part) const {
    std::vector<double> all;
    for (const auto& values : places_) all.insert(all.end(), values.begin(), values.end());
    return quantile(std::move(all), part);
  }
  [[nodiscard]] double median(std::size_t place) const { return quantile(places_.at(place), 0.5); }
  [[nodiscard]] std::size_t places() const { return places_.size(); }

 private:
  std::vector<std::vector<double>> places_;
};

struct Round {
  Series whole, copy, step, view, append, append_memory, events, commit, sync, bytes;
  std::vector<bool> thinks;  // whether the input of this place leads to a thought
  double cpu = 0;            // of an input, all threads of the kernel, devices apart

  // What is left of inputs that lead to a thought, or to anything else.
  [[nodiscard]] double rest(bool thought) const {
    double sum = 0;
    int count = 0;
    for (std::size_t place = 0; place < whole.places(); ++place) {
      if (thinks.at(place) != thought) continue;
      ++count;
      sum += whole.median(place);
      for (const Series* part : {&copy, &step, &view, &append, &events}) sum -= part->median(place);
    }
    return count == 0 ? 0 : sum / count;
  }
};

// The least that a durable commit costs on this disk: one row in SQLite's log, and one fdatasync over bytes that the
// file already has, which is how a log that is reused is written.
class Disk {
 public:
  explicit Disk(const stdfs::path& folder)
      : database_(must(sqlite::Database::open(folder / "bare.db"))), file_(folder / "bare.bin") {
    must(database_.execute("CREATE TABLE IF NOT EXISTS one (id INTEGER PRIMARY KEY, bytes BLOB)"));
    descriptor_ = ::open(file_.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    const std::string zeros(kFileBytes, '\0');
    if (descriptor_ < 0 || ::pwrite(descriptor_, zeros.data(), zeros.size(), 0) < 0 || ::fsync(descriptor_) != 0)
      give_up("cannot write " + file_.string());
  }
  ~Disk() { ::close(descriptor_); }
  Disk(const Disk&) = delete;
  Disk& operator=(const Disk&) = delete;

  double commit(std::string_view bytes) {
    auto insert = must(database_.prepare("INSERT INTO one (bytes) VALUES (?)"));
    return microseconds([&] {
      auto transaction = must(sqlite::Transaction::begin(database_));
      insert.bind_blob(1, bytes);
      must(insert.run());
      must(transaction.commit());
    });
  }
  double sync(std::string_view bytes) {
    bytes = bytes.substr(0, kFileBytes);
    if (at_ + bytes.size() > kFileBytes) at_ = 0;
    return microseconds([&] {
      if (::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(at_)) < 0 ||
          ::fdatasync(descriptor_) != 0)
        give_up("cannot write " + file_.string());
      at_ += bytes.size();
    });
  }

 private:
  static constexpr std::size_t kFileBytes = 4 << 20;
  sqlite::Database database_;
  stdfs::path file_;
  int descriptor_ = -1;
  std::size_t at_ = 0;
};

// Steps journaled processes again as the kernel did, each part under the clock; journaled once more, on the same disk
// and in memory.
class Bench {
 public:
  Bench(const stdfs::path& folder, fs::FileSystem& files)
      : devices_(make_devices(files, reader_)),
        disk_(folder),
        journal_(must(journal::Journal::open(folder / "again.db"))),
        memory_(must(journal::Journal::open(":memory:"))) {
    for (const auto& device : devices_) must(table_.add_device(*device));
    must(table_.add(device::make_ask_specification(), nullptr));
  }

  void take_apart(const std::string& id, const std::vector<journal::Record>& records, Round& round) {
    auto process =
        std::make_unique<process::Process>(process::Process::Environment{table_, constitution_, nullptr}, id);
    std::size_t place = 0;
    for (const journal::Record& record : records) {
      if (!record.input) continue;
      std::unique_ptr<process::Process> next;
      round.copy.add(place, microseconds([&] { next = std::make_unique<process::Process>(*process); }));
      std::vector<journal::NewRecord> made{{id, record.type, true, record.body}};
      std::vector<journal::NewRecord> out;
      round.step.add(place, microseconds([&] { out = next->step(record.type, record.body, record.time); }));
      std::ranges::move(out, std::back_inserter(made));
      journal::ProcessRow row;
      round.view.add(place, microseconds([&] { row = {next->id(), next->parent(), next->ended(), next->view()}; }));
      std::vector<journal::Record> written;
      const auto append = [&](journal::Journal& journal) {
        written = must(journal.append(record.time, made, std::span(&row, 1)));
      };
      round.append_memory.add(place, microseconds([&] { append(memory_); }));
      round.append.add(place, microseconds([&] { append(journal_); }));
      round.events.add(place, microseconds([&] {
                         for (const journal::Record& one : written) static_cast<void>(kernel::event_of(one));
                       }));
      std::string bytes = to_text(row.view);
      for (const journal::NewRecord& one : made) bytes += to_text(one.body);
      round.bytes.add(place, static_cast<double>(bytes.size()));
      round.commit.add(place, disk_.commit(bytes));
      round.sync.add(place, disk_.sync(bytes));
      if (round.thinks.size() <= place) round.thinks.push_back(std::holds_alternative<process::Think>(next->pending()));
      process = std::move(next);
      ++place;
    }
  }

 private:
  kernel::ParsedDocumentReader reader_;
  std::vector<std::unique_ptr<device::Device>> devices_;
  process::CallTable table_;
  capability::Constitution constitution_;
  Disk disk_;
  journal::Journal journal_, memory_;
};

void report(const Script& script, const std::vector<Round>& rounds, std::size_t inputs) {
  const auto over = [&](const auto& value) {
    std::vector<double> values;
    for (const Round& round : rounds) values.push_back(value(round));
    return values;
  };
  const auto typical = [&](Series Round::* series) {
    return over([&](const Round& round) { return (round.*series).typical(); });
  };
  const auto at = [&](Series Round::* series, double part) {
    return over([&](const Round& round) { return (round.*series).at(part); });
  };
  const auto line = [](std::string_view name, const std::string& values) {
    std::puts(daimon::format("  {:<44}{}", name, values).c_str());
  };
  std::puts(daimon::format("\n{}: {} inputs a process, {:.1f} KB journaled an input; {} rounds of {} processes; "
                           "microseconds, median (least-most) of the rounds",
                           script.name, inputs, quantile(typical(&Round::bytes), 0.5) / 1024, rounds.size(),
                           script.processes)
                .c_str());
  line("an input, p50", spread(at(&Round::whole, 0.5), 0));
  line("an input, p95", spread(at(&Round::whole, 0.95), 0));
  line("an input, typical", spread(typical(&Round::whole), 0));
  line("  copying the process", spread(typical(&Round::copy), 1));
  line("  Process::step", spread(typical(&Round::step), 1));
  line("  its view", spread(typical(&Round::view), 1));
  line("  journal: text, hashes, SQL (in memory)", spread(typical(&Round::append_memory), 1));
  line("  journal: the disk (FULL)",
       spread(over([](const Round& r) { return r.append.typical() - r.append_memory.typical(); }), 1));
  line("  events, watched or not", spread(typical(&Round::events), 1));
  line("  the rest, before a thought", spread(over([](const Round& r) { return r.rest(true); }), 0));
  line("  the rest, before a call or the end", spread(over([](const Round& r) { return r.rest(false); }), 0));
  line("CPU time an input, devices apart", spread(over([](const Round& r) { return r.cpu; }), 0));
  line("the first input and the last",
       spread(over([](const Round& r) { return r.whole.median(0); }), 0) + " and " +
           spread(over([](const Round& r) { return r.whole.median(r.whole.places() - 1); }), 0));
  line("a bare commit of the same bytes, p50, p95",
       spread(at(&Round::commit, 0.5), 0) + ", " + spread(at(&Round::commit, 0.95), 0));
  line("pwrite and fdatasync of the same bytes, p50", spread(at(&Round::sync, 0.5), 0));
  line("an input / a bare commit",
       spread(over([](const Round& r) { return r.whole.typical() / r.commit.typical(); }), 2) + "x");
  line("the journal / a bare commit",
       spread(over([](const Round& r) { return r.append.typical() / r.commit.typical(); }), 2) + "x");
  line("a bare commit / fdatasync",
       spread(over([](const Round& r) { return r.commit.typical() / r.sync.typical(); }), 2) + "x");
}

void run(const Script& script) {
  const Folder folder;
  const stdfs::path state = folder.path / "state";
  write_home(folder.path / "home", 40);
  std::vector<Round> rounds;
  std::size_t inputs = 0;
  for (int number = 0; number <= kRounds; ++number) {
    Round round;
    std::vector<std::string> ids;
    std::vector<double> times;
    {
      Edge edge;
      Machine machine(state, scripted(script.profile, script.texts, edge), &edge);
      static_cast<void>(must(machine.files().mount(folder.path / "home", "home", {}, {})));
      static_cast<void>(machine.run(script.goal));  // loads and warms
      static_cast<void>(edge.take());
      static_cast<void>(edge.take_device_us());
      const double cpu = process_cpu_us();
      for (int i = 0; i < script.processes; ++i) {
        const Json view = machine.run(script.goal);
        if (find_string(view, "state") != "done" || find_bool(view, "found") != true) give_up(to_pretty_text(view));
        ids.emplace_back(*find_string(view, "process"));
      }
      times = edge.take();
      round.cpu = (process_cpu_us() - cpu - edge.take_device_us()) / static_cast<double>(times.size());
    }
    inputs = times.size() / ids.size();
    for (std::size_t i = 0; i < times.size(); ++i) round.whole.add(i % inputs, times[i]);
    {
      auto files = must(fs::FileSystem::open({.database = state / "index.db", .watch = false}));
      auto journal = must(journal::Journal::open(state / "journal.db"));
      Bench bench(folder.path, *files);
      for (const std::string& id : ids) bench.take_apart(id, must(journal.read(id, 0, INT64_MAX)), round);
    }
    if (number > 0) rounds.push_back(std::move(round));  // the first warms the disk's and the allocator's caches
  }
  report(script, rounds, inputs);
}

}  // namespace

void bench_steps() {
  struct statfs disk{};
  const auto path = stdfs::temp_directory_path();
  constexpr long kTmpfs = 0x01021994;
  if (::statfs(path.c_str(), &disk) == 0 && disk.f_type == kTmpfs)
    std::puts(daimon::format("{} is in memory: set TMPDIR to a folder on a disk", path.string()).c_str());
  for (const Script& script : scripts()) run(script);
}

}  // namespace daimon::bench
