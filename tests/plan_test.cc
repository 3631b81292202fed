// What every plan must hold, whatever is drawn.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "backend/backend.h"
#include "plan/jax/catalogue.h"
#include "plan/jax/roles.h"
#include "plan/planner.h"
#include "plan/scopes.h"
#include "plan/setting.h"
#include "plan/turns.h"
#include "source/render.h"

namespace jaxsmith::plan {
namespace {

const PlanOptions kOptions{&backend::backend_named("jax")->catalogue()};
constexpr std::uint64_t kSeed = 20240607;
constexpr std::uint64_t kFamilies = 300;

std::vector<Member> family(std::uint64_t index) { return plan_family(kOptions, kSeed, index); }

TEST(Plan, TheSameNumbersGiveTheSameSourceInAnyOrder) {
  const auto late = source::chunk_functions(kOptions, kSeed, 7);
  const auto early = source::chunk_functions(kOptions, kSeed, 2);
  const auto again = source::chunk_functions(kOptions, kSeed, 7);
  ASSERT_EQ(late.size(), again.size());
  for (std::size_t i = 0; i < late.size(); ++i) {
    EXPECT_EQ(late[i].source, again[i].source);
    EXPECT_EQ(late[i].inputs, again[i].inputs);
  }
  EXPECT_NE(early[0].source, late[0].source);
}

TEST(Plan, AnotherSeedGivesOtherFunctions) {
  const auto one = source::chunk_functions(kOptions, 1, 0),
             two = source::chunk_functions(kOptions, 2, 0);
  std::set<std::string> sources;
  for (const source::Function& f : one) sources.insert(f.source);
  const auto shared = std::count_if(two.begin(), two.end(), [&](const source::Function& f) {
    return sources.contains(f.source);
  });
  EXPECT_LT(shared, 2);
}

TEST(Plan, EveryFamilyHasItsForwardFunctionFirst) {
  for (std::uint64_t f = 0; f < kFamilies; ++f) {
    const auto members = family(f);
    ASSERT_FALSE(members.empty()) << "family " << f;
    EXPECT_EQ(members[0].transformation, "forward");
    EXPECT_EQ(members[0].variant, "base");
  }
}

// Values are defined before they are used, in their own body or one around it, and none is left
// over.
TEST(Plan, NoDeadCodeAndNoUseBeforeDefinition) {
  for (std::uint64_t f = 0; f < kFamilies; ++f) {
    for (const Member& m : family(f)) {
      const Program& p = m.program;
      EXPECT_EQ(defect_of(p).value_or(""), "") << "family " << f;
      std::map<ValueId, int> uses;
      for (std::size_t b = 0; b < p.bodies.size(); ++b) {
        for (const Node& n : p.bodies[b].nodes) {
          for (ValueId id : n.operands) ++uses[id];
        }
        for (ValueId id : p.bodies[b].results) ++uses[id];
      }
      for (const Body& body : p.bodies) {
        for (const Node& n : body.nodes) {
          // f.defvjp(forward, backward): what it gives is of no interest.
          if (n.operands.empty() && n.bodies.size() > 1) continue;
          const bool used = std::any_of(n.results.begin(), n.results.end(),
                                        [&](ValueId r) { return r != kNoValue && uses[r] > 0; });
          EXPECT_TRUE(used) << "family " << f << " leaves a result of " << n.op << " unused";
        }
      }
      for (ValueId id : p.bodies[static_cast<std::size_t>(p.root)].parameters)
        EXPECT_GT(uses[id], 0) << "family " << f;
    }
  }
}

TEST(Plan, CategoriesHaveEqualShares) {
  std::map<std::string, int> functions;
  int all = 0;
  for (std::uint64_t f = 0; f < kFamilies * 2; ++f) {
    for (const Member& m : family(f)) ++functions[m.program.category], ++all;
  }
  EXPECT_EQ(functions.size(), kOptions.catalogue->categories().size());
  for (const auto& [category, count] : functions) EXPECT_GE(count, 0.07 * all) << category;
}

TEST(Plan, AFifthOfWhatIsDifferentiableComesWithAGradient) {
  static const std::set<std::string> kGradients = {"grad",   "value_and_grad", "jvp",    "vjp",
                                                   "jacfwd", "jacrev",         "hessian"};
  constexpr std::uint64_t kMany = 5 * kFamilies;  // of few it is one more or less by chance
  int differentiable = 0, with_gradient = 0;
  for (std::uint64_t f = 0; f < kMany; ++f) {
    // The gradient of a large program has thousands of operations: a tenth of them has one.
    if (family_settings(kOptions, kSeed, f).size == SizeClass::kLarge) continue;
    const auto members = family(f);
    const Program& root = members[0].program;
    const auto& results = root.bodies[static_cast<std::size_t>(root.root)].results;
    const bool smooth = std::any_of(results.begin(), results.end(), [&](ValueId id) {
      const Value& v = root.values[static_cast<std::size_t>(id)];
      return v.grad_arguments != 0 && tensor::is_real(v.type.dtype);
    });
    if (!smooth || !reverse_differentiable(root)) continue;
    ++differentiable;
    with_gradient += std::any_of(members.begin(), members.end(), [&](const Member& m) {
      return kGradients.contains(m.transformation);
    });
  }
  EXPECT_GT(differentiable, static_cast<int>(kMany) / 3);
  // Two standard deviations of a sample of this size.
  const double chance = 2 * std::sqrt(0.2 * 0.8 * differentiable);
  EXPECT_GE(with_gradient, 0.2 * differentiable - chance)
      << with_gradient << " of " << differentiable;
}

// Nobody differentiates a loss in its labels, or an energy in the time.
TEST(Plan, DerivativesAreTakenInWhatIsNoData) {
  int seen = 0;
  for (std::uint64_t f = 0; f < kFamilies; ++f) {
    const auto members = family(f);
    for (const Member& m : members) {
      if (m.transformation == "forward") continue;
      for (const DerivativeOf& d : m.program.derivatives) {
        const Program& root = members[0].program;
        const Body& body = root.bodies[static_cast<std::size_t>(root.root)];
        const Value& p = root.values[static_cast<std::size_t>(body.parameters.at(d.argument))];
        EXPECT_NE(role_of(p), Role::kData) << "family " << f << ": " << word_of(p);
        ++seen;
      }
    }
  }
  EXPECT_GT(seen, 10);
}

TEST(Plan, NamesSayWhatArgumentsAndResultsAre) {
  const auto role = [](const std::string& name) {
    Value v;
    v.names = {name};
    return role_of(v);
  };
  EXPECT_EQ(role("w_out"), Role::kParameter);
  EXPECT_EQ(role("learning_rate"), Role::kData);
  EXPECT_EQ(role("positions"), Role::kState);
  EXPECT_EQ(role("y_train"), Role::kData);
  EXPECT_EQ(role("labels"), Role::kData);
  const auto quantity = [](const std::string& name, Shape shape) {
    Value v;
    v.names = {name};
    v.type.shape = std::move(shape);
    return quantity_of(v, "");
  };
  EXPECT_EQ(quantity("cross_entropy", {}), Quantity::kLoss);
  EXPECT_EQ(quantity("potential_energy", {}), Quantity::kEnergy);
  EXPECT_EQ(quantity("log_likelihood", {}), Quantity::kLogDensity);
  EXPECT_EQ(quantity("call_price", {}), Quantity::kPrice);
  EXPECT_EQ(quantity("accuracy", {}), Quantity::kMetric);
  EXPECT_EQ(quantity("logits", {3, 4}), Quantity::kLogits);
  EXPECT_EQ(quantity("hidden", {3}), Quantity::kPrediction);
}

TEST(Plan, OptionsBindWhatIsDrawn) {
  PlanOptions options = kOptions;
  options.categories = {kLoop, kReduction};
  options.dtypes = {DType::kF32, DType::kI32};
  options.max_rank = 2;
  for (std::uint64_t chunk = 0; chunk < 12; ++chunk) {
    for (const source::Function& f : source::chunk_functions(options, 3, chunk)) {
      EXPECT_TRUE(f.category == "loop" || f.category == "reduction") << f.category;
      EXPECT_FALSE(f.runtime.x64);
      for (const source::ArgumentSpec& a : f.arguments) {
        EXPECT_TRUE(a.dtype == DType::kF32 || a.dtype == DType::kI32)
            << tensor::aval_text(a.dtype, a.shape);
        EXPECT_LE(a.shape.size(), 2u);
      }
    }
  }
}

TEST(Plan, InputsHaveTheShapesAndBoundsOfTheirArguments) {
  for (const source::Function& f : source::chunk_functions(kOptions, kSeed, 1)) {
    for (const auto& set : f.inputs) {
      ASSERT_EQ(set.size(), f.arguments.size());
      for (std::size_t i = 0; i < set.size(); ++i) {
        EXPECT_EQ(set[i].dtype, f.arguments[i].dtype);
        EXPECT_EQ(set[i].shape, f.arguments[i].shape);
        EXPECT_EQ(set[i].bytes.size(),
                  tensor::byte_size(set[i].dtype) *
                      static_cast<std::size_t>(tensor::element_count(set[i].shape)));
      }
    }
    EXPECT_NE(f.inputs[0], f.inputs[1]);
  }
}

// Whether an entry gives words for a function's results, and no step (words_of_results).
bool says_only(const Op& op) {
  return op.has(kSetting) && !op.hints.empty() && op.hints.front() == "says";
}

// In some thousand families, and what is rarer there where it is asked for or has its turn, or in
// programs of its category.
TEST(Catalogue, EveryEntryIsDrawn) {
  constexpr std::uint64_t kFamilies = 2500, kForSettings = 10'000, kAlways = 16, kTurns = 100,
                          kOfCategory = 1500;
  std::set<std::string> missing;
  for (const Op& op : kOptions.catalogue->ops())
    if (!says_only(op) && !is_preparation(op)) missing.insert(op.name);
  const auto meet = [&](const Program& program) {
    for (const Body& b : program.bodies)
      for (const Node& n : b.nodes) {
        missing.erase(n.op);
        if (!n.loop) continue;
        const Body& turn = program.bodies[static_cast<std::size_t>(n.bodies[0])];
        EXPECT_EQ(n.results.size(), turn.results.size()) << n.op << " in " << program.family;
      }
  };
  const auto plan = [&](const PlanOptions& options, std::uint64_t family) {
    const auto root = plan_root(options, family_settings(options, 5, family), 5, family);
    if (root) meet(*root);
  };
  for (std::uint64_t f = 0; f < kFamilies; ++f) plan(kOptions, f);
  // Settings are for values of any category that are called what they ask for.
  const auto settings_are_missing = [&] {
    return std::ranges::any_of(kOptions.catalogue->ops(), [&](const Op& op) {
      return op.has(kSetting) && missing.contains(op.name);
    });
  };
  for (std::uint64_t f = kFamilies; f < kForSettings && settings_are_missing(); ++f)
    plan(kOptions, f);
  for (const Op& op : kOptions.catalogue->ops()) {
    PlanOptions own = kOptions;
    own.categories = {op.category};
    if (op.has(kIdiom)) own.idioms = {op.name};
    // Some bring others with them; a role may be arguments alone, which no step is.
    if (says_only(op) || is_preparation(op)) continue;
    const bool alone = has_turns(op) || op.has(kSetting);
    for (std::uint64_t k = 0; alone && k < kTurns; ++k) {
      if (k >= kAlways && !missing.contains(op.name)) break;
      Settings settings = family_settings(own, 5, k);
      settings.devices = 1;
      if (apply_alone(settings, op, Random(5, k), meet)) missing.erase(op.name);
    }
    for (std::uint64_t k = 0; k < kOfCategory && missing.contains(op.name); ++k) plan(own, k);
  }
  for (const std::string& name : missing) ADD_FAILURE() << name << " never occurs";
}

}  // namespace
}  // namespace jaxsmith::plan
