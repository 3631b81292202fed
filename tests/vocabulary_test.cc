// What steps do is told by a back end's own words: one whose functions have other names is planned,
// named and commented by these, and JAX's names mean nothing there.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/portable_math.h"
#include "plan/calls.h"
#include "plan/catalogue.h"
#include "plan/idiom.h"
#include "plan/planner.h"
#include "plan/telling.h"
#include "plan/visibility.h"
#include "source/remarks.h"
#include "source/render.h"
#include "source/settings.h"
#include "source/spellings.h"

namespace jaxsmith::plan {
namespace {

using Ids = Idiom::Ids;
using Bodies = std::vector<BodyId>;

constexpr Category kGrids{0};

Vocabulary toy_words() {
  Vocabulary words;
  words.categories = {{.name = "grids", .share = 1, .verbs = {"smear"}}};
  words.usual_prefixes = {"toy."};
  words.imports = {{"toy", "import toy"}, {"functools", "import functools"}};
  words.calls.loops = {{"toy.sweep", {.carries = true, .slices = true}},
                       {"until", {.carries = true}}};
  words.calls.derivatives = {"slope_of"};
  words.calls.orders = {"place_of_largest"};
  words.calls.thinning = {"cap"};
  words.calls.totals = {"total"};
  words.calls.levels = {{"cap", Levels::kAtLimit}};
  words.calls.meanings = {{"root", CallMeaning::kRoot}};
  words.control.scan = [](const std::string& carries, const std::string& over, std::int64_t,
                          const std::string&) {
    return "toy.sweep($f0, " + carries + ", " + over + ")";
  };
  words.control.either = [](const std::string& operands) {
    return "toy.fork($0, $f0, $f1, " + operands + ")";
  };
  words.reasons = {{"place_of_largest", {.wordings = {"Ties go to the first."}}}};
  words.argument_reasons = {{"width", "width", {"As wide as {}."}}};
  words.settings.ways = {
      {"toy.total", "middle", {"total", {"total"}}, {"middle", {"middle"}}, {"how"}}};
  return words;
}

Op sweep_rows() {
  return idiom("sweep_rows", kGrids, 1.0, Derivative::kSmooth, [](Idiom& i) {
    i.called({"sweep_rows"});
    const ValueId x = i.anchor({"table"}, 2, 2, {-2, 2});
    const Shape row = {i.dim(x, 1)};
    const ValueId y = i.input({"gains"}, i.shape(x), {-1, 1});
    const ValueId start = i.input({"start"}, row, {-1, 1});
    i.scan({"step"}, {{{"so_far"}, start, {-4, 4}, {"end"}}}, {{{"row"}, x}, {{"gain"}, y}}, {},
           [&](const Ids& p) {
             return Ids{
                 i.let({"next_one"}, "toy.wave($0) + $1 * $2", {p[0], p[1], p[2]}, row, {-4, 4})};
           });
  });
}

Op fork_by_total() {
  return idiom("fork_by_total", kGrids, 1.0, Derivative::kSmooth, [](Idiom& i) {
    i.called({"fork_by_total"});
    const ValueId x = i.anchor({"table"}, 2, 2, {-2, 2});
    const Type type = i.type(x);
    const ValueId large =
        i.let({"is_large"}, "toy.total($0) > 0.5", {x}, Type{DType::kBool, {}}, {0, 1});
    const auto wave = [&](const std::string& spelling) {
      return [&i, spelling, type](const Ids& p) {
        return Ids{i.let({"waved"}, spelling, {p[0]}, type, {-4, 4})};
      };
    };
    i.cond(large, {x}, {{{"v"}, type, {-2, 2}}}, {"up"}, wave("toy.wave($0) + 1.5"), {"down"},
           wave("toy.wave($0) - 1.5"), {{{"chosen"}, type, {-4, 4}}});
  });
}

// The toy has no such loop.
Op count_down() {
  return idiom("count_down", kGrids, 1.0, Derivative::kSmooth, [](Idiom& i) {
    const ValueId x = i.anchor({"table"}, 2, 2, {-2, 2});
    i.fori(0, 4, {"turn"}, {{{"v"}, x, {-4, 4}, {"end"}}}, [&](const Ids& p) {
      return Ids{i.let({"next_one"}, "toy.wave($0)", {p[1]}, i.type(x), {-4, 4})};
    });
  });
}

const Catalogue& toy() {
  static const Catalogue kToy(
      toy_words(),
      {unary("wave", kGrids, 1.0, kReal, {-30, 30}, [](double x) { return portable::sin(x); },
             Bounds::kUnit, Derivative::kSmooth, {"ripple"}, {"toy.wave($0)"}),
       sweep_rows(), fork_by_total(), count_down()});
  return kToy;
}
const Catalogue& jax() { return backend::jax().catalogue(); }

// ---- Names

TEST(Calls, AreOfWholeNames) {
  const CallNames names = {"sort", "lax.map"};
  EXPECT_TRUE(calls_any("jnp.sort($0)", names));
  EXPECT_TRUE(calls_any("1.0 + $0.sort()", names));
  EXPECT_TRUE(calls_any("jax.lax.map($f0, $0)", names));
  EXPECT_FALSE(calls_any("jax.tree.map($f0, $0)", names));
  EXPECT_FALSE(calls_any("resort_($0) + sort_grid($1)", names));
  EXPECT_FALSE(calls_any("jnp.apply($0, jnp.sort)", names));
  EXPECT_TRUE(names_any("jnp.apply($0, jnp.sort)", names));
  EXPECT_FALSE(names_any("jnp.apply($0, jnp.sorted_by)", names));
}

TEST(Calls, AreLeftOutWithAllThatTheyAreGiven) {
  EXPECT_EQ(without_calls("still(f($0), $1) + $2 * still($3)", {"still"}), " + $2 * ");
  EXPECT_EQ(without_calls("restill($0) + still", {"still"}), "restill($0) + still");
}

// ---- How much shows

// A function of two steps: an entry, and one that is written so of what it gives.
bool shows_under(const Catalogue& catalogue, const std::string& entry, const std::string& last) {
  Program program;
  program.catalogue = &catalogue;
  program.values.resize(3);
  for (Value& v : program.values) v.type = {DType::kF32, {4, 3}};
  Body body;
  body.parameters = {0};
  body.nodes.resize(2);
  body.nodes[0].op = body.nodes[1].op = entry;
  body.nodes[0].spelling = "f($0)", body.nodes[1].spelling = last;
  body.nodes[0].operands = {0}, body.nodes[0].results = {1};
  body.nodes[1].operands = {1}, body.nodes[1].results = {2};
  body.results = {2};
  program.bodies = {body};
  const auto applied = applied_entries(program, 0);
  return applied.size() == 2 && applied[1].shows;
}

TEST(Vocabulary, AnOrderIsWhatTheBackEndCallsSo) {
  EXPECT_FALSE(shows_under(toy(), "wave", "1.0 * toy.place_of_largest($0)"));
  EXPECT_TRUE(shows_under(toy(), "wave", "1.0 * jnp.argmax($0)"));
  EXPECT_FALSE(shows_under(jax(), "tanh", "1.0 * jnp.argmax($0)"));
  EXPECT_FALSE(shows_under(jax(), "tanh", "1.0 * $0.argmax(axis=0)"));
  EXPECT_TRUE(shows_under(jax(), "tanh", "1.0 * argmax_grid($0)"));
  EXPECT_TRUE(shows_under(jax(), "tanh", "1.0 * $0.argmaximal()"));
  EXPECT_TRUE(shows_under(jax(), "tanh", "1.0 * toy.place_of_largest($0)"));
}

// A step that is written so around a function of one entry, which hardly shows what it takes.
Program around(const Catalogue& catalogue, const std::string& entry, const std::string& spelling) {
  Program program;
  program.catalogue = &catalogue;
  program.values.resize(4);
  for (Value& v : program.values) v.type = {DType::kF32, {4, 3}};
  program.bodies.resize(2);
  Node outer, inner;
  outer.op = inner.op = entry;
  outer.spelling = spelling, inner.spelling = "f($0)";
  outer.operands = {0}, outer.results = {3}, outer.bodies = {1};
  inner.operands = {1}, inner.results = {2}, inner.responses = {0.1};
  program.bodies[0].parameters = {0}, program.bodies[0].nodes = {outer};
  program.bodies[0].results = {3};
  program.bodies[1].parameters = {1}, program.bodies[1].nodes = {inner};
  program.bodies[1].results = {2};
  return program;
}

TEST(Vocabulary, LoopsAddUpWhatIsHardlySeen) {
  const auto seen = [](const Catalogue& catalogue, const char* entry, const char* spelling) {
    return shown_share(around(catalogue, entry, spelling), 0, 3, 1);
  };
  EXPECT_DOUBLE_EQ(seen(toy(), "wave", "toy.until($f0, $0)"), 0.8);
  EXPECT_DOUBLE_EQ(seen(toy(), "wave", "lax.while_loop($f0, $0)"), 0.1);
  EXPECT_DOUBLE_EQ(seen(jax(), "tanh", "lax.while_loop($f0, $0)"), 0.8);
  EXPECT_DOUBLE_EQ(seen(jax(), "tanh", "jax.lax.scan($f0, $0)"), 0.8);
  EXPECT_DOUBLE_EQ(seen(jax(), "tanh", "lax.map($f0, $0)"), 0.1);
  EXPECT_DOUBLE_EQ(seen(jax(), "tanh", "lax.associative_scan($f0, $0)"), 0.1);
  EXPECT_DOUBLE_EQ(seen(jax(), "tanh", "my_while_loop($f0, $0)"), 0.1);
}

TEST(Vocabulary, DerivativesAreThoseOfTheBackEnd) {
  const auto differentiated = [](const Catalogue& catalogue, const char* entry,
                                 const char* spelling) {
    return applied_entries(around(catalogue, entry, spelling), 0).back().differentiated;
  };
  EXPECT_TRUE(differentiated(toy(), "wave", "toy.slope_of($f0)($0)"));
  EXPECT_FALSE(differentiated(toy(), "wave", "jax.grad($f0)($0)"));
  EXPECT_TRUE(differentiated(jax(), "tanh", "jax.value_and_grad($f0)($0)"));
  EXPECT_TRUE(differentiated(jax(), "tanh", "jax.jvp($f0, ($0,), ($0,))"));
  EXPECT_FALSE(differentiated(jax(), "tanh", "upgrad($f0)($0)"));
}

// ---- What results say

// Whether the root's first argument has a derivative that says little, of a root with one step.
bool is_thin(const Catalogue& catalogue, const std::string& entry, const std::string& spelling,
             Shape result) {
  Program program;
  program.catalogue = &catalogue;
  program.values.resize(3);
  program.values[0].type = program.values[1].type = {DType::kF32, {6}};
  program.values[2].type = {DType::kF32, std::move(result)};
  Node node;
  node.op = entry, node.spelling = spelling, node.operands = {0, 1}, node.results = {2};
  program.bodies.resize(1);
  program.bodies[0].parameters = {0, 1}, program.bodies[0].nodes = {node};
  program.bodies[0].results = {2};
  return has_thin_gradient(program, 0);
}

TEST(Vocabulary, WhatThinsAGradientIsWhatTheBackEndCallsSo) {
  EXPECT_TRUE(is_thin(toy(), "wave", "toy.cap($0, $1)", {6}));
  EXPECT_TRUE(is_thin(toy(), "wave", "toy.total($0) + toy.wave($1)", {}));
  EXPECT_FALSE(is_thin(toy(), "wave", "toy.total($0 * $1)", {}));
  EXPECT_FALSE(is_thin(toy(), "wave", "jnp.maximum($0, $1)", {6}));
  EXPECT_FALSE(is_thin(toy(), "wave", "jnp.sum($0) + $1", {}));
  EXPECT_TRUE(is_thin(jax(), "tanh", "jnp.maximum($0, $1)", {6}));
  EXPECT_TRUE(is_thin(jax(), "tanh", "jnp.sort($0) + $1", {6}));
  EXPECT_TRUE(is_thin(jax(), "tanh", "jnp.apply_along_axis(jnp.sort, 0, $0) + $1", {6}));
  EXPECT_TRUE(is_thin(jax(), "tanh", "jnp.sum($0, axis=0) + $1", {}));
  EXPECT_TRUE(is_thin(jax(), "tanh", "$0.mean() + $1", {}));
  EXPECT_FALSE(is_thin(jax(), "tanh", "resort_($0) + uptake * $1", {6}));
  EXPECT_FALSE(is_thin(jax(), "tanh", "jnp.tanh($0)[:, None] + $1", {6}));
  EXPECT_FALSE(is_thin(jax(), "tanh", "jnp.sum($0 * $1) / jnp.sum($0)", {}));
}

// ---- What is written

std::vector<std::string> sources(const std::string& idiom) {
  const PlanOptions options{.catalogue = &toy(), .categories = {kGrids}, .idioms = {idiom}};
  std::vector<std::string> out;
  for (std::uint64_t family = 0; family < 20; ++family)
    for (const Member& member : plan_family(options, 3, family))
      out.push_back(source::render(member, {3, family, 0}).source);
  return out;
}

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Vocabulary, LoopsAndBranchesOfIdiomsAreSpelledByTheBackEnd) {
  const auto swept = sources("sweep_rows"), forked = sources("fork_by_total");
  ASSERT_FALSE(swept.empty());
  ASSERT_FALSE(forked.empty());
  for (const std::string& text : swept) {
    EXPECT_TRUE(has(text, "toy.sweep(")) << text;
    EXPECT_TRUE(has(text, "item")) << "what the loop goes over is a slice\n" << text;
    EXPECT_FALSE(has(text, "lax.")) << text;
  }
  for (const std::string& text : forked) {
    EXPECT_TRUE(has(text, "toy.fork(")) << text;
    EXPECT_FALSE(has(text, "lax.")) << text;
  }
}

TEST(Vocabulary, AnIdiomThatWantsALoopWhichThereIsNotFails) {
  EXPECT_TRUE(sources("count_down").empty());
}

std::vector<std::string> reasons(const Catalogue& catalogue, const std::string& step) {
  Program program;
  program.catalogue = &catalogue;
  std::vector<std::string> out;
  for (const source::Remark& remark : source::remarks_on(source::parsed(step), Node{}, program))
    out.insert(out.end(), remark.wordings.begin(), remark.wordings.end());
  return out;
}

TEST(Vocabulary, ReasonsAreTheBackEnds) {
  using Reasons = std::vector<std::string>;
  EXPECT_EQ(reasons(toy(), "toy.place_of_largest(x)"), Reasons{"Ties go to the first."});
  EXPECT_EQ(reasons(toy(), "toy.pad(x, width=2)"), Reasons{"As wide as `x`."});
  EXPECT_EQ(reasons(toy(), "toy.pad(x + 1, width=2)"), Reasons{});
  EXPECT_EQ(reasons(toy(), "jnp.log1p(x)"), Reasons{});
  EXPECT_EQ(reasons(jax(), "toy.pad(x, width=2)"), Reasons{});
  EXPECT_EQ(reasons(jax(), "my_log1p(x)"), Reasons{});
  EXPECT_EQ(reasons(jax(), "jnp.log1p(x)").size(), 2U);
  EXPECT_EQ(reasons(jax(), "jax.random.split(key)").front(), "Each key is used once.");
  EXPECT_EQ(reasons(jax(), "jnp.split(x, 2)"), Reasons{});
  EXPECT_EQ(reasons(jax(), "x.at[i].add(y)").front(), "Indices that repeat add up.");
  EXPECT_EQ(reasons(jax(), "jnp.add(x, y)"), Reasons{});
  EXPECT_EQ(reasons(jax(), "1.0 + jax.nn.softplus(x)"), Reasons{});
  EXPECT_EQ(reasons(jax(), "jnp.sum(x, keepdims=True)").front(),
            "Keeps the axis, to broadcast against `x`.");
}

std::set<std::string> settled(const Vocabulary& words, const std::string& step) {
  std::set<std::string> out;
  for (std::uint64_t seed = 0; seed < 600; ++seed) {
    source::FunctionDefinition f;
    f.name = "f";
    f.parameters = {{"x", nullptr, nullptr}};
    f.body = {source::Assign{{"y"}, source::parsed(step)}, source::Return{source::parsed("y - x")}};
    source::Module module;
    module.functions = {f};
    source::give_settings(module, words, {}, Random(seed, 0));
    out.insert(source::print_module(module));
  }
  return out;
}

TEST(Vocabulary, StepsThatMayBeOthersAreTheBackEnds) {
  const auto of_toy = settled(toy().vocabulary(), "toy.total(x)");
  EXPECT_GT(of_toy.size(), 1U);
  EXPECT_TRUE(std::ranges::any_of(of_toy, [](const std::string& text) {
    return has(text, "if how == \"total\":") && has(text, "y = toy.middle(x)");
  }));
  EXPECT_EQ(settled(toy().vocabulary(), "jnp.tanh(x)").size(), 1U);
  EXPECT_GT(settled(jax().vocabulary(), "jnp.tanh(x)").size(), 1U);
}

}  // namespace
}  // namespace jaxsmith::plan
