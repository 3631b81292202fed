// Makes datasets of JAX functions with all levels of IR, and grades predictions for them: what
// `jaxsmith generate` and `jaxsmith score` do. Needs a Python that has JAX.
//
//   #include <jaxsmith/generate.h>
//
//   #include <cstdio>
//
//   int main(int, char** argv) {  // Python, the folder of jaxsmith's Python package, a new folder
//     const auto made = jaxsmith::generate_dataset(
//         {{"count", {"3"}}, {"out", {argv[3]}}, {"workers", {"1"}}, {"redo", {"0"}}},
//         {.python = argv[1], .python_path = argv[2]});
//     if (!made.ok()) return std::puts(made.error().message.c_str()), 1;
//     std::printf("%d rows\n", static_cast<int>(made.value().rows));
//   }
//
// prints
//
//   3 rows
#pragma once

#include <atomic>
#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "jaxsmith/score.h"

namespace jaxsmith {

// Options by the names of the command line, without dashes: {"max-rank", {"2"}}; a list has several
// items, a switch "true" or "false". `jaxsmith generate --help` names them.
using GenerateArguments = std::map<std::string, std::vector<std::string>>;

struct Toolchain {
  std::string python;          // interpreter that has JAX
  std::string python_path;     // folder that holds the Python package jaxsmith
  std::string allocator = {};  // a shared library of malloc for the workers, or none
};

struct GeneratedDataset {
  std::uint64_t rows = 0, rejects = 0;
  bool complete = false;  // false: cancelled; what is done has been assembled
};

// Called several times a second, on the calling thread, with the rows that there are.
using GenerateProgress = std::function<void(std::uint64_t rows)>;

// Ends early, with a dataset of what is done, when `cancel` becomes true.
Result<GeneratedDataset> generate_dataset(const GenerateArguments& arguments,
                                          const Toolchain& toolchain,
                                          const GenerateProgress& progress = {},
                                          const std::atomic<bool>* cancel = nullptr);

struct GradedPrediction {
  std::string id, level;
  std::int64_t sample = 0;  // number among those of the same id and level
  Grade grade;
};

// The predictions of a file (JSONL or Parquet: id, level, text) against a dataset's rows, in the
// file's order; the same for any number of workers.
Result<std::vector<GradedPrediction>> grade_predictions(const std::string& predictions,
                                                        const std::string& dataset,
                                                        const GradingOptions& options = {},
                                                        unsigned workers = 1);

}  // namespace jaxsmith
