// What it takes to plan families and to write their sources, without JAX.
#include <benchmark/benchmark.h>

#include "backend/backend.h"
#include "plan/planner.h"
#include "source/render.h"

namespace jaxsmith::plan {
namespace {

const PlanOptions kOptions{&backend::backend_named("jax")->catalogue()};
constexpr std::uint64_t kSeed = 0;
constexpr std::uint64_t kFamilies = 256;  // so many differ; then they come again

void plan(benchmark::State& state) {
  std::uint64_t family = 0;
  std::int64_t members = 0;
  for (auto _ : state)
    members += static_cast<std::int64_t>(plan_family(kOptions, kSeed, family++ % kFamilies).size());
  state.counters["functions"] =
      benchmark::Counter(static_cast<double>(members), benchmark::Counter::kIsRate);
}
BENCHMARK(plan)->Unit(benchmark::kMicrosecond);

void render_members(benchmark::State& state) {
  std::vector<std::vector<Member>> families;
  for (std::uint64_t family = 0; family < kFamilies; ++family)
    families.push_back(plan_family(kOptions, kSeed, family));
  std::uint64_t family = 0;
  std::int64_t functions = 0;
  for (auto _ : state) {
    const std::uint64_t number = family++ % kFamilies;
    for (std::uint32_t m = 0; m < families[number].size(); ++m, ++functions)
      benchmark::DoNotOptimize(source::render(families[number][m], {kSeed, number, m}));
  }
  state.counters["functions"] =
      benchmark::Counter(static_cast<double>(functions), benchmark::Counter::kIsRate);
}
BENCHMARK(render_members)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace jaxsmith::plan
