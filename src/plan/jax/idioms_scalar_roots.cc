// Equations, means, series and fractions of single numbers: loops that end when little changes or
// steps are used up.
#include <fmt/format.h>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"
#include "plan/jax/idioms_scalar_parts.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;
using Part = Idiom::Part;
using Bodies = std::vector<BodyId>;

// ---- Laws that are equations of one unknown ----

struct Input {
  Words names;
  Interval range;
};

// f = 0 in {x}, given {a} and {b}; what is given of the root.
struct Law {
  Words called;
  std::string summary;
  Words unknown;
  Input a, b;
  std::string f, slope, start;
  Interval root;
  double off;  // how far f lies from zero at guesses
  Words result;
  std::string gives;
  Interval given;
};

const std::vector<Law>& laws() {
  static const std::vector<Law> kLaws = {
      {{"gas_volume", "van_der_waals_volume", "molar_volume"},
       "Solve the Van der Waals equation for the reduced volume of a gas.",
       {"volume", "v"},
       {{"temperature", "t_red"}, {1.2, 1.8}},
       {{"pressure", "p_red"}, {0.3, 1.0}},
       "({b} + 3.0 / {x}**2) * (3.0 * {x} - 1.0) - 8.0 * {a}",
       "3.0 * ({b} + 3.0 / {x}**2) - 6.0 * (3.0 * {x} - 1.0) / {x}**3",
       "8.0 * {a} / (3.0 * {b})",
       {1, 16},
       4,
       {"compressibility", "z"},
       "3.0 * {b} * {x} / (8.0 * {a})",
       {0.4, 1}},
      {{"friction_factor", "colebrook", "darcy_friction"},
       "Solve the Colebrook equation for the friction in a rough pipe.",
       {"inverse_root", "x"},
       {{"reynolds", "re"}, {1e4, 1e5}},
       {{"roughness", "rel_roughness"}, {0.001, 0.03}},
       "{x} + 2.0 * jnp.log10({b} / 3.7 + 2.51 * {x} / {a})",
       "1.0 + 0.8686 * 2.51 / {a} / ({b} / 3.7 + 2.51 * {x} / {a})",
       "-2.0 * jnp.log10({b} / 3.7 + 5.74 / {a}**0.9)",
       {3, 9},
       2,
       {"friction", "factor"},
       "1.0 / {x}**2",
       {0.01, 0.1}},
      {{"solar_cell_current", "cell_current", "diode_operating_point"},
       "Find the current of a solar cell at a voltage.",
       {"current", "amps"},
       {{"light_current", "photo_current"}, {0.5, 2}},
       {{"voltage", "v"}, {0.2, 0.6}},
       "{a} - {x} - 0.001 * (jnp.exp(({b} + 0.1 * {x}) / 0.1) - 1.0)",
       "-1.0 - 0.001 * jnp.exp(({b} + 0.1 * {x}) / 0.1)",
       "{a}",
       {-0.5, 2},
       3,
       {"power", "watts"},
       "{x} * {b}",
       {-0.3, 1.2}},
      {{"normal_depth", "channel_depth", "manning_depth"},
       "Find how deep water runs in a channel of slope 0.001 and roughness 0.03.",
       {"depth", "y"},
       {{"discharge", "flow"}, {0.5, 5}},
       {{"width", "bed_width"}, {1, 4}},
       "0.001**0.5 / 0.03 * {b} * {x} * ({b} * {x} / ({b} + 2.0 * {x})) ** (2.0 / 3.0) - {a}",
       "0.001**0.5 / 0.03 * {b} * ({b} * {x} / ({b} + 2.0 * {x})) ** (2.0 / 3.0) * "
       "(5.0 * {b} + 6.0 * {x}) / (3.0 * {b} + 6.0 * {x})",
       "1.2 * ({a} / {b}) ** 0.6",
       {0.2, 9},
       3,
       {"velocity", "speed"},
       "{a} / ({b} * {x})",
       {0.2, 2}},
      {{"hyperbolic_anomaly", "flyby_anomaly", "solve_hyperbolic_kepler"},
       "Solve Kepler's equation of a hyperbolic flyby.",
       {"anomaly", "h"},
       {{"mean_anomaly", "m"}, {0.3, 4}},
       {{"eccentricity", "ecc"}, {1.2, 2.5}},
       "{b} * jnp.sinh({x}) - {x} - {a}",
       "{b} * jnp.cosh({x}) - 1.0",
       "jnp.arcsinh({a} / ({b} - 1.0))",
       {0.2, 4},
       4,
       {"radius", "distance"},
       "{b} * jnp.cosh({x}) - 1.0",
       {0.2, 12}},
      {{"catenary_sag", "hanging_chain", "cable_sag"},
       "Find the sag of a chain from its length and the span.",
       {"shape", "u"},
       {{"slack", "length_ratio"}, {1.05, 2}},
       {{"span", "width"}, {1, 20}},
       "jnp.sinh({x}) - {a} * {x}",
       "jnp.cosh({x}) - {a}",
       "jnp.sqrt(6.0 * ({a} - 1.0))",
       {0.4, 3},
       2,
       {"sag", "drop"},
       "0.5 * {b} / {x} * (jnp.cosh({x}) - 1.0)",
       {0.1, 20}}};
  return kLaws;
}

// How far a guess is off, as a function of the module.
BodyId residual_of(Idiom& i, const Law& law) {
  return i.helper({"residual", "mismatch", "balance"}, "Give how far a guess is off.",
                  {{law.unknown, scalar(i), law.root},
                   {law.a.names, scalar(i), law.a.range},
                   {law.b.names, scalar(i), law.b.range}},
                  [&](const Ids& p) {
                    return Ids{real(i, {"off"}, law.f, {{"x", p[0]}, {"a", p[1]}, {"b", p[2]}},
                                    {-law.off, law.off})};
                  });
}

// The root of a law by Newton's method (the slope by hand or by jax.grad) or by secants.
Op solve_law() {
  return idiom("solve_law", kLoop, 2.3, kForward, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const Law& law = i.random().pick(laws());
    const ValueId a = i.input(law.a.names, Shape{}, law.a.range);
    const ValueId b = i.input(law.b.names, Shape{}, law.b.range);
    const Terms given = {{"a", a}, {"b", b}};
    const auto way = i.between(0, 3);  // by hand, by jax.grad, limited steps, secants
    i.called(law.called);
    i.summary(law.summary);
    i.summary(law.summary.substr(0, law.summary.size() - 1) +
              (way == 3 ? ", by secants." : ", by Newton's method."));
    const bool apart = way == 1 || i.chance(0.4);
    const BodyId f = apart ? residual_of(i, law) : -1;
    const auto off = [&](Words names, ValueId x) {
      if (apart) return i.call(std::move(names), f, {x, a, b}, scalar(i), {-law.off, law.off});
      return real(i, std::move(names), law.f, with(given, {{"x", x}}), {-law.off, law.off});
    };
    const Settling how{i.setting({"tol", "tolerance", "atol"}, {"1e-3", "1e-2", "1e-4", "5e-3"}),
                       i.between(10, 40), 1,
                       i.chance(0.6) ? Words{"iterations", "steps"} : Words{}};
    const ValueId start =
        law.start == "{a}" ? a : real(i, {"guess", "start", "x0"}, law.start, given, law.root);
    const bool show = i.chance(0.5);
    const std::string change = i.either({"jnp.abs({n} - {x})", "jnp.abs({f})", "abs({n} - {x})"});
    ValueId root = kNoValue;
    if (way == 3) {
      const ValueId second =
          real(i, {"x1", "second"}, i.either({"1.05 * {x}", "{x} + 0.02", "0.97 * {x}"}),
               {{"x", start}}, law.root);
      const ValueId before = off({"f0", "off_start"}, start);
      root = until_settled(
          i, how,
          {{{"x0", "older"}, start, law.root, {}},
           {{"f0", "f_older"}, before, {-law.off, law.off}, {}},
           {{"x1", "newer"}, second, law.root, law.unknown}},
          {"secant_step", "improve", "body_fn"}, [&](const Ids& p) {
            i.comment("Go where the line through the last two points meets zero.");
            const ValueId f1 = off({"f1", "off"}, p[2]);
            const Terms all = {{"o", p[0]}, {"g", p[1]}, {"x", p[2]}, {"f", f1}};
            const ValueId gap = real(i, {"gap", "rise"},
                                     i.either({"jnp.where({f} == {g}, 1.0, {f} - {g})",
                                               "jnp.where({f} != {g}, {f} - {g}, 1.0)"}),
                                     all, {-2, 2});
            const ValueId next = real(i, {"x2", "crossing"}, "{x} - {f} * ({x} - {o}) / {d}",
                                      with(all, {{"d", gap}}), law.root);
            return Ids{p[2], f1, next,
                       real(i, {"moved", "change"}, change, with(all, {{"n", next}}), {0, 1})};
          })[2];
    } else {
      root = until_settled(
          i, how, {{Words{law.unknown[1], law.unknown[0]}, start, law.root, law.unknown}},
          {"newton_step", "newton", "improve", "body_fn"}, [&](const Ids& p) {
            const ValueId value = off({"f", "value", "off"}, p[0]);
            const Interval slopes{0.2, 9};
            const ValueId slope =
                way == 1 ? i.let({"slope", "df"}, "jax.grad($f0)($0, $1, $2)", {p[0], a, b},
                                 Bodies{f}, scalar(i), slopes)
                         : real(i, {"slope", "df"}, law.slope, with(given, {{"x", p[0]}}), slopes);
            const Terms all = {{"x", p[0]}, {"f", value}, {"d", slope}};
            const ValueId next =
                real(i, {"x_next", "better"},
                     way == 2 ? "{x} - jnp.clip({f} / {d}, -1.0, 1.0)" : "{x} - {f} / {d}", all,
                     law.root);
            return Ids{next,
                       real(i, {"moved", "change"}, change, with(all, {{"n", next}}), {0, 1})};
          })[0];
    }
    if (show) {
      i.keep(root);
      real(i, law.result, law.gives, with(given, {{"x", root}}), law.given);
    }
  });
}

// ---- The lowest point of a curve ----

struct Curve {
  std::string says;
  Words parameter;
  Interval range;
  std::string form;
  double lo, hi;
};

const std::vector<Curve>& curves() {
  static const std::vector<Curve> kCurves = {
      {"the cost of an order size", {"demand", "rate"}, {1, 6}, "{a} / {x} + 0.5 * {x}", 0.5, 5},
      {"a Lennard-Jones well under load",
       {"pull", "load"},
       {0.1, 1.5},
       "4.0 * ({x}**-12 - {x}**-6) + {a} * {x}",
       0.95,
       1.8},
      {"the drag of a wing",
       {"lift", "weight"},
       {0.5, 3},
       "0.3 * {x}**2 + {a}**2 / {x}**2",
       0.4,
       4},
      {"a quartic bowl that is tilted",
       {"tilt", "slope"},
       {-2, 2},
       "0.25 * {x}**4 + 0.5 * {x}**2 - {a} * {x}",
       -2,
       2},
      {"the time of a path that runs and then swims",
       {"offset", "along"},
       {1, 4},
       "jnp.sqrt(1.0 + {x}**2) + 2.0 * jnp.sqrt(1.0 + ({a} - {x}) ** 2)",
       0,
       4}};
  return kCurves;
}

// Golden sections: which of two inner points is lower decides what remains of the bracket.
Op golden_section() {
  return idiom("golden_section", kConditional, 1.8, kForward, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const Curve& curve = i.random().pick(curves());
    const ValueId a = i.input(curve.parameter, Shape{}, curve.range);
    i.called({"golden_section", "minimize_scalar", "line_minimum"});
    i.summary("Find the minimum of " + curve.says + " by golden sections.");
    const Interval range{curve.lo, curve.hi}, values{-4, 12};
    const BodyId cost =
        i.helper({"cost", "objective", "energy"}, "Value of " + curve.says + ".",
                 {{{"x", "at"}, scalar(i), range}, {curve.parameter, scalar(i), curve.range}},
                 [&](const Ids& p) {
                   return Ids{real(i, {"value"}, curve.form, {{"x", p[0]}, {"a", p[1]}}, values)};
                 });
    const auto at = [&](Words names, ValueId x) {
      return i.call(std::move(names), cost, {x, a}, scalar(i), values);
    };
    const std::string ratio = i.setting({"ratio", "inv_phi"}, {"0.618034", "0.6180339887"});
    const ValueId lo = i.let({"lo", "left"}, "jnp.full_like($0, " + Idiom::text(curve.lo) + ")",
                             {a}, Shape{}, range);
    const ValueId hi = i.let({"hi", "right"}, "jnp.full_like($0, " + Idiom::text(curve.hi) + ")",
                             {a}, Shape{}, range);
    const bool by_cond = i.chance(0.6), value_too = i.chance(0.5);
    const Settling how{i.setting({"tol", "xtol"}, {"0.01", "0.003", "0.02"}), i.between(12, 30),
                       curve.hi - curve.lo, i.chance(0.3) ? Words{"iterations", "steps"} : Words{}};
    const Ids ends = until_settled(
        i, how,
        {{{"lo", "left"}, lo, range, {"lo", "left"}},
         {{"hi", "right"}, hi, range, {"hi", "right"}}},
        {"narrow", "section_step", "shrink"}, [&](const Ids& p) {
          const Terms bracket = {{"l", p[0]}, {"h", p[1]}};
          const ValueId c =
              real(i, {"c", "inner_left"}, "{h} - " + ratio + " * ({h} - {l})", bracket, range);
          const ValueId d =
              real(i, {"d", "inner_right"}, "{l} + " + ratio + " * ({h} - {l})", bracket, range);
          const ValueId fc = at({"f_c", "cost_left"}, c), fd = at({"f_d", "cost_right"}, d);
          const ValueId lower = test(i, {"keep_left", "left_lower"},
                                     i.either({"{u} < {v}", "{u} <= {v}"}), {{"u", fc}, {"v", fd}});
          Ids next;
          if (by_cond)
            next = i.cond(
                lower, {}, {}, {"drop_right", "go_left"}, [&](const Ids&) { return Ids{p[0], d}; },
                {"drop_left", "go_right"}, [&](const Ids&) { return Ids{c, p[1]}; },
                {{{"lo_next"}, scalar(i), range}, {{"hi_next"}, scalar(i), range}});
          else
            next = {i.let({"lo_next"}, "jnp.where($0, $1, $2)", {lower, p[0], c}, Shape{}, range),
                    i.let({"hi_next"}, "jnp.where($0, $1, $2)", {lower, d, p[1]}, Shape{}, range)};
          next.push_back(real(i, {"width", "gap"}, "{h} - {l}", {{"l", next[0]}, {"h", next[1]}},
                              {0, curve.hi - curve.lo}));
          return next;
        });
    const ValueId best =
        real(i, {"minimizer", "x_best"}, i.either({"0.5 * ({l} + {h})", "({l} + {h}) / 2.0"}),
             {{"l", ends[0]}, {"h", ends[1]}}, range);
    if (!value_too) return;
    i.keep(best);
    at({"lowest", "best_value"}, best);
  });
}

// ---- Means ----

// Pairs of means, each with its spellings.
const std::vector<std::pair<Words, Words>>& mean_pairs() {
  static const std::vector<std::pair<Words, Words>> kMeans = {
      {{"0.5 * ({a} + {b})", "({a} + {b}) / 2.0"}, {"jnp.sqrt({a} * {b})", "({a} * {b}) ** 0.5"}},
      {{"0.5 * ({a} + {b})", "({a} + {b}) / 2.0"},
       {"2.0 * {a} * {b} / ({a} + {b})", "2.0 / (1.0 / {a} + 1.0 / {b})"}},
      {{"jnp.sqrt({a} * {b})", "({a} * {b}) ** 0.5"}, {"2.0 * {a} * {b} / ({a} + {b})"}}};
  return kMeans;
}

// The two numbers to begin with, and what else is given.
struct Means {
  ValueId a, b;
  Terms given;
};

// For the mean itself, a pendulum, an ellipse or an elliptic integral.
Means means_of(Idiom& i, std::int64_t use, std::int64_t kind) {
  Terms given;
  ValueId a = kNoValue, b = kNoValue;
  if (use == 1) {
    const ValueId angle = i.input({"amplitude", "theta0"}, Shape{}, {0.2, 2.8});
    given = {{"l", i.input({"length", "l"}, Shape{}, {0.2, 3})}};
    i.called({"pendulum_period", "swing_period", "exact_period"});
    i.summary("Give the period of a pendulum that swings far.");
    a = i.let({"a", "one"}, "jnp.ones_like($0)", {angle}, Shape{}, {0, 1});
    b = real(i, {"g", "b"}, i.either({"jnp.cos({t} / 2.0)", "jnp.cos(0.5 * {t})"}), {{"t", angle}},
             {0.1, 1});
  } else if (use == 3) {
    const ValueId m = i.input({"parameter", "m"}, Shape{}, {0.05, 0.95});
    i.called({"elliptic_k", "complete_elliptic_integral", "ellipk"});
    i.summary("Complete elliptic integral of the first kind.");
    a = i.let({"a", "one"}, "jnp.ones_like($0)", {m}, Shape{}, {0, 1});
    b = real(i, {"g", "b"}, i.either({"jnp.sqrt(1.0 - {m})", "(1.0 - {m}) ** 0.5"}), {{"m", m}},
             {0.2, 1});
  } else {
    a = i.input({use == 2 ? "semi_major" : "a", use == 2 ? "major_axis" : "first"}, Shape{},
                {2, 5});
    b = i.input({use == 2 ? "semi_minor" : "b", use == 2 ? "minor_axis" : "second"}, Shape{},
                {0.5, 2});
    i.called(use == 2    ? Words{"ellipse_perimeter", "orbit_length", "circumference"}
             : kind == 0 ? Words{"agm", "arithmetic_geometric_mean"}
             : kind == 1 ? Words{"arithmetic_harmonic_mean", "babylonian_root"}
                         : Words{"geometric_harmonic_mean", "ghm"});
    i.summary(use == 2    ? "Give the length of an ellipse around."
              : kind == 0 ? "Arithmetic-geometric mean of two numbers."
              : kind == 1 ? "Let arithmetic and harmonic means of two numbers meet."
                          : "Geometric-harmonic mean of two numbers.");
  }
  return {a, b, given};
}

// Two means of two numbers, of each pair again, until they meet: arithmetic-geometric and its kin,
// and what elliptic integrals are by it.
Op iterated_mean() {
  return idiom("iterated_mean", kLoop, 1.8, kForward, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const auto use = i.between(0, 3);  // the mean, a pendulum, an ellipse, an elliptic integral
    const auto kind = use == 0 ? i.between(0, 2) : 0;
    const Means start = means_of(i, use, kind);
    Terms given = start.given;
    const ValueId a = start.a, b = start.b;
    const bool sums = use == 2;
    const Interval range{0.1, 5};
    const auto& means = mean_pairs()[static_cast<std::size_t>(kind)];
    const std::string first = i.either(means.first), second = i.either(means.second);
    const Settling how{i.setting({"tol", "rtol"}, {"1e-4", "1e-3", "1e-5"}), i.between(6, 20), 2,
                       i.chance(0.4) ? Words{"iterations", "steps"} : Words{}};
    const bool relative = i.chance(0.4);
    std::vector<Idiom::Carry> carries = {
        {{"a", "upper"}, a, range, {use == 0 ? "mean" : "agm", "a"}},
        {{"g", "lower"}, b, range, {}}};
    if (sums) {
      const ValueId half =
          real(i, {"total", "series"}, "0.5 * ({a}**2 - {b}**2)", {{"a", a}, {"b", b}}, {0, 12});
      const ValueId one = i.let({"weight", "power"},
                                i.either({"jnp.full_like($0, 0.5)", "0.5 * jnp.ones_like($0)"}),
                                {a}, Shape{}, {0.5, 64});
      carries.push_back({{"total", "series"}, half, {0, 12}, {"total", "series"}});
      carries.push_back({{"weight", "power"}, one, {0.5, 64}, {}});
    }
    const Ids out =
        until_settled(i, how, carries, {"mean_step", "agm_step", "average"}, [&](const Ids& p) {
          const Terms pair = {{"a", p[0]}, {"b", p[1]}};
          const ValueId x = real(i, {"a_next", "outer"}, first, pair, range);
          const ValueId y = real(i, {"g_next", "inner"}, second, pair, range);
          Ids next = {x, y};
          if (sums) {
            const ValueId c =
                real(i, {"c", "half_gap"}, i.either({"0.5 * ({a} - {b})", "({a} - {b}) / 2.0"}),
                     pair, {0, 2});
            const ValueId doubled = real(i, {"weight_next"}, "2.0 * {w}", {{"w", p[3]}}, {0.5, 64});
            next.push_back(real(i, {"total_next"}, "{s} + {w} * {c}**2",
                                {{"s", p[2]}, {"w", doubled}, {"c", c}}, {0, 12}));
            next.push_back(doubled);
          }
          next.push_back(
              real(i, {"gap"},
                   relative ? "jnp.abs({x} - {y}) / jnp.maximum({x}, {y})" : "jnp.abs({x} - {y})",
                   {{"x", x}, {"y", y}}, {0, 2}));
          return next;
        });
    given.push_back({"m", out[0]});
    if (use == 1) {
      const Term g = constant(i, "g", {"gravity", "g"}, {9.81, 9.80665, 1.62});
      given.push_back(g);
      real(i, {"period", "seconds"}, "2.0 * jnp.pi * jnp.sqrt({l} / {g}) / {m}", given, {0.8, 12});
    } else if (use == 3) {
      real(i, {"integral", "k_of_m"}, i.either({"jnp.pi / (2.0 * {m})", "0.5 * jnp.pi / {m}"}),
           given, {1.5, 3});
    } else if (sums) {
      real(i, {"perimeter", "circumference"}, "2.0 * jnp.pi * ({a}**2 - {s}) / {m}",
           with(given, {{"a", a}, {"s", out[2]}}), {8, 30});
    }
  });
}

// ---- Series and fractions ----

struct Series {
  Words called;
  std::string summary;
  Interval range;
  std::string first, ratio;  // in {x} and {n}, the index of the new term
  std::string gives;         // of the sum {s}
  Interval sum;
};

const std::vector<Series>& all_series() {
  static const std::vector<Series> kSeries = {
      {{"bessel_j0", "j0_series"},
       "Bessel function of the first kind by its series.",
       {0.3, 4},
       "jnp.ones_like({x})",
       "-0.25 * {x}**2 / {n}**2",
       "",
       {-0.4, 1}},
      {{"bessel_i0", "i0_series"},
       "Modified Bessel function by its series.",
       {0.3, 3},
       "jnp.ones_like({x})",
       "0.25 * {x}**2 / {n}**2",
       "",
       {1, 5}},
      {{"error_function", "erf_series"},
       "Error function by its Taylor series.",
       {0.2, 1.8},
       "{x}",
       "-({x}**2) * (2.0 * {n} - 1.0) / ({n} * (2.0 * {n} + 1.0))",
       "2.0 / jnp.sqrt(jnp.pi) * {s}",
       {0.2, 1}},
      {{"sine_integral", "si_series"},
       "Sine integral by its series.",
       {0.3, 3},
       "{x}",
       "-({x}**2) * (2.0 * {n} - 1.0) / (2.0 * {n} * (2.0 * {n} + 1.0) ** 2)",
       "",
       {0.3, 1.9}},
      {{"inverse_sine", "arcsin_series"},
       "Inverse sine by its series.",
       {0.1, 0.8},
       "{x}",
       "{x}**2 * (2.0 * {n} - 1.0) ** 2 / (2.0 * {n} * (2.0 * {n} + 1.0))",
       "",
       {0.1, 1}},
      {{"elliptic_series", "elliptic_e"},
       "Complete elliptic integral of the second kind.",
       {0.1, 0.7},
       "jnp.ones_like({x})",
       "{x} * (2.0 * {n} - 1.0) * (2.0 * {n} - 3.0) / (2.0 * {n}) ** 2",
       "0.5 * jnp.pi * {s}",
       {0.6, 1.6}},
      {{"kummer", "confluent_series"},
       "Confluent hypergeometric function by its series.",
       {0.3, 3},
       "jnp.ones_like({x})",
       "({a} + {n} - 1.0) / ({b} + {n} - 1.0) * {x} / {n}",
       "",
       {1, 12}}};
  return kSeries;
}

// A series summed until its terms are small: each term by its ratio to the one before.
Op summed_series() {
  return idiom("summed_series", kLoop, 2.0, kForward, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const Series& series = i.random().pick(all_series());
    const bool kummer = series.called[0] == "kummer";
    const ValueId x = i.input({"x", "argument", "z"}, Shape{}, series.range);
    Terms given = {{"x", x}};
    if (kummer) {
      given.push_back({"a", i.input({"a", "numerator"}, Shape{}, {0.3, 1.5})});
      given.push_back({"b", i.input({"b", "denominator"}, Shape{}, {1, 3})});
    }
    i.called(series.called);
    i.summary(series.summary);
    i.summary("Sum a series until its terms are small.");
    const ValueId first =
        series.first == "{x}" ? x : real(i, {"term", "first"}, series.first, given, {0, 2});
    const Interval terms{-3, 3};
    const Settling how{i.setting({"tol", "eps"}, {"1e-5", "1e-4", "1e-6"}), i.between(15, 40), 2,
                       i.chance(0.4) ? Words{"iterations", "steps"} : Words{}};
    const bool relative = i.chance(0.4);
    const ValueId one = i.let({"n", "index"}, "jnp.ones_like($0)", {x}, Shape{}, {1, 30});
    if (relative) i.comment("Terms are small beside what they add to.");
    const ValueId sum = until_settled(
        i, how,
        {{{"total", "s"}, first, series.sum, {"total", "series"}},
         {{"term", "t"}, first, terms, {}},
         {{"n", "index"}, one, {1, 30}, {}}},
        {"add_term", "next_term", "accumulate"}, [&](const Ids& p) {
          const ValueId ratio =
              real(i, {"ratio", "factor"}, series.ratio, with(given, {{"n", p[2]}}), {-1, 1});
          const ValueId term =
              i.let({"term_next", "added"}, "$0 * $1", {p[1], ratio}, Shape{}, terms);
          const ValueId total =
              i.let({"total_next", "partial_sum"}, "$0 + $1", {p[0], term}, Shape{}, series.sum);
          const ValueId n = i.let({"n_next"}, "$0 + 1.0", {p[2]}, Shape{}, {1, 30});
          return Ids{total, term, n,
                     real(i, {"size", "magnitude"},
                          relative ? "jnp.abs({t}) / (jnp.abs({s}) + 1e-3)" : "jnp.abs({t})",
                          {{"t", term}, {"s", total}}, {0, 2})};
        })[0];
    if (!series.gives.empty())
      real(i, {"value", "integral"}, series.gives, {{"s", sum}}, series.sum);
  });
}

struct Fraction {
  Words called;
  std::string summary;
  Interval range;
  std::string first, a, b;  // of the parts after the first, in {x} and their number {j}
  std::string gives;        // of the value {v}
  Interval value;
  double tail;
};

const std::vector<Fraction>& fractions() {
  static const std::vector<Fraction> kFractions = {
      {{"tangent_fraction", "tan_lambert"},
       "Tangent by Lambert's continued fraction.",
       {0.1, 1.3},
       "{x}",
       "-({x}**2)",
       "2.0 * {j}",
       "",
       {0.1, 3.6},
       24},
      {{"tanh_fraction", "tanh_lambert"},
       "Hyperbolic tangent by a continued fraction.",
       {0.2, 3},
       "{x}",
       "{x}**2",
       "2.0 * {j}",
       "",
       {0.2, 1},
       24},
      {{"arctan_fraction", "arctan_gauss"},
       "Inverse tangent by Gauss's continued fraction.",
       {0.2, 2},
       "{x}",
       "({j} * {x}) ** 2",
       "2.0 * {j}",
       "",
       {0.2, 1.2},
       40},
      {{"mills_ratio", "normal_tail"},
       "Upper tail of the normal law by a continued fraction.",
       {1.5, 4},
       "1.0",
       "{j}",
       "{x}",
       "{v} * jnp.exp(-0.5 * {x}**2) / jnp.sqrt(2.0 * jnp.pi)",
       {0, 0.1},
       8},
      {{"exponential_integral", "expint"},
       "Exponential integral by a continued fraction.",
       {1, 5},
       "1.0",
       "-({j}**2)",
       "{x} + 2.0 * {j}",
       "{v} * jnp.exp(-{x})",
       {0, 0.3},
       30}};
  return kFractions;
}

// A part of the fraction by its form in {j}, the number of the part.
ValueId part_of(Idiom& i, Words names, const std::string& form, ValueId x, ValueId j,
                Interval range) {
  return form == "{j}" ? j : real(i, std::move(names), form, {{"x", x}, {"j", j}}, range);
}

constexpr Interval kFractionValues{0, 6};

// From the last part upwards.
ValueId from_below(Idiom& i, const Fraction& of, ValueId x) {
  const Interval tails{0.5, of.tail};
  const bool constant_b = of.b == "{x}";
  const std::int64_t depth = i.between(8, 20);
  const std::string odd = fmt::format("{}.0", 2 * depth - 1);
  const ValueId begin =
      constant_b ? x
                 : i.let({"tail", "start"},
                         of.b == "2.0 * {j}" ? "jnp.full_like($0, " + odd + ")" : "$0 + " + odd,
                         {x}, Shape{}, tails);
  const ValueId tail = i.fori(
      0, depth - 1, {"add_level", "climb", "level"}, {{{"tail", "t"}, begin, tails, {"tail", "t"}}},
      [&](const Ids& p) {
        const ValueId j =
            i.let({"j", "depth"}, fmt::format("{}.0 - $0", depth - 1), {p[0]}, Shape{}, {1, 20});
        const ValueId a = part_of(i, {"a", "numerator"}, of.a, x, j, {-9, 9});
        const ValueId b = constant_b ? x : part_of(i, {"b", "whole"}, of.b + " - 1.0", x, j, tails);
        return Ids{i.let({"tail_next"}, "$0 + $1 / $2", {b, a, p[1]}, Shape{}, tails)};
      })[0];
  return real(i, {"value", "fraction"}, of.first + " / {t}", {{"x", x}, {"t", tail}},
              kFractionValues);
}

// By convergents until two agree.
ValueId by_convergents(Idiom& i, const Fraction& of, ValueId x) {
  const Interval values = kFractionValues, tails{0.5, of.tail};
  const bool constant_b = of.b == "{x}";
  i.summary("Evaluate a continued fraction until its convergents agree.");
  const Settling how{i.setting({"tol", "eps"}, {"1e-4", "1e-5", "1e-3"}), i.between(12, 40), 2,
                     i.chance(0.35) ? Words{"iterations", "steps"} : Words{}};
  const ValueId one = i.let({"j", "level"}, "jnp.ones_like($0)", {x}, Shape{}, {1, 40});
  const ValueId b1 = constant_b ? x
                     : of.b == "2.0 * {j}"
                         ? one
                         : i.let({"b1", "first_whole"}, "$0 + 1.0", {x}, Shape{}, tails);
  const ValueId p1 =
      b1 == one && of.first == "{x}"
          ? x
          : real(i, {"p", "convergent"}, of.first + " / {b}", {{"x", x}, {"b", b1}}, values);
  const ValueId q0 =
      b1 == one ? one : i.let({"q_old", "inverse"}, "1.0 / $0", {b1}, Shape{}, {0, 1});
  const ValueId none = zero_like(i, {"p_old", "before"}, x, values);
  return until_settled(
      i, how,
      {{{"p", "convergent"}, p1, values, {"value", "fraction"}},
       {{"p_old", "before"}, none, values, {}},
       {{"q_old", "inverse"}, q0, {0, 1}, {}},
       {{"j", "level"}, one, {1, 40}, {}}},
      {"next_convergent", "refine"}, [&](const Ids& p) {
        const ValueId a = part_of(i, {"a", "numerator"}, of.a, x, p[3], {-9, 9});
        const ValueId b =
            constant_b ? x : part_of(i, {"b", "whole"}, of.b + " + 1.0", x, p[3], tails);
        const Terms all = {{"a", a}, {"b", b}, {"p", p[0]}, {"o", p[1]}, {"q", p[2]}};
        i.comment("Scaled so that the last denominator is one.");
        const ValueId q = real(i, {"q", "scale"}, "{b} + {a} * {q}", all, tails);
        const ValueId next = real(i, {"p_next", "improved"}, "({b} * {p} + {a} * {o}) / {d}",
                                  with(all, {{"d", q}}), values);
        const ValueId kept = i.let({"p_scaled"}, "$0 / $1", {p[0], q}, Shape{}, values);
        const ValueId inverse = i.let({"q_scaled"}, "1.0 / $0", {q}, Shape{}, {0, 1});
        const ValueId j = i.let({"j_next"}, "$0 + 1.0", {p[3]}, Shape{}, {2, 40});
        return Ids{next, kept, inverse, j,
                   i.let({"moved", "change"}, "jnp.abs($0 - $1)", {next, p[0]}, Shape{}, {0, 2})};
      })[0];
}

// a1 / (b1 + a2 / (b2 + ...)): from the last part upwards, or by convergents until they agree.
Op continued_fraction() {
  return idiom("continued_fraction", kLoop, 0.8, kForward, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const Fraction& of = i.random().pick(fractions());
    const ValueId x = i.input({"x", "argument", "z"}, Shape{}, of.range);
    i.called(of.called);
    i.summary(of.summary);
    const ValueId value = i.chance(0.45) ? from_below(i, of, x) : by_convergents(i, of, x);
    if (!of.gives.empty())
      real(i, {of.called[0] == "mills_ratio" ? "tail_mass" : "integral", "result"}, of.gives,
           {{"x", x}, {"v", value}}, of.value);
  });
}

}  // namespace

std::vector<Op> scalar_root_idioms() {
  return {solve_law(), golden_section(), iterated_mean(), summed_series(), continued_fraction()};
}

}  // namespace jaxsmith::plan
