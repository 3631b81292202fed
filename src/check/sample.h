// A function with all that is known of it: what becomes a row, or a line of rejects.parquet.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <variant>

#include "check/difficulty.h"
#include "check/program.h"
#include "ir/common/windows.h"
#include "source/function.h"
#include "trace/outcome.h"

namespace jaxsmith::check {

// What a function is put to; kMade, kSpans, kRead and kExecute by level; the first three where it
// failed.
enum class CheckKind {
  kMade,
  kSpans,
  kSource,
  kTexts,
  kParse,
  kRun,
  kRepeat,
  kFinite,
  kArguments,
  kStable,
  kRedo,
  kCase,
  kStructure,
  kRead,
  kExecute,
  kDerivative,
};
constexpr std::array<std::string_view, 16> words_of(CheckKind) {
  return {"made",      "spans",  "source", "texts", "parse",     "run",  "repeat",  "finite",
          "arguments", "stable", "redo",   "case",  "structure", "read", "execute", "derivative"};
}
enum class CheckStatus { kPassed, kFailed, kNotDone };
constexpr std::array<std::string_view, 3> words_of(CheckStatus) {
  return {"passed", "failed", "not done"};
}

// What a function was put to, and how it came out.
struct CheckResult {
  CheckKind check = CheckKind::kTexts;
  CheckStatus status = CheckStatus::kNotDone;
  std::string detail = {};  // why it failed or was not done
  std::optional<level::Level> level = {};

  // "run", "read:hlo".
  std::string name() const;
  bool operator==(const CheckResult&) const = default;
};

// The sides of a dataset: three that structures are drawn into (select/select.h), and those that
// hold what training lacks (split/split.h).
enum class Split {
  kTrain,
  kValidation,
  kTest,
  kTestUnseenOps,
  kTestLonger,
  kTestUnseenShapes,
  kTestReal,
};
constexpr std::array<std::string_view, 7> words_of(Split) {
  return {"train",       "validation",         "test",     "test_unseen_ops",
          "test_longer", "test_unseen_shapes", "test_real"};
}

// A recorded call.
struct Case {
  std::vector<tensor::Tensor> inputs, outputs;
  bool operator==(const Case&) const = default;
};

struct Sample {
  source::Function function;
  trace::Outcome outcome;
  std::string structure,
      signature;        // digests (ir::Structure)
  std::string kinship;  // what its split goes by (kinship_of)
  Sizes sizes;
  std::optional<int> difficulty;    // nothing where the sizes are not all known
  std::vector<Case> further_cases;  // beside input set 0 and the outcome's outputs
  std::optional<double> inert;      // check/relevance.h
  std::map<level::Level, ir::OpCounts> op_counts;
  std::vector<CheckResult> checks;
  Split split = Split::kTrain;  // once selected
};

struct Reject {
  source::FunctionKey key;
  std::string id, callable;
  std::string category, transformation, variant, source;
  trace::Refusal refusal;
  std::string kinship;  // empty where JAX gave no jaxpr
};

using Candidate = std::variant<Sample, Reject>;

// Reads structure and counts off the programs of the outcome's texts. One that gives no structure
// is a refusal (stage "check", reason: the level's name). Of a function that is refused already no
// program is wanted but that one. `structure_level`: trace::WorkerSpec.
Candidate make_candidate(source::Function function, trace::Outcome outcome,
                         std::optional<trace::Refusal> refusal, const Programs& programs,
                         level::Level structure_level);

// That of the level which gives it. Errors, of one line: there is no such text, or it was not read.
Result<ir::Structure> structure_of(const Programs& programs, level::Level level);

// The least digest of the windows of operations that the level has: of two functions it is the same
// as often as they share windows (Broder 1997). `structure` where what it does is not told.
std::string kinship_of(const Programs& programs, level::Level level, const std::string& structure);
std::string kinship_of(const ir::Windows& windows);  // of some

// How often each operation occurs in the programs that were read.
std::map<level::Level, ir::OpCounts> count_operations(const Programs& programs);

Reject make_reject(const source::Function& function, trace::Refusal refusal, std::string kinship);

}  // namespace jaxsmith::check
