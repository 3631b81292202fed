// Output folders whose lists and journals are not as jaxsmith has written them: nothing outside of
// the folder is touched, and nothing ends the process.
#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>

#include "base/hash.h"
#include "store/dataset_writer.h"
#include "store/files.h"
#include "store/output_folder.h"

namespace jaxsmith::store {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;

void put(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

class DamagedFolder : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "jaxsmith-damaged-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    out_ = root_ + "/out";
    own_ = out_ + "/.jaxsmith";
  }
  void TearDown() override { fs::remove_all(root_); }

  // Of an interrupted run: a journal, and README.md as its only final file.
  void leave_unfinished() const {
    put(own_ + "/run.json", "{}");
    put(out_ + "/README.md", "made");
    list(Json::array({entry("README.md", "made")}), Json::array({"README.md"}));
  }
  static Json entry(const std::string& path, const std::string& content) {
    return {{"path", path}, {"bytes", content.size()}, {"xxh3_128", hash128_hex(content)}};
  }
  void list(const Json& files, const Json& current, const Json& folders = 0) const {
    put(own_ + "/made.json",
        Json{{"folders", folders}, {"files", files}, {"current", current}}.dump());
  }
  std::string why_not(bool resume = true) const {
    const auto claimed = OutputFolder::claim(out_, resume);
    return claimed.ok() ? "" : claimed.error().message;
  }
  Status publish_and_discard() const {
    JAXSMITH_TRY(folder, OutputFolder::claim(out_, true));
    JAXSMITH_TRY(staging, folder->begin_files());
    put(staging + "/rejects.parquet", "new");
    JAXSMITH_CHECK(folder->publish());
    return folder->discard();
  }

  std::string root_, out_, own_;
};

TEST_F(DamagedFolder, ListsOfAnyFormAreRead) {
  for (const char* text :
       {"", "no JSON", "[]", "3", "{}", R"({"files": 3})", R"({"files": [1]})",
        R"({"folders": "x"})", R"({"folders": -1, "files": [], "current": []})",
        R"({"folders": 1e99, "files": [], "current": []})",
        R"({"folders": 0, "files": [{"path": 3}], "current": []})",
        R"({"folders": 0, "files": [{"path": "a\u0000b", "bytes": 1, "xxh3_128": "x"}]})",
        R"({"folders": 0, "files": [], "current": [3]})",
        R"({"folders": 0, "files": [], "current": {"a": "b"}})"}) {
    put(own_ + "/run.json", "{}");
    put(own_ + "/made.json", text);
    EXPECT_EQ(why_not(), "") << text;
    EXPECT_TRUE(publish_and_discard().ok()) << text;
    fs::remove_all(out_);
  }
}

TEST_F(DamagedFolder, NoListedNameLeavesTheFolder) {
  const std::string outside = root_ + "/own/letter.txt";
  for (const std::string& name :
       {std::string("../own/letter.txt"), std::string("data/../../own/letter.txt"), outside,
        std::string("./../own/letter.txt"), std::string("..")}) {
    put(outside, "mine");
    leave_unfinished();
    list({entry("README.md", "made"), entry(name, "mine")}, {"README.md", name});
    const Status done = publish_and_discard();
    EXPECT_TRUE(done.ok()) << done.error().message;
    EXPECT_TRUE(fs::exists(outside)) << name;
    EXPECT_FALSE(fs::exists(out_ + "/README.md"));
    fs::remove_all(out_);
  }
}

TEST_F(DamagedFolder, FoldersAboveItAreNotItsOwn) {
  out_ = root_ + "/above/out";
  own_ = out_ + "/.jaxsmith";
  list(Json::array(), Json::array(), 1000);
  EXPECT_EQ(why_not(false), "");
  EXPECT_FALSE(fs::exists(out_));
  EXPECT_TRUE(fs::exists(root_ + "/above"));
}

TEST_F(DamagedFolder, LinksAreNotFollowed) {
  const std::string target = root_ + "/own";
  put(target + "/segment-1.parquet", "mine");
  put(target + "/data/train-00000-of-00001.parquet", "mine");
  const std::string file = "data/train-00000-of-00001.parquet";

  // In the place of jaxsmith's own folder, beside a dataset that is not finished.
  put(out_ + "/manifest.json", R"({"complete": false})");
  fs::create_directory_symlink(target, own_);
  EXPECT_NE(why_not().find("symbolic link"), std::string::npos) << why_not();
  fs::remove_all(out_);

  for (const char* name : {"made.json", "run.json", "records", "new", "publish"}) {
    leave_unfinished();
    fs::remove(fs::path(own_) / name);
    fs::create_symlink(target, fs::path(own_) / name);
    EXPECT_NE(why_not().find("symbolic link"), std::string::npos) << name << why_not();
    fs::remove_all(out_);
  }

  // On the way to a file that is listed.
  leave_unfinished();
  list({entry("README.md", "made"), entry(file, "mine")}, {"README.md", file});
  fs::create_directory_symlink(target + "/data", out_ + "/data");
  EXPECT_NE(why_not().find("data in it is no folder"), std::string::npos) << why_not();

  EXPECT_TRUE(fs::exists(target + "/segment-1.parquet"));
  EXPECT_TRUE(fs::exists(target + "/" + file));
}

TEST_F(DamagedFolder, AJournalOfAnyFormIsMadeAgainOrNamed) {
  RunDescription run;
  run.options = run.row_options = run.plain_row_options = "{}";
  {
    auto writer = DatasetWriter::open(out_, run, false);
    ASSERT_TRUE(writer.ok()) << writer.error().message;
    writer.value()->end_chunk(0, 0);
    ASSERT_TRUE(writer.value()->flush().ok());
  }
  const std::string counts = own_ + "/segment-00000000-00000001.json";
  for (const auto& [text, whole] :
       {std::pair(R"({"rows": 0, "rejects": 0, "redone": 0})", true),
        std::pair(R"({"rows": 0, "rejects": 0})", true),
        std::pair(R"({"rows": "0", "rejects": 0, "redone": 0})", false),
        std::pair(R"({"rows": 0, "rejects": 0, "redone": "many"})", false),
        std::pair(R"({"rows": -1, "rejects": 0, "redone": 0})", false),
        std::pair(R"({"rows": 0, "rejects": 0, "redone": 1e99})", false), std::pair("[]", false),
        std::pair("3", false)}) {
    put(counts, text);
    const auto writer = DatasetWriter::open(out_, run, true);
    ASSERT_TRUE(writer.ok()) << writer.error().message;
    EXPECT_EQ(writer.value()->next_chunk(), whole ? 1u : 0u) << text;
  }
  for (const char* text : {"", "[]", "3", R"({"run": 3})", R"({"seed": []})"}) {
    put(own_ + "/run.json", text);
    const auto writer = DatasetWriter::open(out_, run, true);
    ASSERT_FALSE(writer.ok()) << text;
    EXPECT_NE(writer.error().message.find("of another run"), std::string::npos);
    EXPECT_EQ(writer.error().message.find('\n'), std::string::npos);
  }
}

TEST(Names, ThatStayWithinAFolder) {
  for (const char* name : {"a", "data/a.parquet", "..a", "a..", "a b", "größe"})
    EXPECT_TRUE(stays_within(name)) << name;
  for (const std::string& name :
       {std::string(), std::string("/a"), std::string(".."), std::string("a/../b"),
        std::string("./a"), std::string("a/"), std::string("a\nb"), std::string("a\0b", 3)})
    EXPECT_FALSE(stays_within(name)) << name;
}

TEST(Files, WithoutAnEndAreNamed) {
  const auto zeros = read_file("/dev/zero");
  ASSERT_FALSE(zeros.ok());
  EXPECT_NE(zeros.error().message.find("/dev/zero"), std::string::npos);
  for (const char* path : {"/", "/nowhere/at/all"}) {
    const auto none = read_file(path);
    ASSERT_FALSE(none.ok()) << path;
    EXPECT_NE(none.error().message.find("cannot read"), std::string::npos);
  }
}

}  // namespace
}  // namespace jaxsmith::store
