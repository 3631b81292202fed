// A second back end is a second instance of the interface: one with two operations plans, renders
// and traces by the same steps as JAX.
#include "backend/backend.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>

#include "base/portable_math.h"
#include "levels/names.h"
#include "plan/planner.h"
#include "source/render.h"
#include "trace/tracer.h"

namespace jaxsmith::backend {
namespace {

constexpr plan::Category kWaves{0}, kSums{1};

const plan::Catalogue& toy_catalogue() {
  static const plan::Catalogue kToy(
      {.categories = {{.name = "waves", .share = 0.5}, {.name = "sums", .share = 0.5}},
       .usual_prefixes = {"toy."},
       .imports = {{"toy", "import toy"}}},
      {plan::unary("wave", kWaves, 1.0, plan::kReal, {-30, 30},
                   [](double x) { return portable::sin(x); }, plan::Bounds::kUnit,
                   plan::Derivative::kSmooth, {"ripple"}, {"toy.wave($0)"}),
       plan::with_traits(
           plan::kAddition,
           plan::binary("add", kSums, 1.0, plan::kReal, plan::anywhere(),
                        [](double x, double y) { return x + y; }, 0.5, plan::Derivative::kSmooth,
                        {"total"}, {"$0 + $1", "toy.add($0, $1)"}))});
  return kToy;
}

// The worker's program is a script that answers each function with its source, in capitals.
class ToyWorker {
 public:
  ToyWorker() {
    std::ofstream(path_) << R"(
import os, struct, sys
import msgpack

requests, results = (int(sys.argv[sys.argv.index(f) + 1]) for f in ("--requests-fd", "--results-fd"))

def send(**message):
    body = msgpack.packb(message)
    os.write(results, struct.pack("<I", len(body)) + body)

def read(size):
    data = b""
    while len(data) < size:
        data += os.read(requests, size - len(data)) or sys.exit(0)
    return data

versions = dict.fromkeys(("python", "jax", "jaxlib", "numpy"), os.environ["TOY_VERSION"])
send(type="hello", versions=versions, run_options={"seen": sorted(n for n in os.environ if "TOY" in n)})
while True:
    request = msgpack.unpackb(read(struct.unpack("<I", read(4))[0]))
    for i, f in enumerate(request["functions"]):
        texts = {"hlo": f["source"].upper()}
        send(type="outcome", chunk=request["chunk"], function=i, outcome=dict(
            ok=True, levels=texts, spans={}, constants=[], outputs=[], result_paths=[], flops=0.0,
            bytes_accessed=0.0, argument_matters=[True] * len(f["inputs"][0]), stable=True, recorded=0, cases=[]))
    send(type="result", chunk=request["chunk"])
)";
  }
  ~ToyWorker() { std::remove(path_.c_str()); }
  trace::WorkerSpec spec() const {
    return {.arguments = {path_, "serve"},
            .dropped_prefixes = {"TOY_SECRET"},
            .environment = {"TOY_VERSION=1.0"},
            .devices = 2,
            .levels = {level::kHlo},
            .structure_level = level::kHlo};
  }

 private:
  std::string path_ = testing::TempDir() + "jaxsmith-toy-worker-" + std::to_string(getpid());
};

TEST(Backend, JaxIsTheDefaultAndNamesAreLookedUp) {
  ASSERT_FALSE(backends().empty());
  EXPECT_EQ(backends().front().name, "jax");
  EXPECT_EQ(backend_named("jax"), &backends().front());
  EXPECT_EQ(backend_named("toy"), nullptr);
  for (const Backend& backend : backends()) {
    const auto& levels = backend.worker().levels;
    EXPECT_NE(std::find(levels.begin(), levels.end(), backend.worker().structure_level),
              levels.end());
    for (const plan::Op& op : backend.catalogue().ops())
      EXPECT_LT(static_cast<std::size_t>(op.category), backend.catalogue().categories().size());
  }
}

TEST(Backend, AnotherCataloguePlansAndRendersItsOwn) {
  const plan::PlanOptions options{.catalogue = &toy_catalogue(), .devices = 2};
  std::set<std::string> categories;
  int functions = 0;
  for (std::uint64_t chunk = 0; chunk < 5; ++chunk) {
    for (const source::Function& f : source::chunk_functions(options, 1, chunk)) {
      ++functions;
      categories.insert(f.category);
      EXPECT_EQ(f.transformation, "forward");
      EXPECT_EQ(f.source.find("jax"), std::string::npos) << f.source;
      EXPECT_EQ(f.source.find("jnp."), std::string::npos) << f.source;
      const bool uses_toy = f.source.find("toy.") != std::string::npos;
      EXPECT_EQ(f.source.starts_with("import toy\n"), uses_toy) << f.source;
    }
  }
  EXPECT_GT(functions, 20);
  EXPECT_EQ(categories, (std::set<std::string>{"sums", "waves"}));
}

TEST(Backend, AnotherWorkerAnswersForItsOwnLevels) {
  const ToyWorker worker;
  setenv("TOY_SECRET_KEY", "x", 1);
  setenv("TOY_KEPT", "x", 1);
  trace::TracerOptions options;
  options.worker = worker.spec();
  options.python = JAXSMITH_PYTHON;
  trace::Tracer tracer(options);
  const auto versions = tracer.start(false);
  ASSERT_TRUE(versions.ok()) << versions.error().message;
  EXPECT_EQ(versions.value().python, "1.0");
  EXPECT_EQ(versions.value().run_options, R"({"seen":["TOY_KEPT","TOY_VERSION"]})");
  const auto functions =
      source::chunk_functions({.catalogue = &toy_catalogue(), .devices = 2}, 1, 0);
  ASSERT_FALSE(functions.empty());
  const auto outcomes = tracer.trace(0, functions, trace::Route::kChunk, false);
  ASSERT_TRUE(outcomes.ok()) << outcomes.error().message;
  for (std::size_t i = 0; i < functions.size(); ++i) {
    std::string loud = functions[i].source;
    for (char& c : loud) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
    ASSERT_TRUE(outcomes.value()[i].ok) << outcomes.value()[i].refusal.detail;
    EXPECT_EQ(outcomes.value()[i].levels.at(level::kHlo), loud);
  }
}

}  // namespace
}  // namespace jaxsmith::backend
