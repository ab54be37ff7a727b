// Sits the exam: each home as a mounted folder, each goal as a process of a kernel, one after the other, so that the
// same model does the same.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <stop_token>
#include <string>
#include <vector>

#include "exam/marks.h"
#include "exam/paper.h"
#include "kernel/system.h"

namespace daimon::exam {

struct Options {
  std::string model;                   // "" for the default
  std::filesystem::path folder;        // for the homes; empty, and of nobody else
  std::vector<std::string> kinds;      // only these; empty: all
  std::size_t homes = SIZE_MAX;        // at most
  std::chrono::seconds patience{600};  // with one goal
};

struct Failure {
  const Question* question;
  std::string missed;  // what was expected and did not come
  std::string answer, stop_reason;
  std::vector<std::string> calls;  // that it made
};

struct Report {
  Score all;
  std::map<std::string, Score> kinds;
  std::map<std::string, Score> steps;  // "1", "2 to 3", "4 to 6" calls
  Score quoted;                        // goals with answers in documents whose quotation holds the answer
  Score shown;                         // the same, or what is said that it may be instead
  Score tools;                         // goals for a call: the right one was called, with whatever arguments
  int unverified = 0;                  // citations that do not stand
  std::vector<Failure> failures;
  double seconds = 0;
  long tokens = 0;  // prompt and answer
  bool stopped = false;
};

// `on_goal` is told after each goal. kCancelled only before the first; later what there is is reported, as stopped.
Result<Report> sit(kernel::System& system, const Paper& paper, const Options& options,
                   const std::function<void(const Report& so_far, std::size_t of)>& on_goal,
                   const std::stop_token& stop);

}  // namespace daimon::exam
