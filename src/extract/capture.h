// Runs a user's program and makes a dataset of what JAX compiled in it.
//
//   CaptureOptions options{.out = "captured", .command = {"python", "train.py"}};
//   JAXSMITH_TRY(folder, store::OutputFolder::claim(options.out, /*resume=*/false));
//   JAXSMITH_TRY(run, run_captured(options, *folder, installation));  // as if by itself
//   JAXSMITH_TRY(summary, finish_capture(options, std::move(folder), installation, cancel));
//
// The program's processes append what they compile to files of their own below OUT/.jaxsmith, one
// write a record, so that nothing is lost however they end. The dataset is made when the program is
// over; where that is interrupted, finish_capture makes it later.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "base/status.h"
#include "store/output_folder.h"
#include "trace/installation.h"

namespace jaxsmith::extract {

struct CaptureOptions {
  std::string out;                   // a new or empty folder
  std::vector<std::string> command;  // the program and its arguments
  bool everything = false;           // also single primitives that JAX compiles when run eagerly
  bool resume = false;               // of a program that was run before, and is not run now
  std::string records;               // a file of records: no program is run; or empty
};

struct CaptureSummary {
  std::uint64_t rows = 0, duplicates = 0, processes = 0;
  std::vector<std::string> problems;  // what could not be recorded or read, and why
  std::vector<std::string> partial;   // what functions lack, and why
};

// Where the program's processes leave their records.
std::string records_folder(const store::OutputFolder& folder);

// How the program ended, as wait(2) says it. Its standard streams, working folder, signals and
// environment are what they would be without.
Result<int> run_captured(const CaptureOptions& options, store::OutputFolder& folder,
                         const trace::Installation& installation);

// Puts a copy of the file `options.records` where a program's processes leave theirs, whole or not
// at all. Where it cannot be read or there is no room, that is the error and the folder is as it
// was before.
Status take_records(const CaptureOptions& options, store::OutputFolder& folder);

// Makes the dataset out of what has been recorded in the folder, of all that can be read of it.
// Without a row all that jaxsmith has made in it is taken away again; so it is where that fails, or
// is cancelled, with `options.records`, which whoever gave them still has.
Result<CaptureSummary> finish_capture(const CaptureOptions& options,
                                      std::unique_ptr<store::OutputFolder> folder,
                                      const trace::Installation& installation,
                                      const std::atomic<bool>& cancel);

}  // namespace jaxsmith::extract
