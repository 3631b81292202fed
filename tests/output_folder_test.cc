// Whose an output folder is, what in it is ever deleted, and how files get their names.
#include "store/output_folder.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <functional>
#include <map>

namespace jaxsmith::store {
namespace {

namespace fs = std::filesystem;
using Contents = std::map<std::string, std::string>;

// A process that runs `work`, tells that it has, and lives until it is killed.
class Holder {
 public:
  explicit Holder(const std::function<void()>& work) {
    int pipe_ends[2];
    EXPECT_EQ(pipe(pipe_ends), 0);
    pid_ = fork();
    if (pid_ == 0) {
      work();
      if (write(pipe_ends[1], "x", 1) == 1)
        for (;;) pause();
      _exit(1);
    }
    ::close(pipe_ends[1]);
    char done = 0;
    EXPECT_EQ(read(pipe_ends[0], &done, 1), 1);
    ::close(pipe_ends[0]);
  }
  ~Holder() { end(); }
  void end() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = 0;
  }
  pid_t pid() const { return pid_; }

 private:
  pid_t pid_ = 0;
};

void put(const fs::path& path, const std::string& text) {
  fs::create_directories(path.parent_path());
  std::ofstream(path) << text;
}

std::string get(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

Contents contents(const std::string& path) {
  Contents out;
  for (const auto& entry : fs::recursive_directory_iterator(path))
    if (entry.is_regular_file()) out[fs::relative(entry.path(), path)] = get(entry.path());
  return out;
}

class Folder : public testing::Test {
 protected:
  void SetUp() override {
    std::string pattern = testing::TempDir() + "jaxsmith-folder-XXXXXX";
    ASSERT_NE(mkdtemp(pattern.data()), nullptr);
    root_ = pattern;
    out_ = root_ + "/out";
  }
  void TearDown() override { fs::remove_all(root_); }

  std::string why_not(const std::string& path, bool resume = false) const {
    const auto claimed = OutputFolder::claim(path, resume);
    return claimed.ok() ? "" : claimed.error().message;
  }

  std::string root_, out_;
};

// Final files of a dataset, which name each other in the manifest.
Contents dataset(const std::string& word, int shards, bool complete) {
  Contents out = {{"README.md", "about " + word}, {"rejects.parquet", "rejects " + word}};
  std::string files;
  for (int i = 0; i < shards; ++i) {
    const std::string name =
        "data/train-0000" + std::to_string(i) + "-of-0000" + std::to_string(shards) + ".parquet";
    out[name] = "rows " + word + std::to_string(i);
    files += name + "\n";
  }
  out["manifest.json"] = std::string("{\"complete\": ") + (complete ? "true" : "false") +
                         ", \"word\": \"" + word + "\"}";
  return out;
}

Status publish(OutputFolder& folder, const Contents& files) {
  JAXSMITH_TRY(staging, folder.begin_files());
  for (const auto& [name, text] : files) put(staging + "/" + name, text);
  return folder.publish();
}

// A folder with an interrupted run's journal and files.
void leave_unfinished(const std::string& out) {
  const auto folder = OutputFolder::claim(out, false);
  ASSERT_TRUE(folder.ok()) << folder.error().message;
  put(folder.value()->own() + "/run.json", "{}");
  const Status published = publish(*folder.value(), dataset("early", 3, false));
  ASSERT_TRUE(published.ok()) << published.error().message;
}

TEST_F(Folder, HasOneOwnerWhateverThePath) {
  Holder owner([&] {
    static const auto folder = OutputFolder::claim(out_, false);
    put(folder.value()->own() + "/run.json", "{}");
  });
  const std::string says = "process " + std::to_string(owner.pid()) + " is writing to it";
  fs::create_directory_symlink(out_, root_ + "/link");
  for (const std::string& path : {out_, root_ + "/link", root_ + "/link/../out/"})
    for (const bool resume : {false, true})
      EXPECT_NE(why_not(path, resume).find(says), std::string::npos) << why_not(path, resume);
  fs::rename(out_, root_ + "/renamed");
  EXPECT_NE(why_not(root_ + "/renamed").find(says), std::string::npos);
  EXPECT_EQ(contents(root_ + "/renamed").at(".jaxsmith/run.json"), "{}");
  owner.end();  // by SIGKILL
  EXPECT_NE(why_not(root_ + "/renamed").find("unfinished dataset"), std::string::npos);
  EXPECT_EQ(why_not(root_ + "/renamed", true), "");
}

TEST_F(Folder, OfManyAtOnceOneGetsIt) {
  constexpr int kProcesses = 12;
  leave_unfinished(out_);
  int start[2], answers[2];
  ASSERT_EQ(pipe(start) + pipe(answers), 0);
  std::vector<pid_t> children;
  for (int i = 0; i < kProcesses; ++i) {
    children.push_back(fork());
    if (children.back() != 0) continue;
    alarm(300);  // though the test may have ended without them
    ::close(start[1]);
    char go = 0;
    while (read(start[0], &go, 1) > 0) {
    }
    const auto folder = OutputFolder::claim(out_, true);
    const char answer = folder.ok() ? 'y' : 'n';
    if (write(answers[1], &answer, 1) != 1) _exit(1);
    for (;;) pause();
  }
  ::close(start[0]);
  ::close(start[1]);  // all go at once
  int owners = 0;
  for (int i = 0; i < kProcesses; ++i) {
    char answer = 0;
    ASSERT_EQ(read(answers[0], &answer, 1), 1);
    owners += answer == 'y';
  }
  for (const pid_t child : children) kill(child, SIGKILL);
  for (const pid_t child : children) waitpid(child, nullptr, 0);
  for (const int fd : {answers[0], answers[1]}) ::close(fd);
  EXPECT_EQ(owners, 1);
}

TEST_F(Folder, WithoutWorkNothingIsLeft) {
  for (const char* name : {"/a/b/c", "/a/b/", "/a//b//", "/a/./b/."}) {
    EXPECT_EQ(why_not(root_ + name), "");
    EXPECT_TRUE(fs::is_empty(root_)) << name;
  }
  fs::create_directory(out_);
  EXPECT_EQ(why_not(out_), "");
  EXPECT_TRUE(fs::is_empty(out_));  // the user's
  {
    const Holder killed(
        [&] { static const auto folder = OutputFolder::claim(root_ + "/killed", false); });
  }
  EXPECT_TRUE(fs::exists(root_ + "/killed/.jaxsmith"));
  EXPECT_EQ(why_not(root_ + "/killed"), "");  // a new one, since nothing is in it
  EXPECT_FALSE(fs::exists(root_ + "/killed"));
}

TEST_F(Folder, WhatCannotBeAnOutputFolderIsRefused) {
  put(root_ + "/file", "text");
  EXPECT_NE(why_not(root_ + "/file").find("it is a file"), std::string::npos);
  EXPECT_NE(why_not(root_ + "/file/below"), "");
  EXPECT_NE(why_not("/proc/jaxsmith"), "");
  fs::create_symlink("nowhere", root_ + "/dangling");
  EXPECT_NE(why_not(root_ + "/dangling"), "");
  put(out_ + "/.jaxsmith/settings", "the user's");
  put(root_ + "/other/letter.txt", "dear");
  for (const bool resume : {false, true}) {
    EXPECT_NE(why_not(out_, resume).find("other files"), std::string::npos);
    EXPECT_NE(why_not(root_ + "/other", resume).find("other files"), std::string::npos);
  }
  EXPECT_EQ(contents(root_), (Contents{{"file", "text"},
                                       {"out/.jaxsmith/settings", "the user's"},
                                       {"other/letter.txt", "dear"}}));
}

TEST_F(Folder, TheUsersFilesStay) {
  leave_unfinished(out_);
  const Contents own = {{"notes.txt", "mine"}, {"data/foo.parquet", "mine"}};
  for (const auto& [name, text] : own) put(out_ + "/" + name, text);
  {
    const auto folder = OutputFolder::claim(out_, true);
    ASSERT_TRUE(folder.ok()) << folder.error().message;
    Contents expected = dataset("late", 2, true);
    const Status published = publish(*folder.value(), expected);
    ASSERT_TRUE(published.ok()) << published.error().message;
    ASSERT_TRUE(folder.value()->finish().ok());
    expected.insert(own.begin(), own.end());
    EXPECT_EQ(contents(out_), expected);
  }
  EXPECT_NE(why_not(out_).find("it holds a dataset"), std::string::npos);
}

TEST_F(Folder, AFileOfTheUsersInTheWayIsNotReplaced) {
  for (const std::string name :
       {"README.md", "rejects.parquet", "manifest.json", "data/train-00000-of-00003.parquet"}) {
    leave_unfinished(out_);
    put(out_ + "/" + name, "changed by the user");
    const Contents before = contents(out_);
    EXPECT_NE(why_not(out_, true).find(name), std::string::npos) << why_not(out_, true);
    EXPECT_EQ(contents(out_), before);
    fs::remove_all(out_);
  }
  // One that comes while the work is done.
  leave_unfinished(out_);
  const auto folder = OutputFolder::claim(out_, true);
  ASSERT_TRUE(folder.ok());
  put(out_ + "/README.md", "written by the user");
  const Status published = publish(*folder.value(), dataset("late", 2, true));
  ASSERT_FALSE(published.ok());
  EXPECT_NE(published.error().message.find("README.md"), std::string::npos);
  EXPECT_EQ(get(out_ + "/README.md"), "written by the user");
  EXPECT_EQ(get(out_ + "/manifest.json"), dataset("early", 3, false).at("manifest.json"));
}

TEST_F(Folder, DiscardingLeavesWhatOthersMade) {
  {
    const auto folder = OutputFolder::claim(root_ + "/new/out", false);
    ASSERT_TRUE(folder.ok());
    put(folder.value()->own() + "/records/1.jsonl", "{}");
    EXPECT_TRUE(folder.value()->discard().ok());
  }
  EXPECT_FALSE(fs::exists(root_ + "/new"));
  {
    const auto folder = OutputFolder::claim(out_, false);
    ASSERT_TRUE(folder.ok());
    put(folder.value()->own() + "/records/1.jsonl", "{}");
    put(out_ + "/checkpoint/weights.npy", "the program's");
    EXPECT_TRUE(folder.value()->discard().ok());
  }
  EXPECT_EQ(contents(out_), (Contents{{"checkpoint/weights.npy", "the program's"}}));
}

TEST_F(Folder, OneThatIsMovedIsNotMadeAgain) {
  const auto folder = OutputFolder::claim(out_, false);
  ASSERT_TRUE(folder.ok());
  put(folder.value()->own() + "/run.json", "{}");
  fs::rename(out_, root_ + "/moved");
  EXPECT_FALSE(folder.value()->check().ok());
  EXPECT_FALSE(folder.value()->begin_files().ok());
  EXPECT_FALSE(folder.value()->discard().ok());
  EXPECT_FALSE(fs::exists(out_));
  EXPECT_EQ(get(root_ + "/moved/.jaxsmith/run.json"), "{}");
}

// Runs `work` and kills it at its n-th stop at a system call; whether it came that far.
bool killed_at(int n, const std::function<void()>& work) {
  const pid_t pid = fork();
  if (pid == 0) {
    if (ptrace(PTRACE_TRACEME, 0, nullptr, nullptr) != 0) _exit(77);
    raise(SIGSTOP);
    work();
    _exit(0);
  }
  int status = 0;
  waitpid(pid, &status, 0);
  for (int i = 0; i < n && WIFSTOPPED(status); ++i) {
    ptrace(PTRACE_SYSCALL, pid, nullptr, nullptr);
    waitpid(pid, &status, 0);
  }
  if (!WIFSTOPPED(status)) return false;
  kill(pid, SIGKILL);
  waitpid(pid, &status, 0);
  return true;
}

TEST_F(Folder, KilledAtAnySystemCallItIsWholeOrGoesOn) {
  if (!killed_at(1, [] {})) GTEST_SKIP() << "this process may not trace others";
  const std::string prepared = root_ + "/prepared";
  leave_unfinished(prepared);
  put(prepared + "/notes.txt", "mine");
  put(prepared + "/data/foo.parquet", "mine");
  const Contents early = dataset("early", 3, false), late = dataset("late", 2, true);
  Contents expected = late;
  expected["notes.txt"] = expected["data/foo.parquet"] = "mine";
  const auto work = [&] {
    const auto folder = OutputFolder::claim(out_, true);
    if (folder.ok() && (folder.value()->complete() || publish(*folder.value(), late).ok()))
      (void)folder.value()->finish();
  };
  int kills = 0, halfway = 0;
  for (bool more = true; more; ++kills) {
    fs::copy(prepared, out_, fs::copy_options::recursive);
    more = killed_at(2 * kills + 1, work);
    const Contents found = contents(out_);
    EXPECT_EQ(found.at("notes.txt") + found.at("data/foo.parquet"), "minemine");
    if (const auto manifest = found.find("manifest.json"); manifest != found.end()) {
      const Contents& whole = manifest->second == late.at("manifest.json") ? late : early;
      for (const auto& [name, text] : whole)
        EXPECT_EQ(found.contains(name) ? found.at(name) : "missing", text) << name << kills;
    } else {
      ++halfway;
      EXPECT_NE(why_not(out_).find("unfinished dataset"), std::string::npos) << why_not(out_);
    }
    work();
    EXPECT_EQ(contents(out_), expected) << "killed at " << kills;
    fs::remove_all(out_);
  }
  EXPECT_GT(halfway, 5);  // it was met between two renames
  EXPECT_GT(kills, 50);
}

}  // namespace
}  // namespace jaxsmith::store
