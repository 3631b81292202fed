// What predictions for a row's level are held against: the row's own text, its canonical form, and
// what it gives on the inputs of the recorded cases and on drawn ones.
//
// A row can be graded by execution only where that tells something: its text runs and gives what
// JAX gave, enough further inputs are found, and at least one result follows the inputs without
// being one of them. Otherwise constants, or what was passed in, would be right.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "check/program.h"
#include "check/reading.h"
#include "store/dataset_reader.h"

namespace jaxsmith::score {

struct ScoreOptions {
  tensor::Budget budget{.steps = 1'000'000'000, .bytes = 1LL << 30};  // of one prediction
  std::uint64_t seed = 0;  // another one draws other inputs
};

// Drawn inputs that a function is graded on besides the recorded ones.
constexpr std::size_t kFurtherCases = 4;

using Results = std::vector<tensor::Array>;

struct GradedCase {
  std::vector<ir::Datum> arguments;
  Results results;
  std::int64_t steps = 0;                // that the row's own text took
  std::vector<tensor::Tensor> recorded;  // what JAX gave; of drawn inputs that is not known

  bool is_recorded() const { return !recorded.empty(); }
};

class Reference {
 public:
  // Of a row that has the level.
  static Reference make(const store::DatasetRow& row, level::Level level,
                        const ScoreOptions& options);
  // The same of the text as it was parsed: where predictions are graded by execution, the program
  // is verified afterwards.
  static Reference make(const store::DatasetRow& row, level::Level level,
                        const ScoreOptions& options, Result<check::IrProgram>& parsed);

  // Why predictions are not graded by execution; empty where they are.
  const std::string& not_gradable() const { return not_gradable_; }
  const std::string& text() const { return text_; }
  // Nothing where the level has no canonical form.
  const std::optional<std::string>& canonical() const { return canonical_; }
  // Nothing where the row's own text does not verify: nothing can be compared with it.
  const std::optional<ir::Signature>& signature() const { return signature_; }
  // The recorded ones first. Of a row that is not gradable it may be that there are none.
  const std::vector<GradedCase>& cases() const { return cases_; }
  std::size_t recorded_cases() const { return recorded_cases_; }
  std::size_t drawn_cases() const { return cases_.size() - recorded_cases_; }
  const tensor::Tolerance& tolerance() const { return tolerance_; }
  int tries() const { return tries_; }
  // That reading the types of the row's own text took.
  std::int64_t verification_steps() const { return verification_steps_; }

 private:
  // `whole`: all that is run here counts there.
  void prepare(Result<check::IrProgram>& parsed, const ScoreOptions& options,
               const tensor::EvaluationContext& whole);
  // Whether the row's own text gives what JAX gave in all of the recorded cases; says where not.
  bool add_recorded_cases(check::IrProgram& program, const ScoreOptions& options,
                          const tensor::EvaluationContext& whole);
  void add_further_cases(check::IrProgram& program, const ScoreOptions& options,
                         const tensor::EvaluationContext& whole);
  std::optional<GradedCase> try_inputs(check::IrProgram& program,
                                       const std::vector<tensor::Array>& drawn,
                                       const ScoreOptions& options,
                                       const tensor::EvaluationContext& whole);
  std::string without_information() const;
  bool same_results(const Results& a, const Results& b) const;

  std::string id_, text_, not_gradable_;
  level::Level level_{};
  std::optional<std::string> canonical_;
  std::optional<ir::Signature> signature_;
  check::ExecutionCase case_;
  tensor::Tolerance tolerance_;
  std::vector<GradedCase> cases_;
  std::size_t recorded_cases_ = 0;
  int tries_ = 0;
  std::int64_t verification_steps_ = 0;
};

// The arrays of results; of those that several devices hold the parts, one after another.
Results arrays_of(const std::vector<ir::Datum>& data);

}  // namespace jaxsmith::score
