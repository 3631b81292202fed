// The level `stablehlo`: a row of src/levels/levels.def.
#include <algorithm>
#include <unordered_set>

#include "ir/common/level_row.h"
#include "ir/stablehlo/canonical.h"
#include "ir/stablehlo/evaluator.h"
#include "ir/stablehlo/mutations.h"
#include "ir/stablehlo/parser.h"
#include "ir/stablehlo/printer.h"
#include "ir/stablehlo/widen.h"

namespace jaxsmith::stablehlo {
namespace {

void count(const Block& block, ir::OpCounts& counts) {
  for (const Op& op : block.ops) {
    ++counts[op.name];
    for (const Block& region : op.regions) count(region, counts);
  }
}

// Of a value's type: its own, and those of a tuple's parts.
void add_types(const Type& type, std::unordered_set<const Type*>& seen, std::set<DType>& out) {
  if (!seen.insert(&type).second) return;
  if (type.dtype) out.insert(*type.dtype);
  if (type.quantized) out.insert(type.quantized->expressed);
  for (const Type* part : type.parts) add_types(*part, seen, out);
}

class Read final : public ir::EvaluatedProgram<Module, Evaluator> {
 public:
  using EvaluatedProgram::EvaluatedProgram;
  std::string print() const override { return stablehlo::print(module()); }
  std::optional<ir::MutatedText> mutated(Random& random) const override {
    return ir::mutated_text(module().sharing_types(), random);
  }
  std::string canonical() const override { return stablehlo::canonical(module()); }
  // Every operation but the module itself.
  ir::OpCounts op_counts() const override {
    ir::OpCounts counts;
    for (const Function& f : module().functions) {
      ++counts["func.func"];
      count(f.body, counts);
    }
    for (const Op& op : module().ops) {
      ++counts[op.name];
      for (const Block& region : op.regions) count(region, counts);
    }
    return counts;
  }
  std::set<DType> element_types() const override {
    std::set<DType> types;
    std::unordered_set<const Type*> seen;
    for (const Value& value : module().values) add_types(*value.type, seen, types);
    return types;
  }
  std::unique_ptr<Program> widened() && override {
    Module module = take_module();
    widen(module);
    return std::make_unique<Read>(std::move(module), std::string_view(), file());
  }
};

bool begins(std::string_view text) {
  constexpr std::string_view kFirst[] = {
      "module", "\"builtin.module\"", "builtin.module", "func.func", "\"func.func\"", "#", "!"};
  return std::any_of(std::begin(kFirst), std::end(kFirst),
                     [&](std::string_view word) { return text.starts_with(word); });
}

constexpr std::string_view kEndings[] = {".mlir", ".stablehlo"};
constexpr std::string_view kTags[] = {"stablehlo"};
constexpr std::string_view kWords[] = {
    "module", "func", "public",  "private", "attributes", "return", "dense", "dims", "loc",
    "cond",   "do",   "applies", "across",  "dimensions", "init",   "array", "true", "false"};

}  // namespace

extern const ir::LevelRow kLevel;
constinit const ir::LevelRow kLevel = {
    .name = "stablehlo",
    .title = "StableHLO",
    .text_column = "lowered.as_text()",
    .counts_column = "how often each operation occurs in StableHLO",
    .spans_column = "the same of StableHLO's operations",
    .card_tags = kTags,
    .reach = ir::Reach::kLowered,
    .begins = begins,
    .endings = kEndings,
    .highlighting = {.keywords = kWords, .operations = ir::Highlighting::Operations::kDotted},
    .parse = ir::read_modules<Read, parse>,
    .prints = true,
    .verifies = true,
    .has_canonical_form = true,
    .counts = true,
    .executes = true,
    .widened_type = widened,
    .runs_alone = true,
    .official_parser = true,
};

}  // namespace jaxsmith::stablehlo
