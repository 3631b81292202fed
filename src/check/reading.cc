#include "check/reading.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "ir/common/frame.h"
#include "tensor/movement.h"

namespace jaxsmith::check {

using level::Level;
using tensor::Array;
using tensor::Budget;
using tensor::DType;
using tensor::EvaluationContext;
using tensor::EvaluationOptions;

namespace {

using Results = std::vector<ir::Datum>;

// Runs a program on a recorded case, and where its results miss, in the other ways in which they
// may be right: least first.
class CaseExecution {
 public:
  CaseExecution(IrProgram& program, const ExecutionCase& recorded, const Budget& budget,
                Reading& out, const EvaluationContext* outer)
      : program_(program), case_(recorded), budget_(budget), out_(out), outer_(outer) {}

  Result<Results> run() {
    const EvaluationContext context = context_with({});
    auto first = program_.run(case_.arguments(program_.level()), context);
    if (!first.ok()) {
      out_.reason = first.error().message;
      return first;
    }
    out_.executed = true;
    results_ = std::move(first).value();
    ambiguous_ = context.ambiguous_operations() > 0;
    out_.steps = context.steps_used();
    if (compare(results_)) return results_;
    EvaluationOptions options;
    if (ambiguous_) {
      options.expected = std::make_shared<const std::vector<Array>>(expected_arrays());
      if (run_again(options)) return results_;
    }
    if (results_.size() != case_.outputs.size()) return results_;
    if (tensor::epsilon(least_precise(program_)) > tensor::epsilon(DType::kF32)) {
      // XLA keeps some 16-bit values in 32 bits on the CPU and rounds others at each step, by what
      // it fuses them with; a long sum stops growing then.
      for (const tensor::Arithmetic how :
           {tensor::Arithmetic{.stepwise = true, .windowed_sums = true},
            tensor::Arithmetic{.windowed_sums = true, .wide_converts = true},
            tensor::Arithmetic{.excess_precision = true}}) {
        EvaluationOptions otherwise = options;
        otherwise.arithmetic = how;
        const Results before = results_;
        if (run_again(otherwise)) return results_;
        results_ = before;
      }
    }
    const auto nudged = moved([&](std::uint64_t seed) {
      Results arguments = case_.arguments(program_.level());
      for (ir::Datum& d : arguments) d = tensor::nudge(d.as_array(), seed);
      return program_.run(std::move(arguments), context_with(options));
    });
    if (compare(results_, nudged)) return results_;
    compare(results_, nudged, moved([&](std::uint64_t seed) {
              EvaluationOptions noisy = options;
              noisy.noise = seed;
              return execute(noisy);
            }));
    return results_;
  }

 private:
  using Runs = std::vector<Results>;

  EvaluationContext context_with(EvaluationOptions options) const {
    options.budget = budget_;
    return outer_ ? EvaluationContext(options, *outer_) : EvaluationContext(options);
  }

  Result<Results> execute(const EvaluationOptions& options) {
    return program_.run(case_.arguments(program_.level()), context_with(options));
  }

  bool run_again(const EvaluationOptions& options) {
    auto again = execute(options);
    if (!again.ok()) return false;
    results_ = std::move(again).value();
    return compare(results_);
  }

  std::vector<Array> expected_arrays() const {
    std::vector<Array> out;
    for (const tensor::Tensor& t : case_.outputs)
      out.push_back(Array::from(EvaluationContext::unmetered(), t));
    return out;
  }

  // Runs that differ in last bits.
  template <class F>
  static Runs moved(F run) {
    constexpr std::uint64_t kRuns = 3;
    Runs out;
    for (std::uint64_t seed = 1; seed <= kRuns; ++seed)
      if (auto results = run(seed); results.ok()) out.push_back(std::move(results).value());
    return out;
  }

  bool compare(const Results& found, const Runs& nudged = {}, const Runs& noisy = {}) {
    constexpr double kMostForNudges = 1e-3;  // of a program whose results are not unique
    out_.agrees = found.size() == case_.outputs.size();
    out_.reason = out_.agrees ? ""
                              : fmt::format("it gives {} results, not {}", found.size(),
                                            case_.outputs.size());
    tensor::Tolerance tolerance = case_.tolerance(program_);
    if (ambiguous_) tolerance.most_for_nudges = kMostForNudges;
    for (std::size_t i = 0; i < found.size() && out_.agrees; ++i) {
      const Array expected = Array::from(EvaluationContext::unmetered(), case_.outputs[i]);
      const auto whole = [&](const Runs& runs) {
        std::vector<Array> all;
        for (const Results& each : runs)
          all.push_back(whole_result(program_, each[i], expected.shape()));
        return all;
      };
      const std::vector<Array> by_inputs = whole(nudged), by_rounding = whole(noisy);
      tolerance.nudged = by_inputs;
      tolerance.noisy = by_rounding;
      const tensor::Closeness close = tensor::compare_results(
          whole_result(program_, found[i], expected.shape()), expected, tolerance);
      out_.worst = std::max(out_.worst, close.worst);
      if (close.same) continue;
      out_.agrees = false;
      out_.reason = fmt::format("result {}: {}", i, close.difference);
    }
    return out_.agrees;
  }

  IrProgram& program_;
  const ExecutionCase& case_;
  const Budget& budget_;
  Reading& out_;
  const EvaluationContext* outer_;
  Results results_;
  bool ambiguous_ = false;
};

}  // namespace

Array whole_result(const IrProgram& program, const ir::Datum& result, const tensor::Shape& shape) {
  const bool divided = result.kind == ir::Datum::Kind::kTuple;
  // One array where all devices have the same.
  const auto held_by = [&](std::int64_t device) {
    return divided ? result.parts[static_cast<std::size_t>(device)].as_array() : result.as_array();
  };
  const Array first = held_by(0);
  const tensor::Shape& part = first.shape();
  const std::int64_t devices =
      divided ? static_cast<std::int64_t>(result.parts.size()) : program.devices();
  std::int64_t pieces = 1;
  for (std::size_t d = 0; d < shape.size() && part.size() == shape.size(); ++d)
    pieces *= part[d] > 0 ? shape[d] / part[d] : 1;
  if (part.size() != shape.size() || part == shape || pieces != devices) return first;
  Array out = first.zeros(first.dtype(), shape);
  for (std::int64_t i = 0; i < devices; ++i) {
    std::vector<Array> starts(shape.size());
    std::int64_t rest = i;
    for (std::size_t d = shape.size(); d-- > 0;) {
      const std::int64_t n = part[d] > 0 ? shape[d] / part[d] : 1;
      starts[d] = out.scalar_int(DType::kI64, rest % n * part[d]);
      rest /= n;
    }
    out = tensor::dynamic_update_slice(out, held_by(i), starts);
  }
  return out;
}

DType least_precise(const IrProgram& program) {
  constexpr DType kTypes[] = {DType::kBF16, DType::kF16, DType::kF32, DType::kC64};
  const std::set<DType> types = program.element_types();
  // What has eight bits, in whatever parts, counts alike.
  const auto is_f8 = [](DType dtype) { return tensor::jaxpr_name(dtype).starts_with("f8"); };
  if (std::any_of(types.begin(), types.end(), is_f8)) return DType::kF8E4M3FN;
  for (const DType dtype : kTypes)
    if (types.contains(dtype)) return dtype;
  return DType::kF64;
}

std::map<Level, DType> precisions_of(const Programs& programs) {
  std::map<Level, DType> out;
  for (const auto& [level, program] : programs)
    if (const auto other = programs.find(
            level == level::structure_level() ? level::run_level() : level::structure_level());
        other != programs.end() && other->second.ok())
      out[level] = least_precise(other->second.value());
  return out;
}

namespace {

std::int64_t possible_equations(std::int64_t recorded) {
  constexpr std::int64_t kMost = 100'000;
  return std::clamp<std::int64_t>(recorded, 1, kMost);
}

}  // namespace

std::int64_t equations_of(const Programs& programs, std::int64_t recorded) {
  const auto found = programs.find(level::structure_level());
  if (found == programs.end() || !found->second.ok()) return possible_equations(recorded);
  std::int64_t own = 0;
  for (const auto& [operation, count] : found->second.value().op_counts()) own += count;
  return own;
}

tensor::Tolerance ExecutionCase::tolerance(const IrProgram& program) const {
  double depth = static_cast<double>(possible_equations(equations));
  for (const tensor::Tensor& t : inputs)
    depth = std::max(depth, static_cast<double>(tensor::element_count(t.shape)));
  const auto known = precisions.find(program.level());
  const DType precision = known != precisions.end() ? known->second : least_precise(program);
  double largest = 0;
  for (const tensor::Tensor& t : inputs)
    if (tensor::is_inexact(t.dtype))
      largest = std::max(largest,
                         tensor::largest_magnitude(Array::from(EvaluationContext::unmetered(), t)));
  return {.depth = depth, .least_precise = precision, .inputs = largest, .nudged = {}, .noisy = {}};
}

std::vector<ir::Datum> ExecutionCase::arguments(Level level) const {
  std::vector<ir::Datum> out;
  if (level::row_of(level).takes == ir::Takes::kConstantsAndInputs) {
    for (const tensor::Tensor& t : constants)
      out.emplace_back(Array::from(EvaluationContext::unmetered(), t));
    for (const tensor::Tensor& t : inputs)
      out.emplace_back(Array::from(EvaluationContext::unmetered(), t));
  } else {
    for (const std::int64_t i : kept)
      if (i >= 0 && i < static_cast<std::int64_t>(inputs.size()))
        out.emplace_back(
            Array::from(EvaluationContext::unmetered(), inputs[static_cast<std::size_t>(i)]));
  }
  return out;
}

Result<std::vector<ir::Datum>> execute_case(IrProgram& program, const ExecutionCase& recorded,
                                            const Budget& budget, Reading& out,
                                            const EvaluationContext* outer) {
  auto first = CaseExecution(program, recorded, budget, out, outer).run();
  const std::vector<ExecutionCase> cases =
      recorded.further.empty() ? std::vector<ExecutionCase>() : recorded.each();
  for (std::size_t i = 1; i < cases.size() && first.ok() && out.agrees; ++i) {
    Reading own;
    const auto results = CaseExecution(program, cases[i], budget, own, outer).run();
    out.executed = own.executed;
    out.agrees = own.agrees;
    out.worst = std::max(out.worst, own.worst);
    if (out.agrees) continue;
    out.reason = fmt::format("case {}: {}", i, own.reason);
    if (results.ok()) continue;
    Error error = results.error();
    error.message = out.reason;
    return error;
  }
  return first;
}

std::vector<ExecutionCase> ExecutionCase::each() const {
  std::vector<ExecutionCase> out(
      1 + further.size(),
      ExecutionCase{constants, inputs, outputs, kept, equations, precisions, {}});
  for (std::size_t i = 0; i < further.size(); ++i) {
    out[i + 1].inputs = further[i].inputs;
    out[i + 1].outputs = further[i].outputs;
  }
  return out;
}

bool Reading::read_well(Level level) const {
  const ir::LevelRow& row = level::row_of(level);
  return parsed && (verified || !row.verifies) && (printed_back || !row.prints);
}

Reading read_program(Result<IrProgram>& parsed, const ExecutionCase* recorded,
                     const Budget& budget) {
  Reading out;
  if (!parsed.ok()) {
    out.reason = parsed.error().message;
    return out;
  }
  IrProgram& program = parsed.value();
  out.parsed = true;
  out.printed_back = program.row().prints && program.print() == program.text();
  const auto failed = [&](const Error& error) {
    out.reason = error.message;
    if (const tensor::EvaluationError& why = program.error();
        why.kind == tensor::EvaluationError::Kind::kUnsupported)
      out.unknown = why.operation.empty() ? "something else" : why.operation;
    return out;
  };
  Budget of_types = ir::verification_budget(program.text());
  of_types.steps = std::min(of_types.steps, budget.steps);
  of_types.bytes = std::min(of_types.bytes, budget.bytes);
  const Status verified = program.verify(EvaluationContext({.budget = of_types}));
  if (!verified.ok()) return failed(verified.error());
  out.verified = program.row().verifies;
  if (!recorded || !program.row().executes) return out;
  const auto results = execute_case(program, *recorded, budget, out);
  return results.ok() ? out : failed(results.error());
}

Reading read_text(Level level, const std::string& text, const ExecutionCase* recorded,
                  const Budget& budget, const std::string& file) {
  auto parsed = IrProgram::parse(level, text, file);
  return read_program(parsed, recorded, budget);
}

std::vector<CheckResult> reading_checks(Programs& programs, const ExecutionCase* recorded,
                                        const std::string& without_case) {
  std::vector<CheckResult> out;
  for (auto& [level, program] : programs) {
    const Reading r = read_program(program, recorded);
    const bool well = r.read_well(level);
    // Of a reason of several lines the first says what; the others show the place in the text.
    const std::string why = r.reason.substr(0, r.reason.find('\n'));
    const auto add = [&, level = level](CheckKind kind, CheckStatus status,
                                        std::string detail = {}) {
      // In place: GCC 12 takes the move of a temporary one for a read beyond its end.
      CheckResult& result = out.emplace_back();
      result.check = kind;
      result.status = status;
      result.detail = std::move(detail);
      result.level = level;
    };
    if (well)
      add(CheckKind::kRead, CheckStatus::kPassed);
    else if (r.parsed && level::row_of(level).prints && !r.printed_back)
      add(CheckKind::kRead, CheckStatus::kFailed, "it is printed back differently");
    else
      add(CheckKind::kRead, r.unknown.empty() ? CheckStatus::kFailed : CheckStatus::kNotDone, why);
    if (!level::row_of(level).executes) continue;
    if (!well)
      add(CheckKind::kExecute, CheckStatus::kNotDone, "it was not read");
    else if (!recorded)
      add(CheckKind::kExecute, CheckStatus::kNotDone, without_case);
    else if (!r.unknown.empty())
      add(CheckKind::kExecute, CheckStatus::kNotDone, why);
    else if (r.agrees)
      add(CheckKind::kExecute, CheckStatus::kPassed);
    else
      add(CheckKind::kExecute, CheckStatus::kFailed, why);
  }
  return out;
}

}  // namespace jaxsmith::check
