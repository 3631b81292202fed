// Grades IR texts that a model wrote, by running them.
//
//   #include <jaxsmith/score.h>
//
//   #include <cstdio>
//
//   int main() {
//     using jaxsmith::HostArray;
//     jaxsmith::RecordedRow row;
//     row.level = "jaxpr";
//     row.text = "{ lambda ; a:f32[3]. let b:f32[3] = mul a a; c:f32[3] = add b a in (c,) }";
//     row.inputs = {HostArray::of<float>("f32", {3}, {1, 2, 3})};
//     row.outputs = {HostArray::of<float>("f32", {3}, {2, 6, 12})};
//     const auto grader = jaxsmith::RowGrader::make(row);
//     if (!grader.ok()) return std::puts(grader.error().message.c_str()), 1;
//     const auto& g = grader.value();
//     const auto same = g.grade(
//         "{ lambda ; a:f32[3]. let b:f32[3] = add a 1.0:f32[]; "
//         "c:f32[3] = mul a b in (c,) }");
//     const auto other = g.grade("{ lambda ; a:f32[3]. let b:f32[3] = mul a 2.0:f32[] in (b,) }");
//     std::printf("%d %d %d\n", same.agrees, other.agrees, other.verifies);
//   }
//
// prints
//
//   1 0 1
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "jaxsmith/ir.h"

namespace jaxsmith {

// A recorded call.
struct RecordedCase {
  std::vector<HostArray> inputs, outputs;
};

// A row of a dataset at one level: its text, and what was recorded.
struct RecordedRow {
  std::string id, level, text;
  std::vector<HostArray> constants, inputs, outputs;
  std::vector<std::int64_t> kept_arguments;  // those that StableHLO and HLO have; of a jaxpr unused
  std::int64_t equations = 1;                // of the jaxpr: more of them may round more
  std::vector<RecordedCase> further_cases = {};
};

struct GradingOptions {
  IrLimits limits{1'000'000'000, 1LL << 30};  // of one text
  std::uint64_t seed = 0;                     // another one draws other inputs
};

// What a text is worth. Each of the first five implies those before it, but that a text may run, or
// agree, without being canonically equal.
struct Grade {
  bool parses = false;       // it is a text of its level
  bool verifies = false;     // it keeps to its language's rules
  bool signature = false;    // it takes and gives what the row's text does
  bool canonical = false;    // it says the same in other words
  bool runs = false;         // on the recorded inputs
  bool recorded = false;     // it gives on these, and in further cases, what was recorded
  bool agrees = false;       // and on all drawn inputs what the row's text gives: the credit
  bool gradable = false;     // whether the row tells anything by execution
  bool unsupported = false;  // it has an operation that jaxsmith does not know
  std::int64_t cases = 0;    // drawn inputs
  std::int64_t cases_passed = 0;
  std::int64_t steps = 0;  // elementary operations that it took
  std::string reason;      // why it has no credit
};

// What texts for one row are held against. Nothing changes it: threads may grade at a time.
class RowGrader {
 public:
  static Result<RowGrader> make(const RecordedRow& row, const GradingOptions& options = {});
  RowGrader(RowGrader&&) noexcept;
  RowGrader& operator=(RowGrader&&) noexcept;
  ~RowGrader();

  // Why texts are not graded by execution; empty where they are.
  const std::string& not_gradable() const;
  // Takes no more than the limits, whatever the text is.
  Grade grade(std::string text) const;

 private:
  struct Parts;
  explicit RowGrader(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace jaxsmith
