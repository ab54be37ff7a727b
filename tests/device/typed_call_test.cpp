#include "device/typed_call.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "device/arguments.h"
#include "device/ask.h"
#include "device/files_device.h"
#include "device/table_device.h"

namespace daimon::device {
namespace {

using ::testing::HasSubstr;

Json json(std::string_view text) { return parse_json(text).value(); }

TEST(TypedCall, SchemaHasTheMembersInOrderAndOnlyKnownKeywords) {
  EXPECT_EQ(
      to_text(schema_of<TableArguments>()),
      R"({"type":"object","properties":{"path":{"type":"string","minLength":1,"maxLength":4096,"description":"a CSV file below a mount"},)"
      R"("operation":{"type":"string","enum":["sum","count","average","min","max","list","distinct"],"description":"what to do with the column"},)"
      R"("column":{"type":"string","minLength":1,"maxLength":200,"description":"the column's name"},)"
      R"("where_column":{"type":"string","minLength":1,"maxLength":200,"description":"only rows where this column"},)"
      R"("where_value":{"type":"string","maxLength":400,"description":"has this value; 2026-03 matches dates in March"}},)"
      R"("required":["path","operation","column"],"additionalProperties":false})");
}

TEST(TypedCall, ArgumentsAreReadStrictly) {
  const auto good =
      parse_arguments<TableArguments>(json(R"({"path":"a.csv","operation":"max","column":"b","where_column":"c"})"));
  ASSERT_TRUE(good) << good.error().what;
  EXPECT_EQ(good->operation, TableOperation::max);
  EXPECT_EQ(good->where_column, "c");
  EXPECT_FALSE(good->where_value);
  const auto error = [](std::string_view text) {
    const auto parsed = parse_arguments<TableArguments>(json(text));
    if (parsed) return std::string("accepted");
    EXPECT_EQ(parsed.error().code, ErrorCode::kInvalidArgument);
    return parsed.error().what;
  };
  EXPECT_EQ(error(R"({"path":"a","operation":"max","column":"b","colour":"c"})"),
            "there is no argument 'colour'; arguments are path, operation, column, where_column, where_value");
  EXPECT_EQ(error(R"({"path":"a","operation":"max"})"), "the argument 'column' is missing");
  EXPECT_EQ(error(R"({"path":7,"operation":"max","column":"b"})"), "the argument 'path' must be a text");
  EXPECT_THAT(error(R"({"path":"a","operation":"median","column":"b"})"),
              HasSubstr("must be one of sum, count, average"));
  EXPECT_THAT(error(R"({"path":"","operation":"max","column":"b"})"), HasSubstr("'path' is empty"));
  EXPECT_THAT(error(R"({"path":null,"operation":"max","column":"b"})"), HasSubstr("'path' must be a text"));
  EXPECT_THAT(error(R"({"path":"a","operation":"max","column":"b","where_value":null})"), HasSubstr("must be a text"));
  EXPECT_THAT(error("[]"), HasSubstr("must be a JSON object"));
}

TEST(TypedCall, SignaturesAreThoseOfTheFormat) {
  const auto files = make_files_device();
  EXPECT_EQ(signature(files->calls()[0]), "list(path?)");
  EXPECT_EQ(signature(files->calls()[1]), "read(path)");
  EXPECT_EQ(signature(files->calls()[2]), "write(path, content)");
  EXPECT_EQ(signature(make_ask_specification()), "ask(question)");
  EXPECT_EQ(files->calls()[2].summary, "stage a new or changed file");
}

TEST(TypedCall, AccessesComeFromTheArguments) {
  const auto files = make_files_device();
  const auto accesses = files->calls()[2].accesses(json(R"({"path":"a.txt","content":""})"));
  ASSERT_TRUE(accesses);
  EXPECT_EQ(*accesses, (std::vector{Access{"file", "write", "a.txt"}}));
  EXPECT_FALSE(files->calls()[2].accesses(json(R"({"path":"a.txt"})")));
}

TEST(TypedCall, EverySpellingOfAPathIsOneAccess) {
  const auto files = make_files_device();
  const auto table = make_table_device();
  const auto object = [&](const CallSpecification& call, Json arguments) {
    const auto accesses = call.accesses(arguments);
    return accesses ? accesses->at(0).object : "refused: " + accesses.error().what;
  };
  const auto with = [](std::string_view path) {
    return JsonObject{{"path", path}, {"content", ""}, {"change", "0"}, {"operation", "sum"}, {"column", "c"}};
  };
  const auto read = [&](std::string_view path) { return object(files->calls()[1], JsonObject{{"path", path}}); };
  for (const std::string_view path : {"taxes/x", "./taxes/x", "././taxes/x", "taxes/x/"})
    EXPECT_EQ(read(path), "taxes/x");
  for (const std::string_view path : {"a/../taxes/x", "taxes/./x", "taxes//x", "/taxes/x", "../taxes/x"})
    EXPECT_THAT(read(path), HasSubstr("refused: the path")) << path;
  const auto taken = [&](const CallSpecification& call) {
    JsonObject arguments;
    for (const auto& property : call.arguments_schema.at("properties").get_object())
      if (const JsonObject all = with("./taxes/x"); all.contains(property.key()))
        arguments[property.key()] = all.at(property.key());
    return object(call, arguments);
  };
  for (const CallSpecification& call : files->calls()) EXPECT_EQ(taken(call), "taxes/x") << call.name;
  EXPECT_EQ(taken(table->calls()[0]), "taxes/x");
  EXPECT_EQ(object(files->calls()[0], JsonObject{}), ".");
}

}  // namespace
}  // namespace daimon::device
