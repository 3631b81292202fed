// Decisions: steps of optimisers that are taken or not, rules that hang on what the data are like,
// each by lax.cond or lax.switch.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;
using Part = Idiom::Part;
using Parts = std::vector<Part>;
using Bodies = std::vector<BodyId>;

// A scalar in [0, tests.size()]: how many of the tests hold, which must not fail before one that
// holds.
ValueId count_of(Idiom& i, Words names, const std::vector<std::string>& tests, const Terms& terms) {
  std::string form;
  for (const std::string& each : tests)
    form += fmt::format("{}({}).astype(jnp.int32)", form.empty() ? "" : " + ", each);
  return let(i, std::move(names), form, terms, Type{DType::kI32, {}},
             {0, static_cast<double>(tests.size())});
}

// ---- Functions to minimise ----

struct Landscape {
  std::string says;
  Words forms;
  double slope;      // where gradients lie at points in [-1.5, 1.5]
  double curvature;  // the largest there
};

const std::vector<Landscape>& landscapes() {
  static const std::vector<Landscape> kAll = {
      {"double wells",
       {"jnp.sum(0.25 * $0**4 - 0.5 * $0**2)", "0.25 * jnp.sum(($0**2 - 1.0) ** 2)"},
       3,
       6},
      {"a chain of double wells",
       {"0.25 * jnp.sum(($0**2 - 1.0) ** 2) + 0.25 * jnp.sum(jnp.diff($0) ** 2)",
        "0.25 * jnp.sum(($0**2 - 1.0) ** 2 + 0.5 * ($0 - jnp.roll($0, 1)) ** 2)"},
       4,
       8},
      {"a bowl with ripples",
       {"jnp.sum(0.5 * $0**2 + 0.5 * (1.0 - jnp.cos(3.0 * $0)))",
        "0.5 * jnp.sum($0**2) - 0.5 * jnp.sum(jnp.cos(3.0 * $0))"},
       3,
       5},
      {"a curved valley",
       {"jnp.sum(2.0 * ($0[1:] - $0[:-1] ** 2) ** 2 + 0.5 * (1.0 - $0[:-1]) ** 2)",
        "2.0 * jnp.sum(($0[1:] - $0[:-1] ** 2) ** 2) + 0.5 * jnp.sum((1.0 - $0) ** 2)"},
       12,
       40}};
  return kAll;
}

// f(x, c): a landscape that is tilted by c or tied to it.
BodyId objective(Idiom& i, std::int64_t n, const Landscape& of, bool tied = true) {
  const Type point{i.real(), {n}};
  Words forms = {"$0 - $2 @ $1", "$0 - jnp.dot($1, $2)", "$0 + 0.5 * jnp.sum(($1 - $2) ** 2)"};
  if (!tied) forms.pop_back();
  return i.helper(
      {"energy", "objective", "cost"}, "Energy of a point in " + of.says + ".",
      {{{"x", "z"}, point, {-2, 2}}, {{"tilt", "c"}, point, {-1, 1}}}, [&](const Ids& p) {
        const ValueId base = i.let({"base", "rough"}, i.either(of.forms), {p[0]}, Shape{}, {0, 9});
        return Ids{i.let({"total"}, i.either(forms), {base, p[0], p[1]}, Shape{}, {-5, 9})};
      });
}

ValueId value_at(Idiom& i, BodyId f, Words names, ValueId x, ValueId c) {
  return i.call(std::move(names), f, {x, c}, scalar(i), {-5, 9});
}

// The value and the gradient, or the gradient alone (then the first is missing).
Ids slope_at(Idiom& i, BodyId f, ValueId x, ValueId c, bool with_value) {
  const Part gradient{{"g", "grad", "slope"}, i.type(x), {-4, 4}};
  if (!with_value)
    return {kNoValue, i.let(gradient.names, "jax.grad($f0)($0, $1)", {x, c}, Bodies{f},
                            gradient.type, gradient.range)};
  return i.unpack("jax.value_and_grad($f0)($0, $1)", {x, c}, {f},
                  {{{"value", "fx"}, scalar(i), {-5, 9}}, gradient});
}

// Steps of gradient descent whose length is halved where Armijo's condition fails, and grows where
// it holds: by fori or scan, the branches with operands or as closures.
Op armijo_descent() {
  return idiom("armijo_descent", kConditional, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = few(i, 12);
    const Landscape of = i.random().pick(landscapes());
    const Type point{i.real(), {n}};
    const ValueId start = i.argument({"x0", "start", "params"}, point, {-1.5, 1.5});
    const ValueId c = i.input({"tilt", "field", "c"}, Shape{n}, {-1, 1});
    const ValueId first =
        i.input({"step_size", "alpha0", "t0"}, Shape{}, {1.2 / of.curvature, 8 / of.curvature});
    const BodyId f = objective(i, n, of);
    i.called({"armijo_descent", "backtracking_descent", "descend"});
    i.summary("Descend by gradient steps that must lower the energy enough.");
    i.summary("Minimise by gradient steps of a length that adapts.");
    const std::string share = i.setting({"c1", "armijo"}, {"0.1", "0.3", "0.01"});
    const std::string grow = i.setting({"grow", "expand"}, {"1.5", "2.0", "1.3"});
    const std::string shrink = i.setting({"shrink", "backtrack"}, {"0.5", "0.3", "0.4"});
    const bool value_too = i.chance(0.5), counts = i.chance(0.35), packed = i.chance(0.4),
               scanned = i.chance(0.4), closure = i.chance(0.4);
    const Interval step_range{0.2 / of.curvature, 12 / of.curvature};
    const auto step = [&](ValueId x, ValueId t) {
      const Ids at = slope_at(i, f, x, c, value_too);
      const ValueId value = value_too ? at[0] : value_at(i, f, {"fx", "value"}, x, c);
      const ValueId g = at[1];
      const ValueId trial = let(i, {"trial", "candidate"}, "{x} - {t} * {g}",
                                {{"x", x}, {"t", t}, {"g", g}}, {n}, {-2, 2});
      const ValueId there = value_at(i, f, {"f_trial", "there"}, trial, c);
      const ValueId enough =
          test(i, {"enough", "sufficient"},
               i.either({"{b} <= {a} - " + share + " * {t} * jnp.dot({g}, {g})",
                         "{a} - {b} >= " + share + " * {t} * jnp.sum({g} ** 2)"}),
               {{"a", value}, {"b", there}, {"t", t}, {"g", g}});
      const Part place{{"z", "new"}, point, {-2, 2}}, old{{"y", "old"}, point, {-2, 2}},
          length{{"s", "length"}, scalar(i), step_range};
      const auto longer = [&](ValueId at_now) {
        return i.let({"longer"}, grow + " * $0", {at_now}, Shape{}, step_range);
      };
      const auto shorter = [&](ValueId at_now) {
        return i.let({"shorter"}, shrink + " * $0", {at_now}, Shape{}, step_range);
      };
      const Parts parts = {{{"x_next", "moved"}, point, {-2, 2}},
                           {{"t_next", "adapted"}, scalar(i), step_range}};
      if (closure)
        return i.cond(
            enough, {}, {}, {"accept", "move"}, [&](const Ids&) { return Ids{trial, longer(t)}; },
            {"backtrack", "reject"}, [&](const Ids&) { return Ids{x, shorter(t)}; }, parts);
      return i.cond(
          enough, {trial, x, t}, {place, old, length}, {"accept", "take"},
          [&](const Ids& p) { return Ids{p[0], longer(p[2])}; }, {"backtrack", "shorten"},
          [&](const Ids& p) { return Ids{p[1], shorter(p[2])}; }, parts, {packed, {}});
    };
    const std::int64_t rounds = i.between(4, 7);
    const std::vector<Idiom::Carry> carries = {
        {{"x", "point"}, start, {-2, 2}, scanned ? Words{} : Words{"x_best", "minimizer"}},
        {{"t", "alpha"}, first, step_range, counts ? Words{"last_step"} : Words{}}};
    if (scanned)
      i.scan(
          {"descend", "step"}, carries, {}, {{"path", "trail"}},
          [&](const Ids& p) {
            const Ids next = step(p[0], p[1]);
            return Ids{next[0], next[1], next[0]};
          },
          "", rounds);
    else
      i.fori(0, rounds, {"descend", "step"}, carries,
             [&](const Ids& p) { return step(p[1], p[2]); });
  });
}

// The step of a model within a radius, and by how much the energy should fall: of the plane through
// the point, or of the parabola along the gradient, which may end before the radius does.
Ids step_within(Idiom& i, bool parabola, BodyId f, ValueId x, ValueId c, ValueId g,
                ValueId radius) {
  const std::int64_t n = i.dim(x, 0);
  const Interval reach{-1.5, 1.5}, drops{0.1, 9};
  const ValueId size =
      i.let({"g_norm", "length"}, i.either({"jnp.linalg.norm($0)", "jnp.sqrt(jnp.dot($0, $0))"}),
            {g}, Shape{}, {1, 9});
  Terms known = {{"g", g}, {"r", radius}, {"n", size}};
  if (!parabola) {
    const ValueId step = let(i, {"step", "p"}, i.either({"-({r} / {n}) * {g}", "-{r} * {g} / {n}"}),
                             known, {n}, reach);
    return {step,
            let(i, {"predicted", "linear_drop"}, i.either({"{r} * {n}", "-jnp.dot({g}, {p})"}),
                with(known, {{"p", step}}), Shape{}, drops)};
  }
  const ValueId hess = i.let({"hess", "curvature"}, "jax.hessian($f0)($0, $1)", {x, c}, Bodies{f},
                             Type{i.real(), {n, n}}, {-6, 9});
  const ValueId bend = i.let({"bend", "gbg"}, i.either({"$0 @ $1 @ $0", "jnp.dot($0, $1 @ $0)"}),
                             {g, hess}, Shape{}, {-20, 90});
  const ValueId convex = test(i, {"convex", "curved_up"}, "{b} > 0", {{"b", bend}});
  const ValueId length = i.cond(
      convex, {radius}, {{{"r", "limit"}, scalar(i), {0.1, 4}}}, {"inside", "along_curve"},
      [&](const Ids& p) {
        return Ids{let(i, {"bounded"}, "jnp.minimum({r}, {n}**3 / {b})",
                       {{"n", size}, {"r", p[0]}, {"b", bend}}, Shape{}, {0.1, 4})};
      },
      {"to_boundary", "full"}, [](const Ids& p) { return p; },
      {{{"reach", "step_length"}, scalar(i), {0.1, 4}}})[0];
  known.insert(known.end(), {{"h", hess}, {"t", length}});
  const ValueId step = let(i, {"step", "p"}, i.either({"-({t} / {n}) * {g}", "-{t} * {g} / {n}"}),
                           known, {n}, reach);
  return {step, let(i, {"predicted", "model_drop"},
                    i.either({"-({g} @ {p} + 0.5 * {p} @ {h} @ {p})",
                              "-jnp.dot({g}, {p}) - 0.5 * {p} @ ({h} @ {p})"}),
                    with(known, {{"p", step}}), Shape{}, drops)};
}

// A step within a radius, kept where the energy falls as foretold; the radius shrinks, stays or
// grows by how well it was foretold (Nocedal and Wright, algorithm 4.1).
Op adjust_radius() {
  return idiom("adjust_radius", kConditional, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = few(i, 8);
    // Where the parabola is right nearly always, the radius would only grow.
    const bool parabola = i.chance(0.5), rippled = i.chance(0.5);
    const Landscape of = parabola ? landscapes()[rippled ? 2 : 0] : i.random().pick(landscapes());
    const Type point{i.real(), {n}};
    const double root = std::sqrt(static_cast<double>(n)), far = parabola && !rippled ? 2 : 1;
    const Interval radii{0.05 * root, 3 * root};
    const ValueId x = i.argument({"x", "params", "point"}, point, {-1.5, 1.5});
    const ValueId c = i.input({"tilt", "field", "c"}, Shape{n}, {-1, 1});
    const ValueId radius =
        i.input({"radius", "delta", "trust"}, Shape{}, {0.2 * far * root, 1.1 * far * root});
    const BodyId f = objective(i, n, of, !parabola || rippled);
    i.called({"trust_region_step", "adjust_radius", "guarded_step"});
    i.summary("Take a step inside a trust region and adapt its radius.");
    i.summary("Keep a step that lowers the energy as foretold.");
    const Ids at = slope_at(i, f, x, c, true);
    const Ids model = step_within(i, parabola, f, x, c, at[1], radius);
    const ValueId trial =
        i.let({"trial", "candidate"}, "$0 + $1", {x, model[0]}, Shape{n}, {-2, 2});
    const ValueId there = value_at(i, f, {"f_trial", "there"}, trial, c);
    const ValueId ratio =
        i.let({"rho", "ratio"}, "($0 - $1) / $2", {at[0], there, model[1]}, Shape{}, {-0.5, 1.5});
    const std::string low = i.either({"0.25", "0.3"}),
                      high = parabola ? i.either({"0.75", "0.9"}) : i.either({"0.6", "0.65"});
    const ValueId regime =
        count_of(i, {"regime", "quality"}, {"{q} > " + low, "{q} > " + high}, {{"q", ratio}});
    const std::string grow = i.either({"2.0", "1.5", "2.5"}), shrink = i.either({"0.25", "0.5"});
    const auto scaled = [&](const std::string& spelling) {
      return [&i, spelling, radii](const Ids& p) {
        return Ids{i.let({"scaled"}, spelling, p, Shape{}, radii)};
      };
    };
    i.switch_(regime, {radius}, {{{"r", "old"}, scalar(i), radii}},
              {{{"shrink", "tighten"}, scaled(shrink + " * $0")},
               {{"keep", "hold"}, [](const Ids& p) { return p; }},
               {{"grow", "widen"}, scaled(grow + " * $0")}},
              {{{"new_radius", "radius_next"}, scalar(i), radii}});
    const ValueId good =
        test(i, {"accepted", "good"}, "{q} > " + i.either({"0.1", "0.2", "0.25"}), {{"q", ratio}});
    i.cond(
        good, {}, {}, {"move", "accept"}, [&](const Ids&) { return Ids{trial, there}; },
        {"stay", "reject"}, [&](const Ids&) { return Ids{x, at[0]}; },
        {{{"x_next", "moved"}, point, {-2, 2}}, {{"value_next", "lowest"}, scalar(i), {-5, 9}}});
  });
}

// The Hessian's product with the gradient g: by the Hessian, by a directional derivative or by a
// difference.
ValueId hessian_times(Idiom& i, std::int64_t kind, BodyId f, ValueId x, ValueId c, ValueId g) {
  const std::int64_t n = i.dim(x, 0);
  const Type point = i.type(x);
  const Interval range{-6, 9};
  if (kind == 0) {
    const ValueId h = i.let({"hess", "h"}, "jax.hessian($f0)($0, $1)", {x, c}, Bodies{f},
                            Type{i.real(), {n, n}}, {-5, 9});
    return i.let({"hg", "bent"}, i.either({"$0 @ $1", "jnp.dot($0, $1)"}), {h, g}, point, range);
  }
  if (kind == 1) {
    i.comment("A product with the Hessian without the Hessian.");
    return i.let({"hg", "hvp"}, "jax.jvp(jax.grad($f0), ($0, $1), ($2, jnp.zeros_like($1)))[1]",
                 {x, c, g}, Bodies{f}, point, range);
  }
  const ValueId ahead = i.let({"ahead", "probe"}, "$0 + 0.05 * $1", {x, g}, point, {-2, 2});
  const ValueId there = i.let({"g_ahead", "grad_there"}, "jax.grad($f0)($0, $1)", {ahead, c},
                              Bodies{f}, point, {-4, 4});
  return i.let({"hg", "change"}, "($0 - $1) / 0.05", {there, g}, point, range);
}

// Where the energy curves up along the gradient the best point of the parabola, where it does not a
// step of a fixed length: a descent that passes ridges.
Op curvature_descent() {
  return idiom("curvature_descent", kConditional, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = few(i, 8), kind = i.between(0, 2), ridge = i.between(0, 2);
    const Landscape of = landscapes()[static_cast<std::size_t>(ridge)];
    const Type point{i.real(), {n}};
    const double reach = ridge == 2 ? 1.6 : 1.1;
    const ValueId start = i.argument({"x0", "start", "position"}, point, {-reach, reach});
    const ValueId c = i.input({"tilt", "field", "c"}, Shape{n}, {-1, 1});
    const BodyId f = objective(i, n, of, ridge == 2);
    i.called({"curvature_descent", "newton_or_gradient", "saddle_free_descent"});
    i.summary("Step by curvature where it is positive, by gradient elsewhere.");
    const std::string least = i.either({"0.5", "0.3", "0.4"});
    const std::string rate = i.setting({"fixed_step", "ridge_step"}, {"0.5", "0.3", "0.4"});
    const bool nested = i.chance(0.4), normed = i.chance(0.6), kept = i.chance(0.35);
    const std::int64_t rounds = i.between(2, 4);
    const Interval range{-2, 2};
    const auto step = [&](ValueId x) {
      const ValueId g = slope_at(i, f, x, c, false)[1];
      const ValueId hg = hessian_times(i, kind, f, x, c, g);
      const ValueId power = i.let({"gg", "power"}, i.either({"jnp.dot($0, $0)", "jnp.sum($0**2)"}),
                                  {g}, Shape{}, {0.5, 30});
      const ValueId bend = i.let({"ghg", "bend"}, i.either({"jnp.dot($0, $1)", "$0 @ $1"}), {g, hg},
                                 Shape{}, {-20, 90});
      const Terms known = {{"x", x}, {"g", g}, {"p", power}, {"b", bend}};
      const ValueId convex = test(i, {"convex", "curved_up"}, "{b} > " + least + " * {p}", known);
      const Part slope{{"d", "grad"}, point, {-4, 4}};
      const auto parabola = [&](const Ids& p) {
        return Ids{
            let(i, {"best"}, "{x} - ({p} / {b}) * {d}", with(known, {{"d", p[0]}}), {n}, range)};
      };
      const auto fixed = [&](const Ids& p) {
        return Ids{let(i, {"moved"},
                       normed ? "{x} - " + rate + " * {d} / jnp.sqrt({p} + 1e-6)"
                              : "{x} - " + rate + " * jnp.sign({d})",
                       with(known, {{"d", p[0]}}), {n}, range)};
      };
      const Part next{{"x_next", "moved"}, point, range};
      if (!nested)
        return i.cond(convex, {g}, {slope}, {"parabola_step", "newton"}, parabola,
                      {"fixed_step", "leave_ridge"}, fixed, {next})[0];
      return i.cond(
          convex, {g}, {slope}, {"parabola_step", "newton"}, parabola, {"not_convex", "elsewhere"},
          [&](const Ids& p) {
            const ValueId down = test(i, {"concave", "on_ridge"}, "{b} < 0", known);
            return i.cond(
                down, {p[0]}, {slope}, {"fixed_step", "leave_ridge"}, fixed,
                {"flat_step", "damped"},
                [&](const Ids& q) {
                  return Ids{i.let({"slow"}, "$0 - " + rate + " * $1", {x, q[0]}, Shape{n}, range)};
                },
                {{{"there"}, point, range}});
          },
          {next})[0];
    };
    if (kept)
      i.scan(
          {"descend", "step"}, {{{"x", "point"}, start, range, {}}}, {}, {{"path", "trail"}},
          [&](const Ids& p) {
            const ValueId next = step(p[0]);
            return Ids{next, next};
          },
          "", rounds);
    else
      i.fori(0, rounds, {"descend", "step"}, {{{"x", "point"}, start, range, {"x_last", "x_min"}}},
             [&](const Ids& p) { return Ids{step(p[1])}; });
  });
}

struct Curve {
  Words called;
  std::string says;
  Words forms;  // of p and t
};

const std::vector<Curve>& curves() {
  static const std::vector<Curve> kAll = {
      {{"fit_decay", "fit_exponential"},
       "an exponential decay",
       {"$0[0] * jnp.exp(-$0[1] * $1) + $0[2]", "$0[2] + $0[0] / jnp.exp($0[1] * $1)"}},
      {{"fit_wave", "fit_sinusoid"},
       "a sinusoid",
       {"$0[0] * jnp.sin($0[1] * $1 + $0[2])", "$0[0] * jnp.cos($0[1] * $1 - $0[2])"}},
      {{"fit_bump", "fit_gaussian"},
       "a Gaussian bump",
       {"$0[0] * jnp.exp(-(($1 - $0[1]) ** 2)) + $0[2]",
        "$0[2] + $0[0] * jnp.exp(-0.5 * ($1 - $0[1]) ** 2)"}},
      {{"fit_growth", "fit_logistic"},
       "logistic growth",
       {"$0[0] * jax.nn.sigmoid($0[1] * ($1 - $0[2]))",
        "$0[0] / (1.0 + jnp.exp(-$0[1] * ($1 - $0[2])))"}}};
  return kAll;
}

// Residuals of a curve with parameters p at places t.
BodyId misfit_of(Idiom& i, const Curve& curve, std::int64_t n) {
  const Type three{i.real(), {3}}, samples{i.real(), {n}};
  return i.helper({"residuals", "misfit"}, "How far " + curve.says + " is from the data.",
                  {{{"p", "theta"}, three, {-2, 2}},
                   {{"t", "x"}, samples, {0, 3}},
                   {{"y", "target"}, samples, {-2, 2}}},
                  [&](const Ids& p) {
                    const ValueId fitted = i.let({"fitted", "model"}, i.either(curve.forms),
                                                 {p[0], p[1]}, Shape{n}, {-3, 3});
                    return Ids{i.let({"residual"}, "$0 - $1", {fitted, p[2]}, Shape{n}, {-4, 4})};
                  });
}

// Levenberg and Marquardt's steps: those that fit better are taken and the damping falls, others
// are not and it rises.
Op damped_fit() {
  return idiom("damped_fit", kConditional, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = std::max<std::int64_t>(6, i.size());
    const Curve curve = i.random().pick(curves());
    const Type three{i.real(), {3}}, samples{i.real(), {n}};
    const ValueId start = i.argument({"params", "theta", "p0"}, three, {-1.5, 1.5});
    const ValueId t = i.argument({"t", "times", "x"}, samples, {0, 3});
    const ValueId y = i.input({"y", "observed", "samples"}, Shape{n}, {-2, 2});
    const ValueId first = i.input({"damping", "lam", "mu"}, Shape{}, {0.1, 2});
    const BodyId model = misfit_of(i, curve, n);
    Words names = curve.called;
    names.push_back("levenberg_marquardt");
    i.called(names);
    i.summary("Fit " + curve.says + " by damped Gauss-Newton steps.");
    const std::string jacobian = i.either({"jax.jacfwd($f0)", "jax.jacrev($f0)"});
    const bool marquardt = i.chance(0.4), packed = i.chance(0.4), means = i.chance(0.4);
    const std::string cost_of =
        means ? "jnp.mean($0**2)" : i.either({"jnp.sum($0**2)", "0.5 * jnp.dot($0, $0)"});
    const std::string fall = i.either({"0.4", "0.5", "0.6"}),
                      rise = i.either({"3.0", "2.0", "5.0"});
    const auto residuals = [&](Words called, ValueId p) {
      return i.call(std::move(called), model, {p, t, y}, samples, {-4, 4});
    };
    const std::int64_t rounds = i.between(3, 5);
    const bool damping_too = i.chance(0.4);
    const Ids out = i.fori(
        0, rounds, {"try_step", "step"},
        {{{"p", "theta"}, start, {-2, 2}, {"fitted", "p_last"}},
         {{"lam", "mu"}, first, {0.001, 20}, damping_too ? Words{"last_damping"} : Words{}}},
        [&](const Ids& p) {
          const ValueId r = residuals({"r", "residual"}, p[1]);
          const ValueId j = i.let({"jac", "j"}, jacobian + "($0, $1, $2)", {p[1], t, y},
                                  Bodies{model}, Type{i.real(), {n, 3}}, {-3, 3});
          const ValueId normal =
              i.let({"jtj", "normal"}, i.either({"$0.T @ $0", "jnp.dot($0.T, $0)"}), {j},
                    Shape{3, 3}, {0, 9});
          const ValueId damped =
              i.let({"damped", "system"},
                    marquardt ? "$0 + $1 * jnp.diag(jnp.diag($0) + 0.1)"
                              : i.either({"$0 + $1 * jnp.eye(3, dtype=$0.dtype)",
                                          "$0 + jnp.diag(jnp.full_like($0[0], $1))"}),
                    {normal, p[2]}, Shape{3, 3}, {0, 9});
          const ValueId delta = i.let({"delta", "move"},
                                      i.either({"jnp.linalg.solve($0, $1.T @ $2)",
                                                "jnp.linalg.solve($0, jnp.dot($2, $1))"}),
                                      {damped, j, r}, Shape{3}, {-2, 2});
          const ValueId trial =
              i.let({"trial", "candidate"}, "$0 - $1", {p[1], delta}, Shape{3}, {-3, 3});
          const ValueId old = i.let({"cost", "before"}, cost_of, {r}, Shape{}, {1, 30});
          const ValueId fresh = i.let({"cost_new", "after"}, cost_of,
                                      {residuals({"r_new", "r_trial"}, trial)}, Shape{}, {1, 30});
          const ValueId better =
              test(i, {"better", "improved"}, "{b} < {a}", {{"a", old}, {"b", fresh}});
          return i.cond(
              better, {trial, p[1], p[2]},
              {{{"new", "q"}, three, {-3, 3}},
               {{"old", "p_old"}, three, {-2, 2}},
               {{"d", "damp"}, scalar(i), {0.001, 20}}},
              {"accept", "take"},
              [&](const Ids& q) {
                return Ids{q[0], i.let({"relaxed"}, fall + " * $0", {q[2]}, Shape{}, {0.001, 20})};
              },
              {"reject", "damp_more"},
              [&](const Ids& q) {
                return Ids{q[1], i.let({"stiffer"}, rise + " * $0", {q[2]}, Shape{}, {0.001, 20})};
              },
              {{{"p_next"}, three, {-2, 2}}, {{"lam_next"}, scalar(i), {0.001, 20}}}, {packed, {}});
        });
    if (i.chance(0.5))
      i.let({"cost_end", "loss"}, cost_of, {residuals({"r_end", "left_over"}, out[0])}, Shape{},
            {1, 30});
  });
}

// Powell's dogleg: Gauss and Newton's step where it lies inside the radius, the steepest one where
// that leaves it already, a point between them otherwise.
Op dogleg_step() {
  return idiom("dogleg_step", kConditional, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = few(i, 6), m = n + i.between(2, 5);
    const double ratio = static_cast<double>(n) / static_cast<double>(m);
    const double usual = std::sqrt(4 * static_cast<double>(n) / static_cast<double>(m));
    const ValueId j = i.argument({"jac", "jacobian", "j"}, Type{i.real(), {m, n}}, {-1, 1});
    const ValueId r = i.input({"residual", "r", "misfit"}, Shape{m}, {-2, 2});
    const ValueId radius =
        i.input({"radius", "delta", "trust"}, Shape{}, {0.4 * usual, 0.95 * usual / (1 - ratio)});
    i.called({"dogleg_step", "powell_dogleg", "trust_region_step"});
    i.summary("Combine the steepest and the Gauss-Newton step in a radius.");
    const Interval range{-3, 3};
    const ValueId g =
        i.let({"grad", "g"},
              i.either({"$0.T @ $1", "jnp.dot($1, $0)", "jnp.einsum(\"mn,m->n\", $0, $1)"}), {j, r},
              Shape{n}, {-6, 6});
    const ValueId newton =
        i.let({"p_newton", "full_step"},
              i.either({"-jnp.linalg.solve($0.T @ $0, $1)", "jnp.linalg.solve($0.T @ $0, -$1)"}),
              {j, g}, Shape{n}, range);
    const ValueId jg = i.let({"jg", "bent"}, "$0 @ $1", {j, g}, Shape{m}, {-9, 9});
    const ValueId steep = i.let({"p_cauchy", "steepest"},
                                i.either({"-(jnp.dot($0, $0) / jnp.dot($1, $1)) * $0",
                                          "-$0 * jnp.sum($0**2) / "
                                          "jnp.sum($1**2)"}),
                                {g, jg}, Shape{n}, range);
    const std::string norm = i.either({"jnp.linalg.norm($0)", "jnp.sqrt(jnp.sum($0**2))"});
    const ValueId far = i.let({"newton_norm", "far"}, norm, {newton}, Shape{}, {0.5, 4});
    const ValueId near = i.let({"cauchy_norm", "near"}, norm, {steep}, Shape{}, {0.3, 3});
    const Part limit{{"d", "bound"}, scalar(i), {0.3, 3}};
    const Idiom::Fill whole = [&](const Ids&) { return Ids{newton}; };
    const Idiom::Fill clipped = [&](const Ids& p) {
      return Ids{let(i, {"cut"}, i.either({"({d} / {n}) * {s}", "{s} * ({d} / {n})"}),
                     {{"d", p[0]}, {"n", near}, {"s", steep}}, {n}, range)};
    };
    const Idiom::Fill between = [&](const Ids& p) {
      const ValueId leg = i.let({"leg", "diff"}, "$0 - $1", {newton, steep}, Shape{n}, range);
      const Terms of = {{"l", leg}, {"s", steep}, {"d", p[0]}, {"n", near}};
      const ValueId a = let(i, {"a", "leg_sq"}, "jnp.dot({l}, {l})", of, Shape{}, {0.1, 4});
      const ValueId b = let(i, {"b", "overlap"}, "jnp.dot({s}, {l})", of, Shape{}, {0, 4});
      const Terms all = with(of, {{"a", a}, {"b", b}});
      const ValueId along =
          let(i, {"tau", "share"}, "(jnp.sqrt({b}**2 + {a} * ({d}**2 - {n}**2)) - {b}) / {a}", all,
              Shape{}, {0, 1});
      return Ids{let(i, {"point"}, "{s} + {t} * {l}", with(all, {{"t", along}}), {n}, range)};
    };
    const Part result{{"step", "p"}, {i.real(), {n}}, range};
    const Terms norms = {{"f", far}, {"n", near}, {"d", radius}};
    ValueId step;
    if (i.chance(0.5)) {
      const ValueId which = count_of(i, {"which", "regime"}, {"{f} > {d}", "{n} > {d}"}, norms);
      step = i.switch_(which, {radius}, {limit},
                       {{{"gauss_newton", "inside"}, whole},
                        {{"dogleg", "between"}, between},
                        {{"cauchy", "boundary"}, clipped}},
                       {result})[0];
    } else {
      const ValueId fits = test(i, {"fits", "inside"}, "{f} <= {d}", norms);
      step = i.cond(
          fits, {radius}, {limit}, {"gauss_newton", "take_all"}, whole, {"limited", "cut_back"},
          [&](const Ids& p) {
            const ValueId short_of =
                test(i, {"steep_leaves", "too_far"}, "{n} >= {d}", {{"n", near}, {"d", p[0]}});
            return i.cond(short_of, {p[0]}, {limit}, {"cauchy", "boundary"}, clipped,
                          {"dogleg", "between"}, between, {{{"limited_step"}, result.type, range}});
          },
          {result})[0];
    }
    let(i, {"used", "share_of_radius"}, "jnp.linalg.norm({p}) / {d}", {{"p", step}, {"d", radius}},
        Shape{}, {0.3, 1});
    i.keep(step);
    if (i.chance(0.6)) {
      let(i, {"drop", "predicted"}, "-(jnp.dot({g}, {p}) + 0.5 * jnp.sum(({j} @ {p}) ** 2))",
          {{"g", g}, {"p", step}, {"j", j}}, Shape{}, {0.1, 9});
    }
  });
}

struct Law {
  std::string form, says;
  Interval values, bracket;
};

const std::vector<Law>& laws() {
  static const std::vector<Law> kLaws = {
      {"$0**3 + {a} * $0", "a cubic", {-6, 6}, {-2.5, 2.5}},
      {"jnp.sinh({a} * $0)", "a hyperbolic sine", {-4.5, 4.5}, {-3, 3}},
      {"$0 + {a} * jnp.sin($0)", "a wavy line", {-3, 3}, {-4, 4}},
      {"jnp.exp({a} * $0) - jnp.exp(-2.0 * $0)", "a sum of exponentials", {-3, 6}, {-1.5, 3}},
      {"jnp.tanh($0) + {a} * 0.2 * $0**3", "a bent cubic", {-3, 3}, {-3, 3}}};
  return kLaws;
}

struct Bracketing {
  std::string form;
  ValueId a;
  std::string margin;  // that the secant's point keeps from the ends
  Interval gap, range;
  bool operands, packed;
};

ValueId law_at(Idiom& i, const Bracketing& how, Words names, ValueId x, ValueId y) {
  return i.let(std::move(names), how.form + " - $2", {x, how.a, y}, Shape{}, how.gap);
}

// One step: p holds a counter, the ends and the values there; the root is that of f(x) = y.
Ids narrowed(Idiom& i, const Bracketing& how, ValueId y, const Ids& p) {
  const Type one = scalar(i);
  const Terms of = {{"l", p[1]}, {"h", p[2]}, {"u", p[3]}, {"v", p[4]}};
  const ValueId secant =
      let(i, {"secant", "guess"}, "{h} - {v} * ({h} - {l}) / ({v} - {u})", of, Shape{}, how.range);
  const ValueId middle = let(i, {"mid", "middle"}, "0.5 * ({l} + {h})", of, Shape{}, how.range);
  const ValueId inside =
      let(i, {"inside", "safe"}, "jnp.abs({s} - {m}) < (0.5 - " + how.margin + ") * ({h} - {l})",
          with(of, {{"s", secant}, {"m", middle}}), flags({}), {0, 1});
  const Part point{{"x", "at"}, one, how.range};
  const auto pick = [&](ValueId x) {
    const ValueId fx = law_at(i, how, {"fx", "value"}, x, y);
    return Ids{x, fx};
  };
  const Parts made = {point, {{"fx", "f_x"}, one, how.gap}};
  const Ids at = how.operands ? i.cond(
                                    inside, {secant}, {point}, {"use_secant", "accept"},
                                    [&](const Ids& r) { return pick(r[0]); }, {"bisect", "halve"},
                                    [&](const Ids&) { return pick(middle); }, made)
                              : i.cond(
                                    inside, {}, {}, {"use_secant", "accept"},
                                    [&](const Ids&) { return pick(secant); }, {"bisect", "halve"},
                                    [&](const Ids&) { return pick(middle); }, made);
  const ValueId above = test(i, {"above", "too_high"}, "{f} > 0", {{"f", at[1]}});
  const Parts four = {{{"lo_next"}, one, how.range},
                      {{"hi_next"}, one, how.range},
                      {{"f_lo_next"}, one, how.gap},
                      {{"f_hi_next"}, one, how.gap}};
  return i.cond(
      above, {}, {}, {"cut_right", "keep_left"},
      [&](const Ids&) { return Ids{p[1], at[0], p[3], at[1]}; }, {"cut_left", "keep_right"},
      [&](const Ids&) { return Ids{at[0], p[2], at[1], p[4]}; }, four,
      {false, how.packed ? std::vector<int>{2, 2} : std::vector<int>{}});
}

// Roots between two ends for many right-hand sides: the secant's point where it lies well inside
// the bracket, its middle otherwise; then the half with the root.
Op bracketed_roots() {
  return idiom("bracketed_roots", kConditional, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const Law law = i.random().pick(laws());
    const std::int64_t n = std::max<std::int64_t>(3, std::min<std::int64_t>(i.size(), 12));
    const Type one = scalar(i);
    const ValueId targets = i.input({"targets", "levels", "y"}, Shape{n}, law.values);
    const ValueId a = i.input({"a", "stiffness", "coef"}, Shape{}, {0.75, 1});
    i.called({"bracketed_roots", "secant_or_bisect", "invert_monotone"});
    i.summary("Invert " + law.says + " by secants that fall back on bisection.");
    const double width = i.number({1, 1.1, 1.2});
    const std::string lo = Idiom::text(law.bracket.lo * width),
                      hi = Idiom::text(law.bracket.hi * width);
    const std::string margin = i.either({"0.2", "0.25", "0.3"});
    const std::int64_t rounds = i.between(4, 7);
    const bool ends_secant = i.chance(0.5), operands = i.chance(0.5), packed = i.chance(0.5);
    const Interval range = law.bracket, gap{-20, 20};
    std::string form = law.form;
    form.replace(form.find("{a}"), 3, "$1");
    const Bracketing how{form, a, margin, gap, range, operands, packed};
    const BodyId solve = i.function(
        {"solve_one", "root_for", "invert"}, {{{"y", "target"}, one, law.values}},
        [&](const Ids& q) {
          const ValueId left =
              i.let({"left"}, "jnp.full_like($0, " + lo + ")", {q[0]}, Shape{}, range);
          const ValueId right =
              i.let({"right"}, "jnp.full_like($0, " + hi + ")", {q[0]}, Shape{}, range);
          const ValueId f_left = law_at(i, how, {"f_left"}, left, q[0]);
          const ValueId f_right = law_at(i, how, {"f_right"}, right, q[0]);
          const Ids ends = i.fori(0, rounds, {"narrow", "improve"},
                                  {{{"lo", "low"}, left, range, {"lo", "low"}},
                                   {{"hi", "high"}, right, range, {"hi", "high"}},
                                   {{"f_lo"}, f_left, gap, ends_secant ? Words{"f_lo"} : Words{}},
                                   {{"f_hi"}, f_right, gap, ends_secant ? Words{"f_hi"} : Words{}}},
                                  [&](const Ids& p) { return narrowed(i, how, q[0], p); });
          if (!ends_secant)
            return Ids{i.let({"root"}, "0.5 * ($0 + $1)", {ends[0], ends[1]}, Shape{}, range)};
          return Ids{i.let({"root"}, "$1 - $3 * ($1 - $0) / ($3 - $2)", ends, Shape{}, range)};
        });
    i.let({"roots", "solutions"}, "lax.map($f0, $0)", {targets}, Bodies{solve}, Type{i.real(), {n}},
          range);
  });
}

// Simulated annealing: worse points are taken with a probability that falls; the best point so far
// is kept beside the present one by choice.
Op anneal() {
  return idiom("anneal", kConditional, 1.0, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = few(i, 4), steps = std::clamp<std::int64_t>(i.size(), 12, 32);
    const Landscape of = landscapes()[static_cast<std::size_t>(i.between(0, 2))];
    const Type point{i.real(), {n}}, one = scalar(i);
    const Interval range{-3, 3}, energies{-5, 20};
    const ValueId start = i.argument({"x0", "start", "state"}, point, {-1.5, 1.5});
    const ValueId c = i.input({"tilt", "field", "c"}, Shape{n}, {-1, 1});
    const ValueId moves =
        i.argument({"moves", "proposals", "kicks"}, {i.real(), {steps, n}}, {-1, 1});
    const ValueId u = i.argument({"u", "uniforms", "luck"}, {i.real(), {steps}}, {0.02, 0.98});
    const BodyId f = objective(i, n, of);
    i.called({"anneal", "simulated_annealing", "cooling_search"});
    i.summary("Search for a low energy by moves that are accepted ever less freely.");
    const std::string hot = i.setting({"t0", "first_temperature"}, {"2.0", "1.5", "1.0"});
    const std::string rate = i.either({"0.9", "0.85", "0.95"}), size = i.either({"0.8", "1.0"});
    const bool best = i.chance(0.5), logs = i.chance(0.5), linear = i.chance(0.3);
    const bool curve = best || i.chance(0.5);  // luck need not show in the best point alone
    const ValueId temps = i.let(
        {"temps", "schedule"},
        linear ? hot + fmt::format(" * (1.0 - jnp.arange({0}, dtype=$0.dtype) / {0}.0)", steps)
               : hot + " * " + rate + fmt::format(" ** jnp.arange({}, dtype=$0.dtype)", steps),
        {u}, Shape{steps}, {0.1, 2});
    const ValueId first = value_at(i, f, {"e0", "first_energy"}, start, c);
    std::vector<Idiom::Carry> carries = {
        {{"x", "state"}, start, range, best ? Words{} : Words{"x_last", "found"}},
        {{"e", "energy"}, first, energies, {}}};
    if (best) {
      carries.push_back({{"x_best", "best"}, start, range, {"x_best", "found"}});
      carries.push_back({{"e_best", "lowest"}, first, energies, {"e_best", "lowest"}});
    }
    i.scan({"cool_step", "step"}, carries,
           {{{"d", "move"}, moves}, {{"luck", "threshold"}, u}, {{"t", "temp"}, temps}},
           curve ? std::vector<Words>{{"energies", "trace"}} : std::vector<Words>{},
           [&](const Ids& p) {
             const std::size_t at = carries.size();
             const ValueId trial = i.let({"trial", "proposal"}, "$0 + " + size + " * $1",
                                         {p[0], p[at]}, Shape{n}, range);
             const ValueId there = value_at(i, f, {"e_trial", "there"}, trial, c);
             const ValueId taken =
                 test(i, {"accept", "taken"},
                      logs ? "jnp.log({u}) * {t} < {e} - {n}" : "{u} < jnp.exp(({e} - {n}) / {t})",
                      {{"u", p[at + 1]}, {"t", p[at + 2]}, {"e", p[1]}, {"n", there}});
             const Ids next = i.cond(
                 taken, {}, {}, {"move", "accept"}, [&](const Ids&) { return Ids{trial, there}; },
                 {"stay", "reject"}, [&](const Ids&) { return Ids{p[0], p[1]}; },
                 {{{"x_next"}, point, range}, {{"e_next"}, one, energies}});
             Ids out = next;
             if (best) {
               const ValueId lower =
                   test(i, {"lower", "record"}, "{e} < {b}", {{"e", next[1]}, {"b", p[3]}});
               const Ids kept = i.cond(
                   lower, {}, {}, {"remember", "renew"}, [&](const Ids&) { return next; },
                   {"keep_best", "hold"}, [&](const Ids&) { return Ids{p[2], p[3]}; },
                   {{{"best_next"}, point, range}, {{"lowest_next"}, one, energies}});
               out.insert(out.end(), kept.begin(), kept.end());
             }
             if (curve) out.push_back(next[1]);
             return out;
           });
  });
}

}  // namespace

std::vector<Op> branch_idioms() {
  return {armijo_descent(),  adjust_radius(), curvature_descent(), damped_fit(), dogleg_step(),
          bracketed_roots(), anneal()};
}

}  // namespace jaxsmith::plan
