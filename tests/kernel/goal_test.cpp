// Goals from their words to their end.
#include "kernel_world.h"

namespace daimon::kernel::test {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

TEST(KernelGoal, a_lookup_answers_with_a_citation_that_was_checked) {
  KernelWorld world;
  world.furnish();
  world.begin();
  world.model.script({R"(["search","answer"])",
                      {{"search", R"({"query":"electricity"})"}, {"answer", R"({"passage":1,"answer":"£84.20"})"}}});
  const Json view = world.until_ended(world.start("What did I pay for electricity in March?"));
  EXPECT_EQ(state_of(view), "done");
  EXPECT_EQ(text_of(view, "answer"), "£84.20");
  EXPECT_EQ(find_bool(view, "found"), true);
  ASSERT_EQ(view.at("citations").as_array().size(), 1U);
  EXPECT_EQ(text_of(view.at("citations").at(0), "path"), "bills/march.md");
  EXPECT_EQ(text_of(view.at("citations").at(0), "quote"), "Total due: £84.20, payable by 14 April.");
  EXPECT_EQ(find_bool(view.at("citations").at(0), "verified"), true);
}

TEST(KernelGoal, a_quotation_that_is_in_no_document_is_not_an_answer) {
  KernelWorld world;
  world.furnish();
  world.begin();
  world.model.script({R"(["search","answer"])",
                      {{"search", R"({"query":"electricity"})"}, {"answer", R"({"passage":1,"answer":"£99.99"})"}}});
  const Json view = world.until_ended(world.start("What did I pay for electricity in March?"));
  EXPECT_EQ(state_of(view), "failed");
  EXPECT_THAT(text_of(view, "answer"), testing::Not(HasSubstr("99.99")));
  EXPECT_EQ(find_bool(view, "found"), false);
  EXPECT_TRUE(view.at("citations").as_array().empty());
}

TEST(KernelGoal, a_checked_answer_does_not_vouch_for_the_next_one) {
  // One that is in no passage, and one whose passage is not what the document says.
  for (const std::string second : {"invented", "green"}) {
    KernelWorld world;
    world.furnish();
    std::atomic<int> answers = 0, cites = 0;
    world.look = [&](std::string_view when, const device::Call& call) {
      if (when != "before" || call.name != "cite" || ++cites != 2) return;
      auto index = sqlite::Database::open(world.state() / "index.db");
      EXPECT_TRUE(index && index->execute("UPDATE texts SET text = replace(text, 'green', 'brown')"));
    };
    world.begin();
    world.model.answer = [&](const processor::Request& request) -> Answer {
      if (asks_for_plan(request)) return R"({"plan":["search","answer","search","answer"]})";
      if (offered_call(request) == "search")
        return answers == 0 ? R"({"call":"search","with":{"query":"electricity"}})"
                            : R"({"call":"search","with":{"query":"fence"}})";
      if (answers++ == 0) return R"({"call":"answer","with":{"passage":1,"answer":"£84.20"}})";
      return daimon::format(R"({{"call":"answer","with":{{"passage":2,"answer":"{}"}}}})", second);
    };
    const Json view = world.until_ended(world.start("What did I pay for electricity, and which colour is the fence?"));
    EXPECT_THAT(text_of(view, "answer"), HasSubstr("£84.20"));
    EXPECT_THAT(text_of(view, "answer"), testing::Not(HasSubstr(second)));
    EXPECT_EQ(view.at("citations").as_array().size(), 1U);
    EXPECT_EQ(state_of(view), "failed");
    EXPECT_EQ(world.divergence(text_of(view, "process")), "");
  }
}

TEST(KernelGoal, a_document_that_changed_after_the_search_is_still_cited_as_it_was) {
  KernelWorld world;
  world.furnish();
  System& system = world.begin();
  world.model.answer = [&](const processor::Request& request) -> Answer {
    if (asks_for_plan(request)) return R"({"plan":["search","answer"]})";
    if (offered_call(request) == "search") return R"({"call":"search","with":{"query":"electricity"}})";
    world.put("bills/march.md", "Electricity, March 2026: nothing to pay.\n");
    EXPECT_TRUE(system.mount(world.home().string(), "home", {}, {}));
    return R"({"call":"answer","with":{"passage":1,"answer":"£84.20"}})";
  };
  const Json view = world.until_ended(world.start("What did I pay for electricity in March?"));
  EXPECT_EQ(state_of(view), "done");
  EXPECT_EQ(text_of(view, "answer"), "£84.20");
}

TEST(KernelGoal, an_answer_that_is_not_there_is_said_to_be_not_there) {
  KernelWorld world;
  world.furnish();
  world.begin();
  world.model.script(
      {R"(["search","answer"])", {{"search", R"({"query":"electricity"})"}, {"answer", R"({"passage":0})"}}});
  Json view = world.until_ended(world.start("Which tariff is my electricity on?"));
  EXPECT_EQ(state_of(view), "done");
  EXPECT_EQ(find_bool(view, "found"), false);
  EXPECT_THAT(text_of(view, "answer"), StartsWith("Not found in your files"));

  const int asked = world.model.asked;
  world.model.script({"", {{"search", R"({"query":"yacht"})"}}});
  view = world.until_ended(world.start("zzzz qqqq", [](StartOptions& o) { o.mode = Mode::kAsk; }));
  EXPECT_EQ(state_of(view), "done");
  EXPECT_THAT(text_of(view, "answer"), StartsWith("Not found in your files: nothing"));
  EXPECT_EQ(world.model.asked, asked + 1) << "the search; without a passage there is nothing to choose from";
}

// A sum over a table, written to a file.
Script sum_to_file() {
  return {R"(["table","write"])",
          {{"table", R"({"path":"accounts.csv","operation":"sum","column":"amount"})"},
           {"write", R"({"path":"notes/total.txt","content":"42.75"})"}}};
}

TEST(KernelGoal, a_computed_write_appears_only_after_its_approval) {
  KernelWorld world;
  world.furnish();
  world.begin();
  world.model.script(sum_to_file());
  const std::string id = world.start("Sum the amounts in accounts.csv into notes/total.txt");
  const Json waiting = world.until_state(id, "waiting");
  ASSERT_EQ(state_of(waiting), "waiting");
  EXPECT_EQ(text_of(waiting.at("waiting"), "title"), "Write notes/total.txt");
  EXPECT_THAT(text_of(waiting.at("waiting"), "detail"), HasSubstr("+42.75")) << "the diff is what is approved";
  EXPECT_FALSE(world.has("notes")) << "nothing of the person's is touched before";
  ASSERT_TRUE(world.decide(id, waiting, true));
  const Json view = world.until_ended(id);
  EXPECT_EQ(state_of(view), "done");
  EXPECT_EQ(world.get("notes/total.txt"), "42.75\n") << "a text file ends with a newline";
  EXPECT_THAT(text_of(view, "answer"), HasSubstr("= 42.75 (2 rows)"));
  EXPECT_THAT(text_of(view, "answer"), HasSubstr("Wrote notes/total.txt."));
  EXPECT_EQ(find_integer(view.at("cost"), "effects"), 1);
}

TEST(KernelGoal, a_denied_write_leaves_no_trace) {
  KernelWorld world;
  world.furnish();
  world.begin();
  world.model.script(sum_to_file());
  const std::string id = world.start("Sum the amounts in accounts.csv into notes/total.txt");
  const Json waiting = world.until_state(id, "waiting");
  ASSERT_TRUE(world.decide(id, waiting, false));
  const Json view = world.until_ended(id);
  EXPECT_EQ(state_of(view), "denied");
  EXPECT_FALSE(world.has("notes"));
  EXPECT_THAT(text_of(view, "answer"), HasSubstr("Did not write notes/total.txt."));
  EXPECT_EQ(text_of(view.at("plan").at(1), "state"), "failed") << "what was not done is not shown as done";
}

TEST(KernelGoal, a_denial_that_nobody_made_does_not_put_words_into_the_persons_mouth) {
  KernelWorld world;
  world.furnish();
  System& system = world.begin();
  world.model.script(sum_to_file());
  const std::string id = world.start("Sum the amounts in accounts.csv into notes/total.txt");
  const Json waiting = world.until_state(id, "waiting");
  const Decision unasked{request_of(waiting), digest_of(waiting), false, "nobody was there to be asked"};
  EXPECT_EQ(system.decide(id, {unasked.request, unasked.digest, false, std::string(201, 'x')}).error().code,
            ErrorCode::kInvalidArgument);
  EXPECT_EQ(system.decide(id, {unasked.request, unasked.digest, true, "nobody"}).error().code,
            ErrorCode::kInvalidArgument)
      << "nobody approves nothing";
  ASSERT_TRUE(system.decide(id, unasked));
  const Json view = world.until_ended(id);
  EXPECT_EQ(state_of(view), "denied");
  EXPECT_EQ(text_of(view.at("calls").as_array().back(), "text"), "nobody was there to be asked");
}

TEST(KernelGoal, at_level_0_the_suggestion_is_the_result_and_nothing_is_written) {
  KernelWorld world;
  world.furnish();
  world.begin();
  world.model.script(sum_to_file());
  const std::string id = world.start("Sum the amounts in accounts.csv into notes/total.txt",
                                     [](StartOptions& options) { options.autonomy = 0; });
  const Json view = world.until_ended(id);
  EXPECT_EQ(state_of(view), "done");
  EXPECT_FALSE(world.has("notes"));
  EXPECT_THAT(text_of(view, "answer"), HasSubstr("Would write notes/total.txt."));
  EXPECT_EQ(find_bool(view.at("changes").at(0), "applied"), false);
  EXPECT_THAT(text_of(view.at("changes").at(0), "diff"), HasSubstr("+42.75"));
}

TEST(KernelGoal, what_a_rule_forbids_is_tried_once_and_ends_as_denied) {
  KernelWorld world;
  world.furnish();
  auto rules = capability::Constitution::parse("never write file notes/*");
  ASSERT_TRUE(rules);
  world.constitution = *rules;
  world.begin();
  std::atomic<int> thoughts = 0;
  world.model.answer = [&](const processor::Request& request) -> Answer {
    ++thoughts;
    return asks_for_plan(request) ? R"({"plan":["write"]})"
                                  : R"({"call":"write","with":{"path":"notes/a.txt","content":"a"}})";
  };
  const Json view = world.until_ended(world.start("Write a into notes/a.txt"));
  EXPECT_EQ(state_of(view), "denied");
  EXPECT_THAT(text_of(view, "stop_reason"), HasSubstr("never write file notes/*"));
  EXPECT_EQ(thoughts, 2) << "a plan and one try";
}

TEST(KernelGoal, an_approval_is_good_for_one_request_once) {
  KernelWorld world;
  world.furnish();
  System& system = world.begin();
  world.model.script(sum_to_file());
  const std::string first = world.start("Sum the amounts in accounts.csv into notes/total.txt");
  const std::string second = world.start("Sum the amounts in accounts.csv into notes/total.txt");
  const Json waiting = world.until_state(first, "waiting");
  const std::string request = request_of(waiting);
  const std::string digest = digest_of(waiting);
  world.until_state(second, "waiting");
  for (const auto& [id, named] : {std::pair(second, request), std::pair(first, std::string("p1.r9")),
                                  std::pair(first, std::string()), std::pair(std::string("p77"), request)}) {
    const Status refused = system.decide(id, {named, digest, true, {}});
    ASSERT_FALSE(refused) << id << " " << named;
    EXPECT_FALSE(refused.error().remedy.empty());
  }
  EXPECT_FALSE(system.answer(first, request, "yes")) << "an answer is no approval";
  for (const std::string& other : {std::string(), std::string(64, '0'), digest_of(world.view(second)), digest + "0"}) {
    const Status refused = system.decide(first, {request, other, true, {}});
    ASSERT_FALSE(refused) << "what was shown is not what is asked";
    EXPECT_EQ(refused.error().code, ErrorCode::kConflict);
  }
  EXPECT_EQ(state_of(world.view(first)), "waiting");
  EXPECT_FALSE(world.has("notes"));
  ASSERT_TRUE(system.decide(first, {request, digest, true, {}}));
  EXPECT_FALSE(system.decide(first, {request, digest, true, {}})) << "once only";
  EXPECT_EQ(state_of(world.until_ended(first)), "done");
  EXPECT_EQ(state_of(world.view(second)), "waiting");
}

TEST(KernelGoal, a_file_that_changed_after_the_approval_was_asked_for_is_left_alone) {
  KernelWorld world;
  world.furnish();
  world.begin();
  world.model.script(sum_to_file());
  const std::string id = world.start("Sum the amounts in accounts.csv into notes/total.txt");
  const Json waiting = world.until_state(id, "waiting");
  world.put("notes/total.txt", "somebody else's");
  ASSERT_TRUE(world.decide(id, waiting, true));
  const Json view = world.until(id, [&](const Json& now) {
    return has_ended(now) || (state_of(now) == "waiting" && request_of(now) != request_of(waiting));
  });
  EXPECT_EQ(state_of(view), "waiting") << "a new change, with a new diff, is asked for anew";
  EXPECT_THAT(text_of(view.at("waiting"), "detail"), HasSubstr("-somebody else's"));
  EXPECT_EQ(world.get("notes/total.txt"), "somebody else's");
}

TEST(KernelGoal, a_question_to_the_person_waits_and_its_answer_is_used) {
  KernelWorld world;
  world.furnish();
  System& system = world.begin();
  world.model.answer = [](const processor::Request& request) -> Answer {
    if (asks_for_plan(request)) return R"({"plan":["ask","write"]})";
    if (offered_call(request) == "ask") return R"({"call":"ask","with":{"question":"Which colour?"}})";
    EXPECT_EQ(last_result(request), "ask: \"blue\"");
    return R"({"call":"write","with":{"path":"colour.txt","content":"blue"}})";
  };
  const std::string id = world.start("Write my colour to colour.txt", [](StartOptions& o) { o.autonomy = 4; });
  const Json waiting = world.until_state(id, "waiting");
  EXPECT_EQ(text_of(waiting.at("waiting"), "question"), "Which colour?");
  const std::string request = request_of(waiting);
  EXPECT_FALSE(system.decide(id, {request, "", true, {}})) << "a question is not an approval";
  EXPECT_FALSE(system.answer(id, request, "bl\xff")) << "not text";
  ASSERT_TRUE(system.answer(id, request, "blue"));
  EXPECT_EQ(state_of(world.until_ended(id)), "done");
  EXPECT_EQ(world.get("colour.txt"), "blue\n");
}

TEST(KernelGoal, a_goal_that_nothing_fits_says_so) {
  KernelWorld world;
  world.begin();
  world.model.script({R"(["none"])", {}});
  const Json view = world.until_ended(world.start("Order a pizza"));
  EXPECT_EQ(state_of(view), "failed");
  EXPECT_THAT(text_of(view, "answer"), StartsWith("I cannot do that here."));
}

TEST(KernelGoal, a_full_model_chooses_its_calls_and_ends_by_itself) {
  KernelWorld world;
  world.furnish();
  world.model.profile = "";
  world.begin();
  world.model.answer = [](const processor::Request& request) -> Answer {
    if (asks_for_plan(request)) return R"({"plan":[{"call":"search","text":"find the bill","check":"a bill"}]})";
    if (last_result(request).empty()) return R"({"call":"search","with":{"query":"electricity"}})";
    return R"({"call":"finish","with":{"answer":"You paid £84.20.","found":true,"citations":[{"passage":1,"quote":"Total due: £84.20"},{"passage":1,"quote":"made up"}]}})";
  };
  const Json view = world.until_ended(world.start("What did I pay for electricity in March?"));
  EXPECT_EQ(state_of(view), "done");
  EXPECT_EQ(text_of(view, "answer"), "You paid £84.20.");
  ASSERT_EQ(view.at("citations").as_array().size(), 1U);
  EXPECT_EQ(text_of(view.at("citations").at(0), "quote"), "Total due: £84.20");
}

TEST(KernelGoal, a_watcher_gets_every_journaled_event_in_order_from_where_it_says) {
  KernelWorld world;
  world.furnish();
  System& system = world.begin();
  world.model.script(sum_to_file());
  const std::string id = world.start("Sum the amounts in accounts.csv into notes/total.txt");
  world.until_state(id, "waiting");
  std::mutex mutex;
  std::vector<std::int64_t> seen;
  std::atomic<bool> finished = false;
  const auto watch = system.follow(id, 2, [&](const Json& event) {
    const std::scoped_lock lock(mutex);
    if (const auto sequence = find_integer(event, "seq")) seen.push_back(*sequence);
    if (text_of(event, "type") == "finished") finished = true;
    return true;
  });
  ASSERT_TRUE(watch);
  ASSERT_EQ(state_of(world.to_end(id)), "done");
  for (int i = 0; i < 2000 && !finished; ++i) std::this_thread::sleep_for(milliseconds(2));
  const std::scoped_lock lock(mutex);
  std::vector<std::int64_t> wanted;
  for (const journal::Record& record : world.records())
    if (record.sequence > 2) wanted.push_back(record.sequence);
  EXPECT_EQ(seen, wanted);
}

TEST(KernelGoal, a_mounted_folder_that_is_gone_answers_for_nothing) {
  KernelWorld world;
  world.furnish();
  System& system = world.begin();
  ASSERT_TRUE(system.mount((world.home() / "letters").string(), "letters", {}, {}));
  std::filesystem::rename(world.home() / "letters", world.home() / "elsewhere");
  StartOptions wanted;
  wanted.goal = "Why was the fence painted?";
  wanted.mounts = {"letters"};
  const auto refused = system.start(wanted);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kNotFound);
  EXPECT_THAT(refused.error().what, testing::HasSubstr("is gone"));
  wanted.mounts = {};
  const auto started = system.start(wanted);
  ASSERT_TRUE(started);
  EXPECT_EQ(to_text(world.view(*started).at("mounts")), R"(["home"])");
}

TEST(KernelGoal, what_cannot_be_started_is_refused_with_a_reason) {
  KernelWorld world;
  System& system = world.begin();
  const auto refused = [&](const std::function<void(StartOptions&)>& set) {
    StartOptions wanted;
    wanted.goal = "x";
    set(wanted);
    const auto started = system.start(wanted);
    EXPECT_FALSE(started);
    return started ? ErrorCode::kInternal : started.error().code;
  };
  EXPECT_EQ(refused([](auto& o) { o.goal = " \n"; }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused([](auto& o) { o.goal = "caf\xe9"; }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused([](auto& o) { o.goal = std::string(300 * 1024, 'x'); }), ErrorCode::kLimit);
  EXPECT_EQ(refused([](auto& o) { o.autonomy = 5; }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused([](auto& o) { o.budget.tokens = -1; }), ErrorCode::kInvalidArgument);
  EXPECT_EQ(refused([](auto& o) { o.mounts = {"nowhere"}; }), ErrorCode::kNotFound);
  // A process's folders stand in the journal, which is text.
  std::filesystem::create_directories(world.folder / "caf\xe9");
  const auto mounted = system.mount((world.folder / "caf\xe9").string(), "cafe", {}, {});
  ASSERT_FALSE(mounted);
  EXPECT_EQ(mounted.error().code, ErrorCode::kUnsupported);
  EXPECT_TRUE(world.records().empty()) << "a goal that was refused is no process";
}

TEST(KernelGoal, what_is_not_found_in_a_folder_that_was_not_read_as_a_whole_is_not_said_to_be_nowhere) {
  KernelWorld world;
  world.furnish();
  System& system = world.begin();
  const auto other = world.folder / "other";
  std::filesystem::create_directories(other);
  for (const char* name : {"a.md", "b.md"}) std::ofstream(other / name) << "A letter about nothing.\n";
  std::stop_source stop;
  ASSERT_FALSE(system.mount(other.string(), "other", [&](const Json&) { stop.request_stop(); }, stop.get_token()));
  world.model.script(
      {R"(["search","answer"])", {{"search", R"({"query":"zeppelin"})"}, {"answer", R"({"passage":0})"}}});
  const Json view = world.until_ended(world.start("Where is the zeppelin?"));
  EXPECT_EQ(find_bool(view, "found"), false) << to_text(view);
  EXPECT_THAT(text_of(view, "answer"), HasSubstr("It may be there all the same: other was being read"));
  EXPECT_EQ(world.divergence(text_of(view, "process")), "");
}

TEST(KernelGoal, a_file_that_is_not_there_or_not_below_is_said_and_no_other_taken_in_its_place) {
  for (const auto& [goal, why] : std::vector<std::pair<std::string, std::string>>{
           {"Sum amount in accounts/2025.csv into b.txt", "there is no file 'accounts/2025.csv'"},
           {"Sum amount in accounts.csv into /tmp/b.txt", "'/tmp/b.txt' is in none of the mounted folders"},
           {"Sum amount in accounts.csv into ../b.txt", "'../b.txt' is in none of the mounted folders"}}) {
    KernelWorld world;
    world.furnish();
    world.begin();
    world.model.script({R"(["table","write"])",
                        {{"table", R"({"path":"accounts.csv","operation":"sum","column":"amount"})"},
                         {"write", R"({"path":"accounts.csv","content":"42.75"})"}}});
    const Json view = world.until_ended(world.start(goal));
    EXPECT_EQ(state_of(view), "failed");
    EXPECT_THAT(text_of(view, "stop_reason"), HasSubstr(why));
    EXPECT_EQ(view.at("calls").as_array().size(), 1U) << "only the survey: " << goal;
    EXPECT_EQ(world.divergence(text_of(view, "process")), "");
  }
}

TEST(KernelGoal, a_path_that_is_to_be_written_down_is_no_place_to_write_to) {
  KernelWorld world;
  world.furnish();
  world.begin();
  world.model.script(
      {R"(["write"])", {{"write", R"({"path":"todo.txt","content":"move the report to /srv/reports/march.pdf"})"}}});
  const Json view = world.until_ended(world.start("Note in todo.txt: move the report to /srv/reports/march.pdf",
                                                  [](StartOptions& options) { options.autonomy = 4; }));
  EXPECT_EQ(state_of(view), "done") << to_text(view);
  EXPECT_TRUE(std::filesystem::exists(world.home() / "todo.txt"));
}

TEST(KernelGoal, a_file_that_is_there_but_not_in_the_index_is_not_missing) {
  KernelWorld world;
  world.furnish();
  world.put("node_modules/a.csv", "amount\n1\n");
  world.begin();
  world.model.script(
      {R"(["table"])", {{"table", R"({"path":"node_modules/a.csv","operation":"sum","column":"amount"})"}}});
  EXPECT_EQ(state_of(world.until_ended(world.start("Sum amount in node_modules/a.csv"))), "done");
}

TEST(KernelGoal, among_several_folders_a_new_file_goes_where_its_folder_or_its_source_is) {
  for (const auto& [wanted, written] : std::vector<std::pair<std::string, std::string>>{
           {"b.txt", "home/b.txt"}, {"plans/b.txt", "other/plans/b.txt"}, {"other/b.txt", "other/b.txt"}}) {
    KernelWorld world;
    world.furnish();
    System& system = world.begin();
    const auto other = world.folder / "other";
    std::filesystem::create_directories(other / "plans");
    std::ofstream(other / "plans/a.md") << "A plan.\n";
    ASSERT_TRUE(system.mount(other.string(), "other", {}, {}));
    world.model.script({R"(["table","write"])",
                        {{"table", R"({"path":"home/accounts.csv","operation":"sum","column":"amount"})"},
                         {"write", daimon::format(R"({{"path":"{}","content":"42.75"}})", wanted)}}});
    const Json view = world.until_ended(world.start(daimon::format("Sum amount in accounts.csv into {}", wanted),
                                                    [](StartOptions& options) { options.autonomy = 4; }));
    EXPECT_EQ(state_of(view), "done") << to_text(view);
    EXPECT_TRUE(std::filesystem::exists(world.folder / written)) << wanted;
    EXPECT_EQ(world.divergence(text_of(view, "process")), "");
  }
}

TEST(KernelChat, a_model_that_holds_no_conversation_answers_only_who_names_it) {
  KernelWorld world;
  world.model.answer = [](const processor::Request&) -> Answer { return "hello"; };
  System& system = world.begin();
  processor::Request request;
  request.messages.push_back({.role = processor::Role::kUser, .content = "hi"});
  const auto refused = system.chat("", request, {});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::kUnsupported);
  EXPECT_TRUE(system.chat("clerk", request, {}));
  KernelWorld other;
  other.model.profile = "";
  other.model.answer = world.model.answer;
  EXPECT_TRUE(other.begin().chat("", request, {}));
}

}  // namespace
}  // namespace daimon::kernel::test
