// Programs are made smaller move by move: whatever is tried is a program, and what comes out still
// has what was looked for.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "backend/backend.h"
#include "plan/packs.h"
#include "plan/planner.h"
#include "plan/reduce.h"
#include "plan/scopes.h"
#include "plan/shrink.h"
#include "source/expression.h"
#include "source/inputs.h"
#include "source/render.h"

namespace jaxsmith::plan {
namespace {

const PlanOptions kOptions{&backend::backend_named("jax")->catalogue()};
constexpr std::uint64_t kSeed = 20261129;
constexpr source::FunctionKey kKey{kSeed, 0, 0};

std::vector<Member> family(std::uint64_t index) { return plan_family(kOptions, kSeed, index); }

std::string source_of(const Program& program) {
  return source::render({program, "forward", "base"}, kKey).source;
}

bool applies(const Program& program, std::string_view op) {
  const auto operations = operations_of(program);
  return std::ranges::find(operations, op) != operations.end();
}

// The first root of a family, from number 0 on, of which this is true.
Member first_of(const std::function<bool(const Program&)>& wanted, std::uint64_t& index) {
  for (index = 0;; ++index) {
    auto members = family(index);
    if (!members.empty() && wanted(members[0].program)) return std::move(members[0]);
  }
}

Result<Shrunk> shrink_to(std::uint64_t index, const Member& member, const std::string& op,
                         const ShrinkOptions& options = {}) {
  const Condition condition = [&](const Member& m) -> Result<bool> {
    return applies(m.program, op);
  };
  return shrink(kOptions, kSeed, index, member, condition, options);
}

TEST(Shrink, WhatIsPlannedIsAProgram) {
  for (std::uint64_t f = 0; f < 200; ++f)
    for (const Member& m : family(f))
      EXPECT_EQ(defect_of(m.program).value_or(""), "") << f << " " << m.transformation;
}

TEST(Shrink, ProgramsThatAreNoneAreFound) {
  std::uint64_t index = 0;
  Program program = first_of(
                        [](const Program& p) {
                          const auto& nodes = p.bodies[static_cast<std::size_t>(p.root)].nodes;
                          return nodes.size() > 1 &&
                                 std::ranges::count(nodes[1].operands, nodes[0].results[0]) > 0;
                        },
                        index)
                        .program;
  Body& root = program.bodies[static_cast<std::size_t>(program.root)];
  Program late = program, unused = program, miscounted = program;
  std::ranges::reverse(late.bodies[static_cast<std::size_t>(late.root)].nodes);
  ++miscounted.values[static_cast<std::size_t>(root.results[0])].uses;
  unused.values.push_back(unused.values[static_cast<std::size_t>(root.parameters[0])]);
  unused.values.back().uses = 0;
  unused.bodies[static_cast<std::size_t>(unused.root)].parameters.push_back(
      static_cast<ValueId>(unused.values.size()) - 1);
  for (const Program& each : {late, unused, miscounted}) EXPECT_TRUE(defect_of(each).has_value());
}

// The numbers in an argument tree, in the order in which JAX takes it apart.
void add_leaves(const source::Expr& e, std::vector<std::string>& out) {
  using source::ExprKind;
  switch (e->kind) {
    case ExprKind::kNumber:
      out.push_back(e->text);
      return;
    case ExprKind::kDict: {
      std::map<std::string, source::Expr> by_key;
      for (std::size_t i = 0; i < e->items.size(); i += 2)
        by_key[e->items[i]->text] = e->items[i + 1];
      for (const auto& [key, item] : by_key) add_leaves(item, out);
      return;
    }
    default:
      for (const auto& item : e->items)
        if (item->kind != ExprKind::kName) add_leaves(item, out);
  }
}

// The tree of a function's arguments has its inputs as leaves, from the first to the last, and
// these are what is drawn for its parameters.
void expect_arguments_fit(const source::Function& f, const std::vector<tensor::Tensor>& drawn) {
  const auto tree = source::parse_expression(f.argument_tree);
  ASSERT_TRUE(tree.ok()) << f.argument_tree;
  std::vector<std::string> leaves, numbers;
  add_leaves(tree.value(), leaves);
  for (std::size_t i = 0; i < f.arguments.size(); ++i) numbers.push_back(std::to_string(i));
  EXPECT_EQ(leaves, numbers) << f.argument_tree << "\n" << f.source;
  EXPECT_TRUE(std::ranges::is_permutation(f.inputs[0], drawn)) << f.source;
  for (std::size_t i = 0; i < f.inputs[0].size(); ++i)
    EXPECT_EQ(f.inputs[0][i].shape, f.arguments[i].shape) << f.source;
}

using ByResult = std::map<ValueId, const Node*>;
ByResult nodes_by_result(const Program& program) {
  ByResult out;
  for (const Body& body : program.bodies)
    for (const Node& node : body.nodes)
      for (const ValueId id : node.results)
        if (id != kNoValue) out[id] = &node;
  return out;
}

// Why a program cannot have come from another one by taking steps out: a step or a function that is
// in both takes or gives other types.
std::optional<std::string> type_change(const Program& program, const Program& from) {
  const auto differs = [&](const std::vector<ValueId>& now, const std::vector<ValueId>& then) {
    return !std::ranges::equal(now, then, [&](ValueId x, ValueId y) {
      if (x == kNoValue || y == kNoValue) return x == y;
      return program.values[static_cast<std::size_t>(x)].type ==
             from.values[static_cast<std::size_t>(y)].type;
    });
  };
  const ByResult before = nodes_by_result(from);
  for (const auto& [id, node] : nodes_by_result(program)) {
    const auto found = before.find(id);
    if (found == before.end()) return fmt::format("{} is new", node->op);
    if (node->spelling != found->second->spelling || node->results != found->second->results ||
        differs(node->operands, found->second->operands))
      return fmt::format("{} takes other types", node->op);
  }
  for (std::size_t b = 0; b < from.bodies.size(); ++b) {
    if (static_cast<BodyId>(b) == program.root || program.bodies[b].results.empty()) continue;
    if (differs(program.bodies[b].results, from.bodies[b].results) ||
        differs(program.bodies[b].parameters, from.bodies[b].parameters))
      return fmt::format("function {} has other types", b);
  }
  return std::nullopt;
}

// Some moves of each of many programs: what they make is a program with the types it had, is
// rendered, and draws the inputs that it drew for the arguments which stay.
TEST(Shrink, WhateverAMoveMakesIsAProgram) {
  std::map<Move::Kind, int> tried;
  for (std::uint64_t f = 0; f < 60; ++f) {
    for (const Member& m : family(f)) {
      const auto agreement = f % 2 ? Agreement::kTypes : Agreement::kValues;
      const auto inputs = source::draw_inputs(m.program, 1)[0];
      const auto& before = m.program.bodies[static_cast<std::size_t>(m.program.root)].parameters;
      const std::vector<Move> moves = moves_of(m.program, agreement);
      const std::size_t stride = 1 + moves.size() / 16;
      for (std::size_t i = f % stride; i < moves.size(); i += stride) {
        const auto made = moved(m.program, moves[i], agreement);
        if (!made) continue;
        ++tried[moves[i].kind];
        EXPECT_EQ(defect_of(*made).value_or(""), "") << f << " " << m.transformation;
        // A step says otherwise what it gives to a pack's members by themselves.
        if (made->packs.size() == m.program.packs.size()) {
          EXPECT_EQ(type_change(*made, m.program).value_or(""), "") << f << " " << m.transformation;
        }
        EXPECT_LE(program_size(*made).steps, program_size(m.program).steps);
        const auto drawn = source::draw_inputs(*made, 1)[0];
        expect_arguments_fit(source::render({*made, m.transformation, m.variant}, kKey), drawn);
        const auto& after = made->bodies[static_cast<std::size_t>(made->root)].parameters;
        for (std::size_t k = 0; k < after.size(); ++k) {
          const auto place = std::ranges::find(before, after[k]) - before.begin();
          if (static_cast<std::size_t>(place) == before.size()) continue;  // a new one
          EXPECT_EQ(drawn[k], inputs[static_cast<std::size_t>(place)]) << f;
        }
      }
    }
  }
  EXPECT_EQ(tried.size(), 7u) << "a kind of move is never met";
}

std::size_t of_packs(const Program& program) {
  std::size_t out = 0;
  for (const Body& body : program.bodies) {
    out += body.takes_packs + body.packed_parameters.size() + body.packed_results.size();
    for (const Node& node : body.nodes)
      out += node.packed_operands.size() + node.packed_results.size();
  }
  return out;
}

// Calls of each member with packs: what any move makes of it is a program whose packs are of what
// it takes; and with its packs taken apart nothing is packed, and it computes what it did.
TEST(Shrink, ProgramsWithPacksStayProgramsAndComeWithoutThem) {
  std::map<std::string, int> met;  // by transformation
  std::size_t kept = 0, fewer = 0, carried = 0;
  for (std::uint64_t f = 0; f < 120; ++f) {
    for (const Member& m : family(f)) {
      if (m.program.packs.empty()) continue;
      ++met[m.transformation];
      for (std::size_t p = 0; p < m.program.packs.size(); ++p)
        carried += stands_whole(m.program, p);
      const std::vector<Move> moves = moves_of(m.program, Agreement::kTypes);
      ASSERT_EQ(moves[0].kind, Move::Kind::kUnpack);
      const auto apart = moved(m.program, moves[0], Agreement::kTypes);
      ASSERT_TRUE(apart) << f;
      EXPECT_TRUE(apart->packs.empty());
      EXPECT_EQ(of_packs(*apart), 0u) << f << " " << m.transformation;
      EXPECT_EQ(operations_of(*apart), operations_of(m.program));
      EXPECT_LT(program_size(*apart), program_size(m.program));
      EXPECT_EQ(source::draw_inputs(*apart, 1), source::draw_inputs(m.program, 1));
      const std::size_t stride = 1 + moves.size() / 12;
      for (std::size_t i = f % stride; i < moves.size(); i += stride) {
        const auto made = moved(m.program, moves[i], Agreement::kTypes);
        if (!made) continue;
        EXPECT_EQ(defect_of(*made).value_or(""), "") << f << " " << m.transformation;
        expect_arguments_fit(source::render({*made, m.transformation, m.variant}, kKey),
                             source::draw_inputs(*made, 1)[0]);
        if (moves[i].kind == Move::Kind::kUnpack) continue;
        kept += !made->packs.empty();
        for (std::size_t p = 0; p < made->packs.size(); ++p)
          fewer += made->packs.size() == m.program.packs.size() &&
                   made->packs[p].members.size() < m.program.packs[p].members.size();
      }
    }
  }
  EXPECT_GE(met.size(), 3u);
  EXPECT_GT(carried, 5u);
  EXPECT_GT(kept, 100u);
  EXPECT_GT(fewer, 5u);
}

// Where the condition does without packs they go, and where it asks for one that one stays.
TEST(Shrink, PacksGoFirstAndStayWhereTheyAreWanted) {
  std::size_t tried = 0;
  for (std::uint64_t f = 0; f < 60 && tried < 6; ++f) {
    const Member m = family(f).back();
    if (m.program.packs.empty()) continue;
    ++tried;
    std::size_t asked = 0;
    const Condition any = [&](const Member& each) -> Result<bool> {
      if (++asked == 2) {
        EXPECT_TRUE(each.program.packs.empty());
      }
      return true;
    };
    const auto without = shrink(kOptions, kSeed, f, m, any, {.tries = 40});
    ASSERT_TRUE(without.ok());
    EXPECT_TRUE(without.value().member.program.packs.empty());
    const Condition packed = [](const Member& each) -> Result<bool> {
      return !each.program.packs.empty();
    };
    const auto with = shrink(kOptions, kSeed, f, m, packed, {.agreement = Agreement::kTypes});
    ASSERT_TRUE(with.ok());
    const Program& program = with.value().member.program;
    EXPECT_EQ(program.packs.size(), 1u) << source_of(program);
    EXPECT_LT(program_size(program).steps, program_size(m.program).steps + 1);
    expect_arguments_fit(source::render({program, m.transformation, m.variant}, kKey),
                         source::draw_inputs(program, 1)[0]);
  }
  EXPECT_EQ(tried, 6u);
}

// A value that another one takes the place of is no farther than it was.
TEST(Shrink, ValuesThatTakeAnothersPlaceLieWithinItsBounds) {
  for (std::uint64_t f = 0; f < 40; ++f) {
    const Program program = family(f)[0].program;
    for (const Move& move : moves_of(program, Agreement::kValues)) {
      if (move.kind != Move::Kind::kReplace) continue;
      const Value &from = program.values[static_cast<std::size_t>(move.from)],
                  &to = program.values[static_cast<std::size_t>(move.to)];
      EXPECT_EQ(from.type, to.type);
      EXPECT_GE(to.stats.lo, from.stats.lo);
      EXPECT_LE(to.stats.hi, from.stats.hi);
    }
  }
}

TEST(Shrink, WhatComesOutShowsItIsSmallerAndCannotBeMadeSmallerByOneMove) {
  std::size_t before = 0, after = 0;
  for (std::uint64_t f = 0; f < 14; ++f) {
    const Member m = family(f)[0];
    const std::string op(operations_of(m.program).back());
    std::vector<std::size_t> steps;
    ShrinkOptions options;
    options.agreement = Agreement::kTypes;
    options.on_step = [&](const ProgramMeasure& size, std::size_t) { steps.push_back(size.steps); };
    const auto result = shrink_to(f, m, op, options);
    ASSERT_TRUE(result.ok()) << result.error().message;
    const Shrunk& shrunk = result.value();
    const Program& program = shrunk.member.program;
    EXPECT_TRUE(applies(program, op)) << f;
    EXPECT_EQ(defect_of(program).value_or(""), "");
    EXPECT_LE(shrunk.size, shrunk.from);
    EXPECT_EQ(shrunk.size, program_size(program));
    EXPECT_EQ(shrunk.steps, steps.size());
    EXPECT_TRUE(std::ranges::is_sorted(steps, std::greater<>())) << f;
    ASSERT_EQ(shrunk.end, ShrinkEnd::kMinimal) << f;
    for (const Move& move : moves_of(program, options.agreement)) {
      const auto smaller = moved(program, move, options.agreement);
      if (!smaller || !(program_size(*smaller) < shrunk.size)) continue;
      EXPECT_FALSE(applies(*smaller, op)) << f << "\n" << source_of(program);
    }
    before += shrunk.from.steps;
    after += shrunk.size.steps;
  }
  // Few steps are needed for one operation: what it takes may be made of arguments.
  EXPECT_LT(after * 3, before);
}

TEST(Shrink, TheSameProgramIsShrunkInTheSameWay) {
  for (std::uint64_t f = 3; f < 9; ++f) {
    const Member m = family(f).back();
    const std::string op(operations_of(m.program).front());
    std::vector<std::string> tried[2];
    for (auto& sources : tried) {
      const Condition condition = [&](const Member& each) -> Result<bool> {
        sources.push_back(source_of(each.program));
        return applies(each.program, op);
      };
      ASSERT_TRUE(shrink(kOptions, kSeed, f, m, condition, {.tries = 60}).ok());
    }
    EXPECT_EQ(tried[0], tried[1]);
    EXPECT_LE(tried[0].size(), 60u);
  }
}

// Operations within loops and branches are left without these around them.
TEST(Shrink, TheStepsOfALoopStandWithoutIt) {
  std::size_t met = 0, free = 0;
  for (std::uint64_t f = 0; f < 1000 && met < 14; ++f) {
    const auto members = family(f);
    if (members.empty()) continue;  // nothing closed
    const Member& m = members[0];
    const auto inner = std::ranges::find_if(m.program.bodies, [&](const Body& body) {
      return body.parent == m.program.root && !body.nodes.empty() && body.changes == Changes::kAny;
    });
    if (inner == m.program.bodies.end()) continue;
    const std::string op = inner->nodes.front().op;
    const auto operations = operations_of(m.program);
    if (std::ranges::count(operations, op) != 1) continue;  // only there
    ++met;
    const auto result = shrink_to(f, m, op, {.agreement = Agreement::kTypes});
    ASSERT_TRUE(result.ok());
    EXPECT_TRUE(applies(result.value().member.program, op));
    free += result.value().size.functions == 1;
  }
  EXPECT_GT(met, 4u);
  EXPECT_GE(free * 2, met);
}

TEST(Shrink, AxesBecomeShorter) {
  std::size_t shorter = 0;
  for (std::uint64_t f = 0; f < 12; ++f) {
    const Member m = family(f)[0];
    const std::vector<std::string_view> operations = operations_of(m.program);
    const Condition all = [&](const Member& each) -> Result<bool> {
      return operations_of(each.program) == operations;
    };
    const auto result = shrink(kOptions, kSeed, f, m, all, {});
    ASSERT_TRUE(result.ok());
    shorter += result.value().size.elements < result.value().from.elements;
  }
  EXPECT_GE(shorter, 4u);
}

TEST(Shrink, TriesAreLimitedCancellingKeepsWhatIsThereAndErrorsEndIt) {
  std::uint64_t index = 0;
  const Member m = first_of([](const Program& p) { return program_size(p).steps >= 8; }, index);
  const std::string op(operations_of(m.program).back());
  const auto limited = shrink_to(index, m, op, {.tries = 3});
  ASSERT_TRUE(limited.ok());
  EXPECT_EQ(limited.value().tries, 3u);
  EXPECT_EQ(limited.value().end, ShrinkEnd::kTries);

  std::atomic<bool> cancel = false;
  ShrinkOptions options;
  options.cancel = &cancel;
  std::size_t asked = 0;
  const Condition cancels = [&](const Member& each) -> Result<bool> {
    cancel = ++asked == 4;
    if (cancel) return Error::environment("cancelled");
    return applies(each.program, op);
  };
  const auto stopped = shrink(kOptions, kSeed, index, m, cancels, options);
  ASSERT_TRUE(stopped.ok());
  EXPECT_EQ(stopped.value().end, ShrinkEnd::kCancelled);
  EXPECT_TRUE(applies(stopped.value().member.program, op));

  const Condition fails = [](const Member&) -> Result<bool> { return Error::internal("broken"); };
  const auto failed = shrink(kOptions, kSeed, index, m, fails, {});
  ASSERT_FALSE(failed.ok());
  EXPECT_EQ(failed.error().message, "broken");
  const auto never = shrink_to(index, m, "no such operation");
  ASSERT_FALSE(never.ok());
  EXPECT_EQ(never.error().kind, ErrorKind::kUsage);
}

// Where the rule of a derivative says what a function's is, neither may change.
TEST(Shrink, RulesOfDerivativesStayWhatTheyAre) {
  PlanOptions options = kOptions;
  options.idioms = {"jax.custom_jvp", "jax.custom_vjp"};
  options.categories = {kOptions.catalogue->named("jax.custom_jvp").category};
  std::size_t met = 0;
  for (std::uint64_t f = 0; f < 8; ++f) {
    for (const Member& m : plan_family(options, kSeed, f)) {
      std::set<BodyId> fixed;
      for (std::size_t b = 0; b < m.program.bodies.size(); ++b)
        if (m.program.bodies[b].changes == Changes::kNone) fixed.insert(static_cast<BodyId>(b));
      met += fixed.size() > 1;
      for (const Move& move : moves_of(m.program, Agreement::kTypes)) {
        const auto made = moved(m.program, move, Agreement::kTypes);
        if (!made) continue;
        for (const BodyId id : fixed) {
          const Body &now = made->bodies[static_cast<std::size_t>(id)],
                     &then = m.program.bodies[static_cast<std::size_t>(id)];
          if (now.results.empty()) continue;  // gone as a whole
          EXPECT_EQ(now.results, then.results);
          EXPECT_EQ(now.nodes.size(), then.nodes.size());
        }
      }
    }
  }
  EXPECT_GT(met, 3u);
}

}  // namespace
}  // namespace jaxsmith::plan
