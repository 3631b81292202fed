// A function with all that is known of it: what becomes a row, or a line of rejects.parquet.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>

#include "ir/common/op_counts.h"
#include "source/function.h"
#include "trace/outcome.h"

namespace jaxsmith {

// What a function was put to, and how it came out.
struct CheckResult {
  std::string check;   // "parse", "run", "repeat", "finite", "arguments", "stable", "texts", …
  std::string status;  // "passed", "failed", "not done"
  std::string detail;  // why it failed or was not done
  bool operator==(const CheckResult&) const = default;
};

struct Sample {
  Function function;
  Outcome outcome;
  std::string structure,
      signature;  // digests of the jaxpr's canonical forms (ir/jaxpr/canonical.h)
  std::int64_t equations = 0;
  std::map<std::string, OpCounts> op_counts;  // by level
  std::vector<CheckResult> checks;
  std::string split;  // once selected: "train", "validation", "test"
};

struct Reject {
  FunctionKey key;
  std::string id, callable;
  std::string category, transformation, variant, source;
  Refusal refusal;
  std::string structure;  // empty where JAX gave no jaxpr
};

using Candidate = std::variant<Sample, Reject>;

// Reads structure and counts off the texts. A jaxpr that cannot be read is a refusal (stage
// "check", reason "jaxpr").
Candidate make_candidate(Function function, Outcome outcome, std::optional<Refusal> refusal);

Reject make_reject(const Function& function, Refusal refusal, std::string structure);

}  // namespace jaxsmith
