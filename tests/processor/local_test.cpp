#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "processor/local_processor.h"
#include "tiny_gguf.h"

namespace daimon::processor {
namespace {
TEST(Local, Answers) {
  const auto path = std::filesystem::temp_directory_path() / "tiny-smoke.gguf";
  test::write_tiny_gguf(path);
  auto p = LocalProcessor::create({.model_path = path, .threads = 1, .checked_folder = "/tmp/tiny-checked"});
  ASSERT_TRUE(p) << p.error().what;
  Request r;
  r.id = "a";
  r.messages = {{Role::kSystem, "plan"}, {Role::kUser, "the invoice of march"}};
  r.schema = parse_json(R"({"type":"object","properties":{"plan":{"type":"array","items":{"enum":["search","answer"]},"minItems":1,"maxItems":4}},"required":["plan"]})").value();
  auto reply = complete(**p, r);
  ASSERT_TRUE(reply) << reply.error().what;
  std::cout << reply->text << " " << reply->generated_tokens << " " << reply->forced_tokens << " " << reply->confidence << " " << (*p)->usage().backend << "\n";
}
}  // namespace
}  // namespace daimon::processor
