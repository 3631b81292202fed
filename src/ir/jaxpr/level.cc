// The level `jaxpr`: a row of src/levels/levels.def.
#include "ir/common/level_row.h"
#include "ir/jaxpr/canonical.h"
#include "ir/jaxpr/changed_runs.h"
#include "ir/jaxpr/evaluator.h"
#include "ir/jaxpr/flow.h"
#include "ir/jaxpr/glue.h"
#include "ir/jaxpr/mutations.h"
#include "ir/jaxpr/parser.h"
#include "ir/jaxpr/printer.h"

namespace jaxsmith::jaxpr {
namespace {

ir::ValueType value_type(const Aval& aval) { return {aval.dtype, aval.is_array, aval.shape}; }

class Read final : public ir::EvaluatedProgram<Module, Evaluator> {
 public:
  using EvaluatedProgram::EvaluatedProgram;
  std::string print() const override { return jaxpr::print(module()); }
  std::optional<ir::MutatedText> mutated(Random& random) const override {
    return ir::mutated_text(module(), random);
  }
  std::string canonical() const override { return jaxpr::canonical(module()); }
  ir::OpCounts op_counts() const override { return jaxpr::op_counts(module()); }
  std::set<tensor::DType> element_types() const override { return jaxpr::element_types(module()); }
  Result<ir::Structure> structure() const override { return structure_of(module(), text()); }
  Result<ir::Flow> flow() const override {
    JAXSMITH_TRY(flow, flow_of(module()));
    ir::Flow out{std::move(flow.operations), std::move(flow.pairs), {}, {}, flow.extent};
    for (const auto* vars : {&module().main.constvars, &module().main.invars})
      for (const Var& v : *vars) out.arguments.push_back(value_type(v.aval));
    for (const Aval* aval : flow.results) out.results.push_back(value_type(*aval));
    return out;
  }
  Result<ir::Glue> glue() const override { return glue_of(module()); }
  Result<std::unique_ptr<ir::ChangedRuns>> changed_runs(
      std::vector<Datum> arguments, ir::ChangeArray change,
      const tensor::EvaluationContext& context) override {
    return ChangedRuns::begin(evaluator(), std::move(arguments), std::move(change), context);
  }
};

bool begins(std::string_view text) {
  return text.starts_with("{ lambda") || text.starts_with("{lambda") || text.starts_with("let ");
}

constexpr std::string_view kEndings[] = {".jaxpr"};
constexpr std::string_view kWords[] = {"lambda", "let", "in"};

}  // namespace

extern const ir::LevelRow kLevel;
constinit const ir::LevelRow kLevel = {
    .name = "jaxpr",
    .title = "jaxpr",
    .text_column = "str(jax.jit(f).trace(*arguments).jaxpr)",
    .counts_column = "how often each primitive occurs",
    .spans_column =
        "for each line with an equation: the places of the source that it comes from; kind is "
        "exact, merged (several places became one operation, or cannot be told apart) or none, and "
        "then reason says why; lines count from 1, columns from 0, ends are exclusive",
    .reach = ir::Reach::kTraced,
    .begins = begins,
    .endings = kEndings,
    .highlighting = {.keywords = kWords,
                     .hyphens_in_names = true,
                     .operations = ir::Highlighting::Operations::kAssigned},
    .parse = ir::read_modules<Read, parse>,
    .prints = true,
    .verifies = true,
    .has_canonical_form = true,
    .counts = true,
    .executes = true,
    .takes = ir::Takes::kConstantsAndInputs,
    .gives_structure = true,
    .has_constants = true,
};

}  // namespace jaxsmith::jaxpr
