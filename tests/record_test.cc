// Records as a damaged or altered file has them: each is read, or is an error of one line.
#include "extract/record.h"

#include <arrow/util/base64.h>
#include <gtest/gtest.h>

#include <limits>
#include <nlohmann/json.hpp>

namespace jaxsmith::extract {
namespace {

using Json = nlohmann::json;

Json array(std::vector<std::int64_t> shape, std::size_t bytes, const char* dtype = "f32") {
  return {{"dtype", dtype},
          {"shape", std::move(shape)},
          {"data", arrow::util::base64_encode(std::string(bytes, '\0'))}};
}

Json record() {
  const Json aval = {{"name", "x"}, {"dtype", "f32"}, {"shape", {2}}};
  return {{"type", "function"},
          {"origin", "captured"},
          {"name", "jit(f)"},
          {"callable", "m:f"},
          {"entry", "f"},
          {"source", "def f(x):\n    return x\n"},
          {"call_site", "m.py:3"},
          {"statics", R"({"n": "3"})"},
          {"transformation", "forward"},
          {"arguments", {aval}},
          {"results", {aval}},
          {"constants", {array({2}, 8)}},
          {"levels", {{"jaxpr", "{ lambda ; a:f32[2]. let  in (a,) }"}}},
          {"missing", {{"hlo", "lower: no"}, {"spans_jaxpr", "lower: no"}, {"case", "run: no"}}},
          {"spans", {{"jaxpr", {{1, "exact", {{1, 0, 1, 4}}, ""}}}}},
          {"flops", 1.5},
          {"bytes_accessed", 0},
          {"kept", {0}},
          {"devices", 1},
          {"x64", false},
          {"platform", "cpu"},
          {"xla_flags", ""},
          {"versions", {{"python", "3"}, {"jax", "0"}, {"jaxlib", "0"}, {"numpy", "2"}}},
          {"bound", ""},
          {"inputs", {array({2}, 8)}},
          {"outputs", {array({2}, 8)}}};
}

TEST(Records, OneThatIsWholeIsRead) {
  const auto read = parse_record(record().dump());
  ASSERT_TRUE(read.ok()) << read.error().message;
  const auto& r = std::get<Record>(read.value());
  EXPECT_TRUE(r.has_case);
  EXPECT_EQ(r.function.inputs[0].size(), 1u);
  EXPECT_EQ(r.outcome.constants.size(), 1u);
  EXPECT_EQ(r.missing.size(), 3u);
}

TEST(Records, VersionsMayBeLong) {
  Json j = record();
  j["versions"]["python"] = std::string(1000, '3');
  EXPECT_TRUE(parse_record(j.dump()).ok());
}

// A place within the record, and what stands there instead.
struct Damage {
  const char* at;
  Json value;
};

TEST(Records, OnesThatCannotBeAreErrorsOfOneLine) {
  const std::int64_t huge = std::int64_t{1} << 32;
  Json no_i4 = array({2}, 2, "i4");
  no_i4["data"] = arrow::util::base64_encode(std::string("\x0f\x10"));
  std::vector<Damage> all = {
      {"/constants/0", array({2}, 7)},
      {"/constants/0", array({huge, huge}, 0)},
      {"/constants/0", array({huge, huge, 4}, 0)},
      {"/constants/0", array({-1, -2}, 8)},
      {"/constants/0", no_i4},
      {"/constants/0", array({2}, 8, "f31")},
      {"/constants/0/data", "no base64!"},
      {"/constants/0/shape/0", 2.0},
      {"/constants/0/shape/0", true},
      {"/constants/0/shape/0", std::numeric_limits<std::uint64_t>::max()},
      {"/constants", {{"a", 1}}},
      {"/inputs/0", array({1 << 20}, 8)},
      {"/inputs", Json::array()},
      {"/outputs/0", array({3}, 8)},
      {"/outputs", {array({2}, 8), array({2}, 8)}},
      {"/arguments/0/shape/0", -2},
      {"/arguments/0/name", 3},
      {"/kept/0", -1},
      {"/kept/0", 1},
      {"/kept/0", std::numeric_limits<std::uint64_t>::max()},
      {"/devices", -1},
      {"/devices", 1e30},
      {"/x64", 1},
      {"/flops", "many"},
      {"/origin", "generated"},
      {"/origin", "nowhere"},
      {"/statics", "no JSON"},
      {"/statics", "[1]"},
      {"/levels", {{"../x", "text"}}},
      {"/levels/jaxpr", 3},
      {"/missing", {{"spans_", "why"}}},
      {"/missing", {{"everything\n", "why"}}},
      {"/missing/case", Json()},
      {"/spans", {{"jaxpr", {{-1, "exact", Json::array(), ""}}}}},
      {"/versions", "new"},
      {"/versions/jax", "a\nb"},
      {"/type", "a\nb"},
      {"/type", 3},
  };
  const Json whole = record();
  for (const auto& [key, value] : whole.items()) {
    Json lacking = whole;
    lacking.erase(key);
    const auto read = parse_record(lacking.dump());
    ASSERT_FALSE(read.ok()) << key;
    EXPECT_EQ(read.error().message.find('\n'), std::string::npos) << read.error().message;
  }
  for (const Damage& damage : all) {
    Json damaged = whole;
    damaged[Json::json_pointer(damage.at)] = damage.value;
    const auto read = parse_record(damaged.dump());
    ASSERT_FALSE(read.ok()) << damage.at << " " << damage.value;
    EXPECT_NE(read.error().message.find("a record cannot be read"), std::string::npos);
    EXPECT_EQ(read.error().message.find('\n'), std::string::npos) << read.error().message;
  }
}

TEST(Records, WhatIsNoRecordIsAnErrorOfOneLine) {
  for (const std::string& line :
       {std::string(), std::string("[1]"), std::string("7"), std::string(5000, '\0'),
        std::string(1'000'000, '['), std::string("{\"type\": \"fun\nction\"}"),
        std::string("\xff\xfe"), std::string(R"({"type": "problem", "name": 3})"),
        std::string(R"({"type": "error", "kind": "odd", "message": "x"})"),
        std::string(R"({"type": "at", "file": -1, "number": 0, "stage": "lower"})")}) {
    const auto read = parse_record(line);
    ASSERT_FALSE(read.ok()) << line.substr(0, 50);
    EXPECT_EQ(read.error().message.find('\n'), std::string::npos) << read.error().message;
  }
}

TEST(Records, PartsOfOtherFormsAreErrorsOfOneLine) {
  const std::string whole = record().dump();
  EXPECT_TRUE(join_record({whole, R"({"pending": []})"}, "").ok());
  std::string deep = whole;
  deep.insert(1, R"("x": )" + std::string(100'000, '[') + std::string(100'000, ']') + ",");
  for (const std::string& part :
       {std::string("[]"), std::string("3"), std::string(R"({"pending": 3})"),
        std::string(R"({"pending": [3]})"), std::string(R"({"pending": [{"part": 1}]})"),
        std::string(R"({"pending": [{"part": "x", "stage": "run"}]})"),
        std::string(R"({"missing": 3, "pending": [{"part": "case", "stage": "run"}]})"), deep}) {
    const auto joined = join_record({whole, part}, "SIGSEGV");
    ASSERT_FALSE(joined.ok()) << part.substr(0, 50);
    EXPECT_EQ(joined.error().message.find('\n'), std::string::npos) << joined.error().message;
  }
}

TEST(Records, PartsHaveTheirNames) {
  EXPECT_EQ(part_of("case")->check, check::CheckKind::kCase);
  EXPECT_EQ(part_of("source")->check, check::CheckKind::kSource);
  for (const level::Level level : level::levels()) {
    const std::string name(level::name_of(level));
    EXPECT_EQ(part_of(name)->check, check::CheckKind::kMade);
    EXPECT_EQ(part_of("spans_" + name)->check, check::CheckKind::kSpans);
    EXPECT_EQ(part_of("spans_" + name)->level, level);
  }
  for (const char* name : {"", "spans_", "spans_case", "Case", "../jaxpr"})
    EXPECT_FALSE(part_of(name)) << name;
}

}  // namespace
}  // namespace jaxsmith::extract
