// The whole way from a seed to a dataset: plan → render → trace → check → select → store.
//
//   GenerateOptions options;
//   options.count = 500;
//   options.out = "dataset";
//   std::atomic<bool> cancel = false;
//   Observer quiet;
//   Result<Summary> summary = generate(options, {python, python_path, version}, quiet, cancel);
//
// Several threads plan, trace and check chunks, each with a supervised JAX worker of its own; one
// thread selects and stores them in order. What a chunk holds depends on its number alone, so the
// dataset does not depend on the number of workers, nor on how often the run was interrupted and
// resumed.
#pragma once

#include <atomic>
#include <string>

#include "base/status.h"
#include "generate/figures.h"
#include "generate/like.h"
#include "generate/options.h"
#include "trace/installation.h"
#include "trace/outcome.h"

namespace jaxsmith::generate {

// Is told how a run goes, on the thread that called `generate`.
class Observer {
 public:
  virtual ~Observer() = default;
  virtual void fitted(const Likeness&) {}  // before anything starts, where --like asks for it
  virtual void new_run() {}   // nothing is in the folder that --resume could go on with
  virtual void starting() {}  // the workers are started, which takes seconds
  virtual void started(const trace::Versions&, const Figures& /*what an earlier run left*/,
                       std::uint64_t /*wanted*/) {}
  virtual void progress(const Figures&) {}  // several times a second
  // Rows are in a file of their own, named from --out on, until the dataset is complete: each file
  // once, in the order of the rows, first those that an earlier part of the run has left.
  virtual void stored(const std::string& /*file*/) {}
  virtual void assembling(const Figures&) {}
};

struct Summary {
  Figures figures;
  CpuSeconds cpu;
  // False: cancelled. What is done has been assembled; nothing, where that was before the first
  // chunk was to be made.
  bool complete = false;
  bool was_complete = false;  // there was nothing to do
};

Result<Summary> generate(GenerateOptions options, const trace::Installation& installation,
                         Observer& observer, const std::atomic<bool>& cancel);

}  // namespace jaxsmith::generate
