// Python as it is written: expressions come back with no parenthesis too many and none too few,
// modules are laid out, and what is rendered is Python, the same each time.
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <set>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "base/random.h"
#include "source/imports.h"
#include "source/inputs.h"
#include "source/layout.h"
#include "source/loops.h"
#include "source/packs.h"
#include "source/render.h"
#include "source/settings.h"
#include "source/simplify.h"
#include "source/wording.h"

namespace jaxsmith::source {
namespace {

std::string printed(const std::string& python) {
  const auto parsed = parse_expression(python);
  return parsed.ok() ? print(parsed.value()) : "refused: " + parsed.error().message;
}

// What Python says of a program's sources: nothing where it takes them.
std::string python(const std::string& program, const std::vector<std::string>& sources) {
  const std::string folder = ::testing::TempDir();
  const std::string name = folder + "jaxsmith_source_test_" + std::to_string(getpid());
  std::ofstream file(name);
  for (const std::string& source : sources) file << source << '\0';
  file.close();
  const std::string command = fmt::format(
      "{} -W ignore -c 'import ast, sys\nfor source in "
      "open(sys.argv[1]).read().split(\"\\0\")[:-1]:\n {}' {} 2>&1",
      JAXSMITH_PYTHON, program, name);
  std::string out;
  FILE* pipe = popen(command.c_str(), "r");
  if (!pipe) return "no Python";
  char buffer[4096];
  while (const std::size_t n = fread(buffer, 1, sizeof buffer, pipe)) out.append(buffer, n);
  const int status = pclose(pipe);
  std::remove(name.c_str());
  return status == 0 ? out : out + "failed";
}

// ---- Expressions

TEST(Expression, ComesBackAsItWasWritten) {
  for (const char* text : {"x",
                           "x + y * z",
                           "(x + y) * z",
                           "x - (y - z)",
                           "x - y - z",
                           "x**2",
                           "-x",
                           "-(x**2)",
                           "(-x) ** 2",
                           "x**-y",
                           "x @ y @ z",
                           "x // y % z",
                           "~x & y | z ^ w",
                           "x << 2 >> y",
                           "not x",
                           "not x and y or z",
                           "x and (y or z)",
                           "x < y",
                           "x == (y < z)",
                           "x in y",
                           "f(x)",
                           "f(x)(y)",
                           "f(*xs, axis=-1, keepdims=True)",
                           "jnp.linalg.norm(x, axis=(0, 1))",
                           "x[0]",
                           "x[i : i + 2]",
                           "x[..., None]",
                           "x[::-1]",
                           "x[:, 0, 1:]",
                           "x.at[i].set(y)",
                           "(x, y)",
                           "(x,)",
                           "()",
                           "[x, y]",
                           "[]",
                           "{\"a\": x}",
                           "x if y else z",
                           "(x if y else z) + w",
                           "lambda x: x + 1",
                           "lambda: x",
                           "(lambda x: x)(y)",
                           "1.5e-3",
                           "-1",
                           "\"text\"",
                           "$0 + $1",
                           "f($options)",
                           "x.shape[0]",
                           "(x + y).sum()"})
    EXPECT_EQ(printed(text), text);
}

TEST(Expression, ParenthesesThatSayNothingGo) {
  EXPECT_EQ(printed("((x))"), "x");
  EXPECT_EQ(printed("(x * y) + z"), "x * y + z");
  EXPECT_EQ(printed("(x + y) + z"), "x + y + z");
  EXPECT_EQ(printed("f((x))"), "f(x)");
  EXPECT_EQ(printed("x  +\n y"), "x + y");
}

TEST(Expression, WhatIsNoneIsRefusedWithItsColumn) {
  for (const char* text : {"", "x +", "(x", "x)", "f(x", "x y", "$", "[x", "x if y", "\"open",
                           "lambda x", "f(a=)", "@"}) {
    const auto parsed = parse_expression(text);
    ASSERT_FALSE(parsed.ok()) << text << " is read as " << print(parsed.value());
    EXPECT_NE(parsed.error().message.find("column"), std::string::npos) << parsed.error().message;
  }
  std::string deep;
  for (int i = 0; i < 100'000; ++i) deep += "(";
  EXPECT_FALSE(parse_expression(deep).ok());
}

// A random expression of names, operators, calls and subscripts.
Expr drawn(Random& random, int depth) {
  static const std::vector<std::string> kLeaves = {"x", "y", "z", "2", "0.5"};
  static const std::vector<std::string> kShapes = {
      "$0 + $1",   "$0 - $1",   "$0 * $1",  "$0 / $1",  "$0 // $1",         "$0 % $1",
      "$0**$1",    "$0 @ $1",   "-$0",      "~$0",      "not $0",           "$0 and $1",
      "$0 or $1",  "$0 < $1",   "$0 == $1", "$0 & $1",  "$0 | $1",          "$0 ^ $1",
      "$0 << $1",  "f($0, $1)", "$0[$1]",   "$0.sum()", "$0.at[$1].set(x)", "$0 if $1 else x",
      "f(axis=$0)"};
  if (depth == 0 || random.chance(0.2)) return parse_expression(random.pick(kLeaves)).value();
  const Expr shape = parse_expression(random.pick(kShapes)).value();
  Expr first = drawn(random, depth - 1);
  Expr second = drawn(random, depth - 1);
  return substitute(shape, {{"0", first}, {"1", second}});
}

// Parentheses are put wherever reading the text would give another expression, and Python sees the
// same tree as if each part stood in parentheses of its own.
std::string parenthesized(const Expr& e);

TEST(Expression, SubstitutedPartsStayWhole) {
  Random random(7, 0);
  std::vector<std::string> sources;
  for (int i = 0; i < 3000; ++i) {
    const Expr e = drawn(random, 4);
    const std::string text = print(e);
    const auto again = parse_expression(text);
    ASSERT_TRUE(again.ok()) << text;
    ASSERT_EQ(print(again.value()), text);
    sources.push_back(text + "\n" + parenthesized(e));
  }
  EXPECT_EQ(python("a, b = source.splitlines(); assert ast.dump(ast.parse(a)) == "
                   "ast.dump(ast.parse(b)), (a, b)",
                   sources),
            "");
}

// As the tree says, whatever binds how tightly.
std::string parenthesized(const Expr& e) {
  const auto part = [&](std::size_t i) {
    const Expr& p = e->items[i];
    const bool leaf = p->kind == ExprKind::kName || p->kind == ExprKind::kNumber;
    const std::string text = parenthesized(p);
    return leaf ? text : "(" + text + ")";
  };
  switch (e->kind) {
    case ExprKind::kUnary:
      return e->text + " " + part(0);
    case ExprKind::kBoolean: {
      const Expr& left = e->items[0];  // x and y and z is one thing to Python
      const bool same = left->kind == ExprKind::kBoolean && left->text == e->text;
      return (same ? parenthesized(left) : part(0)) + " " + e->text + " " + part(1);
    }
    case ExprKind::kBinary:
    case ExprKind::kCompare:
      return part(0) + " " + e->text + " " + part(1);
    case ExprKind::kConditional:
      return part(0) + " if " + part(1) + " else " + part(2);
    case ExprKind::kSubscript:
      return part(0) + "[" + parenthesized(e->items[1]) + "]";
    case ExprKind::kAttribute: {
      const bool number = e->items[0]->kind == ExprKind::kNumber;
      return (number ? "(" + e->items[0]->text + ")" : part(0)) + "." + e->text;
    }
    case ExprKind::kKeyword:
      return e->text + "=" + parenthesized(e->items[0]);
    case ExprKind::kCall: {
      std::string out = part(0) + "(";
      for (std::size_t i = 1; i < e->items.size(); ++i)
        out += (i > 1 ? ", " : "") + parenthesized(e->items[i]);
      return out + ")";
    }
    default:
      return e->text;
  }
}

TEST(Expression, HolesAreFilledAndSequencesSpliced) {
  const Expr call = parse_expression("jnp.sum($0, $options)").value();
  EXPECT_EQ(print(substitute(
                call, {{"0", name("x")},
                       {"options", sequence({parse_expression("f(axis=1)").value()->items[1]})}})),
            "jnp.sum(x, axis=1)");
  EXPECT_EQ(print(substitute(call, {{"0", name("x")}, {"options", sequence({})}})), "jnp.sum(x)");
  EXPECT_EQ(print(substitute(call, {{"0", name("x")}})), "jnp.sum(x, $options)");
  const Expr product = parse_expression("$0 * $1").value();
  EXPECT_EQ(print(substitute(product, {{"0", parse_expression("a + b").value()},
                                       {"1", parse_expression("-c").value()}})),
            "(a + b) * -c");
}

TEST(Expression, KnowsTheNamesThatItReads) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(free_names(parse_expression("jnp.sum(x, axis=n) + x").value()),
            (Names{"jnp", "x", "n"}));
  EXPECT_EQ(free_names(parse_expression("lax.map(lambda v: v + w, x)").value()),
            (Names{"lax", "w", "x"}));
  EXPECT_EQ(free_names(parse_expression("1.5").value()), Names{});
}

// ---- Layout

TEST(Layout, ImportsAreSortedAndStandOnce) {
  Module module;
  module.imports = {"import jax.numpy as jnp", "import math", "from jax import lax", "import jax",
                    "from functools import partial"};
  FunctionDefinition f;
  f.name = "f";
  f.parameters = {{"x", nullptr, nullptr}};
  f.body = {Return{name("x")}};
  module.functions = {f};
  EXPECT_EQ(print_module(module),
            "import math\nfrom functools import partial\n\nimport jax\nimport jax.numpy as "
            "jnp\nfrom jax import lax\n\n\ndef f(x):\n    return x\n");
}

TEST(Layout, LongStatementsAreBrokenAndShortOnesAreNot) {
  Random random(11, 0);
  std::vector<std::string> sources;
  int broken = 0;
  for (int i = 0; i < 400; ++i) {
    FunctionDefinition f;
    f.name = "f";
    f.parameters = {{"x", nullptr, nullptr}, {"y", nullptr, nullptr}, {"z", nullptr, nullptr}};
    const Expr value = call(parse_expression("jnp.stack").value(),
                            {drawn(random, 3), drawn(random, 3), drawn(random, 2)});
    f.body = {Assign{{"stacked"}, value}, Return{name("stacked")}};
    Module module;
    module.functions = {f};
    const std::string text = print_module(module);
    const bool fits = fits_on_line({"stacked"}, value, 4);
    EXPECT_EQ(fits, text.find("stacked = " + print(value)) != std::string::npos) << text;
    broken += !fits;
    if (fits) sources.push_back(text);
  }
  EXPECT_GT(broken, 10);
  EXPECT_EQ(python("compile(source, \"f\", \"exec\")", sources), "");
}

TEST(Layout, ClassesStandBeforeFunctionsAndKeywordsBehindAStar) {
  Module module;
  module.imports = {"from typing import NamedTuple", "import jax",
                    "from dataclasses import dataclass"};
  const Expr array = parse_expression("jax.Array").value();
  module.classes = {
      {"State", {}, name("NamedTuple"), {{"x", array, "(3,)"}, {"v", array, {}}}},
      {"Params",
       {parse_expression("jax.tree_util.register_dataclass").value(), name("dataclass")},
       nullptr,
       {{"w", array, {}}}}};
  FunctionDefinition f;
  f.name = "f";
  f.parameters = {{"state", name("State"), nullptr},
                  {"dt", nullptr, number("0.1"), true},
                  {"drag", nullptr, number("0.5"), true}};
  f.body = {Return{name("state")}};
  module.functions = {f};
  EXPECT_EQ(print_module(module),
            "from dataclasses import dataclass\nfrom typing import NamedTuple\n\nimport jax\n\n\n"
            "class State(NamedTuple):\n    x: jax.Array  # (3,)\n    v: jax.Array\n\n\n"
            "@jax.tree_util.register_dataclass\n@dataclass\nclass Params:\n    w: jax.Array\n\n\n"
            "def f(state: State, *, dt=0.1, drag=0.5):\n    return state\n");
}

TEST(Layout, ParametersThatSomethingIsSaidOfHaveALineEach) {
  FunctionDefinition f;
  f.name = "f";
  f.parameters = {{"x", nullptr, nullptr, false, "(2, 3)"}, {"dt", nullptr, number("0.1"), true}};
  f.body = {Return{name("x")}};
  Module module;
  module.functions = {f};
  EXPECT_EQ(print_module(module),
            "def f(\n    x,  # (2, 3)\n    *,\n    dt=0.1,\n):\n    return x\n");
}

// ---- Packs

TEST(Packs, ADictIsTakenApartByItsKeysAndTheOthersInTheOrderOfTheirFields) {
  PackForm form{plan::Container::kDict, {"w", "b", "scale"}, "Params", false};
  const std::vector<Expr> values = {name("w"), name("b"), name("scale")};
  EXPECT_EQ(leaf_order(form), (std::vector<std::size_t>{1, 2, 0}));
  EXPECT_EQ(print(pack_of(form, values)), "{\"w\": w, \"b\": b, \"scale\": scale}");
  EXPECT_EQ(print(element_of(form, name("params"), 1)), "params[\"b\"]");
  EXPECT_EQ(path_of(form, "params", 1), "params['b']");
  for (const auto container : {plan::Container::kNamedTuple, plan::Container::kDataclass}) {
    form.container = container;
    EXPECT_EQ(leaf_order(form), (std::vector<std::size_t>{0, 1, 2}));
    EXPECT_EQ(print(pack_of(form, values)), "Params(w=w, b=b, scale=scale)");
    EXPECT_EQ(path_of(form, "params", 2), "params.scale");
  }
  form.container = plan::Container::kTuple;
  EXPECT_EQ(print(pack_of(form, values)), "(w, b, scale)");
  EXPECT_EQ(path_of(form, "params", 2), "params[2]");
}

TEST(Packs, WhatIsWithinOneIsTakenApartByTheOrderOfItsOwn) {
  PackForm form{plan::Container::kDataclass, {"w", "b", "scale"}, "Params", false};
  form.parts = {{"scale", 2},
                {"dense", 0, {{"w", 0}, {"b", 1}}, plan::Container::kDict, false, {}}};
  const std::vector<Expr> values = {name("w"), name("b"), name("scale")};
  EXPECT_EQ(leaf_order(form), (std::vector<std::size_t>{2, 1, 0}));
  EXPECT_EQ(print(pack_of(form, values)), "Params(scale=scale, dense={\"w\": w, \"b\": b})");
  EXPECT_EQ(print(element_of(form, name("params"), 1)), "params.dense[\"b\"]");
  EXPECT_EQ(path_of(form, "params", 0), "params.dense['w']");
  form.container = plan::Container::kDict;
  form.parts[1].container = plan::Container::kTuple;
  form.parts[1].list = true;
  EXPECT_EQ(leaf_order(form), (std::vector<std::size_t>{0, 1, 2}));
  EXPECT_EQ(print(pack_of(form, values)), "{\"scale\": scale, \"dense\": [w, b]}");
  EXPECT_EQ(path_of(form, "params", 1), "params['dense'][1]");
}

TEST(Loops, StepsThatGoOnWithWhatTheOneBeforeGaveBecomeOne) {
  FunctionDefinition f;
  f.name = "f";
  f.parameters = {{"x", nullptr, nullptr}, {"w", nullptr, nullptr}};
  const auto step = [](const char* target, const char* value) {
    return Assign{{target}, parse_expression(value).value()};
  };
  f.body = {step("a", "layer(x, w)"), step("b", "layer(a, w)"), step("c", "layer(b, w)"),
            Return{name("c")}};
  // Whether it is rolled up is drawn.
  std::set<std::string> texts;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Module module;
    module.functions = {f};
    roll_loops(module, Random(seed, 0));
    texts.insert(print_module(module));
  }
  EXPECT_TRUE(
      texts.contains("def f(x, w):\n    c = x\n    for _ in range(3):\n"
                     "        c = layer(c, w)\n    return c\n"));
  f.body.back() = Return{parse_expression("b + c").value()};
  Module module;
  module.functions = {f};
  const std::string before = print_module(module);
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Module again = module;
    roll_loops(again, Random(seed, 0));
    EXPECT_EQ(print_module(again).find("range(3)"), std::string::npos);
  }
}

TEST(Layout, LongHeadersOfLoopsAreBrokenInTheBracketsOfWhatTheyGoOver) {
  Module module;
  FunctionDefinition f;
  f.name = "f";
  f.parameters = {{"x", nullptr, nullptr}};
  const auto turn = std::make_shared<Block>(Block{{Evaluate{name("step")}}});
  const char* over = "zip(visited[:-1], actions[:-1], rewards, visited[1:], actions[1:])";
  f.body = {For{{"s"}, parse_expression(over).value(), turn},
            For{{"s", "a", "gain", "s_next", "a_next"}, parse_expression(over).value(), turn}};
  module.functions = {f};
  const std::string text = print_module(module);
  EXPECT_NE(text.find(std::string("    for s in ") + over + ":\n        step\n"), text.npos)
      << text;
  EXPECT_NE(text.find("    for s, a, gain, s_next, a_next in zip(\n"
                      "        visited[:-1], actions[:-1], rewards, visited[1:], actions[1:]\n"
                      "    ):\n        step\n"),
            text.npos)
      << text;
}

TEST(Layout, BranchesAndTheirBlocks) {
  FunctionDefinition f;
  f.name = "f";
  f.parameters = {{"x", nullptr, nullptr}};
  const auto block = [](const char* value) {
    return std::make_shared<Block>(Block{{Assign{{"y"}, name(value)}}});
  };
  f.body = {If{name("flag"), block("x"), block("z")}, Return{name("y")}};
  Module module;
  module.functions = {f};
  EXPECT_EQ(print_module(module),
            "def f(x):\n    if flag:\n        y = x\n    else:\n        y = z\n    return y\n");
}

plan::PlanOptions options() { return {&backend::backend_named("jax")->catalogue()}; }

// What settings make of a function, with one seed or another.
std::set<std::string> with_settings_of(const FunctionDefinition& f) {
  std::set<std::string> out;
  for (std::uint64_t seed = 0; seed < 600; ++seed) {
    Module module;
    module.functions = {f};
    give_settings(module, options().catalogue->vocabulary(), {}, Random(seed, 0));
    out.insert(print_module(module));
  }
  return out;
}

// What a loop gives anew is no step that may be left out before it, and a number that stands in two
// places is no setting of one.
TEST(Settings, LeaveTheRestOfAFunctionAsItWas) {
  const auto expression = [](const char* python) { return parse_expression(python).value(); };
  const auto with_settings = [&](std::vector<Statement> body) {
    FunctionDefinition f;
    f.name = "f";
    f.parameters = {{"x", nullptr, nullptr}, {"w", nullptr, nullptr}};
    f.body = std::move(body);
    return with_settings_of(f);
  };
  const auto turn = std::make_shared<Block>(Block{{Assign{{"h"}, expression("g(h, w)")}}});
  const auto looped = with_settings({Assign{{"h"}, expression("jnp.flip(x)")},
                                     For{{"_"}, expression("range(n)"), turn}, Return{name("h")}});
  const auto straight = with_settings({Assign{{"h"}, expression("jnp.flip(x)")},
                                       Assign{{"y"}, expression("g(h, w)")}, Return{name("y")}});
  const auto left_out = [](const std::set<std::string>& texts) {
    return std::ranges::any_of(texts, [](const std::string& text) {
      return text.find("        x = jnp.flip(x)\n") != std::string::npos;
    });
  };
  EXPECT_TRUE(left_out(straight));
  EXPECT_FALSE(left_out(looped));
  const auto averaged = with_settings({Return{expression("0.9 * x + (1.0 - 0.9) * w")}});
  EXPECT_EQ(averaged.size(), 1U);
  EXPECT_EQ(with_settings({Return{expression("0.9 * x + w")}}).size(), 1U);
  EXPECT_GT(with_settings({Return{expression("0.9 * noise + w")}}).size(), 1U);
}

// One literal of several that hang together is none.
TEST(Settings, AreOfLiteralsThatMayVaryByThemselves) {
  const auto expression = [](const char* python) { return parse_expression(python).value(); };
  const auto varied = [&](const char* step, const char* result) {
    FunctionDefinition f;
    f.name = "f";
    f.parameters = {{"x", nullptr, nullptr}};
    f.body = {Assign{{"y"}, expression(step)}, Return{expression(result)}};
    return with_settings_of(f).size() > 1;
  };
  EXPECT_TRUE(varied("lax.fori_loop(0, 9, step, x)", "g(y)"));
  EXPECT_FALSE(varied("lax.fori_loop(0, 9, step, x)", "g(y, 8)"));
  EXPECT_FALSE(varied("lax.fori_loop(0, 9, lambda i, h: h + x[i], 0.0)", "g(y)"));
  EXPECT_TRUE(varied("nn.softmax(x, axis=-1)", "g(y)"));
  EXPECT_FALSE(varied("nn.softmax(x, axis=-1)", "y @ x"));
  EXPECT_FALSE(varied("jnp.max(x, axis=0)", "g(y, axis=1)"));
  EXPECT_FALSE(varied("jnp.max(x, axis=0)", "x - y"));
  EXPECT_FALSE(varied("jnp.roll(x, 1)", "y + jnp.roll(x, -1)"));
  EXPECT_FALSE(varied("9.81 * height", "0.5 * y"));
  EXPECT_TRUE(varied("0.05 * gradient", "x - y"));
}

TEST(Settings, AreSaidInTheDocstringAndMakeNoNameUntrue) {
  const auto parse = [](const char* python) { return parse_expression(python).value(); };
  const auto texts = [&](const char* target, const char* step) {
    FunctionDefinition f;
    f.name = "f";
    f.parameters = {{"x", nullptr, nullptr}};
    f.docstring = {
        "Do it.", Sections::kGoogle, {{"x", "array", "Values."}}, {{"y", "array", "Y."}}};
    f.body = {Assign{{target}, parse(step)}, Return{parse("g(y)")}};
    return with_settings_of(f);
  };
  const auto has = [](const std::set<std::string>& all, const char* part) {
    return std::ranges::any_of(
        all, [&](const std::string& text) { return text.find(part) != std::string::npos; });
  };
  const auto along = texts("y", "nn.softmax(x, axis=-1)"), neutral = texts("y_loss", "jnp.mean(x)"),
             named = texts("x_mean", "jnp.mean(x)"), variance = texts("variance", "jnp.mean(x)");
  EXPECT_TRUE(has(along, "        axis: Axis to work along.\n"));
  EXPECT_TRUE(has(neutral, " == \"sum\""));
  EXPECT_FALSE(has(named, " == \"sum\"") || has(variance, " == \"sum\""));
}

TEST(Wording, NumbersAndWordsForAnythingAreNotWhatANameIsAbout) {
  EXPECT_EQ(head_of("sorted_scores2"), "scores");
  EXPECT_EQ(head_of("normalized2"), "");
  EXPECT_TRUE(is_vague("scaled") && says_nothing("scaled") && says_nothing("output"));
  EXPECT_FALSE(is_vague("scores") || says_nothing("scores"));
}

TEST(Docstring, WhatHasNoRoomInTheFirstLineIsAParagraph) {
  Docstring d{"Mark outliers. Count them.", Sections::kNone};
  EXPECT_EQ(text_of(d, 84), d.summary);
  EXPECT_EQ(text_of(d, 30), "Mark outliers.\n\nCount them.");
}

TEST(Simplify, FactorsOfOneGoAndFactorsInARowBecomeOne) {
  const auto parse = [](const char* python) { return parse_expression(python).value(); };
  EXPECT_EQ(print(without_ones(parse("$0 / (1.0 + $1 / 1.0)"), true)), "$0 / (1.0 + $1)");
  EXPECT_EQ(print(without_ones(parse("$0 / (1.0 + $1 / 1.0)"), false)), "$0 / (1.0 + $1 / 1.0)");
  // It gives whole numbers.
  EXPECT_EQ(print(without_ones(parse("jnp.argmax($0) * 1.0"), true)), "jnp.argmax($0) * 1.0");
  EXPECT_EQ(print(with_joined_factors(parse("a + 0.1 * (0.5 * x)"))), "a + 0.05 * x");
  EXPECT_EQ(print(with_joined_factors(parse("2 * (0.5 * x)"))), "2 * (0.5 * x)");
  EXPECT_EQ(print(without_ones(parse("1.0 * jnp.sum($0 ** 2) / 3 + 0.0"), true)),
            "jnp.sum($0 ** 2) / 3");
  EXPECT_EQ(print(without_ones(parse("1.0 * $0"), true)), "1.0 * $0");  // there is no step left
  EXPECT_EQ(print(without_ones(parse("jnp.sum($0 > 0.5) + 0.0"), true)), "jnp.sum($0 > 0.5) + 0.0");
  EXPECT_EQ(print(with_joined_factors(parse("(1.5 - 1.0) * x"))), "0.5 * x");
  EXPECT_EQ(print(with_joined_factors(parse("2.0 * 9.81 * x"))), "2.0 * 9.81 * x");
  EXPECT_EQ(print(with_joined_factors(parse("x + -jnp.log(-y)"))), "x - jnp.log(-y)");
}

// ---- What is rendered

constexpr std::uint64_t kSeed = 31;

std::vector<Function> functions() {
  std::vector<Function> out;
  for (std::uint64_t chunk = 0; chunk < 7; ++chunk)
    for (Function& f : chunk_functions(options(), kSeed, chunk)) out.push_back(std::move(f));
  return out;
}

TEST(Render, TheSamePlanGivesTheSameSource) {
  for (std::uint64_t family = 0; family < 60; ++family) {
    const auto members = plan::plan_family(options(), kSeed, family);
    for (std::uint32_t m = 0; m < members.size(); ++m) {
      const Function a = render(members[m], {kSeed, family, m});
      const Function b = render(members[m], {kSeed, family, m});
      EXPECT_EQ(a.source, b.source);
      EXPECT_EQ(a.entry, b.entry);
      EXPECT_EQ(a.inputs, b.inputs);
    }
  }
}

TEST(Render, PythonCompilesEverySourceAndFindsTheEntryWithItsArguments) {
  std::vector<std::string> sources;
  for (const Function& f : functions()) {
    std::string arguments, last;
    for (const ArgumentSpec& a : f.arguments) {
      // Leaves of one parameter stand together: params.w, params.b.
      const std::string parameter = a.name.substr(0, a.name.find_first_of(".["));
      if (parameter != last) arguments += " " + parameter;
      last = parameter;
    }
    sources.push_back("# " + f.entry + arguments + "\n" + f.source);
  }
  ASSERT_GT(sources.size(), 200U);
  EXPECT_EQ(
      python("tree = ast.parse(source); compile(source, \"f\", \"exec\"); "
             "words = source.splitlines()[0].split()[1:]; "
             "entry = [n for n in tree.body if getattr(n, \"name\", \"\") == words[0]]; "
             "assert len(entry) == 1, source; "
             "assert [a.arg for a in entry[0].args.args][: len(words) - 1] == words[1:], source",
             sources),
      "");
}

TEST(Render, DocstringsWithSectionsSayWhatEveryArgumentIs) {
  std::vector<std::string> sources;
  for (const Function& f : functions()) sources.push_back(f.source);
  EXPECT_EQ(
      python(
          "for f in ast.walk(ast.parse(source)):\n"
          "  said = isinstance(f, ast.FunctionDef) and ast.get_docstring(f) or \"\"\n"
          "  if \"\\nArgs:\" not in said: continue\n"
          "  for a in f.args.args + f.args.kwonlyargs:\n"
          "   if a.arg != \"_\" and \"\\n    \" + a.arg + \": \" not in said: print(f.name, a.arg)",
          sources),
      "");
}

TEST(Render, NoFunctionOfAModuleHasTwoArgumentsOrHelpersOfOneName) {
  for (const Function& f : functions()) {
    std::set<std::string> names;
    for (const ArgumentSpec& a : f.arguments)
      EXPECT_TRUE(names.insert(a.name).second) << a.name << "\n" << f.source;
    std::set<std::string> defined;
    if (f.source.starts_with("def ")) defined.insert(f.source.substr(4, f.source.find('(') - 4));
    for (std::size_t at = 0; (at = f.source.find("\ndef ", at)) != std::string::npos; at += 5) {
      const std::size_t end = f.source.find('(', at);
      EXPECT_TRUE(defined.insert(f.source.substr(at + 5, end - at - 5)).second) << f.source;
    }
    EXPECT_TRUE(defined.contains(f.entry)) << f.source;
  }
}

TEST(Render, InputsHaveTheBytesOfTheirTypesAndDifferFromSetToSet) {
  int differ = 0, all = 0;
  for (const Function& f : functions()) {
    for (const auto& set : f.inputs) {
      ASSERT_EQ(set.size(), f.arguments.size());
      for (std::size_t i = 0; i < set.size(); ++i) {
        EXPECT_EQ(set[i].dtype, f.arguments[i].dtype);
        EXPECT_EQ(set[i].bytes.size(),
                  static_cast<std::size_t>(tensor::element_count(set[i].shape)) *
                      tensor::byte_size(set[i].dtype));
      }
    }
    ++all;
    differ += f.inputs[0] != f.inputs[1] && f.inputs[1] != f.inputs[2];
  }
  EXPECT_GT(differ, all * 9 / 10);
}

TEST(Packs, EveryParameterIsInOneUnitAndPacksHaveSeveral) {
  int packed = 0, handed_on = 0;
  for (std::uint64_t family = 0; family < 500; ++family) {
    for (const plan::Member& member : plan::plan_family(options(), kSeed, family)) {
      const plan::Program& p = member.program;
      const plan::Body& root = p.bodies[static_cast<std::size_t>(p.root)];
      EXPECT_EQ(root.takes_packs, !p.packs.empty());
      packed += root.takes_packs;
      handed_on += std::ranges::count_if(p.bodies, &plan::Body::takes_packs) > 1;
      for (const plan::Pack& pack : p.packs) {
        EXPECT_GE(pack.members.size(), 2U);
        EXPECT_TRUE(std::ranges::is_sorted(pack.members));
        EXPECT_FALSE(pack.names.empty());
      }
      std::multiset<std::size_t> met;
      std::size_t first = 0;
      for (const plan::Unit& unit : plan::units_of(p, root.parameters.size())) {
        EXPECT_GE(unit.members.front(), first);
        first = unit.members.front();
        met.insert(unit.members.begin(), unit.members.end());
      }
      EXPECT_EQ(met.size(), root.parameters.size());
      for (std::size_t i = 0; i < root.parameters.size(); ++i) EXPECT_EQ(met.count(i), 1U);
    }
  }
  EXPECT_GT(packed, 110);
  EXPECT_GT(handed_on, 10);
}

TEST(Packs, InputsAreThoseOfTheLeavesInTheirOrder) {
  int moved = 0;
  for (std::uint64_t family = 0; family < 450; ++family) {
    const auto members = plan::plan_family(options(), kSeed, family);
    if (members.empty() || members[0].program.packs.empty()) continue;
    const Function f = render(members[0], {kSeed, family, 0});
    const auto drawn = draw_inputs(members[0].program, static_cast<int>(f.inputs.size()));
    for (std::size_t set = 0; set < drawn.size(); ++set) {
      ASSERT_EQ(f.inputs[set].size(), drawn[set].size());
      EXPECT_TRUE(std::ranges::is_permutation(f.inputs[set], drawn[set]));
      for (std::size_t i = 0; i < drawn[set].size(); ++i)
        EXPECT_EQ(f.inputs[set][i].shape, f.arguments[i].shape);
    }
    moved += f.inputs[0] != drawn[0];
  }
  EXPECT_GT(moved, 20);
}

TEST(Render, WhereEveryNameOfAFunctionIsLongTheShortestIsIts) {
  const std::string longer(60, 'a'), shortest(40, 'b');
  auto members = plan::plan_family(options(), kSeed, 0);
  ASSERT_FALSE(members.empty());
  plan::Program& program = members[0].program;
  program.bodies[static_cast<std::size_t>(program.root)].names = {longer, shortest};
  EXPECT_EQ(render(members[0], {kSeed, 0, 0}).entry, shortest);
}

TEST(Render, MembersOfAFamilyShareTheirRootsNames) {
  int shared = 0, pairs = 0;
  for (std::uint64_t family = 0; family < 60; ++family) {
    const auto members = plan::plan_family(options(), kSeed, family);
    if (members.empty()) continue;
    const Function root = render(members[0], {kSeed, family, 0});
    for (std::uint32_t m = 1; m < members.size(); ++m) {
      const Function f = render(members[m], {kSeed, family, m});
      ++pairs;
      const auto parameter = [&] {
        const std::string& path = root.arguments[0].name;
        return path.substr(0, path.find_first_of(".["));
      };
      shared += !root.arguments.empty() && f.source.find(parameter()) != std::string::npos;
    }
  }
  EXPECT_GT(pairs, 20);
  EXPECT_GT(shared, pairs * 8 / 10);
}

}  // namespace
}  // namespace jaxsmith::source
