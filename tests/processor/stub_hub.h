// Starts stub_hub.py, and reads what was asked of it.
#pragma once

#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <stdexcept>
#include <string>
#include <vector>

extern char** environ;

namespace daimon::processor::test {

// A child with pipes to its input and output; it ends when its input does, or is killed.
class Child {
 public:
  explicit Child(std::vector<std::string> words, bool quiet = false) {
    std::array<int, 2> in{}, out{};
    if (pipe2(in.data(), O_CLOEXEC) != 0 || pipe2(out.data(), O_CLOEXEC) != 0) throw std::runtime_error("no pipe");
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, in[0], 0);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    if (quiet) posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0);
    std::vector<char*> arguments;
    for (std::string& word : words) arguments.push_back(word.data());
    arguments.push_back(nullptr);
    const int failed = posix_spawnp(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ);
    posix_spawn_file_actions_destroy(&actions);
    close(in[0]);
    close(out[1]);
    in_ = in[1];
    out_ = out[0];
    if (failed != 0) throw std::runtime_error("cannot start " + words[0]);
  }
  ~Child() {
    close(in_);
    close(out_);
    kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // The next line of output; "" when none comes in time.
  std::string line(int wait_ms = 20'000) {
    for (;;) {
      if (const auto end = read_.find('\n'); end != std::string::npos) {
        std::string made = read_.substr(0, end);
        read_.erase(0, end + 1);
        return made;
      }
      pollfd ready{out_, POLLIN, 0};
      std::array<char, 4096> buffer{};
      if (poll(&ready, 1, wait_ms) <= 0) return {};
      const ssize_t count = read(out_, buffer.data(), buffer.size());
      if (count <= 0) return {};
      read_.append(buffer.data(), static_cast<std::size_t>(count));
    }
  }

 private:
  pid_t pid_ = 0;
  int in_ = -1, out_ = -1;
  std::string read_;
};

class StubHub {
 public:
  StubHub()
      : child_({"python3", std::string(DAIMON_SOURCE_DIR) + "/tests/processor/stub_hub.py"}), port_(child_.line()) {
    if (port_.empty()) throw std::runtime_error("stub_hub.py did not start");
  }
  [[nodiscard]] std::string url(const std::string& path = "") const { return "http://127.0.0.1:" + port_ + path; }
  // Requests since the last call.
  std::vector<std::string> requests() {
    std::vector<std::string> lines;
    for (std::string line = child_.line(200); !line.empty(); line = child_.line(200)) lines.push_back(line);
    return lines;
  }

 private:
  Child child_;
  std::string port_;
};

}  // namespace daimon::processor::test
