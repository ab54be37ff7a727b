// Runs the command line as a program: with pipes, as a script would, or in a terminal, as a person would.
#pragma once

#include <fcntl.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <functional>
#include <map>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "api/raw_client.h"
#include "base/json.h"

namespace daimon::test {

struct Ended {
  int code = -1;
  std::string out, err;
};

class Program : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* name : {"run", "state", "config", "home", "docs"})
      std::filesystem::create_directories(folder.path / name);
    environment = {{"XDG_RUNTIME_DIR", folder.path / "run"},
                   {"XDG_STATE_HOME", folder.path / "state"},
                   {"XDG_CONFIG_HOME", folder.path / "config"},
                   {"HOME", folder.path / "home"},
                   {"LC_ALL", "C.UTF-8"},
                   {"TERM", "xterm"},
                   {"PATH", "/usr/bin:/bin"}};
  }
  void TearDown() override {
    program = DAIMON_OVER_FAKE;
    environment.erase("FAKE_BOOT");
    daimon({"stop"});
  }

  // With pipes for all three streams; `input` is what is piped in.
  Ended daimon(const std::vector<std::string>& words, std::string_view input = "") {
    int in[2], out[2], err[2];
    if (::pipe2(in, O_CLOEXEC) != 0 || ::pipe2(out, O_CLOEXEC) != 0 || ::pipe2(err, O_CLOEXEC) != 0) return {};
    const pid_t pid = ::fork();
    if (pid == 0) {
      ::dup2(in[0], 0), ::dup2(out[1], 1), ::dup2(err[1], 2);
      execute(words);
    }
    ::close(in[0]), ::close(out[1]), ::close(err[1]);
    static_cast<void>(!::write(in[1], input.data(), input.size()));
    ::close(in[1]);
    Ended ended;
    read_both(out[0], ended.out, err[0], ended.err);
    ::close(out[0]), ::close(err[0]);
    int status = 0;
    ::waitpid(pid, &status, 0);
    ended.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return ended;
  }

  Json json(const std::vector<std::string>& words) {
    const Ended ended = daimon(words);
    auto value = parse_json(ended.out);
    EXPECT_TRUE(value) << ended.out << ended.err;
    return value ? *value : Json();
  }

  [[noreturn]] void execute(const std::vector<std::string>& words) {
    if (before_execute) before_execute();
    std::vector<std::string> texts{"daimon"};
    texts.insert(texts.end(), words.begin(), words.end());
    std::vector<char*> arguments;
    for (std::string& text : texts) arguments.push_back(text.data());
    arguments.push_back(nullptr);
    std::vector<std::string> settings;
    for (const auto& [name, value] : environment) settings.push_back(name + "=" + value);
    std::vector<char*> pointers;
    for (std::string& text : settings) pointers.push_back(text.data());
    pointers.push_back(nullptr);
    ::execve(program.c_str(), arguments.data(), pointers.data());
    ::_exit(126);
  }

  TemporaryFolder folder;
  std::map<std::string, std::string> environment;
  std::function<void()> before_execute;  // in the child that becomes the program
  std::string program = DAIMON_OVER_FAKE;

 private:
  static void read_both(int out, std::string& out_text, int err, std::string& err_text) {
    pollfd polled[2] = {{out, POLLIN, 0}, {err, POLLIN, 0}};
    while (polled[0].fd >= 0 || polled[1].fd >= 0) {
      if (::poll(static_cast<pollfd*>(polled), 2, 30'000) <= 0) return;
      for (int i = 0; i < 2; ++i) {
        if (polled[i].revents == 0) continue;
        char bytes[4096];
        const ssize_t count = ::read(polled[i].fd, static_cast<char*>(bytes), sizeof bytes);
        if (count <= 0)
          polled[i].fd = -1;
        else
          (i == 0 ? out_text : err_text).append(static_cast<const char*>(bytes), static_cast<std::size_t>(count));
      }
    }
  }
};

// A person at a terminal.
class InTerminal : public Program {
 protected:
  void begin(const std::vector<std::string>& words, unsigned short columns = 80) {
    winsize size{};
    size.ws_col = columns;
    size.ws_row = 24;
    pid_ = ::forkpty(&terminal_, nullptr, nullptr, &size);
    if (pid_ == 0) execute(words);
  }
  void type(std::string_view keys) { static_cast<void>(!::write(terminal_, keys.data(), keys.size())); }
  bool see(std::string_view wanted, int milliseconds = 10'000) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::milliseconds(milliseconds);
    while (!screen.contains(wanted) && std::chrono::steady_clock::now() < deadline && read_some(200)) {
    }
    return screen.contains(wanted);
  }
  int end() {
    while (read_some(20'000)) {
    }
    int status = 0;
    ::waitpid(pid_, &status, 0);
    ::close(terminal_);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }
  [[nodiscard]] pid_t pid() const { return pid_; }
  [[nodiscard]] int terminal() const { return terminal_; }
  std::string screen;

 private:
  bool read_some(int milliseconds) {
    pollfd polled{terminal_, POLLIN, 0};
    const int ready = ::poll(&polled, 1, milliseconds);
    if (ready == 0) return milliseconds < 1000;  // nothing yet
    char bytes[4096];
    const ssize_t count = ::read(terminal_, static_cast<char*>(bytes), sizeof bytes);
    if (count <= 0) return false;
    screen.append(static_cast<const char*>(bytes), static_cast<std::size_t>(count));
    return true;
  }
  pid_t pid_ = -1;
  int terminal_ = -1;
};

}  // namespace daimon::test
