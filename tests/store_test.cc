// A dataset's folder: its files are those of its rows, however it came to hold them.
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>

#include "base/random.h"
#include "levels/names.h"
#include "store/card.h"
#include "store/dataset_reader.h"
#include "store/dataset_writer.h"
#include "store/files.h"
#include "tensor/convert.h"

namespace jaxsmith::store {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kChunks = 12;

class Store : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "jaxsmith-store-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
  }
  void TearDown() override { fs::remove_all(root_); }
  std::string folder(const std::string& name) const { return root_ + "/" + name; }

  std::string root_;
};

RunDescription description(std::uint64_t count = 60) {
  RunDescription run;
  run.seed = 0xfedcba9876543210;  // more than a signed integer holds
  run.count = count;
  run.rows_per_shard = 20;
  run.options = R"({"seed": 3, "categories": ["math"]})";
  run.row_options = R"({"flags": "none"})";
  run.plain_row_options = R"({"flags": "plain"})";
  run.versions = {"3.11", "0.10.2", "0.10.2", "2.4", "{}"};
  run.jaxsmith_version = "0.1.0";
  return run;
}

check::Sample sample(std::uint64_t family) {
  Random random(9, family);
  check::Sample s;
  s.function.key = {description().seed, family, 0};
  s.function.category = family % 2 ? "math" : "loop";
  s.function.transformation = "forward";
  s.function.variant = "base";
  s.function.tags = {"math"};
  s.function.source = "def f(x):\n    return x" + std::string(random.below(200), '+') + "\n";
  s.function.entry = "f";
  s.function.arguments = {{"x", tensor::DType::kF32, {2}}};
  const std::array<double, 2> numbers = {random.uniform(), random.uniform()};
  for (auto& set : s.function.inputs)
    set = {tensor::tensor_from_doubles(tensor::DType::kF32, {2}, numbers)};
  s.outcome.ok = true;
  s.outcome.levels = {{level::kJaxpr, "{ lambda }"},
                      {level::kStablehlo, "module"},
                      {level::kHlo, "HloModule"},
                      {level::kHloOptimized, "HloModule x"}};
  s.outcome.outputs = {tensor::tensor_from_doubles(tensor::DType::kF32, {2}, numbers)};
  // As many as the family's number says.
  for (std::uint64_t i = 0; i < family % 4; ++i) {
    const std::array<double, 2> others = {random.uniform(), random.uniform()};
    const auto each = tensor::tensor_from_doubles(tensor::DType::kF32, {2}, others);
    s.further_cases.push_back({{each}, {each}});
  }
  s.outcome.result_paths = {""};
  s.outcome.argument_matters = {true};
  s.structure = std::string(32, 'a');
  s.signature = std::to_string(family);
  s.split = family % 11 == 0   ? check::Split::kValidation
            : family % 13 == 0 ? check::Split::kTest
                               : check::Split::kTrain;
  return s;
}

check::Reject reject(std::uint64_t family) {
  check::Reject r;
  r.key = {description().seed, family, 1};
  r.category = "math";
  r.transformation = "grad";
  r.variant = "base";
  r.source = "def g(x): ...\n";
  r.refusal = {trace::Stage::kCheck, trace::Reason::kNonfinite,
               "result 0 holds a NaN or an infinity"};
  return r;
}

// Five rows and a reject a chunk.
void add_chunk(DatasetWriter& writer, std::uint64_t chunk) {
  for (std::uint64_t i = 0; i < 5; ++i) writer.add(sample(5 * chunk + i));
  writer.add(reject(5 * chunk));
  writer.end_chunk(chunk, chunk % 3);
}

std::map<std::string, std::string> contents(const std::string& path) {
  std::map<std::string, std::string> out;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    if (!entry.is_regular_file()) continue;
    std::ifstream in(entry.path(), std::ios::binary);
    out[fs::relative(entry.path(), path)] = std::string(std::istreambuf_iterator<char>(in), {});
  }
  return out;
}

// Makes chunks [writer's next, end), with a flush after those that `flushes` says.
Status make(const std::string& out, std::uint64_t end, bool finish, bool complete,
            const std::function<bool(std::uint64_t)>& flushes) {
  JAXSMITH_TRY(writer, DatasetWriter::open(out, description(), true));
  for (std::uint64_t chunk = writer->next_chunk(); chunk < end; ++chunk) {
    add_chunk(*writer, chunk);
    if (flushes(chunk)) JAXSMITH_CHECK(writer->flush());
  }
  return finish ? writer->finish(complete) : Status();
}

std::map<std::string, std::string> reference(const std::string& out) {
  const auto done = make(out, kChunks, true, true, [](std::uint64_t) { return false; });
  EXPECT_TRUE(done.ok()) << done.error().message;
  return contents(out);
}

TEST_F(Store, FilesDoNotDependOnWhereSegmentsEnd) {
  const auto expected = reference(folder("a"));
  EXPECT_TRUE(expected.contains("manifest.json") && expected.contains("README.md") &&
              expected.contains("rejects.parquet"));
  EXPECT_TRUE(std::none_of(expected.begin(), expected.end(),
                           [](const auto& f) { return f.first.starts_with("."); }));
  ASSERT_TRUE(make(folder("b"), kChunks, true, true, [](std::uint64_t) { return true; }).ok());
  EXPECT_EQ(contents(folder("b")), expected);
  ASSERT_TRUE(
      make(folder("c"), kChunks, true, true, [](std::uint64_t c) { return c % 5 == 3; }).ok());
  EXPECT_EQ(contents(folder("c")), expected);
}

TEST_F(Store, RowsHaveTheirCasesWhenTheyAreReadBack) {
  reference(folder("a"));
  auto rows = DatasetReader::open(folder("a"));
  ASSERT_TRUE(rows.ok()) << rows.error().message;
  std::size_t read = 0;
  while (const auto row = rows.value().next()) {
    ASSERT_EQ(row->problem, "");
    const std::uint64_t family = std::stoull(row->id.substr(row->id.find('-') + 1));
    const check::Sample expected = sample(family);
    EXPECT_EQ(row->inputs, expected.function.inputs[0]);
    EXPECT_EQ(row->further_cases, expected.further_cases);
    ++read;
  }
  EXPECT_EQ(read, 5 * kChunks);
}

TEST_F(Store, WhatWasFlushedIsThereAfterAKill) {
  const auto expected = reference(folder("a"));
  for (std::uint64_t killed_after : {1, 4, 11}) {
    const std::string out = folder("k" + std::to_string(killed_after));
    // Gone without finish: all of the chunks since the last flush are lost, and made again.
    ASSERT_TRUE(
        make(out, killed_after, false, false, [](std::uint64_t c) { return c % 2 == 0; }).ok());
    {
      const auto writer = DatasetWriter::open(out, description(), true);
      ASSERT_TRUE(writer.ok());
      EXPECT_EQ(writer.value()->next_chunk(), killed_after - (killed_after % 2 == 0));
      EXPECT_EQ(writer.value()->rows(), 5 * writer.value()->next_chunk());
    }
    ASSERT_TRUE(make(out, kChunks, true, true, [](std::uint64_t) { return true; }).ok());
    EXPECT_EQ(contents(out), expected);
  }
}

TEST_F(Store, ADatasetFinishedEarlyCanGoOn) {
  const auto expected = reference(folder("a"));
  ASSERT_TRUE(make(folder("b"), 5, true, false, [](std::uint64_t) { return false; }).ok());
  const auto early = contents(folder("b"));
  EXPECT_TRUE(early.contains("manifest.json"));
  EXPECT_NE(early.at("README.md").find("Unfinished"), std::string::npos);
  ASSERT_TRUE(make(folder("b"), kChunks, true, true, [](std::uint64_t) { return true; }).ok());
  EXPECT_EQ(contents(folder("b")), expected);
}

TEST(Card, IsOfTheLevelsOfItsRun) {
  const auto says = [](const std::string& card, std::string_view words) {
    EXPECT_NE(card.find(words), std::string::npos) << words << "\n" << card;
  };
  RunDescription run = description();
  CardFigures figures;
  figures.levels = {run.levels.begin(), run.levels.end()};
  const std::string whole = dataset_card(run, figures);
  says(whole, "tags:\n- code\n- compilers\n- jax\n- stablehlo\n- hlo\n- xla\n---\n");
  says(whole, "print(rows[0][\"source\"], rows[0][\"stablehlo\"])\n");

  run.levels = {level::kJaxpr};
  figures.levels = {level::kJaxpr};
  const std::string alone = dataset_card(run, figures);
  says(alone, "tags:\n- code\n- compilers\n- jax\n---\n");
  says(alone, "print(rows[0][\"source\"], rows[0][\"jaxpr\"])\n");
}

TEST_F(Store, ATornJournalIsTakenUpToWhereItIsWhole) {
  const auto expected = reference(folder("a"));
  ASSERT_TRUE(make(folder("journal"), 8, false, false, [](std::uint64_t) { return true; }).ok());
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder("journal") + "/.jaxsmith")) {
    if (entry.path().filename() != "run.json") files.push_back(entry.path().filename());
  }
  ASSERT_GE(files.size(), 8u);
  for (const fs::path& name : files) {
    for (const bool cut : {true, false}) {
      const std::string out = folder("torn");
      fs::copy(folder("journal"), out, fs::copy_options::recursive);
      const fs::path file = out / fs::path(".jaxsmith") / name;
      if (cut)
        fs::resize_file(file, fs::file_size(file) / 2);
      else
        fs::remove(file);
      const auto done = make(out, kChunks, true, true, [](std::uint64_t c) { return c % 4 == 1; });
      ASSERT_TRUE(done.ok()) << name << (cut ? " cut: " : " gone: ") << done.error().message;
      EXPECT_EQ(contents(out), expected) << name << (cut ? " cut" : " gone");
      fs::remove_all(out);
    }
  }
}

TEST_F(Store, AFolderOfAnotherRunIsLeftAlone) {
  const auto before = reference(folder("a"));
  RunDescription other = description();
  const auto refused = [&](const RunDescription& run, bool resume, const std::string& says) {
    const auto opened = DatasetWriter::open(folder("a"), run, resume);
    ASSERT_FALSE(opened.ok());
    EXPECT_EQ(opened.error().kind, ErrorKind::kUsage);
    EXPECT_NE(opened.error().message.find(says), std::string::npos) << opened.error().message;
  };
  refused(description(), false, "holds a dataset");
  other.count = 61;
  refused(other, true, "count is 60 there, 61 was asked for");
  other = description();
  other.versions.jaxlib = "0.9";
  refused(other, true, "jaxlib");
  other = description();
  other.options = R"({"seed": 3, "categories": ["loop"]})";
  refused(other, true, "categories");
  EXPECT_EQ(contents(folder("a")), before);

  fs::create_directories(folder("mine"));
  std::ofstream(folder("mine") + "/letter.txt") << "dear";
  for (bool resume : {false, true}) {
    const auto opened = DatasetWriter::open(folder("mine"), description(), resume);
    ASSERT_FALSE(opened.ok());
    EXPECT_NE(opened.error().message.find("other files"), std::string::npos);
  }
  EXPECT_EQ(contents(folder("mine")).size(), 1u);
}

TEST_F(Store, ACompleteOneHasNothingLeftToDo) {
  const auto before = reference(folder("a"));
  const auto writer = DatasetWriter::open(folder("a"), description(), true);
  ASSERT_TRUE(writer.ok());
  EXPECT_TRUE(writer.value()->was_complete());
  EXPECT_EQ(writer.value()->rows(), 60u);
  EXPECT_EQ(contents(folder("a")), before);
}

TEST_F(Store, ShardsHoldTheRowsInTheirOrder) {
  reference(folder("a"));
  std::vector<std::string> train, expected;
  for (std::uint64_t i = 0; i < 60; ++i) {
    if (sample(i).split == check::Split::kTrain)
      expected.push_back(source::function_id(sample(i).function.key));
  }
  std::vector<fs::path> files;
  for (const auto& entry : fs::directory_iterator(folder("a") + "/data"))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::size_t shards = 0;
  for (const fs::path& file : files) {
    if (!file.filename().string().starts_with("train-")) continue;
    ++shards;
    const auto table = read_parquet(file, {"id", "seed"});
    ASSERT_TRUE(table.ok());
    EXPECT_LE(table.value()->num_rows(), 20);
    for (std::int64_t i = 0; i < table.value()->num_rows(); ++i) {
      const auto cell = table.value()->column(0)->GetScalar(i);
      train.push_back((*cell)->ToString());
      EXPECT_EQ((*table.value()->column(1)->GetScalar(i))->ToString(),
                std::to_string(description().seed));
    }
  }
  EXPECT_EQ(train, expected);
  EXPECT_EQ(shards, (expected.size() + 19) / 20);
}

}  // namespace
}  // namespace jaxsmith::store
