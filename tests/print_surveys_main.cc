// Prints surveys (plan/jax/surveys.h) as functions with inputs, JSON, a line each: for Python
// tests.
//   print_surveys SEED COUNT    so many of each
#include <iostream>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "plan/builder.h"
#include "plan/jax/surveys.h"
#include "printed_functions.h"
#include "source/render.h"

namespace jaxsmith {
namespace {

std::optional<plan::Program> program_of(const plan::Op& survey, bool x64, Random random) {
  using enum tensor::DType;
  plan::Settings settings;
  settings.catalogue = &backend::backend_named("jax")->catalogue();
  settings.x64 = x64;
  settings.dtypes = {kF32, kI32, kU8, kU32, kBool, kC64};
  if (x64) settings.dtypes.insert(settings.dtypes.end(), {kF64, kI64});
  settings.real = x64 ? kF64 : kF32;
  settings.integer = x64 ? kI64 : kI32;
  settings.sizes = {3, 5, 8};
  plan::Program program;
  program.catalogue = settings.catalogue;
  program.category = "array";
  program.x64 = x64;
  plan::Builder b(program, settings, random);
  plan::Builder::BodySpec spec;
  spec.placement = plan::Placement::kEntry;
  const auto root = b.body(spec, [&](const std::vector<plan::ValueId>&) {
    if (!b.draw_op(survey, true)) return false;
    b.set_results(b.unused());
    return true;
  });
  if (!root) return std::nullopt;
  program.root = *root;
  return program;
}

nlohmann::json as_json(const std::string& survey, const plan::Program& program,
                       const source::Function& f) {
  nlohmann::json results = nlohmann::json::array();
  for (const plan::ValueId id : program.bodies[static_cast<std::size_t>(program.root)].results) {
    const plan::Value& v = program.values[static_cast<std::size_t>(id)];
    results.push_back({{"name", v.names.empty() ? "" : v.names.front()},
                       {"aval", tensor::aval_text(v.type.dtype, v.type.shape)},
                       {"low", v.stats.lo},
                       {"high", v.stats.hi}});
  }
  return {{"survey", survey},
          {"source", f.source},
          {"entry", f.entry},
          {"x64", f.runtime.x64},
          {"results", results},
          {"arguments", inputs_as_json(f)},
          {"argument_tree", f.argument_tree}};
}

}  // namespace
}  // namespace jaxsmith

int main(int argc, char** argv) {
  using namespace jaxsmith;
  if (argc < 3) return 2;
  const std::uint64_t seed = std::stoull(argv[1]), count = std::stoull(argv[2]);
  std::uint64_t k = 0;
  for (const plan::Op& survey : plan::survey_ops()) {
    const Random random(seed, k++);
    print_some("survey", survey.name, count, 4 * count, [&](std::uint64_t n) {
      auto program = program_of(survey, n % 4 == 3, random.fork(std::to_string(n)));
      if (!program) return false;
      const plan::Program kept = *program;
      const source::Function f =
          source::render({std::move(*program), "forward", "base"}, {seed, k, 0});
      std::cout << as_json(survey.name, kept, f).dump() << "\n";
      return true;
    });
  }
}
