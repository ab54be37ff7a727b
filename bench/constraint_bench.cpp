// What a token costs under a schema, beside libllama's grammar sampler: same schemas, vocabularies, answers and run.
//
//   bench_constraint [ROUNDS] [NAME]...   3 rounds; only the cases whose name contains one of the names
//
// Ours is mask() and accept(), which is all a token costs. Theirs is llama_sampler_apply over the whole vocabulary and
// llama_sampler_accept: the same mask; and, since their samplers may test the chosen token only and test all when it is
// refused, that test alone. "First" is the first answer after the schema was compiled, "later" the answers after it.
#include <llama.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>

#include "base/format.h"
#include "constraint/matcher.h"
#include "constraint_cases.h"
#include "constraint_vocabulary.h"

namespace daimon::bench {
namespace {

using constraint::Grammar;
using constraint::Matcher;
using constraint::Token;
using Tokens = std::vector<Token>;

double microseconds(const std::function<void()>& work) {
  const auto begin = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double, std::micro>(std::chrono::steady_clock::now() - begin).count();
}

double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return values.empty() ? 0 : sum / static_cast<double>(values.size());
}

double quantile(std::vector<double> values, double part) {
  if (values.empty()) return 0;
  std::ranges::sort(values);
  return values[std::min(values.size() - 1, static_cast<std::size_t>(part * static_cast<double>(values.size())))];
}

void check(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "%s\n", what);
  std::exit(1);
}

bool allowed(const constraint::TokenMask& mask, Token token) {
  return ((mask[static_cast<std::size_t>(token) / 32] >> (static_cast<std::uint32_t>(token) % 32U)) & 1U) != 0;
}

struct Ours {
  double compile = 0;
  std::vector<double> first, later;  // per token
};

Ours run_ours(const Case& one, const Words& words, const std::vector<Tokens>& answers) {
  Ours times;
  std::shared_ptr<const Grammar> grammar;
  times.compile = microseconds([&] { grammar = Grammar::from_json_schema(one.schema).value(); });
  for (const Tokens& answer : answers) {
    Matcher matcher(grammar, words.ours());
    for (const Token token : answer) {
      const double time = microseconds([&] {
        const auto mask = matcher.mask().value();
        check(allowed(*mask, token), "our mask refuses the answer");
        matcher.accept(token);
      });
      (&answer == answers.data() ? times.first : times.later).push_back(time);
    }
    check(matcher.is_complete(), "our grammar does not end with the answer");
  }
  return times;
}

struct Theirs {
  double compile = 0;
  std::vector<double> all, chosen;  // per token
};

Theirs run_theirs(const Case& one, const Words& words, const Tokens& answer) {
  Theirs times;
  llama_sampler* sampler = nullptr;
  times.compile = microseconds([&] { sampler = llama_sampler_init_grammar(words.theirs(), one.gbnf.c_str(), "root"); });
  check(sampler != nullptr, "libllama cannot read the GBNF");
  std::vector<llama_token_data> candidates(words.ours()->size());
  for (const Token token : answer) {
    llama_token_data chosen{token, 0, 0};
    llama_token_data_array only{&chosen, 1, -1, false};
    times.chosen.push_back(microseconds([&] { llama_sampler_apply(sampler, &only); }));
    check(chosen.logit == 0, "their mask refuses the answer");
    for (std::size_t i = 0; i < candidates.size(); ++i) candidates[i] = {static_cast<Token>(i), 0, 0};
    llama_token_data_array array{candidates.data(), candidates.size(), -1, false};
    const double apply = microseconds([&] { llama_sampler_apply(sampler, &array); });
    const double accept = microseconds([&] { llama_sampler_accept(sampler, token); });
    times.all.push_back(apply + accept);
    times.chosen.back() += accept;
  }
  llama_sampler_free(sampler);
  return times;
}

void run(const Case& one, const Words& words, int rounds) {
  std::vector<Tokens> answers;
  for (const std::string& answer : one.answers) answers.push_back(words.tokenize(answer));
  std::vector<double> compile, first, first_worst, later, later_p99, their_compile, theirs, their_p99, chosen,
      first_ratio, ratio;
  for (int round = 0; round < rounds; ++round) {
    const Ours ours = run_ours(one, words, answers);
    compile.push_back(ours.compile);
    first.push_back(mean(ours.first));
    first_worst.push_back(quantile(ours.first, 1));
    later.push_back(mean(ours.later));
    later_p99.push_back(quantile(ours.later, 0.99));
    if (one.gbnf.empty()) continue;
    const Theirs other = run_theirs(one, words, answers[0]);
    their_compile.push_back(other.compile);
    theirs.push_back(mean(other.all));
    their_p99.push_back(quantile(other.all, 0.99));
    chosen.push_back(mean(other.chosen));
    first_ratio.push_back(theirs.back() / first.back());
    ratio.push_back(theirs.back() / later.back());
  }
  const auto middle = [](const std::vector<double>& values) { return quantile(values, 0.5); };
  const auto spread = [&](const std::vector<double>& values) {
    if (values.empty()) return std::string("-");
    return daimon::format("{:.0f}x ({:.0f}-{:.0f})", middle(values), std::ranges::min(values),
                          std::ranges::max(values));
  };
  std::puts(
      daimon::format(
          "{:<14}{:>6.0f} KB{:>10.0f}{:>10.1f}{:>10.0f}{:>10.1f}{:>9.0f}{:>12.0f}{:>11.0f}{:>11.0f}{:>11.1f}  {:<20}{}",
          one.name, static_cast<double>(to_text(one.schema).size()) / 1024, middle(compile), middle(first),
          middle(first_worst), middle(later), middle(later_p99), middle(their_compile), middle(theirs),
          middle(their_p99), middle(chosen), spread(first_ratio), spread(ratio))
          .c_str());
  std::fflush(stdout);
}

void run_all(const std::filesystem::path& path, std::string_view name, int rounds,
             const std::vector<std::string>& wanted) {
  const Words words(path);
  std::puts(
      daimon::format("\n{}: {} tokens; microseconds, median of {} rounds", name, words.ours()->size(), rounds).c_str());
  std::puts(daimon::format("{:<14}{:>9}{:>10}{:>10}{:>10}{:>10}{:>9}{:>12}{:>11}{:>11}{:>11}  {:<20}{}", "", "schema",
                           "compile", "first", "worst", "later", "p99", "llama comp.", "llama", "p99", "chosen",
                           "llama / first", "llama / later")
                .c_str());
  for (const Case& one : cases(6))
    if (wanted.empty() || std::ranges::any_of(wanted, [&](const std::string& part) { return one.name.contains(part); }))
      run(one, words, rounds);
}

}  // namespace
}  // namespace daimon::bench

int main(int count, char** arguments) {
  using namespace daimon::bench;
  llama_log_set([](ggml_log_level, const char*, void*) {}, nullptr);
  const int rounds = count > 1 ? std::max(1, std::atoi(arguments[1])) : 3;
  const std::vector<std::string> wanted(arguments + std::min(count, 2), arguments + count);
  for (const std::size_t size : {std::size_t{8192}, std::size_t{150'000}}) {
    const auto path =
        std::filesystem::temp_directory_path() / daimon::format("daimon-bench-constraint-{}-{}.gguf", getpid(), size);
    write_vocabulary(path, made_tokens(size));
    run_all(path, "made vocabulary", rounds, wanted);
    std::filesystem::remove(path);
  }
  if (std::filesystem::exists(DAIMON_FIRMWARE)) run_all(DAIMON_FIRMWARE, "firmware", rounds, wanted);
  return 0;
}
