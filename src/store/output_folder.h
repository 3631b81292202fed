// A folder that a command writes a dataset to: owned by one run at a time, and it is known what in
// it is jaxsmith's.
//
//   JAXSMITH_TRY(folder, OutputFolder::claim(out, /*resume=*/false));  // before any work
//   …                                  // the journal goes to folder->own(), which is OUT/.jaxsmith
//   JAXSMITH_TRY(staging, folder->begin_files());  // final files are written below it
//   JAXSMITH_CHECK(folder->publish());             // and get their names when all are complete
//   JAXSMITH_CHECK(folder->finish());              // the journal goes
//
// The lock. OUT/.jaxsmith/lock is locked (flock) as long as the owner lives, and says who it is. It
// is a lock on the file, not on its name: a second run is refused whatever path it takes to the
// folder, and a killed one leaves no lock. Where the folder's file system has no locks it is not
// taken.
//
// What is deleted. Nothing outside of this class deletes in an output folder, and it deletes only
// names in OUT/.jaxsmith that jaxsmith gives, and files that OUT/.jaxsmith/made.json lists by path,
// size and digest. That list is believed as far as names in OUT go: others are dropped, and no
// symbolic link is followed. A user's own files stay, and so does a listed file that was changed
// since; where one has the name of a final file, the folder is refused, before the work if it is
// there by then.
//
// How files get their names. They are written to OUT/.jaxsmith/new, synced, listed in made.json,
// and then OUT/.jaxsmith/new becomes OUT/.jaxsmith/publish by one rename: before it nothing has
// changed in OUT, from then on whoever owns the folder next carries on where a crash has left it.
// One after another manifest.json goes, files of an earlier publication that are replaced go, the
// new ones are renamed into their places, and last of all manifest.json. So where there is a
// manifest.json, all that it lists is there; a crash between two renames leaves no manifest.json
// and the whole rest in OUT/.jaxsmith/publish, and --resume completes it without doing any work
// again.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/file_lock.h"
#include "base/status.h"

namespace jaxsmith::store {

// Whether a folder holds what a run has left: a dataset, finished or not, or records of a capture.
bool holds_run(const std::string& folder);
// The folder of the dataset that a file is part of: its manifest.json, its README.md, what its
// manifest lists, and all in its .jaxsmith. Nothing where it is part of none. `file`: as it lies,
// without links and dots.
std::optional<std::string> part_of_dataset(const std::string& file);

class OutputFolder {
 public:
  // Locks a folder that is missing (it is made), empty, or with `resume` one that holds what a run
  // of jaxsmith has left. Anything else, and one that another run owns, is refused and stays
  // untouched.
  static Result<std::unique_ptr<OutputFolder>> claim(const std::string& path, bool resume);
  // The same of a new folder, which may hold files of the user's: of a program that has worked in
  // it by now.
  static Result<std::unique_ptr<OutputFolder>> claim_beside_files(const std::string& path);
  // Frees the lock. Where nothing has come of the claim, what it made is gone again.
  ~OutputFolder();
  OutputFolder(const OutputFolder&) = delete;
  OutputFolder& operator=(const OutputFolder&) = delete;

  const std::string& path() const { return path_; }
  // OUT/.jaxsmith: what is not yet a final file, or never becomes one.
  std::string own() const { return path_ + "/.jaxsmith"; }
  // Whether nothing of an earlier run was in it, so that there is nothing to go on with.
  bool is_new() const { return new_; }
  // Whether there is a complete dataset; then there is nothing to write.
  bool complete() const;
  // An error where the folder is no longer the one that was locked: it was moved, or removed.
  Status check() const;

  // An empty folder for final files: OUT/.jaxsmith/new.
  Result<std::string> begin_files();
  // Gives all files in it their names in OUT; those of the last publication are replaced.
  Status publish();
  // Takes the journal away: the dataset is complete.
  Status finish();
  // Takes away all that jaxsmith has made here, and the folder if it made that and it is empty. Of
  // a run that is gone on with, folders above it stay, whoever made them.
  Status discard();
  // Takes the journal's files away, but not the records of a capture.
  Status discard_journal();

 private:
  struct Made {  // a file with a final name
    std::string path;
    std::uint64_t bytes = 0;
    std::string digest;
    bool operator==(const Made&) const = default;
  };
  // What a folder may hold that is claimed: nothing, what an unfinished run has left, files of the
  // user's.
  enum class Taking { kNew, kResumed, kBesideFiles };
  OutputFolder(std::string path, Taking taking) : path_(std::move(path)), taking_(taking) {}

  static Result<std::unique_ptr<OutputFolder>> claim(const std::string& path, Taking taking);
  Status make_and_lock();
  Status take_up();
  Error in_the_way(const std::string& what) const;
  void read_made();
  Status write_made() const;
  bool is_made(const std::string& name) const;
  Status check_free(const std::string& name) const;
  Status carry_on();
  Status remove_made(const std::string& name);
  Status remove_own(const std::string& name);

  const std::string path_;
  const Taking taking_;
  std::optional<FileLock> lock_;  // none: a complete dataset is only looked at
  bool new_ = false;
  std::uint64_t folders_ = 0;  // so many, OUT and its parents, were made for the claim
  std::vector<Made> made_;     // what has a final name, or is about to get one
  std::vector<std::string>
      current_;  // names of the publication that is on its way, or the last one
};

}  // namespace jaxsmith::store
