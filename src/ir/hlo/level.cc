// The levels `hlo`, as lowered, and `hlo_optimized`, as compiled: rows of src/levels/levels.def.
#include "ir/common/level_row.h"
#include "ir/hlo/canonical.h"
#include "ir/hlo/evaluator.h"
#include "ir/hlo/mutations.h"
#include "ir/hlo/parser.h"
#include "ir/hlo/printer.h"

namespace jaxsmith::hlo {
namespace {

void add_types(const Shape& shape, std::set<DType>& types) {
  if (const auto dtype = dtype_named(shape.element)) types.insert(*dtype);
  for (const Shape& element : shape.elements) add_types(element, types);
}

class Read final : public ir::EvaluatedProgram<Module, Evaluator> {
 public:
  using EvaluatedProgram::EvaluatedProgram;
  std::string print() const override { return hlo::print(module()); }
  std::optional<ir::MutatedText> mutated(Random& random) const override {
    return ir::mutated_text(module(), random);
  }
  std::string canonical() const override { return hlo::canonical(module()); }
  // Of all computations' instructions.
  ir::OpCounts op_counts() const override {
    ir::OpCounts counts;
    for (const Computation& computation : module().computations)
      for (const Instruction& instruction : computation.instructions) ++counts[instruction.opcode];
    return counts;
  }
  std::set<DType> element_types() const override {
    std::set<DType> types;
    for (const Computation& computation : module().computations)
      for (const Instruction& instruction : computation.instructions)
        add_types(instruction.shape, types);
    return types;
  }
};

bool is_module(std::string_view text) { return text.starts_with("HloModule"); }

bool is_scheduled(std::string_view text) {
  return text.substr(0, text.find('\n')).find("is_scheduled=true") != std::string_view::npos;
}

constexpr std::string_view kEndings[] = {".hlo"};
constexpr std::string_view kTags[] = {"hlo", "xla"};
constexpr std::string_view kWords[] = {"HloModule", "ENTRY", "ROOT", "true", "false"};

constexpr ir::LevelRow row(std::string_view name) {
  ir::LevelRow out;
  out.name = name;
  out.card_tags = kTags;
  out.highlighting = {.keywords = kWords,
                      .hyphens_in_names = true,
                      .operations = ir::Highlighting::Operations::kCalled};
  out.parse = ir::read_modules<Read, parse>;
  out.prints = out.verifies = out.has_canonical_form = out.counts = out.executes = true;
  out.official_parser = true;
  return out;
}

constexpr ir::LevelRow lowered() {
  ir::LevelRow out = row("hlo");
  out.title = "HLO";
  out.text_column = "lowered.as_text(dialect=\"hlo\")";
  out.counts_column = "how often each opcode occurs in HLO as lowered";
  out.spans_column = "the same of the instructions of HLO as lowered";
  out.reach = ir::Reach::kLowered;
  out.begins = [](std::string_view text) { return is_module(text) && !is_scheduled(text); };
  out.endings = kEndings;
  return out;
}

constexpr ir::LevelRow compiled() {
  ir::LevelRow out = row("hlo_optimized");
  out.title = "optimised HLO";
  out.text_column = "the compiled module, large constants in full, without metadata";
  out.counts_column = "how often each opcode occurs in optimised HLO";
  out.spans_column = "the same of the instructions of optimised HLO";
  out.reach = ir::Reach::kCompiled;
  out.begins = [](std::string_view text) { return is_module(text) && is_scheduled(text); };
  return out;
}

}  // namespace

extern const ir::LevelRow kLevel, kOptimizedLevel;
constinit const ir::LevelRow kLevel = lowered(), kOptimizedLevel = compiled();

}  // namespace jaxsmith::hlo
