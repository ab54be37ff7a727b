// What the tests of the local processor share: one tiny model in a folder of its own, requests, waiting.
#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <format>
#include <future>
#include <map>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "base/text.h"
#include "processor/local_processor.h"
#include "tiny_gguf.h"

namespace daimon::processor::test {

// Removed at the end of the program.
inline const std::filesystem::path& folder() {
  struct Folder {
    std::filesystem::path path =
        std::filesystem::temp_directory_path() / std::format("daimon-test-processor-{}", getpid());
    Folder() { std::filesystem::create_directories(path); }
    ~Folder() {
      std::error_code error;
      std::filesystem::remove_all(path, error);
    }
  };
  static const Folder one;
  return one.path;
}

inline const std::filesystem::path& tiny_path() {
  static const std::filesystem::path path = [] {
    auto made = folder() / "tiny.gguf";
    write_tiny_gguf(made);
    return made;
  }();
  return path;
}

// One thread: OpenMP's are not known to ThreadSanitizer.
inline LocalOptions tiny_options() {
  LocalOptions options;
  options.model_path = tiny_path();
  options.context_tokens = 1024;
  options.threads = 1;
  options.gpu_layers = 0;
  options.trusted = true;
  options.checked_folder = folder() / "checked";
  return options;
}

inline std::unique_ptr<Processor> make(const LocalOptions& options) {
  auto made = LocalProcessor::create(options);
  if (!made) throw std::runtime_error(made.error().what);
  return std::move(*made);
}

inline Request request(std::string id, std::string goal, int tokens_max = 24) {
  Request made;
  made.id = std::move(id);
  made.messages = {{Role::kSystem, "call\nsearch(query): find passages"}, {Role::kUser, std::move(goal)}};
  made.tokens_max = tokens_max;
  return made;
}

inline Request with_schema(Request made, std::string_view schema) {
  made.schema = parse_json(schema).value();
  return made;
}

// A request in flight, with its pieces.
struct Flight {
  std::promise<Answered> promise;
  std::future<Answered> reply = promise.get_future();
  std::promise<void> first;
  std::future<void> first_piece = first.get_future();
  std::string pieces;
  int count = 0;
};

inline std::shared_ptr<Flight> fly(Processor& processor, Request made) {
  auto flight = std::make_shared<Flight>();  // shared with the callbacks
  processor.submit(
      std::move(made),
      [flight](std::string_view piece) {
        EXPECT_TRUE(is_utf8(piece));
        flight->pieces += piece;
        if (flight->count++ == 0) flight->first.set_value();
      },
      [flight](Answered reply) { flight->promise.set_value(std::move(reply)); });
  return flight;
}

template <class Condition>
bool eventually(Condition condition) {
  for (int i = 0; i < 500; ++i) {
    if (condition()) return true;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
  return false;
}

}  // namespace daimon::processor::test
