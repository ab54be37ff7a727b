// Eight at once that share a prefix, beside one after another: the processor alone, then whole processes.
#include <algorithm>
#include <cstdio>
#include <future>

#include "base/format.h"
#include "kernel_world.h"
#include "memory/prompt_profile.h"
#include "processor/firmware.h"
#include "processor/local_processor.h"

namespace daimon::bench {
namespace {

constexpr int kCrowd = 8;
constexpr int kRounds = 5;

// Work done, and how long it took.
struct Rate {
  double seconds = 0, cpu = 0;
  double sampled = 0, forced = 0, prompt = 0, cached = 0;  // tokens
  int done = 0;                                            // of kCrowd
  [[nodiscard]] double computed() const { return prompt - cached + sampled + forced; }
};

std::unique_ptr<processor::Processor> load(bool share_prefixes) {
  processor::LocalOptions options;
  options.model_path = must(processor::firmware_path());
  options.trusted = true;
  options.threads = 1;
  options.context_tokens = 2048;  // as kernel::boot has it
  options.cells_max = 16'384;
  options.sequences_max = 64;
  options.share_prefixes = share_prefixes;
  return must(processor::LocalProcessor::create(options));
}

// ------------------------------------------------------------------------------------------- the processor alone

// A prefix of about 300 tokens, another each time, so that only what is shared within a run is saved.
processor::Request request(int run, int number) {
  processor::Request made;
  made.id = daimon::format("{}-{}", run, number);
  std::string shared = daimon::format("{} calls: search, answer, read, list, table, calculate, write", run);
  while (shared.size() < 900) shared += " and the answer of the table in the files";
  made.messages = {{processor::Role::kSystem, shared}, {processor::Role::kUser, bill_goal(number)}};
  made.tokens_max = 32;
  made.sampling = {.temperature = 1.0F, .seed = static_cast<std::uint64_t>(number)};
  return made;
}

Rate ask(processor::Processor& processor, bool at_once) {
  static int run = 0;
  ++run;
  Rate rate;
  std::vector<std::promise<Result<processor::Reply>>> promises(kCrowd);
  const auto take = [&](std::size_t i) {
    const processor::Reply reply = must(promises[i].get_future().get());
    rate.sampled += reply.generated_tokens;
    rate.prompt += reply.prompt_tokens;
    rate.cached += reply.cached_tokens;
    ++rate.done;
  };
  const double cpu = process_cpu_us();
  const auto begin = Steady::now();
  for (std::size_t i = 0; i < kCrowd; ++i) {
    processor.submit(request(run, static_cast<int>(i)), {},
                     [&promise = promises[i]](Result<processor::Reply> reply) { promise.set_value(std::move(reply)); });
    if (!at_once) take(i);
  }
  if (at_once)
    for (std::size_t i = 0; i < kCrowd; ++i) take(i);
  rate.seconds = microseconds_since(begin) / 1e6;
  rate.cpu = (process_cpu_us() - cpu) / 1e6;
  return rate;
}

// ---------------------------------------------------------------------------------------------- whole processes

// What the kernel is shown of a model: the profile of this tree, also for a firmware that was trained for an older one.
class CompactProcessor final : public processor::Processor {
 public:
  explicit CompactProcessor(std::unique_ptr<processor::Processor> processor)
      : processor_(std::move(processor)), info_(processor_->model()) {
    info_.prompt_profile = memory::compact_profile().name();
  }
  [[nodiscard]] const processor::ModelInfo& model() const override { return info_; }
  void submit(processor::Request request, OnText on_text, OnDone on_done) override {
    processor_->submit(std::move(request), std::move(on_text), std::move(on_done));
  }
  void cancel(std::string_view request_id) override { processor_->cancel(request_id); }
  [[nodiscard]] processor::Usage usage() const override { return processor_->usage(); }
  [[nodiscard]] int count_tokens(std::string_view text) const override { return processor_->count_tokens(text); }

 private:
  std::unique_ptr<processor::Processor> processor_;
  processor::ModelInfo info_;
};

// Questions to the files, because these have the same thoughts (search, answer) whatever the model makes of them.
Rate run_goals(const Folder& folder, int round, bool at_once) {
  Machine machine(folder.path / daimon::format("state-{}-{}", round, at_once),
                  [](const std::string&) -> Result<std::unique_ptr<processor::Processor>> {
                    return std::make_unique<CompactProcessor>(load(true));
                  });
  static_cast<void>(must(machine.files().mount(folder.path / "home", "home", {}, {})));
  // Loads the model, and leaves what all prompts begin with.
  static_cast<void>(machine.run(bill_goal(71), kernel::Mode::kAsk));
  std::vector<std::string> ids;
  const double cpu = process_cpu_us();
  const auto begin = Steady::now();
  for (int i = 0; i < kCrowd; ++i) {
    ids.push_back(machine.start(bill_goal(round * kCrowd + i), kernel::Mode::kAsk));
    if (!at_once) machine.wait();
  }
  machine.wait();
  Rate rate;
  rate.seconds = microseconds_since(begin) / 1e6;
  rate.cpu = (process_cpu_us() - cpu) / 1e6;
  for (const std::string& id : ids) {
    const Json view = machine.view(id);
    const Json& cost = *find(view, "cost");
    rate.sampled += static_cast<double>(find_integer(cost, "tokens_generated").value_or(0));
    rate.forced += static_cast<double>(find_integer(cost, "tokens_forced").value_or(0));
    rate.prompt += static_cast<double>(find_integer(cost, "tokens_prompt").value_or(0));
    rate.cached += static_cast<double>(find_integer(cost, "tokens_cached").value_or(0));
    rate.done += find_string(view, "state") == "done" ? 1 : 0;
  }
  return rate;
}

// ------------------------------------------------------------------------------------------------------- reports

std::vector<double> each(const std::vector<Rate>& rates, const auto& value) {
  std::vector<double> values;
  for (const Rate& rate : rates) values.push_back(value(rate));
  return values;
}

void line(std::string_view name, const std::vector<Rate>& rates) {
  const auto column = [&](const auto& value, int digits) { return spread(each(rates, value), digits); };
  std::puts(daimon::format("  {:<28}{:<20}{:<22}{:<20}{:<20}{:<20}{}", name,
                           column([](const Rate& r) { return kCrowd / r.seconds; }, 2),
                           column([](const Rate& r) { return kCrowd / r.cpu; }, 2),
                           column([](const Rate& r) { return r.sampled / r.seconds; }, 0),
                           column([](const Rate& r) { return r.computed() / r.seconds; }, 0),
                           column([](const Rate& r) { return 100 * r.cached / std::max(r.prompt, 1.0); }, 0),
                           column([](const Rate& r) { return r.done; }, 0))
                .c_str());
}

void ratio(std::string_view name, const std::vector<Rate>& ours, const std::vector<Rate>& others) {
  std::vector<double> wall, cpu;
  for (std::size_t i = 0; i < ours.size(); ++i) {
    wall.push_back(others[i].seconds / ours[i].seconds);
    cpu.push_back(others[i].cpu / ours[i].cpu);
  }
  std::puts(daimon::format("  {}: {}x the throughput, {}x by CPU time", name, spread(wall, 2), spread(cpu, 2)).c_str());
}

void header(std::string_view what) {
  std::puts(daimon::format("\n{}; median (least-most) of {} rounds, one thread", what, kRounds).c_str());
  std::puts(daimon::format("  {:<28}{:<20}{:<22}{:<20}{:<20}{:<20}{}", "", "done/s", "done a CPU second",
                           "sampled tokens/s", "computed tokens/s", "% of prompt cached",
                           daimon::format("done of {}", kCrowd))
                .c_str());
}

}  // namespace

void bench_crowd() {
  {
    const auto sharing = load(true);
    const auto apart = load(false);
    std::vector<Rate> one, eight, eight_apart;
    for (int round = 0; round <= kRounds; ++round) {
      const Rate first = ask(*sharing, false), second = ask(*sharing, true), third = ask(*apart, true);
      if (round == 0) continue;
      one.push_back(first);
      eight.push_back(second);
      eight_apart.push_back(third);
    }
    header("eight requests to the processor");
    line("one after another", one);
    line("at once", eight);
    line("at once, no prefix shared", eight_apart);
    ratio("at once / one after another", eight, one);
    ratio("shared / not shared", eight, eight_apart);
  }
  const Folder folder;
  write_home(folder.path / "home", 40);
  std::vector<Rate> one, eight;
  for (int round = 0; round < kRounds; ++round) {
    // Which goes first changes, so that a machine that slows down favours neither.
    for (const bool at_once : {round % 2 == 0, round % 2 != 0})
      (at_once ? eight : one).push_back(run_goals(folder, round, at_once));
  }
  header("eight questions to the files, whole processes");
  line("one after another", one);
  line("at once", eight);
  ratio("at once / one after another", eight, one);
}

}  // namespace daimon::bench
