#include "kernel/views.h"

#include <gtest/gtest.h>

namespace daimon::kernel {
namespace {

TEST(ViewsTest, an_answer_that_failed_says_what_it_cost) {
  processor::Failure failure(Error{ErrorCode::kCorrupt, "no JSON", ""},
                             {.prompt_tokens = 14, .cached_tokens = 4, .generated_tokens = 6, .money = 0.25});
  const JsonObject body = replied_body("p1.t1", std::unexpected(failure), 3);
  EXPECT_TRUE(body.contains("error"));
  EXPECT_EQ(find_integer(body, "prompt_tokens"), 14);
  EXPECT_EQ(find_integer(body, "cached_tokens"), 4);
  EXPECT_EQ(find_integer(body, "generated_tokens"), 6);
  EXPECT_EQ(find_number(body, "money"), 0.25);
  const JsonObject free = replied_body("p1.t1", fail(ErrorCode::kNotFound, "no model"), 3);
  EXPECT_FALSE(free.contains("prompt_tokens"));
  EXPECT_FALSE(free.contains("money"));
}

}  // namespace
}  // namespace daimon::kernel
