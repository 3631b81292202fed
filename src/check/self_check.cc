#include "check/self_check.h"

#include <memory>

namespace jaxsmith::check {

using tensor::Array;
using tensor::DType;
using tensor::EvaluationContext;

namespace {

SelfCheck run_once(IrProgram& program, const EvaluationContext& context) {
  SelfCheck out;
  if (const Status run = program.run_checks(context); !run.ok()) {
    out.error = run.error().message;
    return out;
  }
  const auto failed = program.failed_checks();
  out.made = program.checks_made();
  out.failures = static_cast<std::int64_t>(failed.size());
  if (!failed.empty()) out.failed = failed[0];
  return out;
}

bool holds(const SelfCheck& run) { return run.error.empty() && run.failed.empty(); }

}  // namespace

SelfCheck run_own_checks(IrProgram& program, const tensor::Budget& budget) {
  tensor::EvaluationOptions options{.budget = budget};
  const EvaluationContext context(options);
  const SelfCheck first = run_once(program, context);
  if (!first.error.empty() || first.failed.empty()) return first;
  if (context.ambiguous_operations() > 0) {
    options.expected = std::make_shared<const std::vector<Array>>(program.expected_by_checks());
    if (const SelfCheck run = run_once(program, EvaluationContext(options)); holds(run)) return run;
  }
  const struct {
    tensor::Arithmetic how;
    const char* words;
  } others[] = {{{.stepwise = true}, "with each step rounded"},
                {{.excess_precision = true}, "with 16-bit steps not rounded"}};
  const auto types = program.element_types();
  const bool has_16_bits = types.contains(DType::kF16) || types.contains(DType::kBF16);
  for (const auto& [how, words] : others) {
    if (how.excess_precision && !has_16_bits) continue;
    options.arithmetic = how;
    SelfCheck run = run_once(program, EvaluationContext(options));
    run.how = words;
    if (holds(run)) return run;
  }
  return first;
}

}  // namespace jaxsmith::check
