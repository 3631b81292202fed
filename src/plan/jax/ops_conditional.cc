// Conditionals: comparisons and logic, selection by element, branches.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plan/builder.h"
#include "plan/jax/catalogue.h"

namespace jaxsmith::plan {
namespace {

const std::vector<std::string>& orderings() {
  static const std::vector<std::string> kOrderings = {"greater", "less", "greater_equal",
                                                      "less_equal"};
  return kOrderings;
}

// A mask that broadcasts with the shape: one in scope, or a comparison made for it.
std::optional<ValueId> mask_for(Builder& b, ValueId x) {
  const Type type = b[x].type;
  if (const auto mask = b.draw([&](const Value& v) {
        return v.type.dtype == DType::kBool && b.broadcasts(v.type.shape, type.shape) &&
               b.acceptable_shape(broadcast_shapes(v.type.shape, type.shape));
      })) {
    return mask;
  }
  const auto compared = b.random().chance(0.6) ? std::optional(x) : b.draw([&](const Value& v) {
    return (kind_of(v.type.dtype) & kNumbers) && b.broadcasts(v.type.shape, type.shape) &&
           b.acceptable_shape(broadcast_shapes(v.type.shape, type.shape));
  });
  if (!compared || !(kind_of(b[*compared].type.dtype) & kNumbers)) return std::nullopt;
  const auto partner = b.random().chance(0.4) ? b.draw_partner(*compared) : std::nullopt;
  const std::string& ordering = b.random().pick(orderings());
  if (partner && *partner != *compared) return b.apply(ordering, {*compared, *partner});
  return b.beyond(ordering, *compared);
}

// Whether a choice by the same mask has made it: of two one is enough.
bool chosen_by(const Builder& b, ValueId id, ValueId mask) {
  if (!b[id].literal.empty()) return false;
  for (const Node& node : b.body_of(b[id].body).nodes)
    if (std::ranges::find(node.results, id) != node.results.end())
      return (node.op == "where" || node.op == "select") && node.operands[0] == mask;
  return false;
}

bool infer_choice(Builder& b, Draft& draft, bool same_shape) {
  const Value& mask = b[draft.operands[0]];
  const Value& x = b[draft.operands[1]];
  const Value& y = b[draft.operands[2]];
  if (mask.type.dtype != DType::kBool || !x.literal.empty()) return false;
  if (y.literal.empty() ? y.type.dtype != x.type.dtype : tensor::is_complex(x.type.dtype))
    return false;
  if (same_shape && (!y.literal.empty() || mask.type.shape != x.type.shape || y.type != x.type ||
                     y.weak || x.weak))
    return false;
  if (!b.broadcasts(x.type.shape, y.type.shape)) return false;
  if (chosen_by(b, draft.operands[1], draft.operands[0]) ||
      chosen_by(b, draft.operands[2], draft.operands[0]))
    return false;
  const Shape both = broadcast_shapes(x.type.shape, y.type.shape);
  if (!b.broadcasts(both, mask.type.shape) || draft.operands[1] == draft.operands[2]) return false;
  Value result;
  result.type = {x.type.dtype, broadcast_shapes(both, mask.type.shape)};
  result.stats = choose_stats(mask.stats, x.stats, y.stats);
  result.sure = x.sure & y.sure;
  // Of many places some are taken from either; and a mask that is an argument shows by which.
  const auto taken = std::count_if(mask.stats.probe.begin(), mask.stats.probe.end(),
                                   [](double p) { return p != 0; });
  const bool mixed = taken >= kProbes / 4 && taken <= 3 * kProbes / 4 &&
                     tensor::element_count(mask.type.shape) >= 12;
  if (mixed) result.sure |= x.sure | y.sure;
  if (mixed && tensor::is_inexact(x.type.dtype)) result.sure |= mask.sure;
  draft.sure_given = true;
  draft.results = {result};
  return true;
}

Op where() {
  Op op{"where",
        kConditional,
        1.6,
        Derivative::kSmooth,
        {"selected", "masked", "gated"},
        {"jnp.where($0, $1, $2)"}};
  op.traits = kJoinsOperands;
  op.infer = [](Builder& b, Draft& draft) { return infer_choice(b, draft, false); };
  op.draw = [infer = op.infer](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kNumbers | kComplexKind);
    const auto mask = x ? mask_for(b, *x) : std::nullopt;
    if (!mask) return false;
    std::optional<ValueId> y;
    if (b.random().chance(0.65)) y = b.draw_partner(*x);
    if (!y || *y == *x) {
      static const std::vector<std::string> kChanges = {"tanh", "negative", "square",
                                                        "abs",  "sin",      "exp"};
      if (b.random().chance(0.5)) y = b.apply(b.random().pick(kChanges), {*x});
      if (!y || *y == *x)
        y = b.literal(b.nice_number(0, 2, tensor::is_integer(b[*x].type.dtype)), b[*x].type.dtype);
    }
    draft.operands = {*mask, *x, *y};
    return infer(b, draft);
  };
  return op;
}

// lax.select takes three arrays of one shape.
Op select() {
  Op op{"select",
        kConditional,
        0.9,
        Derivative::kSmooth,
        {"selected", "picked"},
        {"lax.select($0, $1, $2)", "lax.select_n($0, $2, $1)", "jnp.where($0, $1, $2)"}};
  op.traits = kJoinsOperands;
  op.infer = [](Builder& b, Draft& draft) { return infer_choice(b, draft, true); };
  op.draw = [infer = op.infer](Builder& b, Draft& draft) {
    const auto x =
        b.draw([](const Value& v) { return (kind_of(v.type.dtype) & kNumbers) && !v.weak; });
    if (!x) return false;
    const Type type = b[*x].type;
    auto y = b.draw([&](const Value& v) { return v.type == type && !v.weak; });
    if (!y || *y == *x) y = b.apply(tensor::is_real(type.dtype) ? "tanh" : "abs", {*x});
    auto mask = b.draw(
        [&](const Value& v) { return v.type.dtype == DType::kBool && v.type.shape == type.shape; });
    if (!mask && y) {
      const bool with_other = b.random().chance(0.5);
      const std::string& ordering = b.random().pick(orderings());
      mask = with_other ? b.apply(ordering, {*x, *y}) : b.beyond(ordering, *x);
    }
    if (!y || !mask) return false;
    draft.operands = {*mask, *x, *y};
    return infer(b, draft);
  };
  return op;
}

// jnp.select: the first condition that holds decides.
Op select_first() {
  Op op{"select_first", kConditional, 0.7, Derivative::kSmooth, {"tiered", "selected"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kReal);
    if (!x) return false;
    const Value v = b[*x];
    if (v.claimed) return false;  // which limits its elements pass is not known
    const double low = v.stats.probe[0], high = v.stats.probe[1];
    if (std::abs(high - low) < 0.2) return false;
    const double first = std::round(std::min(low, high) * 10) / 10,
                 second = std::round(std::max(low, high) * 10) / 10;
    const auto below = b.apply("less", {*x, b.literal(first, v.type.dtype)});
    const auto above = b.apply("less", {*x, b.literal(second, v.type.dtype)});
    static const std::vector<std::string> kChanges = {"tanh", "negative", "square",
                                                      "sin",  "exp",      "sigmoid"};
    const auto one = b.apply(b.random().pick(kChanges), {*x});
    auto two = b.random().chance(0.5) ? b.draw([&](const Value& w) { return w.type == v.type; })
                                      : std::nullopt;
    if (!two || *two == *x) two = b.apply(b.random().pick(kChanges), {*x});
    if (!below || !above || !one || !two || *one == *two) return false;
    const bool plain = b.random().chance(0.5);
    draft.operands = {*below, *above, *one, *two};
    if (plain) draft.operands.push_back(*x);
    draft.spelling = plain ? "jnp.select([$0, $1], [$2, $3], $4)"
                           : "jnp.select([$0, $1], [$2, $3], default=$default)";
    if (!plain) draft.attributes["default"] = number_text(b.nice_number(0, 1, false), false);
    Value result;
    result.type = v.type;
    result.stats = union_stats(union_stats(b[*one].stats, b[*two].stats), v.stats);
    draft.results = {result};
    return true;
  };
  return op;
}

// A scalar bool in scope, or one made from a value.
std::optional<ValueId> predicate(Builder& b) {
  if (const auto p =
          b.draw([](const Value& v) { return v.type.dtype == DType::kBool && v.type.rank() == 0; }))
    return p;
  const auto x = b.draw_kind(kNumbers | kBoolKind);
  if (!x) return std::nullopt;
  std::optional<ValueId> scalar = x;
  static const std::vector<std::string> kReductions = {"mean", "sum", "max", "min"};
  if (b[*x].type.dtype == DType::kBool)
    return b.apply(b.random().chance(0.5) ? "any" : "all", {*x});
  if (b[*x].type.rank() > 0) scalar = b.apply(b.random().pick(kReductions), {*x});
  if (!scalar) return std::nullopt;
  const ValueId threshold = b.literal(threshold_of(b[*scalar]), b[*scalar].type.dtype);
  return b.apply(b.random().pick(orderings()), {*scalar, threshold});
}

Interval branch_interval(const Type& type) {
  if (tensor::is_integer(type.dtype))
    return {std::max(-1000.0, integer_bounds(type.dtype).lo),
            std::min(1000.0, integer_bounds(type.dtype).hi)};
  return {-1000, 1000};
}

struct Branches {
  std::vector<BodyId> bodies;
  std::vector<Value> results;
};

// Branches that take the same operands and give the same types.
std::optional<Branches> draw_branches(Builder& b, const std::vector<ValueId>& operands,
                                      std::size_t count) {
  std::vector<Builder::Target> targets = {
      {b[operands[0]].type, branch_interval(b[operands[0]].type)}};
  if (operands.size() > 1 && b.random().chance(0.25))
    targets.push_back({b[operands[1]].type, branch_interval(b[operands[1]].type)});
  static const std::vector<std::string> kNames = {"grow", "shrink", "soften",  "rectify", "adjust",
                                                  "damp", "boost",  "flatten", "reflect", "steep"};
  std::vector<std::string> names = kNames;
  b.random().shuffle(names);
  Branches out;
  for (std::size_t i = 0; i < count; ++i) {
    Builder::BodySpec spec;
    spec.hint = names[i];
    for (ValueId id : operands) {
      spec.parameters.push_back(parameter_of(b[id]));
      spec.parameters.back().hint.clear();
    }
    const auto body = b.body(spec, [&](const std::vector<ValueId>&) {
      b.grow(static_cast<int>(b.random().between(1, b.depth() == 1 ? 4 : 2)));
      const auto ends = b.fold_onto(targets);
      if (ends) b.set_results(*ends);
      return ends.has_value();
    });
    if (!body) return std::nullopt;
    out.bodies.push_back(*body);
    for (std::size_t k = 0; k < targets.size(); ++k) {
      const Value& end = b[b.body_of(*body).results[k]];
      if (end.weak) return std::nullopt;  // branches must agree in strength of type
      if (i == 0) {
        Value result;
        result.type = end.type;
        result.stats = end.stats;
        result.grad_arguments = end.grad_arguments;
        result.sure = end.sure;
        out.results.push_back(result);
      } else {
        out.results[k].stats = union_stats(out.results[k].stats, end.stats);
        out.results[k].grad_arguments |= end.grad_arguments;
        out.results[k].sure &= end.sure;
      }
    }
  }
  return out;
}

// Operands that a branch takes: strongly typed arrays, of kinds that branches can give back.
std::vector<ValueId> branch_operands(Builder& b) {
  std::vector<ValueId> out;
  const auto fits = [](const Value& v) {
    return (kind_of(v.type.dtype) & kNumbers) && tensor::byte_size(v.type.dtype) >= 2 && !v.weak;
  };
  const auto x = b.draw(fits);
  if (!x) return out;
  out.push_back(*x);
  if (b.random().chance(0.4)) {
    if (const auto y = b.draw(fits); y && *y != *x) out.push_back(*y);
  }
  return out;
}

std::string passed(std::size_t count) {
  std::string out;
  for (std::size_t i = 1; i <= count; ++i) out += fmt::format(", ${}", i);
  return out;
}

Op cond() {
  Op op{"cond", kConditional, 6.0, Derivative::kSmooth, {"chosen", "branched", "routed"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto operands = branch_operands(b);
    const auto p = operands.empty() ? std::nullopt : predicate(b);
    auto branches = p ? draw_branches(b, operands, 2) : std::nullopt;
    if (!branches) return false;
    draft.operands = {*p};
    draft.operands.insert(draft.operands.end(), operands.begin(), operands.end());
    draft.bodies = branches->bodies;
    draft.results = branches->results;
    draft.sure_given = true;
    draft.spelling = fmt::format("lax.cond($0, $f0, $f1{})", passed(operands.size()));
    return true;
  };
  return op;
}

Op switch_op() {
  Op op{"switch", kConditional, 4.0, Derivative::kSmooth, {"switched", "routed"}};
  op.draw = [](Builder& b, Draft& draft) {
    const std::size_t count = 2 + b.random().below(3);
    const auto operands = branch_operands(b);
    if (operands.empty()) return false;
    // An index in range: a scalar integer led there, or a count of what holds.
    auto index = b.draw(
        [](const Value& v) { return tensor::is_integer(v.type.dtype) && v.type.rank() == 0; });
    if (!index) {
      const auto x = b.draw_kind(kReal, 1);
      const auto positive = x ? b.beyond("greater", *x) : std::nullopt;
      index = positive ? b.apply("sum_bool", {*positive}) : std::nullopt;
    }
    if (!index) return false;
    if (b[*index].stats.lo < 0 || b[*index].stats.hi > static_cast<double>(count) - 1) {
      index = b.apply("remainder",
                      {*index, b.literal(static_cast<double>(count), b[*index].type.dtype)});
    }
    auto branches = index ? draw_branches(b, operands, count) : std::nullopt;
    if (!branches) return false;
    draft.operands = {*index};
    draft.operands.insert(draft.operands.end(), operands.begin(), operands.end());
    draft.bodies = branches->bodies;
    draft.results = branches->results;
    draft.sure_given = true;
    std::string functions;
    for (std::size_t i = 0; i < count; ++i) functions += fmt::format("{}$f{}", i ? ", " : "", i);
    draft.spelling = fmt::format("lax.switch($0, [{}]{})", functions, passed(operands.size()));
    return true;
  };
  return op;
}

// How many elements of a mask hold.
Op sum_bool() {
  Op op{"sum_bool",        kConditional,      0,
        Derivative::kZero, {"hits", "count"}, {"jnp.sum($0)", "$0.sum()", "jnp.count_nonzero($0)"}};
  op.infer = [](Builder& b, Draft& draft) {
    const Value& x = b[draft.operands[0]];
    if (x.type.dtype != DType::kBool || x.type.rank() == 0) return false;
    Value result;
    result.type = {b.default_integer(), {}};
    const auto n = static_cast<double>(tensor::element_count(x.type.shape));
    if (n < 2) return false;
    result.stats = uniform_stats(b.random(), 0, n, true);
    draft.results = {result};
    return true;
  };
  op.draw = [](Builder&, Draft&) { return false; };
  return op;
}

// Which elements are above the mean of all: some are and some are not, whatever they are.
Op above_mean() {
  Op op{"above_mean",
        kConditional,
        0.3,
        Derivative::kZero,
        {"above_average", "high"},
        {"$0 > $0.mean()", "$0 > jnp.mean($0)", "jnp.greater($0, jnp.mean($0))"}};
  op.infer = [](Builder& b, Draft& draft) {
    const Value& x = b[draft.operands[0]];
    if (!tensor::is_real(x.type.dtype) || tensor::element_count(x.type.shape) < 3) return false;
    double mean = 0;
    for (const double p : x.stats.probe) mean += p / kProbes;
    Value result;
    result.type = {DType::kBool, x.type.shape};
    result.stats = x.stats;
    result.stats.lo = 0, result.stats.hi = 1;
    for (double& p : result.stats.probe) p = p > mean ? 1 : 0;
    draft.results = {result};
    return true;
  };
  op.draw = [infer = op.infer](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kReal, 1);
    if (!x) return false;
    draft.operands = {*x};
    return infer(b, draft);
  };
  return op;
}

Op logical(std::string name, double weight, Kernel2 kernel, std::vector<std::string> hints,
           std::vector<std::string> spellings) {
  return binary(std::move(name), kConditional, weight, kBoolKind, anywhere(), kernel, 0,
                Derivative::kZero, std::move(hints), std::move(spellings));
}

}  // namespace

std::vector<Op> conditional_ops() {
  return {
      comparison("greater", kConditional, 0.5, kNumbers,
                 [](double x, double y) { return x > y ? 1.0 : 0.0; }, {"above", "exceeds"},
                 {"$0 > $1", "jnp.greater($0, $1)", "lax.gt($0, $1)"}),
      comparison("less", kConditional, 0.5, kNumbers,
                 [](double x, double y) { return x < y ? 1.0 : 0.0; }, {"below", "small"},
                 {"$0 < $1", "jnp.less($0, $1)", "lax.lt($0, $1)"}),
      comparison("greater_equal", kConditional, 0.3, kNumbers,
                 [](double x, double y) { return x >= y ? 1.0 : 0.0; }, {"reached", "at_least"},
                 {"$0 >= $1", "jnp.greater_equal($0, $1)", "lax.ge($0, $1)"}),
      comparison("less_equal", kConditional, 0.3, kNumbers,
                 [](double x, double y) { return x <= y ? 1.0 : 0.0; }, {"within", "at_most"},
                 {"$0 <= $1", "jnp.less_equal($0, $1)", "lax.le($0, $1)"}),
      comparison("equal", kConditional, 0.2, kIntegers,
                 [](double x, double y) { return x == y ? 1.0 : 0.0; }, {"matches", "same"},
                 {"$0 == $1", "jnp.equal($0, $1)", "lax.eq($0, $1)"}),
      comparison("not_equal", kConditional, 0.4, kIntegers,
                 [](double x, double y) { return x != y ? 1.0 : 0.0; }, {"differs", "changed"},
                 {"$0 != $1", "jnp.not_equal($0, $1)", "lax.ne($0, $1)"}),
      logical("logical_and", 0.4, [](double x, double y) { return x != 0 && y != 0 ? 1.0 : 0.0; },
              {"both", "joint"}, {"$0 & $1", "jnp.logical_and($0, $1)", "lax.bitwise_and($0, $1)"}),
      logical("logical_or", 0.4, [](double x, double y) { return x != 0 || y != 0 ? 1.0 : 0.0; },
              {"either", "any_set"},
              {"$0 | $1", "jnp.logical_or($0, $1)", "lax.bitwise_or($0, $1)"}),
      logical("logical_xor", 0.6,
              [](double x, double y) { return (x != 0) != (y != 0) ? 1.0 : 0.0; },
              {"differs", "toggled"}, {"$0 ^ $1", "jnp.logical_xor($0, $1)"}),
      unary("logical_not", kConditional, 0.3, kBoolKind, anywhere(),
            [](double x) { return x == 0 ? 1.0 : 0.0; }, Bounds::kEnds, Derivative::kZero,
            {"inverted", "outside"}, {"~$0", "jnp.logical_not($0)", "lax.bitwise_not($0)"}),
      where(),
      select(),
      select_first(),
      above_mean(),
      cond(),
      switch_op(),
      sum_bool(),
  };
}

}  // namespace jaxsmith::plan
