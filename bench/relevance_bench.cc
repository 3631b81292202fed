// What it takes to find out which operations of a function are inert.
#include <benchmark/benchmark.h>

#include <string>

#include "check/relevance.h"
#include "tensor/convert.h"

namespace jaxsmith::check {
namespace {

void relevance(benchmark::State& state) {
  std::string text = "{ lambda ; v0:f32[64]. let\n";
  for (std::int64_t i = 0; i < state.range(0); ++i)
    text += "    v" + std::to_string(i + 1) + ":f32[64] = " + (i % 2 ? "sin v" : "neg v") +
            std::to_string(i) + "\n";
  text += "  in (v" + std::to_string(state.range(0)) + ",) }";
  auto program = IrProgram::parse(level::structure_level(), text);
  if (!program.ok() || !program.value().verify().ok())
    return state.SkipWithError("it does not hold");
  ExecutionCase recorded;
  recorded.inputs = {
      tensor::tensor_from_doubles(tensor::DType::kF32, {64}, std::vector<double>(64, 0.5))};
  for (auto _ : state) {
    const auto found =
        measure_relevance(program.value(), recorded, tensor::EvaluationContext({.budget = {}}));
    if (!found.ok()) return state.SkipWithError(found.error().message.c_str());
  }
}
BENCHMARK(relevance)->Arg(16)->Arg(64)->Arg(256)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace jaxsmith::check
