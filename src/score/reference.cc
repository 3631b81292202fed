#include "score/reference.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/hash.h"
#include "base/threads.h"
#include "score/inputs.h"
#include "tensor/elementwise.h"

namespace jaxsmith::score {

using tensor::Array;
using tensor::EvaluationContext;

namespace {

constexpr int kTries = 48;
// The graded texts and the row's are executed by the same kernels: an eighth is enough for other
// orders of operations in types of few digits, and too little for zeros.
constexpr double kMostRelativeError = 0.125;

std::string first_line(const std::string& text) { return text.substr(0, text.find('\n')); }

void add_arrays(const ir::Datum& datum, Results& out) {
  if (datum.kind == ir::Datum::Kind::kArray) out.push_back(datum.array);
  for (const ir::Datum& part : datum.parts) add_arrays(part, out);
}

std::int64_t non_finite(const Results& results) {
  std::int64_t count = 0;
  for (const Array& a : results)
    tensor::with_lane(a.dtype(), [&](auto zero) {
      using T = decltype(zero);
      for (const T& v : a.data<T>()) {
        if constexpr (std::is_floating_point_v<T>)
          count += !std::isfinite(v);
        else if constexpr (!std::is_same_v<T, std::int64_t>)
          count += !std::isfinite(v.real()) || !std::isfinite(v.imag());
      }
    });
  return count;
}

// What the row's own text does that it should not.
std::string own_text(std::string_view what, const std::string& why) {
  return fmt::format("the row's own text {}: {}", what, first_line(why));
}

bool same_bits(const ir::Datum& a, const ir::Datum& b) {
  return a.as_array().tensor() == b.as_array().tensor();
}

}  // namespace

Results arrays_of(const std::vector<ir::Datum>& data) {
  Results out;
  for (const ir::Datum& d : data) add_arrays(d, out);
  return out;
}

Reference Reference::make(const store::DatasetRow& row, level::Level level,
                          const ScoreOptions& options) {
  Result<check::IrProgram> parsed = Error::internal("");
  const Status read = guarded([&]() -> Status {
    parsed = check::IrProgram::parse(level, row.levels.at(level));
    return {};
  });
  if (!read.ok()) parsed = read.error();
  return make(row, level, options, parsed);
}

Reference Reference::make(const store::DatasetRow& row, level::Level level,
                          const ScoreOptions& options, Result<check::IrProgram>& parsed) {
  Reference out;
  out.id_ = row.id;
  out.level_ = level;
  out.text_ = row.levels.at(level);
  out.case_ = {row.constants, row.inputs, row.outputs,      row.kept_arguments,
               row.equations, {},         row.further_cases};
  const EvaluationContext whole(tensor::EvaluationOptions{});
  try {
    out.prepare(parsed, options, whole);
  } catch (const tensor::EvaluationError& e) {
    out.not_gradable_ = e.message;
  } catch (...) {  // memory: one row must not end the others
    out.not_gradable_ =
        "the row's own text cannot be judged: " + error_of(std::current_exception()).message;
  }
  return out;
}

void Reference::prepare(Result<check::IrProgram>& parsed, const ScoreOptions& options,
                        const EvaluationContext& whole) {
  if (!parsed.ok()) {
    not_gradable_ = "the row's own text does not parse: " + first_line(parsed.error().message);
    return;
  }
  check::IrProgram& program = parsed.value();
  const auto failed = [&](const char* what, const Error& error) {
    not_gradable_ = own_text(what, error.message);
  };
  const EvaluationContext verifying({.budget = options.budget}, whole);
  if (const Status verified = program.verify(verifying); !verified.ok())
    return failed("does not verify", verified.error());
  verification_steps_ = verifying.steps_used();
  if (auto canonical = program.canonical(); canonical.ok())
    canonical_ = std::move(canonical).value();
  auto signature = program.signature();
  if (!signature.ok()) return failed("has no signature", signature.error());
  signature_ = std::move(signature).value();
  for (const ir::Datum& d : signature_->arguments)
    if (d.kind == ir::Datum::Kind::kUnsized) {
      not_gradable_ = "the row's own text leaves sizes of arguments open";
      signature_.reset();
      return;
    }
  tolerance_ = case_.tolerance(program);
  tolerance_.most = kMostRelativeError;
  if (case_.outputs.empty()) {
    not_gradable_ = "the row has no recorded case";
    return;
  }
  if (!add_recorded_cases(program, options, whole)) return;
  add_further_cases(program, options, whole);
  not_gradable_ = without_information();
}

bool Reference::add_recorded_cases(check::IrProgram& program, const ScoreOptions& options,
                                   const EvaluationContext& whole) {
  for (const check::ExecutionCase& each : case_.each()) {
    check::Reading reading;
    const auto results = check::execute_case(program, each, options.budget, reading, &whole);
    if (!results.ok())
      not_gradable_ = own_text("does not run", results.error().message);
    else if (!reading.agrees)
      not_gradable_ = own_text("does not give what JAX gave", reading.reason);
    if (!not_gradable_.empty()) return false;
    cases_.push_back(
        {each.arguments(level_), arrays_of(results.value()), reading.steps, each.outputs});
    recorded_cases_ = cases_.size();
  }
  return true;
}

bool Reference::same_results(const Results& a, const Results& b) const {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (tensor::nothing_is_both(a[i], b[i], tolerance_)) return false;
  return true;
}

// First those whose results are none that are there already; where a function has few results, or
// hardly any others were found, such as repeat one.
void Reference::add_further_cases(check::IrProgram& program, const ScoreOptions& options,
                                  const EvaluationContext& whole) {
  std::vector<Array> recorded;
  for (const tensor::Tensor& t : case_.inputs)
    recorded.push_back(Array::from(EvaluationContext::unmetered(), t));
  const Random random(hash64(id_), options.seed);
  std::vector<GradedCase> repeating;
  for (tries_ = 0; tries_ < kTries && drawn_cases() < kFurtherCases; ++tries_) {
    auto drawn = try_inputs(program, draw_inputs(recorded, random, tries_), options, whole);
    if (!drawn) continue;
    const auto known = [&](const GradedCase& c) { return same_results(c.results, drawn->results); };
    if (std::none_of(cases_.begin(), cases_.end(), known))
      cases_.push_back(std::move(*drawn));
    else
      repeating.push_back(std::move(*drawn));
  }
  for (GradedCase& c : repeating)
    if (drawn_cases() < kFurtherCases) cases_.push_back(std::move(c));
}

// Nothing where the inputs are no new ones, or the results are not finite or hang on rounding.
std::optional<GradedCase> Reference::try_inputs(check::IrProgram& program,
                                                const std::vector<Array>& drawn,
                                                const ScoreOptions& options,
                                                const EvaluationContext& whole) {
  check::ExecutionCase changed;
  changed.constants = case_.constants;
  changed.kept = case_.kept;
  for (const Array& a : drawn) changed.inputs.push_back(a.tensor());
  GradedCase out{changed.arguments(level_), {}, 0, {}};
  const auto same_inputs = [&](const GradedCase& c) {
    return std::equal(c.arguments.begin(), c.arguments.end(), out.arguments.begin(), same_bits);
  };
  if (std::any_of(cases_.begin(), cases_.end(), same_inputs)) return std::nullopt;
  const EvaluationContext context({.budget = options.budget}, whole);
  auto results = program.run(out.arguments, context);
  if (!results.ok()) return std::nullopt;
  out.results = arrays_of(results.value());
  out.steps = context.steps_used();
  if (non_finite(out.results) > non_finite(cases_[0].results)) return std::nullopt;
  std::vector<ir::Datum> nudged;
  for (const ir::Datum& d : out.arguments) nudged.emplace_back(tensor::nudge(d.as_array(), 1));
  const auto again =
      program.run(std::move(nudged), EvaluationContext({.budget = options.budget}, whole));
  if (!again.ok()) return std::nullopt;
  const Results moved = arrays_of(again.value());
  if (moved.size() != out.results.size()) return std::nullopt;
  for (std::size_t i = 0; i < moved.size(); ++i)
    if (!tensor::compare_results(moved[i], out.results[i], tolerance_).same) return std::nullopt;
  return out;
}

// Why right results say nothing about a text.
std::string Reference::without_information() const {
  if (drawn_cases() < kFurtherCases)
    return fmt::format(
        "only {} further inputs were found on which the row's text gives finite "
        "results that do not hang on rounding",
        drawn_cases());
  bool constant = true;
  for (std::size_t o = 0; o < cases_[0].results.size(); ++o) {
    const Array& first = cases_[0].results[o];
    bool follows = false;
    for (std::size_t c = 1; c < cases_.size() && !follows; ++c)
      for (std::size_t d = 0; d < c && !follows; ++d)
        follows = tensor::nothing_is_both(cases_[c].results[o], cases_[d].results[o], tolerance_);
    if (!follows) continue;
    constant = false;
    bool copied = false;
    for (std::size_t a = 0; a < cases_[0].arguments.size() && !copied; ++a)
      copied = cases_[0].arguments[a].as_array().same_type(first) &&
               std::all_of(cases_.begin(), cases_.end(), [&](const GradedCase& c) {
                 return tensor::compare_results(c.arguments[a].as_array(), c.results[o], tolerance_)
                     .same;
               });
    if (!copied) return "";
  }
  return constant ? "its results are the same whatever it is given"
                  : "it gives what it is given: a copy would be right";
}

}  // namespace jaxsmith::score
