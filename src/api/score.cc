#include "jaxsmith/score.h"

#include "api/arrays.h"
#include "api/grades.h"

namespace jaxsmith {

Grade api::grade_of(const score::Verdict& v) {
  Grade out;
  out.parses = v.parses;
  out.verifies = v.verifies;
  out.signature = v.signature;
  out.canonical = v.canonical;
  out.runs = v.runs;
  out.recorded = v.recorded;
  out.agrees = v.agrees;
  out.gradable = v.gradable;
  out.unsupported = v.unsupported;
  out.cases = v.cases;
  out.cases_passed = v.cases_passed;
  out.steps = v.steps;
  out.reason = v.reason;
  return out;
}

score::ScoreOptions api::score_options(const GradingOptions& options) {
  return {budget_of(options.limits), options.seed};
}

struct RowGrader::Parts {
  std::string id;
  level::Level level;
  score::ScoreOptions options;
  score::Reference reference;
};

RowGrader::RowGrader(std::unique_ptr<Parts> parts) : parts_(std::move(parts)) {}
RowGrader::RowGrader(RowGrader&&) noexcept = default;
RowGrader& RowGrader::operator=(RowGrader&&) noexcept = default;
RowGrader::~RowGrader() = default;

Result<RowGrader> RowGrader::make(const RecordedRow& row, const GradingOptions& options) {
  JAXSMITH_TRY(level, level::level_named(row.level, "score"));
  store::DatasetRow inner;
  inner.id = row.id;
  inner.levels[level] = row.text;
  JAXSMITH_TRY(constants, api::tensors_of(row.constants));
  JAXSMITH_TRY(inputs, api::tensors_of(row.inputs));
  JAXSMITH_TRY(outputs, api::tensors_of(row.outputs));
  inner.constants = std::move(constants);
  inner.inputs = std::move(inputs);
  inner.outputs = std::move(outputs);
  for (const RecordedCase& each : row.further_cases) {
    JAXSMITH_TRY(taken, api::tensors_of(each.inputs));
    JAXSMITH_TRY(given, api::tensors_of(each.outputs));
    inner.further_cases.push_back({std::move(taken), std::move(given)});
  }
  inner.kept_arguments = row.kept_arguments;
  inner.equations = row.equations;
  const score::ScoreOptions score = api::score_options(options);
  return RowGrader(std::make_unique<Parts>(
      Parts{row.id, level, score, score::Reference::make(inner, level, score)}));
}

const std::string& RowGrader::not_gradable() const { return parts_->reference.not_gradable(); }

Grade RowGrader::grade(std::string text) const {
  return api::grade_of(score::grade({parts_->id, parts_->level, std::move(text), 0},
                                    parts_->reference, parts_->options));
}

}  // namespace jaxsmith
