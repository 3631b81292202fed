#include "score/grade.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.h"

namespace jaxsmith::score {
namespace {

// A text may take this many times what the row's own took, in reading its types and in each case,
// and so much on top, before its budget is used up: one that loops for ever is found out within a
// millisecond, which is no more than a right one takes.
constexpr std::int64_t kTimesReference = 16, kStepsOnTop = 500'000;
constexpr std::size_t kLongestReason = 2000;

bool same_types(const ir::Datum& a, const ir::Datum& b) {
  if (a.kind != b.kind || a.parts.size() != b.parts.size()) return false;
  if (a.kind == ir::Datum::Kind::kArray && !a.array.same_type(b.array)) return false;
  return std::equal(a.parts.begin(), a.parts.end(), b.parts.begin(), same_types);
}

// What is different, or nothing.
std::string difference(const std::vector<ir::Datum>& found, const std::vector<ir::Datum>& wanted,
                       std::string_view what) {
  if (found.size() != wanted.size())
    return fmt::format("it has {} {}s, not {}", found.size(), what, wanted.size());
  for (std::size_t i = 0; i < found.size(); ++i)
    if (!same_types(found[i], wanted[i]))
      return fmt::format("{} {} is {}, not {}", what, i, ir::aval_text(found[i]),
                         ir::aval_text(wanted[i]));
  return "";
}

std::string difference(const Results& found, const Results& wanted,
                       const tensor::Tolerance& tolerance, Miss& miss) {
  if (found.size() != wanted.size())
    return fmt::format("it gives {} results, not {}", found.size(), wanted.size());
  for (std::size_t i = 0; i < found.size(); ++i)
    if (const tensor::Closeness close = tensor::compare_results(found[i], wanted[i], tolerance);
        !close.same) {
      miss.result = i;
      miss.error = close.worst;
      return fmt::format("result {}: {}", i, close.difference);
    }
  return "";
}

class Grading {
 public:
  Grading(const Prediction& prediction, const Reference& reference, const ScoreOptions& options)
      : prediction_(prediction), reference_(reference), whole_({.budget = options.budget}) {
    out_.gradable = reference.not_gradable().empty();
    out_.cases = static_cast<std::int64_t>(reference.drawn_cases());
    out_.tries = reference.tries();
  }

  void judge() {
    if (reference_.signature() && prediction_.text == reference_.text()) return equal();
    auto parsed = check::IrProgram::parse(prediction_.level, prediction_.text);
    if (!parsed.ok()) return no(parsed.error().message);
    out_.parses = true;
    check::IrProgram& program = parsed.value();
    if (const Status verified = program.verify(part_of(reference_.verification_steps()));
        !verified.ok())
      return failed(program, verified.error());
    out_.verifies = true;
    if (!reference_.signature()) return no(reference_.not_gradable());
    const auto signature = program.signature();
    if (!signature.ok()) return failed(program, signature.error());
    std::string other =
        difference(signature.value().arguments, reference_.signature()->arguments, "argument");
    if (other.empty())
      other = difference(signature.value().results, reference_.signature()->results, "result");
    if (!other.empty()) return no(other);
    out_.signature = true;
    if (const auto canonical = program.canonical();
        canonical.ok() && canonical.value() == reference_.canonical())
      return equal();
    run(program);
  }

  void no(std::string reason) {
    if (out_.reason.empty()) out_.reason = std::move(reason);
  }
  Verdict& verdict() { return out_; }
  std::int64_t steps_used() const { return whole_.steps_used(); }

 private:
  // It need not be run: it does what the row's text did.
  void equal() {
    out_.parses = out_.verifies = out_.signature = out_.canonical = true;
    out_.runs = !reference_.cases().empty();
    out_.recorded = out_.agrees = out_.gradable;
    if (out_.gradable) out_.cases_passed = out_.cases;
    no(reference_.not_gradable());
  }

  void failed(const check::IrProgram& program, const Error& error) {
    out_.over_budget = program.error_kind() == tensor::EvaluationError::Kind::kBudget;
    out_.unsupported = program.error_kind() == tensor::EvaluationError::Kind::kUnsupported;
    no(error.message);
  }

  void run(check::IrProgram& program) {
    if (reference_.cases().empty()) return no(reference_.not_gradable());
    for (std::size_t c = 0; c < reference_.cases().size(); ++c) {
      const GradedCase& graded = reference_.cases()[c];
      const auto results = program.run(graded.arguments, part_of(graded.steps));
      if (!results.ok()) return failed(program, results.error());
      if (c == 0) out_.runs = true;
      if (!out_.gradable) return no(reference_.not_gradable());
      const Results found = arrays_of(results.value());
      Miss miss{.inputs = c};
      std::string other = difference(found, graded.results, reference_.tolerance(), miss);
      if (graded.is_recorded() && !other.empty() &&
          gives_recorded(program, results.value(), graded.recorded))
        other.clear();
      if (!other.empty()) out_.miss = miss;
      if (!other.empty()) return no(where(c) + other);
      out_.recorded = out_.recorded || c + 1 == reference_.recorded_cases();
      out_.cases_passed += graded.is_recorded() ? 0 : 1;
    }
    out_.agrees = true;
  }

  std::string where(std::size_t c) const {
    const std::size_t recorded = reference_.recorded_cases();
    if (c == 0) return "on the recorded inputs: ";
    if (c < recorded) return fmt::format("on the recorded inputs of case {}: ", c);
    return fmt::format("on further inputs {}: ", c - recorded + 1);
  }

  // Of the prediction's own budget, by what the row's text took.
  tensor::EvaluationContext part_of(std::int64_t steps) const {
    return tensor::EvaluationContext({.budget = {.steps = kTimesReference * steps + kStepsOnTop}},
                                     whole_);
  }

  bool gives_recorded(const check::IrProgram& program, const std::vector<ir::Datum>& results,
                      const std::vector<tensor::Tensor>& recorded) const {
    if (results.size() != recorded.size()) return false;
    for (std::size_t i = 0; i < results.size(); ++i) {
      const auto wanted = tensor::Array::from(tensor::EvaluationContext::unmetered(), recorded[i]);
      if (!tensor::compare_results(check::whole_result(program, results[i], wanted.shape()), wanted,
                                   reference_.tolerance())
               .same)
        return false;
    }
    return true;
  }

  const Prediction& prediction_;
  const Reference& reference_;
  tensor::EvaluationContext whole_;
  Verdict out_;
};

}  // namespace

Verdict grade(const Prediction& prediction, const Reference& reference,
              const ScoreOptions& options) {
  Grading grading(prediction, reference, options);
  try {
    grading.judge();
  } catch (const tensor::EvaluationError& e) {  // the budget, in parsing a text
    grading.no(e.message);
  } catch (const std::exception& e) {  // memory: one text must not end the others
    grading.no(fmt::format("it cannot be judged: {}", e.what()));
  }
  Verdict& out = grading.verdict();
  out.steps = grading.steps_used();
  out.reason = clean_utf8(out.reason, kLongestReason);
  return std::move(out);
}

}  // namespace jaxsmith::score
