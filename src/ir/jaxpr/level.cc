// The level `jaxpr`: a row of src/levels/levels.def.
#include "ir/common/level_row.h"
#include "ir/jaxpr/canonical.h"
#include "ir/jaxpr/changed_runs.h"
#include "ir/jaxpr/evaluator.h"
#include "ir/jaxpr/mutations.h"
#include "ir/jaxpr/parser.h"
#include "ir/jaxpr/printer.h"

namespace jaxsmith::jaxpr {
namespace {

class Read final : public ir::EvaluatedProgram<Module, Evaluator> {
 public:
  using EvaluatedProgram::EvaluatedProgram;
  std::string print() const override { return jaxpr::print(module()); }
  std::optional<ir::Mutated> mutate(Random& random) override {
    return ir::make_one(mutations(module()), random);
  }
  std::string canonical() const override { return jaxpr::canonical(module()); }
  ir::OpCounts op_counts() const override { return jaxpr::op_counts(module()); }
  Result<ir::Structure> structure() const override { return structure_of(module(), text()); }
  Result<std::unique_ptr<ir::ChangedRuns>> changed_runs(
      std::vector<Datum> arguments, ir::ChangeArray change,
      const tensor::EvaluationContext& context) override {
    return ChangedRuns::begin(evaluator(), std::move(arguments), std::move(change), context);
  }
};

Result<ir::Programs> read(std::string_view text, const std::string& file) {
  JAXSMITH_TRY(module, parse(text, file));
  ir::Programs out;
  out.push_back(std::make_unique<Read>(std::move(module), text, file));
  return out;
}

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
        "exact, merged (several places became one operation) or none, and then reason says why; "
        "lines count from 1, columns from 0, ends are exclusive",
    .reach = ir::Reach::kTraced,
    .begins = begins,
    .endings = kEndings,
    .highlighting = {.keywords = kWords,
                     .hyphens_in_names = true,
                     .operations = ir::Highlighting::Operations::kAssigned},
    .parse = read,
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
