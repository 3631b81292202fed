// What tracing gives and checking takes: everything that real JAX said about one function.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/words.h"
#include "levels/levels.h"
#include "tensor/tensor.h"

namespace jaxsmith::trace {

// Where a function left: a stage of the worker (docs/protocol.md) or a later step.
enum class Stage {
  kExec,
  kTrace,
  kLower,
  kText,
  kParse,
  kCompile,
  kRun,
  kRepeat,
  kAnswer,
  kCheck,
  kRedo,
  kSelect,
  kSplit,
};
constexpr std::array<std::string_view, 13> words_of(Stage) {
  return {"exec",   "trace",  "lower", "text", "parse",  "compile", "run",
          "repeat", "answer", "check", "redo", "select", "split"};
}

// Why it left, by jaxsmith's own word; a worker also says names of Python's exceptions.
enum class Reason {
  kTimeout,
  kMemory,
  kCrash,
  kLevels,
  kElided,
  kAddress,
  kPath,
  kType,
  kNonfinite,
  kConstant,
  kIgnoredArgument,
  kUnstable,
  kInert,
  kDifficulty,
  kConstants,
  kFlops,
  kOutputs,
  kResultPaths,
  kDuplicate,
  kSplit,
  kFamily,
  kUnread,
  kNotWritten,
  kNearReal,
  kNearDuplicate,
  kHeldOut,
};
constexpr std::array<std::string_view, 26> words_of(Reason) {
  return {
      "timeout",        "memory",     "crash",     "levels",   "elided",           "address",
      "path",           "type",       "nonfinite", "constant", "ignored argument", "unstable",
      "inert",          "difficulty", "constants", "flops",    "outputs",          "result_paths",
      "duplicate",      "split",      "family",    "unread",   "not written",      "near real",
      "near duplicate", "held out"};
}

// Why a function left: `reason` is a short key for counting, `detail` one line for a person, free
// of paths and addresses.
struct Refusal {
  Stage stage = Stage::kExec;
  std::string reason, detail;

  Refusal() = default;
  Refusal(Stage stage, std::string reason, std::string detail)
      : stage(stage), reason(std::move(reason)), detail(std::move(detail)) {}
  Refusal(Stage stage, Reason reason, std::string detail)
      : Refusal(stage, std::string(word(reason)), std::move(detail)) {}
  bool operator==(const Refusal&) const = default;
};

// Where a line of a level's text (from 1) comes from: one place of the source, several that became
// one operation, or none, and why. Places are lines from 1, columns from 0, the end exclusive.
enum class SpanKind { kExact, kMerged, kNone };
constexpr std::array<std::string_view, 3> words_of(SpanKind) { return {"exact", "merged", "none"}; }
struct SourceRange {
  std::int64_t line = 0, column = 0, end_line = 0, end_column = 0;
  bool operator==(const SourceRange&) const = default;
};
struct Span {
  std::int64_t line = 0;
  SpanKind kind = SpanKind::kNone;
  std::vector<SourceRange> sources;
  std::string reason;
  bool operator==(const Span&) const = default;
};

// What came of a further input set (source::Function::cases).
struct CaseOutputs {
  std::size_t set = 0;
  std::vector<tensor::Tensor> outputs;
  bool operator==(const CaseOutputs&) const = default;
};

struct Outcome {
  bool ok = false;
  Refusal refusal;  // meaningful where !ok

  level::Texts levels;
  std::map<level::Level, std::vector<Span>> spans;  // alignment with the source
  std::vector<tensor::Tensor> constants;  // values of the jaxpr's constvars, in their order
  std::vector<tensor::Tensor> outputs;    // leaves of the result on the recorded input set
  std::vector<std::string>
      result_paths;                      // jax.tree_util.keystr of each leaf, "" for a single array
  double flops = 0, bytes_accessed = 0;  // XLA's cost analysis of the optimised module
  std::vector<bool> argument_matters;    // whether changing this argument alone changes an output
  bool stable = true;  // whether outputs survive a nudge of the inputs by a few ULP
  // The input set that is recorded: 0, or one of the function's cases.
  std::uint16_t recorded = 0;
  std::vector<CaseOutputs> cases;  // of the sets on which they do, in order
};

// Adds the levels that follow from those that are there, with their spans, and takes away what is
// not wanted.
void complete_levels(Outcome& outcome, std::span<const level::Level> wanted);

// How the functions of a request are worked on.
enum class Route {
  kChunk,  // many functions at a time: fast
  kPlain,  // one function at a time with the default flags
  kText,   // functions that came with their texts: these are parsed and run, without the source
};
constexpr std::array<std::string_view, 3> words_of(Route) { return {"chunk", "plain", "text"}; }

// What texts and outputs depend on, as a worker reports it when it starts.
struct Versions {
  std::string python, jax, jaxlib, numpy;
  std::string run_options;  // JSON: XLA's options of the chunk route's runs
  bool operator==(const Versions&) const = default;
};

}  // namespace jaxsmith::trace
