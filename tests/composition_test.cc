// Sizes of programs, and what large ones are made of.
#include "plan/composition.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <set>
#include <string>

#include "backend/backend.h"
#include "plan/field.h"
#include "plan/meaning.h"
#include "plan/outline.h"
#include "plan/planner.h"
#include "plan/size.h"
#include "source/render.h"

namespace jaxsmith::plan {
namespace {

constexpr std::uint64_t kSeed = 20251129;
constexpr std::uint64_t kFamilies = 40;

PlanOptions of_size(SizeClass size) {
  return {.catalogue = &backend::backend_named("jax")->catalogue(), .size = size};
}

const Body& body(const Program& p, BodyId id) { return p.bodies[static_cast<std::size_t>(id)]; }
const Value& value(const Program& p, ValueId id) { return p.values[static_cast<std::size_t>(id)]; }

// Nodes of a function, those of what it calls as often as it is called.
std::size_t nodes_of(const Program& p, BodyId id) {
  std::size_t n = 0;
  for (const Node& node : body(p, id).nodes) {
    ++n;
    for (const BodyId inner : node.bodies) n += nodes_of(p, inner);
  }
  return n;
}

double mean_nodes(SizeClass size) {
  std::size_t nodes = 0, families = 0;
  for (std::uint64_t f = 0; f < kFamilies; ++f) {
    const auto members = plan_family(of_size(size), kSeed, f);
    if (members.empty()) continue;
    nodes += nodes_of(members[0].program, members[0].program.root);
    ++families;
  }
  EXPECT_GE(families, kFamilies - 1);
  return static_cast<double>(nodes) / static_cast<double>(families);
}

TEST(Sizes, LargerOnesHaveMoreOperations) {
  const double small = mean_nodes(SizeClass::kSmall), medium = mean_nodes(SizeClass::kMedium),
               large = mean_nodes(SizeClass::kLarge);
  EXPECT_LT(1.2 * small, medium);
  EXPECT_GT(large, 4 * medium);
}

TEST(Sizes, AMixHasAFewOfEachEnd) {
  std::map<SizeClass, int> counts;
  constexpr int families = 2000;
  for (int f = 0; f < families; ++f)
    ++counts[family_size(of_size(SizeClass::kMix), kSeed, static_cast<std::uint64_t>(f))];
  EXPECT_EQ(counts.count(SizeClass::kMix), 0u);
  for (const SizeClass size : {SizeClass::kSmall, SizeClass::kLarge})
    EXPECT_NEAR(counts[size], profile_of(size).share * families, 0.02 * families);
  for (const SizeClass size : {SizeClass::kSmall, SizeClass::kMedium})
    EXPECT_EQ(family_size(of_size(size), kSeed, 3), size);
}

// A mix holds what one gets by asking for the size that was drawn.
TEST(Sizes, AFamilyIsTheSameWhicheverWayItsSizeWasChosen) {
  for (std::uint64_t f = 0; f < 30; ++f) {
    const PlanOptions mix = of_size(SizeClass::kMix);
    const auto drawn = plan_family(mix, kSeed, f);
    const auto asked = plan_family(of_size(family_size(mix, kSeed, f)), kSeed, f);
    ASSERT_EQ(drawn.size(), asked.size());
    for (std::size_t m = 0; m < drawn.size(); ++m) {
      const source::FunctionKey key{kSeed, f, static_cast<std::uint32_t>(m)};
      EXPECT_EQ(source::render(drawn[m], key).source, source::render(asked[m], key).source);
    }
  }
}

std::string call_of(std::size_t operands) {
  std::string out = "$f0(";
  for (std::size_t i = 0; i < operands; ++i) out += fmt::format("{}${}", i ? ", " : "", i);
  return out + ")";
}

// Helpers take nothing but their arguments, are called with as many as they have, and give what is
// asked of them; everything is used, and by what comes after it.
TEST(Composition, FunctionsTakeWhatTheyAreGiven) {
  int helpers = 0, called_again = 0;
  for (std::uint64_t f = 0; f < kFamilies; ++f) {
    const PlanOptions options = of_size(SizeClass::kLarge);
    const auto root = plan_root(options, family_settings(options, kSeed, f), kSeed, f);
    if (!root) continue;
    const Program& p = *root;
    std::map<ValueId, int> uses;
    std::map<BodyId, int> calls;
    for (BodyId id = 0; id < static_cast<BodyId>(p.bodies.size()); ++id) {
      const Body& own = body(p, id);
      const bool closed = own.placement != Placement::kNested;
      helpers += own.placement == Placement::kHelper;
      for (const Node& node : own.nodes) {
        for (const ValueId operand : node.operands) {
          ++uses[operand];
          if (closed && value(p, operand).literal.empty()) {
            EXPECT_EQ(value(p, operand).body, id) << "family " << f;
          }
          for (const ValueId result : node.results)
            EXPECT_TRUE(result == kNoValue || operand < result) << "family " << f;
        }
        for (const ValueId result : node.results)
          EXPECT_TRUE(result == kNoValue || value(p, result).body == id) << "family " << f;
        if (node.bodies.size() != 1 || node.spelling != call_of(node.operands.size())) continue;
        const Body& called = body(p, node.bodies[0]);
        if (called.placement != Placement::kHelper) continue;
        called_again += ++calls[node.bodies[0]] > 1;
        ASSERT_EQ(called.parameters.size(), node.operands.size()) << "family " << f;
        // Functions of an idiom's own may take more than one type.
        const bool own_function = field_of(p.catalogue->named(node.op)) == Field::kWholes;
        for (std::size_t i = 0; i < node.operands.size() && id == p.root && !own_function; ++i)
          EXPECT_EQ(value(p, called.parameters[i]).type, value(p, node.operands[i]).type)
              << "family " << f << ", " << node.op << ", operand " << i;
      }
      for (const ValueId result : own.results) ++uses[result];
    }
    for (ValueId id = 0; id < static_cast<ValueId>(p.values.size()); ++id)
      if (value(p, id).literal.empty()) {
        EXPECT_EQ(uses[id], value(p, id).uses) << "family " << f;
      }
  }
  EXPECT_GT(helpers, 3 * static_cast<int>(kFamilies) / 2);
  EXPECT_GT(called_again, 5);
}

// The idioms of a program's functions, in the order of its bodies, where their own steps stand; one
// whose steps follow one another counts once.
std::vector<const Op*> idioms_of(const Program& p) {
  std::vector<const Op*> out;
  for (const Body& each : p.bodies) {
    if (each.placement == Placement::kNested) continue;
    for (const Node& node : each.nodes) {
      const Op& op = p.catalogue->named(node.op);
      const bool calls = node.spelling == call_of(node.operands.size()) &&
                         body(p, node.bodies[0]).placement == Placement::kHelper;
      if (!calls && op.has(kIdiom) && (out.empty() || out.back() != &op)) out.push_back(&op);
    }
  }
  return out;
}

TEST(Fields, EveryIdiomIsOfOne) {
  for (const Op& op : backend::backend_named("jax")->catalogue().ops()) {
    EXPECT_EQ(op.has(kIdiom), field_of(op) != Field::kNone) << op.name;
  }
}

TEST(Fields, SayWhatGoesOnWithWhat) {
  EXPECT_TRUE(may_follow(Field::kLosses, Field::kNetworks));
  EXPECT_TRUE(may_follow(Field::kNetworks, Field::kVision));
  EXPECT_FALSE(may_follow(Field::kStatistics, Field::kTraining));
  EXPECT_FALSE(continues(Field::kLosses));
  EXPECT_TRUE(may_follow(Field::kFinance, Field::kNone));
}

TEST(Meanings, AreWhatNamesSay) {
  const auto agree = [](const char* value, const char* role) {
    return agrees(meaning_of({value}), meaning_of({role}));
  };
  EXPECT_TRUE(agree("next_velocity", "velocities"));
  EXPECT_TRUE(agree("keys_repeated", "hidden"));
  EXPECT_TRUE(agree("outputs", "logits"));
  EXPECT_TRUE(agree("x", "probs"));
  EXPECT_FALSE(agree("velocity", "probs"));
  EXPECT_FALSE(agree("grads", "price"));
}

// Some programs are free of it.
TEST(Composition, IdiomsOfAProgramAreOfRelatedFields) {
  int chained = 0;
  for (const SizeClass size : {SizeClass::kMedium, SizeClass::kLarge})
    for (std::uint64_t f = 0; f < 6 * kFamilies; ++f) {
      const PlanOptions options = of_size(size);
      const auto root = plan_root(options, family_settings(options, kSeed, f), kSeed, f);
      if (!root || chains_freely(*root)) continue;
      const auto idioms = idioms_of(*root);
      // Functions of an idiom stand before it: each is related to another one, whichever is first.
      for (const Op* one : idioms) {
        if (idioms.size() == 1) break;
        ++chained;
        EXPECT_TRUE(std::ranges::any_of(idioms,
                                        [&](const Op* other) {
                                          return other != one &&
                                                 (may_follow(field_of(*one), field_of(*other)) ||
                                                  may_follow(field_of(*other), field_of(*one)));
                                        }))
            << "family " << f << ": " << one->name;
      }
    }
  EXPECT_GE(chained, 8);
}

// Most large programs are planned as one thing, of several functions; every category has such.
TEST(Wholes, AreMostLargePrograms) {
  int large = 0, wholes = 0, of_several = 0;
  for (std::uint64_t f = 0; f < 2 * kFamilies; ++f) {
    const PlanOptions options = of_size(SizeClass::kLarge);
    const auto root = plan_root(options, family_settings(options, kSeed, f), kSeed, f);
    if (!root) continue;
    ++large;
    const auto idioms = idioms_of(*root);
    const bool whole = !idioms.empty() && field_of(*idioms.front()) == Field::kWholes;
    wholes += whole;
    of_several +=
        whole && std::ranges::count(root->bodies, Placement::kHelper, &Body::placement) > 1;
    if (whole) {
      EXPECT_EQ(idioms.size(), 1u) << "family " << f;
    }
  }
  EXPECT_GT(wholes, large * 7 / 10);
  EXPECT_GT(of_several, wholes / 2);
}

TEST(Wholes, AreOfEveryCategory) {
  const Catalogue& catalogue = backend::backend_named("jax")->catalogue();
  std::set<Category> shown;
  for (const Op& op : catalogue.ops())
    if (field_of(op) == Field::kWholes) shown.insert(op.category);
  EXPECT_EQ(shown.size(), catalogue.categories().size());
}

// x = a + b; y = x * a; z = y - 1 with the last two as a function of their own.
TEST(Outline, StepsBecomeAFunctionAndItsCall) {
  Program p;
  Body root;
  root.placement = Placement::kEntry;
  const auto add = [&](std::string literal = {}) {
    Value v;
    v.literal = std::move(literal);
    p.values.push_back(v);
    return static_cast<ValueId>(p.values.size()) - 1;
  };
  const auto node = [&](std::string spelling, std::vector<ValueId> operands, ValueId result) {
    for (const ValueId id : operands) ++p.values[static_cast<std::size_t>(id)].uses;
    Node n;
    n.op = spelling;
    n.spelling = std::move(spelling);
    n.operands = std::move(operands);
    n.results = {result};
    return n;
  };
  const ValueId a = add(), b = add(), x = add();
  root.parameters = {a, b};
  root.nodes.push_back(node("$0 + $1", {a, b}, x));
  const ValueId y = add(), one = add("1"), z = add();
  root.nodes.push_back(node("$0 * $1", {x, a}, y));
  root.nodes.push_back(node("$0 - $1", {y, one}, z));
  p.bodies.push_back(root);
  const BodyId helper = outline(p, 0, 1, y, {{"shrink"}, {"Shrink it."}, {{"rate", "0.1"}}});
  const Body& made = body(p, helper);
  ASSERT_EQ(made.nodes.size(), 2u);
  EXPECT_EQ(made.placement, Placement::kHelper);
  EXPECT_EQ(made.names.front(), "shrink");
  EXPECT_EQ(made.defaults.front().first, "rate");
  ASSERT_EQ(made.parameters.size(), 2u);
  EXPECT_EQ(made.nodes[0].operands, made.parameters);
  EXPECT_EQ(made.results, made.nodes[1].results);
  ASSERT_EQ(body(p, 0).nodes.size(), 2u);
  const Node& call = body(p, 0).nodes[1];
  EXPECT_EQ(call.spelling, "$f0($0, $1)");
  EXPECT_EQ(call.operands, (std::vector<ValueId>{x, a}));
  EXPECT_EQ(call.bodies, (std::vector<BodyId>{helper}));
  ASSERT_EQ(call.results.size(), 1u);
  EXPECT_EQ(value(p, call.results[0]).uses, 0);
  EXPECT_EQ(value(p, a).uses, 2);
  EXPECT_EQ(value(p, x).uses, 1);
}

}  // namespace
}  // namespace jaxsmith::plan
