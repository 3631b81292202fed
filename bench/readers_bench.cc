// What it takes to read, verify, print, run and grade a text, through the public headers.
#include <benchmark/benchmark.h>
#include <jaxsmith/score.h>

#include <string>

namespace jaxsmith {
namespace {

// A text of so many steps, at each level.
std::string jaxpr(std::int64_t steps) {
  std::string out = "{ lambda ; v0:f32[64]. let\n";
  for (std::int64_t i = 0; i < steps; ++i) {
    const std::string from = "v" + std::to_string(i), to = "v" + std::to_string(i + 1);
    out += "    " + to + ":f32[64] = " + (i % 2 ? "sin " : "neg ") + from + "\n";
  }
  return out + "  in (v" + std::to_string(steps) + ",) }";
}

std::string stablehlo(std::int64_t steps) {
  const std::string type = "tensor<64xf32>";
  std::string out = "module @m {\n  func.func public @main(%0: " + type + ") -> " + type + " {\n";
  for (std::int64_t i = 0; i < steps; ++i)
    out += "    %" + std::to_string(i + 1) + " = stablehlo." + (i % 2 ? "sine" : "negate") + " %" +
           std::to_string(i) + " : " + type + "\n";
  return out + "    return %" + std::to_string(steps) + " : " + type + "\n  }\n}\n";
}

std::string hlo(std::int64_t steps) {
  std::string out = "HloModule m\n\nENTRY e {\n  v0 = f32[64] parameter(0)\n";
  for (std::int64_t i = 0; i < steps; ++i)
    out += std::string(i + 1 == steps ? "  ROOT v" : "  v") + std::to_string(i + 1) +
           " = f32[64] " + (i % 2 ? "sine" : "negate") + "(v" + std::to_string(i) + ")\n";
  return out + "}\n";
}

using Text = std::string (*)(std::int64_t);

void read(benchmark::State& state, Text text) {
  const std::string given = text(state.range(0));
  for (auto _ : state) {
    auto module = IrModule::parse(given);
    if (!module.ok()) return state.SkipWithError(module.error().message.c_str());
    benchmark::DoNotOptimize(module);
  }
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(given.size()));
}

void verify(benchmark::State& state, Text text) {
  const std::string given = text(state.range(0));
  for (auto _ : state) {
    auto module = IrModule::parse(given);
    if (!module.ok() || !module.value().verify().ok())
      return state.SkipWithError("it does not hold");
  }
}

void print(benchmark::State& state, Text text) {
  const auto module = IrModule::parse(text(state.range(0)));
  if (!module.ok()) return state.SkipWithError(module.error().message.c_str());
  for (auto _ : state) benchmark::DoNotOptimize(module.value().print());
}

void run(benchmark::State& state, Text text) {
  auto module = IrModule::parse(text(state.range(0)));
  if (!module.ok()) return state.SkipWithError(module.error().message.c_str());
  const std::vector inputs{HostArray::of<float>("f32", {64}, std::vector<float>(64, 0.5f))};
  for (auto _ : state) {
    const auto results = module.value().run(inputs);
    if (!results.ok()) return state.SkipWithError(results.error().message.c_str());
  }
}

void grade(benchmark::State& state, Text text) {
  RecordedRow row;
  row.level = "jaxpr";
  row.text = text(state.range(0));
  row.inputs = {HostArray::of<float>("f32", {64}, std::vector<float>(64, 0.5f))};
  auto module = IrModule::parse(row.text);
  if (!module.ok()) return state.SkipWithError(module.error().message.c_str());
  auto outputs = module.value().run(row.inputs);
  if (!outputs.ok()) return state.SkipWithError(outputs.error().message.c_str());
  row.outputs = std::move(outputs).value();
  const auto grader = RowGrader::make(row);
  if (!grader.ok()) return state.SkipWithError(grader.error().message.c_str());
  // Not equal in other words: it has to be run.
  const std::string other = text(state.range(0) - 1);
  for (auto _ : state) benchmark::DoNotOptimize(grader.value().grade(other));
}

#define JAXSMITH_LEVELS(function)                                                            \
  BENCHMARK_CAPTURE(function, jaxpr, jaxpr)->Arg(64)->Unit(benchmark::kMicrosecond);         \
  BENCHMARK_CAPTURE(function, stablehlo, stablehlo)->Arg(64)->Unit(benchmark::kMicrosecond); \
  BENCHMARK_CAPTURE(function, hlo, hlo)->Arg(64)->Unit(benchmark::kMicrosecond)
JAXSMITH_LEVELS(read);
JAXSMITH_LEVELS(verify);
JAXSMITH_LEVELS(print);
JAXSMITH_LEVELS(run);
BENCHMARK_CAPTURE(grade, jaxpr, jaxpr)->Arg(64)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace jaxsmith
