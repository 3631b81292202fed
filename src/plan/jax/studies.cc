#include "plan/jax/studies.h"

#include <fmt/format.h>

#include <algorithm>

#include "plan/jax/catalogue.h"
#include "plan/jax/idiom_forms.h"
#include "plan/scopes.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;
using Part = Idiom::Part;
using Bodies = std::vector<BodyId>;

// ---- What is studied ----

// The worst that a derivative meets in the function and those within it, and their traits.
struct Inside {
  bool forward = true, reverse = true;
  bool branches = false;
  std::uint32_t traits = 0;
};

void look_into(const Program& program, BodyId body, Inside& out) {
  for (const Node& node : program.bodies[static_cast<std::size_t>(body)].nodes) {
    const Op* op = program.catalogue->find(node.op);
    if (op == nullptr) continue;
    out.traits |= op->traits;
    out.branches = out.branches || op->category == kConditional;
    out.forward = out.forward && op->derivative != kNone;
    out.reverse = out.reverse && op->derivative != kNone && op->derivative != kForward;
    for (const BodyId inner : node.bodies) look_into(program, inner, out);
  }
}

// A call of a helper, and one array of numbers that it gives.
struct Studied {
  BodyId f = -1;
  Ids at;     // what it is called with
  Ids gives;  // all of its results
  std::size_t result = 0;
  ValueId here = kNoValue;
  Interval range{};
  Inside inside;
  std::string name;

  Shape shape(const Idiom& i) const { return i.shape(here); }
  bool alone() const { return gives.size() == 1; }
};

bool is_number(DType dtype) { return tensor::is_real(dtype) || tensor::is_integer(dtype); }

Interval bounds(Idiom& i, ValueId id) {
  const Stats& stats = i.builder()[id].stats;
  return {stats.lo, stats.hi};
}

Studied studied(Idiom& i) {
  const Program& program = i.program();
  const Body& root = i.builder().body_of(i.builder().current());
  for (const Node& node : root.nodes) {  // the first: others are of studies
    if (node.bodies.size() != 1 || !begins_with_call(node)) continue;
    const Body& helper = program.bodies[static_cast<std::size_t>(node.bodies[0])];
    if (helper.placement != Placement::kHelper || node.operands.size() != helper.parameters.size())
      continue;
    std::vector<std::size_t> numbers;
    for (std::size_t k = 0; k < node.results.size(); ++k)
      if (node.results[k] != kNoValue && is_number(i.type(node.results[k]).dtype))
        numbers.push_back(k);
    if (numbers.empty()) continue;
    const std::size_t result = i.random().pick(numbers);
    Studied out{node.bodies[0], node.operands, node.results, result, node.results[result], {}, {},
                helper.hint};
    out.range = practical(i.builder()[out.here].stats);
    look_into(program, out.f, out.inside);
    return out;
  }
  i.fail();
}

// "option_price_table".
void call_it(Idiom& i, const Studied& s, const Words& what) {
  Words names;
  for (const std::string& each : what)
    if (const std::string name = s.name + "_" + each; name.size() <= 32) names.push_back(name);
  names.insert(names.end(), what.begin(), what.end());
  i.called(std::move(names));
}

// An argument of it, by place.
struct Chosen {
  std::size_t place = 0;
  ValueId id = kNoValue;
  std::string word;  // what it is called
};

std::string word_of(Idiom& i, ValueId id) {
  const Value& v = i.builder()[id];
  return v.names.empty() ? v.hint.empty() ? "x" : v.hint : v.names.front();
}

template <class Fits>
Chosen choose(Idiom& i, const Studied& s, Fits fits) {
  std::vector<std::size_t> places;
  for (std::size_t k = 0; k < s.at.size(); ++k) {
    const Value& v = i.builder()[s.at[k]];
    const bool once = std::ranges::count(s.at, s.at[k]) == 1;
    if (once && v.facts == 0 && !v.reserved && !v.weak && v.literal.empty() && fits(v))
      places.push_back(k);
  }
  if (places.empty()) i.fail();
  const std::size_t place = i.random().pick(places);
  return {place, s.at[place], word_of(i, s.at[place])};
}

// One that its result answers by a derivative that is not zero everywhere.
Chosen choose_smooth(Idiom& i, const Studied& s, bool scalars) {
  if (!tensor::is_real(i.type(s.here).dtype)) i.fail();
  const std::uint32_t answers = i.builder()[s.here].grad_arguments;
  return choose(i, s, [&](const Value& v) {
    return tensor::is_real(v.type.dtype) && (v.type.rank() == 0) == scalars &&
           (v.grad_arguments & answers) != 0 && v.stats.hi > v.stats.lo;
  });
}

Ids with_another(const Studied& s, std::size_t place, ValueId id) {
  Ids out = s.at;
  out[place] = id;
  return out;
}

// What it gives where it is called with these.
ValueId called_with(Idiom& i, const Studied& s, Words names, Ids at) {
  std::vector<Part> parts(s.gives.size());
  for (std::size_t k = 0; k < parts.size(); ++k)
    parts[k] = {{}, i.type(s.gives[k]), bounds(i, s.gives[k])};
  parts[s.result].names = std::move(names);
  return i.unpack("$f0(" + Idiom::holes(0, at.size()) + ")", at, {s.f}, std::move(parts))[s.result];
}

// The function of one of its arguments, the others as they are.
BodyId of_one(Idiom& i, const Studied& s, const Chosen& x, Words names,
              const std::function<ValueId(ValueId)>& then) {
  return i.function(
      std::move(names), {{{x.word, "x"}, i.type(x.id), bounds(i, x.id)}}, [&](const Ids& p) {
        return Ids{then(called_with(i, s, {"value", "out"}, with_another(s, x.place, p[0])))};
      });
}

double width(Interval range) { return range.hi - range.lo; }

// How steep a function is that goes through one range while its argument goes through another.
Interval slopes(Idiom& i, const Studied& s, const Chosen& x) {
  const double steep = 2 * width(s.range) / std::max(width(bounds(i, x.id)), 1e-3);
  return {-steep, steep};
}

// ---- Derivatives by one number ----

// What is made of a slope.
void answer(Idiom& i, const Studied& s, const Chosen& x, ValueId slope, Interval steep) {
  const Terms known = {{"f", s.here}, {"x", x.id}, {"s", slope}};
  const Interval at = bounds(i, x.id);
  const bool positive = s.range.lo > 0.05 && i.shape(s.here).empty();
  switch (i.between(positive ? 0 : 1, 6)) {
    case 0:
      real(i, {"elasticity", "relative_change"}, i.either({"{x} * {s} / {f}", "{s} * ({x} / {f})"}),
           known, {-3, 3});
      return;
    case 1: {
      const ValueId other = i.argument({"new_" + x.word, x.word + "_later"}, scalar(i), at);
      real(i, {"forecast", "linear_estimate"},
           i.either({"{f} + {s} * ({o} - {x})", "{f} + ({o} - {x}) * {s}"}),
           with(known, {{"o", other}}), s.range);
      return;
    }
    case 2: {
      const ValueId target = i.argument({"target", "measured"}, scalar(i), s.range);
      const std::string damping = i.setting({"damping", "ridge"}, {"0.1", "0.01", "1.0"});
      i.comment("Damped, for where the slope is small.");
      real(i, {"calibrated_" + x.word, x.word + "_next"},
           i.either({"{x} - {s} * ({f} - {t}) / ({s}**2 + " + damping + ")",
                     "{x} + ({t} - {f}) * {s} / ({s} * {s} + " + damping + ")"}),
           with(known, {{"t", target}}), at);
      return;
    }
    case 3: {
      const ValueId sigma =
          i.argument({x.word + "_error", "sigma"}, scalar(i), {0.02 * width(at), 0.1 * width(at)});
      real(i, {"uncertainty", "error"},
           i.either({"jnp.abs({s}) * {e}", "jnp.abs({s} * {e})", "jnp.sqrt(({s} * {e}) ** 2)"}),
           with(known, {{"e", sigma}}), {0, 0.2 * width(s.range)});
      return;
    }
    case 4: {
      const ValueId rate = i.argument({x.word + "_rate", x.word + "_dot"}, scalar(i), {-1, 1});
      real(i, {"rate", "change_rate"}, i.either({"{s} * {r}", "{r} * {s}"}),
           with(known, {{"r", rate}}), steep);
      return;
    }
    case 5:
      real(i, {"leverage", "scaled_slope"}, i.either({"{x} * {s}", "{s} * {x}"}), known, steep);
      return;
    default:
      return;  // the slope itself
  }
}

Op sensitivity() {
  return written("sensitivity", kGradient, 0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const Studied s = studied(i);
    if (!s.shape(i).empty() || !s.inside.forward) return i.fail();
    const Chosen x = choose_smooth(i, s, /*scalars=*/true);
    const Interval steep = slopes(i, s, x);
    call_it(i, s, {"sensitivity", "slope", "answer"});
    i.summary("Follow how the result answers a parameter.");
    const Words names = {"slope", "d_" + x.word};
    const std::string argnums = x.place == 0 ? "" : fmt::format(", argnums={}", x.place);
    const std::string args = "(" + Idiom::holes(0, s.at.size()) + ")";
    ValueId slope = kNoValue;
    if (s.alone() && i.chance(0.6)) {
      const std::string by = s.inside.reverse ? i.either({"jax.grad", "jax.grad", "jax.jacfwd"})
                                              : std::string("jax.jacfwd");
      slope = i.let(names, by + "($f0" + argnums + ")" + args, s.at, Bodies{s.f}, scalar(i), steep);
    } else {
      const BodyId f = of_one(i, s, x, {"of_" + x.word, "at"}, [](ValueId v) { return v; });
      if (s.inside.reverse && i.chance(0.4))
        slope = i.let(names, "jax.grad($f0)($0)", {x.id}, Bodies{f}, scalar(i), steep);
      else
        slope = i.unpack("jax.jvp($f0, ($0,), (jnp.ones_like($0),))", {x.id}, {f},
                         {{{}, scalar(i), s.range}, {names, scalar(i), steep}})[1];
    }
    answer(i, s, x, slope, steep);
  });
}

// Two numbers at once, as a gradient.
Op joint_sensitivity() {
  return written("joint_sensitivity", kGradient, 0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const Studied s = studied(i);
    if (!s.shape(i).empty() || !s.inside.reverse || !s.alone()) return i.fail();
    const Chosen first = choose_smooth(i, s, true), second = choose_smooth(i, s, true);
    if (first.place >= second.place) return i.fail();
    const Interval a = slopes(i, s, first), b = slopes(i, s, second);
    call_it(i, s, {"gradient", "sensitivities", "trade_off"});
    i.summary("Follow how the result answers two parameters.");
    const std::string by = i.either({"jax.grad", "jax.jacrev", "jax.jacfwd"});
    const Ids slope = i.unpack(
        fmt::format("{}($f0, argnums=({}, {}))({})", by, first.place, second.place,
                    Idiom::holes(0, s.at.size())),
        s.at, {s.f}, {{{"d_" + first.word}, scalar(i), a}, {{"d_" + second.word}, scalar(i), b}});
    const Terms known = {{"a", slope[0]}, {"b", slope[1]}, {"x", first.id}, {"y", second.id}};
    const double most = a.hi + b.hi;
    const auto kind = i.between(0, 4);
    if (kind == 0)
      real(i, {"steepness", "gradient_norm"},
           i.either({"jnp.hypot({a}, {b})", "jnp.sqrt({a}**2 + {b}**2)"}), known, {0, most});
    if (kind == 1) {
      const ValueId da = i.argument({first.word + "_step"}, scalar(i), {-0.5, 0.5});
      const ValueId db = i.argument({second.word + "_step"}, scalar(i), {-0.5, 0.5});
      real(i, {"change", "total_change"},
           i.either({"{a} * {u} + {b} * {v}", "{u} * {a} + {v} * {b}"}),
           with(known, {{"u", da}, {"v", db}}), {-most, most});
    }
    if (kind == 2)
      real(i, {"scaling", "homogeneity"},
           i.either({"{x} * {a} + {y} * {b}", "{a} * {x} + {b} * {y}"}), known, {-most, most});
    if (kind == 3) real(i, {"direction", "heading"}, "jnp.arctan2({b}, {a})", known, {-3.14, 3.14});
  });
}

// ---- Derivatives of arrays ----

// One step down a gradient, or what a gradient is like.
Op descent() {
  return written("descent", kGradient, 0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const Studied s = studied(i);
    if (!s.shape(i).empty() || !s.inside.reverse) return i.fail();
    const Chosen x = choose_smooth(i, s, /*scalars=*/false);
    const Shape shape = i.shape(x.id);
    call_it(i, s, {"descent", "step", "gradient"});
    i.summary("Follow the gradient of the result.");
    const std::string argnums = x.place == 0 ? "" : fmt::format(", argnums={}", x.place);
    const Words names = {"grads", "d_" + x.word};
    const std::string by = i.either({"jax.grad", "jax.grad", "jax.jacrev"});
    const ValueId slope =
        s.alone()
            ? i.let(names, by + "($f0" + argnums + ")(" + Idiom::holes(0, s.at.size()) + ")", s.at,
                    Bodies{s.f}, i.type(x.id), {-1, 1})
            : i.let(names, by + "($f0)($0)", {x.id},
                    Bodies{of_one(i, s, x, {"of_" + x.word, "cost"}, [](ValueId v) { return v; })},
                    i.type(x.id), {-1, 1});
    const Terms known = {{"g", slope}, {"x", x.id}};
    const auto norm = [&] {
      return real(i, {"grad_norm", "norm"},
                  i.either({"jnp.sqrt(jnp.sum({g}**2))", "jnp.sqrt(jnp.vdot({g}, {g}))",
                            "jnp.linalg.norm({g}.ravel())"}),
                  known, {0.01, 4});
    };
    const auto way = i.between(0, 5);
    const bool steps = way == 0 || way == 2 || way == 4;
    const std::string rate =
        steps ? i.setting({"lr", "step_size"}, {"0.1", "0.05", "0.5"}) : std::string();
    switch (way) {
      case 0:
        let(i, {"updated", "moved"}, "{x} - " + rate + " * {g}", known, shape, bounds(i, x.id));
        i.keep(slope);
        return;
      case 1:
        norm();
        return;
      case 2: {
        const ValueId n = norm();
        let(i, {"unit_step", "normalized"},
            i.either({"{x} - " + rate + " * {g} / ({n} + 1e-6)",
                      "{x} - " + rate + " * {g} * jnp.minimum(1.0, 1.0 / ({n} + 1e-6))"}),
            with(known, {{"n", n}}), shape, bounds(i, x.id));
        return;
      }
      case 3: {
        const ValueId along = i.argument({"direction", "search_direction"}, i.type(x.id), {-1, 1});
        real(i, {"directional", "slope_along"},
             i.either({"jnp.vdot({g}, {v})", "jnp.sum({g} * {v})"}), with(known, {{"v", along}}),
             {-3, 3});
        return;
      }
      case 4: {
        const ValueId memory = i.argument({"momentum", "velocity"}, i.type(x.id), {-1, 1});
        const ValueId v = let(i, {"velocity_next", "momentum_next"},
                              i.either({"0.9 * {m} + {g}", "0.9 * {m} + 0.1 * {g}"}),
                              with(known, {{"m", memory}}), shape, {-1, 1});
        let(i, {"updated", "moved"}, "{x} - " + rate + " * {v}", with(known, {{"v", v}}), shape,
            bounds(i, x.id));
        i.keep(v);
        return;
      }
      default:
        let(i, {"saliency", "importance"},
            i.either({"jnp.abs({x} * {g})", "jnp.abs({g})", "{x} * {g}"}), known, shape, {-2, 2});
    }
  });
}

// The change that a small change of one argument makes.
Op directional() {
  return written("directional", kGradient, 0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const Studied s = studied(i);
    if (!s.inside.forward) return i.fail();
    const Chosen x = choose_smooth(i, s, /*scalars=*/i.chance(0.3));
    const Interval range{-width(s.range), width(s.range)};
    call_it(i, s, {"perturbation", "response", "change"});
    i.summary("Follow a small change to first order.");
    const ValueId step = i.argument({"d_" + x.word, "perturbation"}, i.type(x.id), {-1, 1});
    const BodyId f = of_one(i, s, x, {"of_" + x.word, "at"}, [](ValueId v) { return v; });
    const ValueId change = i.unpack(
        "jax.jvp($f0, ($0,), ($1,))", {x.id, step}, {f},
        {{{}, i.type(s.here), s.range}, {{"response", "change"}, i.type(s.here), range}})[1];
    const Terms known = {{"c", change}, {"f", s.here}};
    const Shape shape = s.shape(i);
    const auto kind = i.between(0, 3);
    if (kind == 0) let(i, {"perturbed", "first_order"}, "{f} + {c}", known, shape, s.range);
    if (kind == 1 && !shape.empty())
      real(i, {"amplification", "response_size"},
           i.either({"jnp.sqrt(jnp.sum({c}**2))", "jnp.sqrt(jnp.mean({c}**2))",
                     "jnp.max(jnp.abs({c}))"}),
           known, {0, range.hi});
    if (kind == 2) {
      const ValueId size =
          real(i, {"step_size", "length"},
               i.shape(step).empty() ? "jnp.abs({d})" : "jnp.sqrt(jnp.sum({d}**2))", {{"d", step}},
               {0.1, 3});
      let(i, {"per_length", "gain"},
          i.either({"{c} / ({n} + 1e-3)", "{c} / jnp.maximum({n}, 1e-3)"}),
          with(known, {{"n", size}}), shape, range);
    }
  });
}

// A step of a fit to what was observed.
Op fit_step() {
  return written("fit_step", kGradient, 0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const Studied s = studied(i);
    if (!s.inside.reverse) return i.fail();
    const Chosen x = choose_smooth(i, s, /*scalars=*/i.chance(0.5));
    const Shape shape = s.shape(i);
    const ValueId observed = i.argument({"observed", "targets"}, i.type(s.here), s.range);
    call_it(i, s, {"fit", "calibration", "update"});
    i.summary("Fit a parameter to what was observed.");
    const double most = width(s.range);
    const std::string total = shape.empty() ? "{}" : i.either({"jnp.mean({})", "jnp.sum({})"});
    const std::string form = i.either(
        {"0.5 * {r} ** 2", "{r} ** 2", "jnp.log(jnp.cosh({r}))", "jnp.sqrt(1.0 + {r} ** 2)",
         "jnp.where(jnp.abs({r}) < 1.0, 0.5 * {r} ** 2, jnp.abs({r}) - 0.5)"});
    const BodyId misfit = of_one(i, s, x, {"misfit", "loss", "objective"}, [&](ValueId v) {
      const ValueId r = let(i, {"residual", "miss"}, i.either({"{v} - {o}", "{o} - {v}"}),
                            {{"v", v}, {"o", observed}}, shape, {-most, most});
      return let(i, {"loss", "cost"}, fmt::format(fmt::runtime(total), form), {{"r", r}}, scalar(i),
                 {0, most * most});
    });
    const Interval steep{-most, most};
    ValueId slope = kNoValue, loss = kNoValue;
    if (i.chance(0.6)) {
      const Ids both = i.unpack("jax.value_and_grad($f0)($0)", {x.id}, {misfit},
                                {{{"loss", "cost"}, scalar(i), {0, most * most}},
                                 {{"grad", "slope"}, i.type(x.id), steep}});
      loss = both[0], slope = both[1];
    } else {
      slope = i.let({"grad", "slope"}, i.either({"jax.grad($f0)($0)", "jax.jacrev($f0)($0)"}),
                    {x.id}, Bodies{misfit}, i.type(x.id), steep);
    }
    const Terms known = {{"g", slope}, {"x", x.id}, {"l", loss}};
    const auto kind = i.between(0, 3);
    if (kind == 0) return;
    const std::string rate = i.setting({"lr", "rate"}, {"0.1", "0.01", "0.05"});
    if (kind == 1)
      let(i, {"fitted_" + x.word, x.word + "_next"}, "{x} - " + rate + " * {g}", known,
          i.type(x.id), bounds(i, x.id));
    if (kind == 2) {
      i.comment("A step has a limit, whatever the slope.");
      let(i, {"fitted_" + x.word, x.word + "_next"},
          i.either({"{x} - jnp.clip(" + rate + " * {g}, -0.1, 0.1)",
                    "{x} - " + rate + " * {g} / (1.0 + jnp.abs({g}))",
                    "{x} - " + rate + " * jnp.tanh({g})"}),
          known, i.type(x.id), bounds(i, x.id));
    }
    if (kind == 3)
      let(i, {"fitted_" + x.word, x.word + "_next"}, "{x} - " + rate + " * ({g} + 0.1 * {x})",
          known, i.type(x.id), bounds(i, x.id));
  });
}

// ---- Tables and scenarios ----

// What is made of a table of numbers over numbers, or of arrays.
void summarize(Idiom& i, const Studied& s, const Chosen& x, ValueId xs, ValueId table,
               std::int64_t n) {
  const Shape each = s.shape(i);
  Terms known = {{"t", table}, {"f", s.here}, {"x", xs}};
  if (!tensor::is_real(i.type(table).dtype)) {
    const Type same = i.type(table);
    if (i.chance(0.5)) return;
    let(i, {"in_order", "running"}, i.either({"jnp.sort({t}, axis=0)", "lax.cummax({t}, axis=0)"}),
        known, same, s.range);
    return;
  }
  const double most = width(s.range);
  const Shape whole = i.shape(table);
  const std::string axis = each.empty() ? "" : ", axis=0";
  switch (i.between(0, each.empty() && x.id != kNoValue && i.shape(x.id).empty() ? 8 : 6)) {
    case 0:
      let(i, {"average", "mean"}, "jnp.mean({t}" + axis + ")", known, each, s.range);
      return;
    case 1:
      let(i, {"spread", "deviation"}, "jnp.std({t}" + axis + ")", known, each, {0, most});
      return;
    case 2:
      let(i, {"change", "difference"}, i.either({"{t} - {f}", "jnp.abs({t} - {f})"}), known, whole,
          {-most, most});
      return;
    case 3: {
      const ValueId w = i.argument({"weights", "probabilities"}, Type{i.real(), {n}}, {0.1, 1});
      known.push_back({"w", w});
      let(i, {"expected", "weighted"},
          each.empty() ? i.either({"{w} @ {t} / jnp.sum({w})", "jnp.average({t}, weights={w})"})
                       : "jnp.average({t}, axis=0, weights={w})",
          known, each, s.range);
      return;
    }
    case 4:
      let(i, {"range", "width"},
          each.empty() ? "jnp.max({t}) - jnp.min({t})" : "jnp.ptp({t}, axis=0)", known, each,
          {0, most});
      return;
    case 5: {
      const ValueId mean =
          let(i, {"average", "mean"}, "jnp.mean({t}" + axis + ")", known, each, s.range);
      let(i, {"deviations", "centered"}, "{t} - {m}", with(known, {{"m", mean}}), whole,
          {-most, most});
      return;
    }
    case 7:
      real(i, {"area", "integral"},
           i.either({"jnp.trapezoid({t}, {x})", "jnp.trapezoid({t}, x={x})"}), known,
           {-most, most});
      return;
    case 8:
      let(i, {"steps", "increments"}, "jnp.diff({t})", known, Shape{n - 1}, {-most, most});
      return;
    default:
      return;  // the table itself
  }
}

Op table_of_values() {
  return written("table_of_values", kVectorization, 0, kSmooth, [](Idiom& i) {
    const Studied s = studied(i);
    const int most = i.builder().settings().max_rank;
    if (s.inside.traits & (kUnmapped | kOverDevices) || static_cast<int>(s.shape(i).size()) >= most)
      return i.fail();
    const Chosen x = choose(i, s, [&](const Value& v) {
      return is_number(v.type.dtype) && v.type.rank() < most && v.type.rank() <= 2 &&
             (v.sure & i.builder()[s.here].sure) != 0;
    });
    const std::int64_t n = few(i, 16);
    Type wide = i.type(x.id), out = i.type(s.here);
    wide.shape.insert(wide.shape.begin(), n);
    out.shape.insert(out.shape.begin(), n);
    if (!i.builder().acceptable_shape(wide.shape) || !i.builder().acceptable_shape(out.shape))
      return i.fail();
    call_it(i, s, {"table", "curve", "sweep"});
    i.summary("Vary a parameter, and see what the result does.");
    const ValueId xs = i.argument({x.word + "_values", x.word + "_grid"}, wide, bounds(i, x.id));
    const Words names = {"table", "curve"};
    ValueId table = kNoValue;
    // A map over a branch makes a selection of it; a loop over elements keeps it.
    if (s.inside.branches || !s.alone() || i.chance(0.3)) {
      const BodyId f = of_one(i, s, x, {"at", "of_" + x.word}, [](ValueId v) { return v; });
      table = i.let(names,
                    s.inside.branches || i.chance(0.4) ? "lax.map($f0, $0)" : "jax.vmap($f0)($0)",
                    {xs}, Bodies{f}, out, s.range);
    } else {
      std::string axes;
      for (std::size_t k = 0; k < s.at.size(); ++k)
        axes += fmt::format("{}{}", k ? ", " : "", k == x.place ? "0" : "None");
      const std::string in = s.at.size() == 1 ? "" : ", in_axes=(" + axes + ")";
      table = i.let(names, "jax.vmap($f0" + in + ")(" + Idiom::holes(0, s.at.size()) + ")",
                    with_another(s, x.place, xs), Bodies{s.f}, out, s.range);
    }
    summarize(i, s, x, xs, table, n);
  });
}

Op scenario() {
  return written("scenario", kArithmetic, 0, kSmooth, [](Idiom& i) {
    const Studied s = studied(i);
    const Chosen x = choose(i, s, [&](const Value& v) {
      return is_number(v.type.dtype) && (v.sure & i.builder()[s.here].sure) != 0;
    });
    const Type type = i.type(s.here);
    call_it(i, s, {"scenario", "comparison", "difference"});
    i.summary("Look at another choice beside the first.");
    const ValueId changed =
        i.argument({"other_" + x.word, x.word + "_after"}, i.type(x.id), bounds(i, x.id));
    const ValueId other =
        called_with(i, s, {"other", "changed"}, with_another(s, x.place, changed));
    if (!tensor::is_real(type.dtype)) return;
    const double most = width(s.range);
    const Terms known = {{"f", s.here}, {"o", other}};
    switch (i.between(0, 4)) {
      case 0:
        let(i, {"change", "effect"}, "{o} - {f}", known, type, {-most, most});
        return;
      case 1:
        if (type.rank() == 0 || half_precision(i)) return i.fail();
        real(i, {"distance", "rms_change"},
             i.either({"jnp.sqrt(jnp.mean(({o} - {f}) ** 2))", "jnp.mean(jnp.abs({o} - {f}))",
                       "jnp.max(jnp.abs({o} - {f}))"}),
             known, {0, most});
        return;
      case 2:
        if (s.range.lo < 0.05) return i.fail();
        let(i, {"ratio", "relative_change"},
            i.either({"{o} / {f}", "{o} / {f} - 1.0", "jnp.log({o} / {f})",
                      "jnp.log({o}) - jnp.log({f})"}),
            known, type, {-2, 3});
        return;
      case 3: {
        if (!tensor::is_real(i.type(x.id).dtype) || half_precision(i)) return i.fail();
        const ValueId middle = let(i, {"middle", "between"}, "0.5 * ({a} + {b})",
                                   {{"a", x.id}, {"b", changed}}, i.type(x.id), bounds(i, x.id));
        const ValueId there =
            called_with(i, s, {"halfway", "at_middle"}, with_another(s, x.place, middle));
        // Simpson's rule: of what is linear a gap to the middle would be rounding alone.
        let(i, {"average", "mean_between"}, "({f} + 4.0 * {m} + {o}) / 6.0",
            with(known, {{"m", there}}), type, {-most, most});
        return;
      }
      default:
        return;  // both
    }
  });
}

}  // namespace

std::vector<Op> study_ops() {
  std::vector<Op> all = {sensitivity(), joint_sensitivity(), descent(), directional(),
                         fit_step(),    table_of_values(),   scenario()};
  for (Op& op : all) op.traits |= kStudy;
  return all;
}

}  // namespace jaxsmith::plan
