// Loops: a body that leads its carry back into the interval it came from, so that any number of steps
// stays finite.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plan/builder.h"

namespace jaxsmith {
namespace {

// The interval that a loop keeps its carry in: around where it starts, and wide enough to move in.
Interval invariant(Builder& b, const Stats& start) {
  const double reach = b.nice_number(1, 4, false);
  return {std::min(start.lo, -reach), std::max(start.hi, reach)};
}

Builder::Parameter carry_parameter(Builder& b, ValueId init, Interval interval) {
  auto p = parameter_of(b[init]);
  p.stats = uniform_stats(b.random(), interval.lo, interval.hi, false);
  p.hint = "carry";
  return p;
}

// A strongly typed real value fit to be carried, not too wide.
std::optional<ValueId> draw_carry(Builder& b) {
  return b.draw([&](const Value& v) {
    return v.type.dtype == b.settings().real && v.type.rank() <= 2 && !v.weak && magnitude(v.stats) <= 50;
  });
}

Op scan() {
  Op op{"scan", Category::kLoop, 1.5, Derivative::kSmooth, {"final", "state"}, {}, {}, {}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto init = draw_carry(b);
    const auto xs = b.draw([&](const Value& v) { return v.type.rank() >= 1 && v.type.shape[0] >= 2 && is_real(v.type.dtype); });
    if (!init || !xs || *init == *xs) return false;
    const Interval interval = invariant(b, b[*init].stats);
    Type element = b[*xs].type;
    const auto n = element.shape[0];
    element.shape.erase(element.shape.begin());
    Builder::BodySpec spec;
    spec.hint = "step";
    spec.parameters = {carry_parameter(b, *init, interval), parameter_of(b[*xs], element)};
    spec.parameters[0].arguments |= b[*xs].arguments;
    spec.parameters[0].grad_arguments |= b[*xs].grad_arguments;
    const Type carry = b[*init].type;
    ValueId stacked = kNoValue;
    const auto body = b.body(spec, [&](const std::vector<ValueId>&) {
      b.grow(static_cast<int>(b.random().between(2, 5)));
      if (b.random().chance(0.6)) {
        if (const auto y = b.draw([&](const Value& v) { return v.body == b.current() && v.uses == 0 && is_real(v.type.dtype); }, false)) stacked = *y;
      }
      const auto next = b.fold(carry, interval);
      if (!next) return false;
      if (stacked == kNoValue) stacked = b.literal(0, DType::kF32), b.program().values.back().literal = "None";
      b.set_results({*next, stacked});
      return true;
    });
    if (!body) return false;
    const Value next = b[b.body_of(*body).results[0]], y = b[stacked];
    Value final = next;
    final.uses = 0, final.hint.clear();
    final.hint = "final";
    draft.results = {final};
    if (y.literal.empty()) {
      Value ys = y;
      ys.uses = 0;
      ys.hint = "trace";
      ys.type.shape.insert(ys.type.shape.begin(), n);
      draft.results.push_back(ys);
    } else {
      draft.ignored_result = 1;
    }
    draft.operands = {*init, *xs};
    draft.bodies = {*body};
    draft.attributes["options"] = b.random().chance(0.15) ? "reverse=True" : "";
    draft.spelling = "lax.scan($f0, $0, $1, $options)";
    return true;
  };
  return op;
}

Op fori_loop() {
  Op op{"fori_loop", Category::kLoop, 1.0, Derivative::kSmooth, {"settled", "iterated"}, {}, {}, {}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto init = draw_carry(b);
    if (!init) return false;
    const Interval interval = invariant(b, b[*init].stats);
    const auto steps = b.random().between(2, 8);
    Builder::BodySpec spec;
    spec.hint = "update";
    Builder::Parameter index;
    index.type = {b.default_integer(), {}};
    index.stats = uniform_stats(b.random(), 0, static_cast<double>(steps - 1), true);
    index.hint = "i";
    spec.parameters = {index, carry_parameter(b, *init, interval)};
    spec.parameters_needed = false;
    const Type carry = b[*init].type;
    const auto body = b.body(spec, [&](const std::vector<ValueId>& p) {
      b.grow(static_cast<int>(b.random().between(2, 5)));
      auto out = b.coerce(b.draw([&](const Value& v) { return is_real(v.type.dtype); }, false).value_or(p[1]), carry, interval);
      // Everything but the index must flow into the carry.
      for (ValueId id : b.unused()) {
        if (id == p[0] || !out || id == *out) continue;
        out = b.combine(*out, id);
        if (out) out = b.coerce(*out, carry, interval);
      }
      if (!out || *out == p[1]) return false;
      for (ValueId id : b.unused()) {
        if (id != p[0] && id != *out) return false;
      }
      if (b[p[1]].uses == 0) return false;
      b.set_results({*out});
      return true;
    });
    if (!body) return false;
    Value result = b[b.body_of(*body).results[0]];
    result.uses = 0, result.hint.clear();
    draft.operands = {*init};
    draft.bodies = {*body};
    draft.attributes["steps"] = fmt::format("{}", steps);
    draft.spelling = "lax.fori_loop(0, $steps, $f0, $0)";
    draft.results = {result};
    return true;
  };
  return op;
}

Op while_loop() {
  Op op{"while_loop", Category::kLoop, 1.0, Derivative::kForward, {"settled", "converged"}, {}, {}, {}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto init = draw_carry(b);
    if (!init) return false;
    const Interval interval = invariant(b, b[*init].stats);
    const auto limit = b.random().between(3, 12);
    Builder::Parameter count;
    count.type = {b.default_integer(), {}};
    count.stats = uniform_stats(b.random(), 0, static_cast<double>(limit), true);
    count.hint = "count";
    Builder::BodySpec test;
    test.hint = "keep_going";
    test.parameters = {count, carry_parameter(b, *init, interval)};
    test.parameter_groups = {2};
    const auto condition = b.body(test, [&](const std::vector<ValueId>& p) {
      auto below = b.apply("less", {p[0], b.literal(static_cast<double>(limit), b.default_integer())});
      std::optional<ValueId> size = p[1];
      if (below && b[p[1]].type.rank() > 0) size = b.apply(b.random().chance(0.5) ? "max" : "mean", {p[1]});
      if (!below || !size) return false;
      const double bound = std::round((interval.lo + 0.95 * (interval.hi - interval.lo)) * 100) / 100;
      const auto inside = b.apply("less", {*size, b.literal(bound, b[*size].type.dtype)});
      if (inside) below = b.apply("logical_and", {*below, *inside});
      if (!below || !inside) return false;
      b.set_results({*below});
      return true;
    });
    if (!condition) return false;
    Builder::BodySpec spec = test;
    spec.hint = "advance";
    const Type carry = b[*init].type;
    const auto body = b.body(spec, [&](const std::vector<ValueId>& p) {
      const auto next = b.apply("add", {p[0], b.literal(1, b.default_integer())});
      b.grow(static_cast<int>(b.random().between(2, 5)));
      std::vector<ValueId> rest;
      for (ValueId id : b.unused()) {
        if (id != *next) rest.push_back(id);
      }
      if (!next || rest.empty()) return false;
      std::optional<ValueId> out = rest[0];
      for (std::size_t i = 1; i < rest.size() && out; ++i) out = b.combine(*out, rest[i]);
      if (out) out = b.coerce(*out, carry, interval);
      if (!out || b.unused().size() > 2 || b[p[1]].uses == 0) return false;
      b.set_results({*next, *out});
      return true;
    });
    if (!body) return false;
    Value result = b[b.body_of(*body).results[1]];
    result.uses = 0, result.hint.clear();
    draft.operands = {*init};
    draft.bodies = {*condition, *body};
    draft.spelling = "lax.while_loop($f0, $f1, (0, $0))";
    draft.ignored_result = 0;
    draft.results = {result};
    return true;
  };
  return op;
}

}  // namespace

std::vector<Op> loop_ops() { return {scan(), fori_loop(), while_loop()}; }

}  // namespace jaxsmith
