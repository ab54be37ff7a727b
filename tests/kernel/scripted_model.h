// A model at the world's edge: a processor whose answers are a function of the request.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <functional>
#include <list>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "base/format.h"
#include "processor/processor.h"

namespace daimon::kernel::test {

struct Answer {
  Answer(Result<std::string> said) : text(std::move(said)) {}       // NOLINT: an answer is its text
  Answer(const char* said) : text(std::string(said)) {}             // NOLINT
  Answer(std::string said) : text(std::move(said)) {}               // NOLINT
  Answer(std::unexpected<Error> error) : text(std::move(error)) {}  // NOLINT
  static Answer never() {
    Answer answer("");
    answer.hangs = true;
    return answer;
  }
  Answer&& after(std::chrono::milliseconds delay) && {
    wait = delay;
    return std::move(*this);
  }

  Result<std::string> text;
  std::chrono::milliseconds wait{0};
  bool hangs = false;  // until it is cancelled
};

// What a goal's requests are answered with: a plan, then for each call its arguments.
struct Script {
  std::string plan;                         // R"(["search","answer"])"
  std::map<std::string, std::string> with;  // {"search", R"({"query":"water"})"}
};

// The goal that a request is about: its first message from the person.
inline std::string goal_of(const processor::Request& request) {
  for (const processor::Message& message : request.messages)
    if (message.role == processor::Role::kUser) return message.content;
  return {};
}

inline bool asks_for_plan(const processor::Request& request) {
  const Json* properties = request.schema ? find(*request.schema, "properties") : nullptr;
  return properties != nullptr && find(*properties, "plan") != nullptr;
}

// The call that the schema lets the model fill, the first one where it may choose; "" for none.
inline std::string offered_call(const processor::Request& request) {
  if (!request.schema) return {};
  const Json* schema = &*request.schema;
  if (const Json* choices = find(*schema, "anyOf"); choices != nullptr && choices->is_array())
    schema = &choices->get_array().front();
  const Json* properties = find(*schema, "properties");
  const Json* call = properties != nullptr ? find(*properties, "call") : nullptr;
  return call != nullptr ? std::string(find_string(*call, "const").value_or("")) : std::string();
}

inline std::string last_result(const processor::Request& request) {
  for (auto message = request.messages.rbegin(); message != request.messages.rend(); ++message)
    if (message->role == processor::Role::kTool) return message->content;
  return {};
}

inline Answer follow_script(const Script& script, const processor::Request& request) {
  if (asks_for_plan(request)) return daimon::format(R"({{"plan":{}}})", script.plan);
  const std::string call = offered_call(request);
  const auto with = script.with.find(call);
  if (with == script.with.end()) return daimon::format("nothing is scripted for '{}'", call);
  return daimon::format(R"({{"call":"{}","with":{}}})", call, with->second);
}

// A full model that makes the one call of a device, then ends, saying how it went.
inline Answer call_once(std::string_view name, const processor::Request& request) {
  if (asks_for_plan(request)) return daimon::format(R"({{"plan":[{{"call":"{}","text":"t","check":"c"}}]}})", name);
  const std::string seen = last_result(request);
  if (seen.empty()) return daimon::format(R"({{"call":"{}","with":{{}}}})", name);
  return to_text(JsonObject{{"call", "finish"}, {"with", JsonObject{{"answer", seen}, {"found", true}}}});
}

// What a test sees of the model and how it decides the answers; outlives the processors. Any thread.
struct Model {
  std::function<Answer(const processor::Request&)> answer = [](const auto&) { return R"({"plan":["none"]})"; };
  std::string profile = "compact-3";
  bool remote = false;
  int prompt_tokens = 10, generated_tokens = 10;   // that each answer costs
  processor::Spent cancel_costs = {};              // what a cancelled request has used up
  std::chrono::milliseconds cancel_takes{0};       // until a cancelled request is told that it is
  std::function<void(std::string_view)> at_point;  // "asked", "answered": where a crash may come
  std::atomic<int> asked = 0, answered = 0, cancelled = 0;

  void script(Script all) {
    answer = [all = std::move(all)](const processor::Request& request) { return follow_script(all, request); };
  }
};

class ScriptedProcessor final : public processor::Processor {
 public:
  ScriptedProcessor(Model& model, std::string id) : model_(model), thread_([this] { work(); }) {
    info_.id = std::move(id);
    info_.description = "scripted";
    info_.prompt_profile = model.profile;
    info_.remote = model.remote;
    info_.context_tokens = 4096;
  }
  ~ScriptedProcessor() override {
    {
      const std::scoped_lock lock(mutex_);
      ending_ = true;
    }
    changed_.notify_one();
    thread_.join();
  }
  ScriptedProcessor(const ScriptedProcessor&) = delete;
  ScriptedProcessor& operator=(const ScriptedProcessor&) = delete;

  [[nodiscard]] const processor::ModelInfo& model() const override { return info_; }
  void submit(processor::Request request, OnText, OnDone on_done) override {
    ++model_.asked;
    if (model_.at_point) model_.at_point("asked");
    Answer answer = model_.answer(request);
    const std::scoped_lock lock(mutex_);
    jobs_.push_back({request.id, std::move(answer), std::move(on_done), Time::clock::now(), false});
    jobs_.back().due += jobs_.back().answer.wait;
    changed_.notify_one();
  }
  // As the real ones do it: whatever is in flight under this name, soon, on the processor's own thread.
  void cancel(std::string_view request_id) override {
    const std::scoped_lock lock(mutex_);
    cancels_.emplace_back(request_id, Time::clock::now() + model_.cancel_takes);
    changed_.notify_one();
  }
  [[nodiscard]] processor::Usage usage() const override { return {}; }
  [[nodiscard]] int count_tokens(std::string_view text) const override { return static_cast<int>(text.size() / 4); }

 private:
  using Time = std::chrono::steady_clock::time_point;
  struct Job {
    std::string id;
    Answer answer;
    OnDone on_done;
    Time due;
    bool cancelled = false;
  };

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      const Time now = Time::clock::now();
      Time next = Time::max();
      for (const auto& [id, due] : cancels_) {
        if (due > now)
          next = std::min(next, due);
        else
          for (Job& job : jobs_) job.cancelled = job.cancelled || job.id == id;
      }
      std::erase_if(cancels_, [&](const auto& cancel) { return cancel.second <= now; });
      std::list<Job> ready;
      for (auto job = jobs_.begin(); job != jobs_.end();) {
        const auto here = job++;
        here->cancelled = here->cancelled || ending_;
        if (here->cancelled || (!here->answer.hangs && here->due <= now))
          ready.splice(ready.end(), jobs_, here);
        else if (!here->answer.hangs)
          next = std::min(next, here->due);
      }
      if (!ready.empty()) {
        lock.unlock();
        for (Job& job : ready) finish(job);
        lock.lock();
        continue;
      }
      if (ending_) return;
      if (next == Time::max())
        changed_.wait(lock);
      else
        changed_.wait_until(lock, next);
    }
  }

  void finish(Job& job) {
    if (job.cancelled) {
      ++model_.cancelled;
      return job.on_done(std::unexpected(
          processor::Failure({ErrorCode::kCancelled, "the request was cancelled", ""}, model_.cancel_costs)));
    }
    if (model_.at_point) model_.at_point("answered");
    ++model_.answered;
    if (!job.answer.text) return job.on_done(std::unexpected(job.answer.text.error()));
    processor::Reply reply;
    reply.text = *job.answer.text;
    reply.model = info_.id;
    reply.prompt_tokens = model_.prompt_tokens;
    reply.generated_tokens = model_.generated_tokens;
    job.on_done(std::move(reply));
  }

  Model& model_;
  processor::ModelInfo info_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::list<Job> jobs_;
  std::vector<std::pair<std::string, Time>> cancels_;
  bool ending_ = false;
  std::thread thread_;  // last: it uses the others
};

}  // namespace daimon::kernel::test
