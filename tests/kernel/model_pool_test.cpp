#include "kernel/model_pool.h"

#include <gtest/gtest.h>

namespace daimon::kernel {
namespace {

struct Idle final : processor::Processor {
  processor::ModelInfo info;
  bool outdated = false;
  [[nodiscard]] const processor::ModelInfo& model() const override { return info; }
  void submit(processor::Request, OnText, OnDone) override {}
  void cancel(std::string_view) override {}
  [[nodiscard]] processor::Usage usage() const override { return {}; }
  [[nodiscard]] int count_tokens(std::string_view) const override { return 0; }
  [[nodiscard]] bool is_outdated() const override { return outdated; }
};

TEST(ModelPoolTest, a_model_whose_file_changed_is_loaded_anew_and_the_old_one_stays_with_who_holds_it) {
  Idle* made = nullptr;
  bool damaged = false;
  ModelPool pool("m", [&](const std::string&) -> Result<std::unique_ptr<processor::Processor>> {
    if (damaged) return fail(ErrorCode::kCorrupt, "cut short");
    auto one = std::make_unique<Idle>();
    made = one.get();
    return one;
  });
  const auto first = pool.get("").value();
  EXPECT_EQ(pool.get("m").value(), first);
  made->outdated = true;
  damaged = true;
  EXPECT_EQ(pool.get("m").error().code, ErrorCode::kUnavailable) << "it may be copied just now, and is tried again";
  ASSERT_FALSE(pool.get("other"));
  EXPECT_EQ(pool.get("other").error().code, ErrorCode::kCorrupt) << "one that was never there is what it is";
  damaged = false;
  const auto second = pool.get("m").value();
  EXPECT_NE(second, first);
  EXPECT_EQ(pool.get("m").value(), second);
  EXPECT_EQ(pool.loaded().size(), 1U);
  EXPECT_TRUE(first->is_outdated());
}

}  // namespace
}  // namespace daimon::kernel
