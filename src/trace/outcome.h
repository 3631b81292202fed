// What tracing gives and checking takes: everything that real JAX said about one function.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "tensor/tensor.h"

namespace jaxsmith {

// Why a function left. `stage` is one of docs/protocol.md or a later step
// ("check", "redo", "select"); `reason` is a short key for counting ("TypeError", "timeout",
// "nonfinite"); `detail` one line for a person, free of paths and addresses.
struct Refusal {
  std::string stage, reason, detail;
  bool operator==(const Refusal&) const = default;
};

// Where a line of a level's text (from 1) comes from: "exact" (one place of the source), "merged"
// (several became one operation), "none" (and why). Places are lines from 1, columns from 0, the
// end exclusive.
struct SourceRange {
  std::int64_t line = 0, column = 0, end_line = 0, end_column = 0;
  bool operator==(const SourceRange&) const = default;
};
struct Span {
  std::int64_t line = 0;
  std::string kind;
  std::vector<SourceRange> sources;
  std::string reason;
  bool operator==(const Span&) const = default;
};

struct Outcome {
  bool ok = false;
  Refusal refusal;  // meaningful where !ok

  std::map<std::string, std::string> levels;  // "jaxpr", "stablehlo", "hlo", "hlo_optimized" → text
  std::map<std::string, std::vector<Span>> spans;  // by level: alignment with the source
  std::vector<Tensor> constants;  // values of the jaxpr's constvars, in their order
  std::vector<Tensor> outputs;    // leaves of the result on input set 0
  std::vector<std::string>
      result_paths;                      // jax.tree_util.keystr of each leaf, "" for a single array
  double flops = 0, bytes_accessed = 0;  // XLA's cost analysis of the optimised module
  std::vector<bool> argument_matters;    // whether changing this argument alone changes an output
  bool stable = true;  // whether outputs survive a nudge of the inputs by a few ULP
};

// How the functions of a request are worked on.
enum class Route {
  kChunk,  // many functions at a time: fast
  kPlain,  // one function at a time with the default flags
  kText,   // functions that came with their texts: these are parsed and run, without the source
};

// What texts and outputs depend on, as a worker reports it when it starts.
struct Versions {
  std::string python, jax, jaxlib, numpy;
  std::string run_options;  // JSON: XLA's options of the chunk route's runs
  bool operator==(const Versions&) const = default;
};

}  // namespace jaxsmith
