// Loops: a body that leads its carry back into the interval it came from, so that any number of
// steps stays finite.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/portable_math.h"
#include "plan/builder.h"
#include "plan/holes.h"
#include "plan/jax/catalogue.h"

namespace jaxsmith::plan {
namespace {

// The interval that a loop keeps a carry in: around where it starts, and wide enough to move in.
Interval invariant(Builder& b, const Value& start) {
  if (tensor::is_integer(start.type.dtype)) {
    const Interval bounds = integer_bounds(start.type.dtype);
    return {std::max(bounds.lo, std::min(start.stats.lo, -100.0)),
            std::min(bounds.hi, std::max(start.stats.hi, 100.0))};
  }
  const double reach = b.nice_number(1, 4, false);
  return {std::min(start.stats.lo, -reach), std::max(start.stats.hi, reach)};
}

Builder::Parameter carry_parameter(Builder& b, ValueId init, Interval interval) {
  auto p = parameter_of(b[init]);
  p.stats = uniform_stats(b.random(), interval.lo, interval.hi, tensor::is_integer(p.type.dtype));
  p.hint.clear();
  p.sure = 0;  // a loop may well forget where it started
  return p;
}

// A strongly typed value fit to be carried, not too wide; `apart`: not one of these.
std::optional<ValueId> draw_carry(Builder& b, const std::vector<ValueId>& apart = {}) {
  const auto drawn = b.draw([&](const Value& v) {
    const bool real = v.type.dtype == b.settings().real;
    const bool integer = tensor::is_integer(v.type.dtype) && tensor::byte_size(v.type.dtype) >= 4;
    return (real || (integer && b.random().chance(0.2))) && v.type.rank() <= 3 && !v.weak &&
           magnitude(v.stats) <= 50;
  });
  if (drawn && std::find(apart.begin(), apart.end(), *drawn) != apart.end()) return std::nullopt;
  return drawn;
}

Value carried(const Builder& b, ValueId next, std::string hint) {
  Value v = b[next];
  v.uses = 0;
  v.facts = 0;
  v.any_scale = true;  // many small steps may lead to zero
  v.hint = std::move(hint);
  return v;
}

std::string operand_list(std::size_t from, std::size_t count, bool grouped) {
  const std::string out = holes(from, count);
  return grouped ? "(" + out + ")" : out;
}

int body_steps(Builder& b) {
  return static_cast<int>(b.random().between(2, b.depth() == 0 ? 6 : 3));
}

// The carries a loop starts from, with what its body takes for them.
struct Carries {
  std::vector<ValueId> inits;
  std::vector<Interval> intervals;
  std::vector<Builder::Target> targets;
};

std::optional<Carries> draw_carries(Builder& b, double second) {
  Carries c;
  const std::size_t wanted = b.random().chance(second) ? 2 : 1;
  for (std::size_t i = 0; i < wanted; ++i) {
    const auto init = draw_carry(b, c.inits);
    if (!init) break;
    c.inits.push_back(*init);
    c.intervals.push_back(invariant(b, b[*init]));
    c.targets.push_back({b[*init].type, c.intervals.back()});
  }
  if (c.inits.empty()) return std::nullopt;
  return c;
}

// What a scan goes over: nothing, one array, or two of the same length.
std::vector<ValueId> draw_scanned(Builder& b) {
  std::vector<ValueId> xs;
  const auto fits = [&](const Value& v) {
    return v.type.rank() >= 1 && v.type.shape[0] >= 2 &&
           (kind_of(v.type.dtype) & (kNumbers | kBoolKind));
  };
  if (b.random().chance(0.12)) return xs;
  const auto first = b.draw(fits);
  if (!first) return xs;
  xs.push_back(*first);
  const auto n = b[*first].type.shape[0];
  if (b.random().chance(0.3)) {
    const auto second = b.draw([&](const Value& v) { return fits(v) && v.type.shape[0] == n; });
    if (second && *second != *first) xs.push_back(*second);
  }
  return xs;
}

Builder::BodySpec scan_body(Builder& b, const Carries& c, const std::vector<ValueId>& xs) {
  Builder::BodySpec spec;
  static const std::vector<std::string> kHints = {"step", "update", "body", "advance"};
  spec.hint = b.random().pick(kHints);
  std::uint32_t arguments = 0, grads = 0;
  for (ValueId x : xs) {
    arguments |= b[x].arguments;
    grads |= b[x].grad_arguments;
  }
  for (std::size_t i = 0; i < c.inits.size(); ++i) {
    spec.parameters.push_back(carry_parameter(b, c.inits[i], c.intervals[i]));
    spec.parameters.back().arguments |= arguments;
    spec.parameters.back().grad_arguments |= grads;
  }
  for (ValueId x : xs) {
    Type element = b[x].type;
    element.shape.erase(element.shape.begin());
    spec.parameters.push_back(parameter_of(b[x], element));
    spec.parameters.back().hint.clear();
  }
  spec.parameter_groups = {c.inits.size() > 1 ? static_cast<int>(c.inits.size()) : 0};
  if (xs.size() > 1) spec.parameter_groups.push_back(static_cast<int>(xs.size()));
  if (xs.size() == 1) spec.parameter_groups.push_back(0);
  if (spec.parameter_groups == std::vector<int>{0, 0}) spec.parameter_groups.clear();
  return spec;
}

ValueId none(Builder& b) {
  const ValueId id = b.literal(0, DType::kF32);
  b.program().values[static_cast<std::size_t>(id)].literal = "None";
  return id;
}

Op scan() {
  Op op{"scan", kLoop, 2.0, Derivative::kSmooth, {"state"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto c = draw_carries(b, 0.3);
    if (!c) return false;
    const auto xs = draw_scanned(b);
    for (ValueId x : xs) {
      if (std::find(c->inits.begin(), c->inits.end(), x) != c->inits.end()) return false;
    }
    const std::int64_t n = xs.empty() ? b.random().between(2, 6) : b[xs[0]].type.shape[0];
    Builder::BodySpec spec = scan_body(b, *c, xs);
    if (xs.empty()) {  // the unused slice: a parameter that is named `_`
      spec.parameters.push_back({{b.default_integer(), {}}, constant_stats(0), "", 0, 0, 0});
      spec.parameters_needed = false;
      if (!spec.parameter_groups.empty()) spec.parameter_groups.push_back(0);
    }
    const std::size_t carries = c->inits.size();
    ValueId stacked = kNoValue;
    const auto body = b.body(spec, [&](const std::vector<ValueId>& p) {
      if (xs.empty()) b.reserve(p.back(), true);
      b.grow(body_steps(b));
      if (b.random().chance(0.6)) {
        const auto y = b.draw(
            [&](const Value& v) {
              return v.body == b.current() && v.uses == 0 && v.type.rank() <= 2;
            },
            false);
        if (y && std::find(p.begin(), p.end(), *y) == p.end()) stacked = *y;
      }
      auto next = b.fold_onto(c->targets);
      if (!next) return false;
      if (stacked == kNoValue) stacked = none(b);
      next->push_back(stacked);
      b.set_results(
          *next, carries > 1 ? std::vector<int>{static_cast<int>(carries), 0} : std::vector<int>{});
      return true;
    });
    if (!body) return false;
    const Body& made = b.body_of(*body);
    static const std::vector<std::string> kFinal = {"final", "last", "state", "end"};
    for (std::size_t i = 0; i < carries; ++i)
      draft.results.push_back(carried(b, made.results[i], b.random().pick(kFinal)));
    if (b[stacked].literal.empty()) {
      Value ys = carried(b, stacked, b.random().chance(0.5) ? "history" : "outputs");
      ys.type.shape.insert(ys.type.shape.begin(), n);
      draft.results.push_back(ys);
    } else {
      draft.ignored_result = static_cast<int>(carries);
    }
    if (carries > 1) draft.result_groups = {static_cast<int>(carries), 0};
    for (Value& r : draft.results)
      r.sure = 0;  // a carry may end at a limit that everything leads to
    draft.sure_given = true;
    draft.operands = c->inits;
    draft.operands.insert(draft.operands.end(), xs.begin(), xs.end());
    draft.bodies = {*body};
    const std::string last = xs.empty() ? "None" : operand_list(carries, xs.size(), xs.size() > 1);
    draft.attributes["options"] = xs.empty()                ? fmt::format("length={}", n)
                                  : b.random().chance(0.15) ? "reverse=True"
                                  : b.random().chance(0.08) ? "unroll=2"
                                                            : "";
    if (xs.empty() || draft.attributes["options"].empty()) draft.loop = Loop{carries, 0, n};
    draft.spelling =
        fmt::format("lax.scan($f0, {}, {}, $options)", operand_list(0, carries, carries > 1), last);
    return true;
  };
  return op;
}

Op fori_loop() {
  Op op{"fori_loop", kLoop, 1.5, Derivative::kSmooth, {"settled", "iterated", "refined"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto c = draw_carries(b, 0.2);
    if (!c) return false;
    // Loops over the rows of what is carried use the counter as an index.
    const Type first = b[c->inits[0]].type;
    const bool rows =
        first.rank() >= 1 && first.shape[0] >= 2 && first.shape[0] <= 10 && b.random().chance(0.5);
    const std::int64_t start = b.random().chance(0.2) ? 1 : 0;
    const std::int64_t stop = rows ? first.shape[0] : b.random().between(2, 8) + start;
    Builder::BodySpec spec = scan_body(b, *c, {});
    Builder::Parameter index;
    index.type = {b.default_integer(), {}};
    index.stats =
        uniform_stats(b.random(), static_cast<double>(start), static_cast<double>(stop - 1), true);
    index.hint = "i";
    if (stop - start < 2) return false;
    spec.parameters.insert(spec.parameters.begin(), index);
    if (c->inits.size() > 1)
      spec.parameter_groups.insert(spec.parameter_groups.begin(), 0);
    else
      spec.parameter_groups.clear();
    spec.parameters_needed = false;
    const auto body = b.body(spec, [&](const std::vector<ValueId>& p) {
      if (rows && b.apply_text("row_at", {p[1], p[0]}, {}))
        b.grow(static_cast<int>(b.random().between(1, 3)));
      b.grow(body_steps(b));
      // A counter that nothing has used so far need not be.
      b.reserve(p[0], true);
      auto next = b.fold_onto(c->targets);
      if (!next) return false;
      for (std::size_t i = 1; i < p.size(); ++i) {
        if (b[p[i]].uses == 0) return false;
      }
      b.set_results(*next, next->size() > 1 ? std::vector<int>{static_cast<int>(next->size())}
                                            : std::vector<int>{});
      return true;
    });
    if (!body) return false;
    const Body& made = b.body_of(*body);
    for (ValueId id : made.results) draft.results.push_back(carried(b, id, ""));
    draft.operands = c->inits;
    draft.bodies = {*body};
    draft.attributes["bounds"] = fmt::format("{}, {}", start, stop);
    draft.loop = Loop{c->inits.size(), start, stop, true};
    draft.spelling = fmt::format("lax.fori_loop($bounds, $f0, {})",
                                 operand_list(0, c->inits.size(), c->inits.size() > 1));
    return true;
  };
  return op;
}

// acc[i]: a row by the loop's counter.
Op row_at() {
  Op op{"row_at",
        kLoop,
        0,
        Derivative::kSmooth,
        {"row", "here", "current"},
        {"$0[$1]", "lax.dynamic_index_in_dim($0, $1, keepdims=False)"}};
  op.infer = [](Builder& b, Draft& draft) {
    const Value& x = b[draft.operands[0]];
    const Value& i = b[draft.operands[1]];
    if (x.type.rank() < 1 || !tensor::is_integer(i.type.dtype) || i.type.rank() != 0) return false;
    if (i.stats.lo < 0 || i.stats.hi >= static_cast<double>(x.type.shape[0])) return false;
    Value result;
    result.type = {x.type.dtype, Shape(x.type.shape.begin() + 1, x.type.shape.end())};
    result.stats = x.stats;
    draft.results = {result};
    return true;
  };
  op.draw = [](Builder&, Draft&) { return false; };
  return op;
}

struct Stop {
  std::int64_t limit;
  bool on_value;  // besides the counter, a bound on the carry
};

std::optional<BodyId> while_condition(Builder& b, const Builder::BodySpec& spec, const Stop& stop,
                                      Interval interval) {
  return b.body(spec, [&](const std::vector<ValueId>& p) {
    auto test =
        b.apply("less", {p[0], b.literal(static_cast<double>(stop.limit), b.default_integer())});
    if (!test) return false;
    if (stop.on_value) {
      std::optional<ValueId> size = p[1];
      static const std::vector<std::string> kSizes = {"max", "mean", "min"};
      if (b[p[1]].type.rank() > 0) size = b.apply(b.random().pick(kSizes), {p[1]});
      if (!size) return false;
      const bool integral = tensor::is_integer(b[*size].type.dtype);
      const double bound = interval.lo + 0.9 * (interval.hi - interval.lo);
      const auto inside = b.apply(
          "less", {*size, b.literal(integral ? std::floor(bound) : std::round(bound * 10) / 10,
                                    b[*size].type.dtype)});
      if (!inside) return false;
      test = b.apply("logical_and", {*test, *inside});
      if (!test) return false;
    }
    b.set_results({*test});
    return true;
  });
}

Op while_loop() {
  Op op{"while_loop", kLoop, 1.5, Derivative::kForward, {"settled", "converged"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto c = draw_carries(b, 0);
    if (!c) return false;
    const Stop stop{b.random().between(3, 10), b.random().chance(0.6)};
    Builder::Parameter count;
    count.type = {b.default_integer(), {}};
    count.stats = uniform_stats(b.random(), 0, static_cast<double>(stop.limit), true);
    count.hint = b.random().chance(0.5) ? "count" : "i";
    Builder::BodySpec spec;
    spec.parameters = {count, carry_parameter(b, c->inits[0], c->intervals[0])};
    spec.parameter_groups = {2};
    Builder::BodySpec test = spec;
    test.hint = b.random().chance(0.5) ? "keep_going" : "not_done";
    test.parameters_needed = false;
    const auto condition = while_condition(b, test, stop, c->intervals[0]);
    if (!condition) return false;
    static const std::vector<std::string> kHints = {"advance", "iterate", "body", "improve"};
    spec.hint = b.random().pick(kHints);
    const auto body = b.body(spec, [&](const std::vector<ValueId>& p) {
      const auto next = b.apply("add", {p[0], b.literal(1, b.default_integer())});
      if (!next) return false;
      b.reserve(*next, true);
      b.grow(body_steps(b));
      auto ends = b.fold_onto(c->targets);
      if (!ends || b[p[1]].uses == 0) return false;
      b.set_results({*next, (*ends)[0]});
      return true;
    });
    if (!body) return false;
    for (const BodyId id : {*condition, *body}) b.restrict_changes(id, Changes::kWhole);
    draft.results = {carried(b, b.body_of(*body).results[1], "")};
    draft.results[0].hint.clear();
    draft.operands = c->inits;
    draft.bodies = {*condition, *body};
    draft.spelling = "lax.while_loop($f0, $f1, (0, $0))";
    draft.ignored_result = 0;
    return true;
  };
  return op;
}

// lax.map: a function of one row, over all of them.
Op map() {
  Op op{"map", kLoop, 1.0, Derivative::kSmooth, {"mapped", "rows"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([&](const Value& v) {
      return v.type.rank() >= 1 && v.type.shape[0] >= 2 && (kind_of(v.type.dtype) & kNumbers);
    });
    if (!x) return false;
    Type element = b[*x].type;
    const auto n = element.shape[0];
    element.shape.erase(element.shape.begin());
    Builder::BodySpec spec;
    spec.hint = "per_row";
    spec.parameters = {parameter_of(b[*x], element)};
    spec.parameters[0].hint.clear();
    const auto body = b.body(spec, [&](const std::vector<ValueId>& p) {
      b.grow(body_steps(b));
      const auto out = b.fold();
      if (!out || *out == p[0]) return false;
      b.set_results({*out});
      return true;
    });
    if (!body) return false;
    Value result = carried(b, b.body_of(*body).results[0], "");
    result.type.shape.insert(result.type.shape.begin(), n);
    result.any_scale = b[b.body_of(*body).results[0]].any_scale;
    draft.sure_given = true;
    draft.operands = {*x};
    draft.bodies = {*body};
    draft.attributes["options"] = n % 2 == 0 && b.random().chance(0.1) ? "batch_size=2" : "";
    if (draft.attributes["options"].empty()) draft.loop = Loop{0, 0, n};
    draft.spelling = "lax.map($f0, $0, $options)";
    draft.results = {result};
    return true;
  };
  return op;
}

// lax.associative_scan with an operation that is associative in exact arithmetic.
Op associative_scan() {
  Op op{"associative_scan", kLoop, 1.0, Derivative::kSmooth, {"running", "prefix"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kReal | kIntegers, 1);
    if (!x) return false;
    const int rank = b[*x].type.rank();
    const auto axis = b.random().between(0, rank - 1);
    const auto n = static_cast<double>(b[*x].type.shape[static_cast<std::size_t>(axis)]);
    if (n < 2) return false;
    Value result;
    result.type = b[*x].type;
    const Stats& s = b[*x].stats;
    const bool small =
        tensor::is_integer(result.type.dtype) && tensor::byte_size(result.type.dtype) < 4;
    std::string combine;
    switch (b.random().below(small ? 2 : 4)) {
      case 0:
        combine = "jnp.maximum", result.stats = max_stats(s, n / 2);
        break;
      case 1:
        combine = "jnp.minimum", result.stats = min_stats(s, n / 2);
        break;
      case 2:
        combine = "jnp.add", result.stats = sum_stats(s, n),
        result.stats = within(result.stats, std::min(s.lo, n * s.lo), std::max(s.hi, n * s.hi));
        break;
      default:
        if (magnitude(s) > 1.6 || n > 12 || tensor::is_integer(result.type.dtype)) return false;
        combine = b.random().chance(0.5) ? "jnp.multiply" : "lambda a, b: a * b";
        result.stats = within(s, -portable::pow(std::max(1.0, magnitude(s)), n),
                              portable::pow(std::max(1.0, magnitude(s)), n));
    }
    draft.operands = {*x};
    std::string options = b.random().chance(0.25) ? "reverse=True" : "";
    if (axis != 0) options += fmt::format("{}axis={}", options.empty() ? "" : ", ", axis);
    draft.attributes = {{"combine", combine}, {"options", options}};
    draft.spelling = "lax.associative_scan($combine, $0, $options)";
    draft.results = {result};
    return true;
  };
  return op;
}

}  // namespace

std::vector<Op> loop_ops() {
  return {scan(), fori_loop(), row_at(), while_loop(), map(), associative_scan()};
}

}  // namespace jaxsmith::plan
