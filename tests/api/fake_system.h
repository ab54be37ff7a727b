// A kernel for tests of what stands above it: processes that follow a script chosen by words of their goal.
//
//   "approve"  asks for an approval of a change, then ends: done, or denied
//   "question" asks the person, and answers with what it was told
//   "slow"     runs until it is signalled
//   "spent"    pauses because its budget is spent
//   "fail"     fails
//   "escape"   answers with terminal escapes, and cites a file whose name has them
//   else       searches, answers with a citation and is done
#pragma once

#include <atomic>
#include <condition_variable>
#include <deque>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "kernel/system.h"

namespace daimon::test {

inline kernel::StartOptions with_goal(std::string goal) {
  kernel::StartOptions options;
  options.goal = std::move(goal);
  return options;
}

class FakeSystem final : public kernel::System {
 public:
  ~FakeSystem() override;

  Result<std::string> start(const kernel::StartOptions& options) override;
  Result<Json> process(std::string_view id) override;
  Result<Json> processes(bool ended_too) override;
  Status signal(std::string_view id, kernel::Signal signal) override;
  Status raise_budget(std::string_view id, const kernel::Budget& more) override;
  Status decide(std::string_view id, const kernel::Decision& decision) override;
  Status answer(std::string_view id, std::string_view request, std::string_view text) override;
  Result<std::unique_ptr<kernel::Subscription>> follow(std::string_view id, std::int64_t after_sequence,
                                                       kernel::OnEvent on_event) override;
  // Of a script with "approve" whose change was applied.
  Result<Json> changes(std::string_view id) override;
  Result<Json> undo(std::string_view id, std::string_view change) override;
  Result<Json> replay(std::string_view id) override;
  Result<Json> mount(const std::string& path, const std::string& name, const std::function<void(const Json&)>& progress,
                     std::stop_token stop) override;
  Status unmount(std::string_view name) override;
  Result<Json> mounts() override;
  Result<Json> find(std::string_view query, const std::vector<std::string>& mounts, int limit) override;
  Result<Json> models() override;
  Result<Json> status() override;
  Result<Json> doctor() override;
  // Says "Hello from <model>: <last message>" in pieces; a message "forever" goes on until it is cancelled, "broken"
  // fails. A schema is answered with {"ok":true}.
  Result<processor::Reply> chat(const std::string& model, processor::Request request,
                                const std::function<bool(std::string_view)>& on_text) override;

  // What tests look at.
  std::optional<processor::Request> last_chat();
  std::optional<kernel::StartOptions> last_start();
  std::atomic<int> subscriptions = 0;
  std::atomic<int> chats_cancelled = 0;
  std::atomic<int> mounts_cancelled = 0;

 private:
  struct Process {
    bool undone = false;
    JsonObject view;
    std::vector<Json> events;
    std::string script;
  };
  class Watch;

  void event(Process& process, std::string type, JsonObject members);
  void set_state(Process& process, std::string_view state, std::string_view reason);
  void finish(Process& process, std::string_view state, std::string_view reason, std::string_view answer);
  void begin(Process& process);
  Result<Process*> named(std::string_view id);
  Result<Process*> waiting(std::string_view id, std::string_view request);

  std::mutex mutex_;
  std::condition_variable changed_;
  std::map<std::string, std::unique_ptr<Process>, std::less<>> processes_;
  std::map<std::string, std::string, std::less<>> mounts_;
  std::optional<processor::Request> last_chat_;
  std::optional<kernel::StartOptions> last_start_;
  std::int64_t sequence_ = 0;
};

}  // namespace daimon::test
