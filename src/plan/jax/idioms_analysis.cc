// Numerical analysis: interpolation, quadrature, finite differences, roots, polynomials; and
// positions on a sphere.
#include <fmt/format.h>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;
using Part = Idiom::Part;

// A table read between its knots: linear by search and gather or by jnp.interp; knots given,
// summed up from gaps, or even.
Op interpolate() {
  return idiom("interpolate", kIndexing, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = size_from(i, 4), m = i.size();
    const ValueId y = i.input({"values", "table", "fp"}, Shape{n}, {-2, 2});
    const bool even = i.chance(0.4);
    const Interval span = even ? Interval{0, 1} : Interval{-0.2, 0.25 * static_cast<double>(n)};
    const ValueId at = i.input({"query", "x_new", "points"}, Shape{m}, span);
    ValueId x;
    if (even) {
      x = i.let({"knots", "grid"}, fmt::format("jnp.linspace(0.0, 1.0, {}, dtype=$0.dtype)", n),
                {y}, {n}, {0, 1});
    } else {
      const ValueId gaps = i.input({"gaps", "spacings"}, Shape{n}, {0.1, 0.5});
      x = i.let({"knots", "xp"}, i.either({"jnp.cumsum($0)", "$0.cumsum()"}), {gaps}, {n}, {0, 4});
    }
    i.called({"interpolate", "lookup_table", "resample"});
    i.summary("Read a table between its knots.");
    i.summary("Interpolate linearly at new points.");
    const Terms terms = {{"x", x}, {"y", y}, {"t", at}};
    if (i.chance(0.3)) {
      let(i, {"interpolated"},
          i.either({"jnp.interp({t}, {x}, {y})", "jnp.interp({t}, {x}, {y}, left=0.0)",
                    "jnp.interp({t}, {x}, {y}, right=0.0)"}),
          terms, {m}, {-2, 2});
      return;
    }
    const ValueId k = i.let(
        {"right", "upper"},
        i.either({fmt::format("jnp.clip(jnp.searchsorted($0, $1), 1, {})", n - 1),
                  fmt::format("jnp.searchsorted($0, $1, side=\"right\").clip(1, {})", n - 1)}),
        {x, at}, Type{i.integer(), {m}}, {1, static_cast<double>(n - 1)});
    const Terms more = with(terms, {{"k", k}});
    const ValueId w = let(i, {"weight", "frac"}, "({t} - {x}[{k} - 1]) / ({x}[{k}] - {x}[{k} - 1])",
                          more, {m}, {-0.5, 1.5});
    const bool held = i.chance(0.4);
    const ValueId f =
        held ? i.let({"held", "inside"}, "jnp.clip($0, 0.0, 1.0)", {w}, {m}, {0, 1}) : w;
    let(i, {"interpolated"},
        i.either({"{y}[{k} - 1] + {f} * ({y}[{k}] - {y}[{k} - 1])",
                  "(1.0 - {f}) * {y}[{k} - 1] + {f} * {y}[{k}]",
                  "(1.0 - {f}) * jnp.take({y}, {k} - 1) + {f} * jnp.take({y}, {k})"}),
        with(more, {{"f", f}}), {m}, {-2, 2});
  });
}

// Cubic interpolation on even knots: Catmull and Rom's or Hermite's with given slopes.
Op cubic_interpolate() {
  return idiom("cubic_interpolate", kIndexing, 0.8, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = size_from(i, 5), m = i.size();
    const ValueId y = i.input({"samples", "values", "control"}, Shape{n}, {-2, 2});
    const ValueId t =
        i.input({"t", "position", "query"}, Shape{m}, {0.05, static_cast<double>(n) - 1.1});
    const bool hermite = i.chance(0.5);
    i.called(
        {hermite ? "hermite_interpolate" : "catmull_rom", "cubic_interpolate", "smooth_lookup"});
    i.summary("Interpolate evenly spaced samples by cubics.");
    // Beyond the ends the outermost cubics go on.
    const double last = static_cast<double>(n - 2);
    const ValueId whole = i.let(
        {"base", "whole"},
        fmt::format(
            fmt::runtime(i.either({"jnp.clip(jnp.floor($0), 0, {})", "jnp.floor($0).clip(0, {})"})),
            n - 2),
        {t}, {m}, {0, last});
    const ValueId k = i.let({"k", "cell"}, i.either({"$0.astype(jnp.int32)", "$0.astype(int)"}),
                            {whole}, Type{i.integer(), {m}}, {0, last});
    const ValueId u = i.let({"u", "frac"}, "$0 - $1", {t, whole}, {m}, {0, 1});
    const Terms terms = {{"y", y}, {"k", k}, {"u", u}};
    if (hermite) {
      const bool given = i.chance(0.5);
      const ValueId d = given
                            ? i.input({"slopes", "tangents"}, Shape{n}, {-1, 1})
                            : i.let({"slopes", "tangents"}, "jnp.gradient($0)", {y}, {n}, {-2, 2});
      const Terms more = with(terms, {{"d", d}});
      const ValueId a = let(i, {"values_part"},
                            "(1.0 + 2.0 * {u}) * (1.0 - {u}) ** 2 * {y}[{k}] + {u}**2 * (3.0 - 2.0 "
                            "* {u}) * {y}[{k} + 1]",
                            more, {m}, {-2, 2});
      const ValueId b =
          let(i, {"slopes_part"},
              "{u} * (1.0 - {u}) ** 2 * {d}[{k}] + {u}**2 * ({u} - 1.0) * {d}[{k} + 1]", more, {m},
              {-1, 1});
      i.let({"interpolated"}, "$0 + $1", {a, b}, {m}, {-2, 2});
      return;
    }
    Terms more = terms;
    const Words names = {"p0", "p1", "p2", "p3"};
    // The samples at the ends stand for the neighbors that they lack.
    const Words places = {"{y}[jnp.maximum({k} - 1, 0)]", "{y}[{k}]", "{y}[{k} + 1]",
                          fmt::format("{{y}}[jnp.minimum({{k}} + 2, {})]", n - 1)};
    for (std::size_t j = 0; j < 4; ++j)
      more.push_back({names[j], let(i, {names[j]}, places[j], terms, {m}, {-2, 2})});
    const Interval r{-4, 4};
    const ValueId slope = let(i, {"slope", "rise"}, "0.5 * ({p2} - {p0})", more, {m}, r);
    const ValueId bend =
        let(i, {"bend", "curve"}, "{p0} - 2.5 * {p1} + 2.0 * {p2} - 0.5 * {p3}", more, {m}, r);
    const ValueId twist =
        let(i, {"twist", "cubic"}, "0.5 * ({p3} - {p0}) + 1.5 * ({p1} - {p2})", more, {m}, r);
    let(i, {"interpolated"},
        i.either({"{p1} + {u} * ({s} + {u} * ({b} + {u} * {t}))",
                  "{p1} + {s} * {u} + {b} * {u}**2 + {t} * {u}**3"}),
        with(more, {{"s", slope}, {"b", bend}, {"t", twist}}), {m}, {-3, 3});
  });
}

// Lagrange's polynomial through points, by products or by barycentric weights.
Op lagrange() {
  return idiom("lagrange", kReduction, 0.7, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = size_from(i, 3, 7), m = i.size();
    const ValueId y = i.input({"values", "samples", "y"}, Shape{n}, {-2, 2});
    const ValueId t = i.input({"query", "t", "points"}, Shape{m}, {-0.97, 0.98});
    const bool chebyshev = i.chance(0.5);
    const ValueId x = i.let(
        {"nodes", "knots"},
        chebyshev
            ? fmt::format("jnp.cos(jnp.pi * (jnp.arange({}, dtype=$0.dtype) + 0.5) / {})", n, n)
            : fmt::format("jnp.linspace(-1.0, 1.0, {}, dtype=$0.dtype)", n),
        {y}, {n}, {-1, 1});
    i.called({"lagrange", "polynomial_through", "interpolate_polynomial"});
    i.summary("Evaluate the polynomial that goes through given points.");
    const ValueId mask = i.let({"same", "diagonal"}, "jnp.eye($0.shape[0], dtype=bool)", {x},
                               Type{DType::kBool, {n, n}}, {0, 1});
    const std::string one = "jnp.where({mask}, 1.0, ";
    if (i.chance(0.5)) {
      const ValueId top =
          let(i, {"factors", "numerators"}, "jnp.where({mask}, 1.0, {t}[:, None, None] - {x})",
              {{"mask", mask}, {"t", t}, {"x", x}}, {m, n, n}, {-2, 2});
      const ValueId gaps = let(i, {"gaps", "denominators"}, one + "{x}[:, None] - {x})",
                               {{"mask", mask}, {"x", x}}, {n, n}, {-2, 2});
      const ValueId basis = i.let(
          {"basis"},
          i.either({"jnp.prod($0 / $1, axis=-1)", "jnp.prod($0, axis=-1) / jnp.prod($1, axis=-1)"}),
          {top, gaps}, {m, n}, {-1, 1});
      i.let({"interpolated"}, i.either({"$0 @ $1", "jnp.sum($0 * $1, axis=-1)"}), {basis, y}, {m},
            {-3, 3});
      return;
    }
    const ValueId w =
        let(i, {"weights", "bary"}, "1.0 / jnp.prod(" + one + "{x}[:, None] - {x}), axis=1)",
            {{"mask", mask}, {"x", x}}, {n}, {-6, 6});
    const ValueId gaps = i.let({"gaps", "offsets"}, "$0[:, None] - $1", {t, x}, {m, n}, {-2, 2});
    // At a node its own term decides.
    const ValueId apart =
        i.let({"apart", "safe_gaps"}, "jnp.where($0 == 0.0, 1e-12, $0)", {gaps}, {m, n}, {-2, 2});
    const ValueId r = i.let({"ratio", "terms"}, "$0 / $1", {w, apart}, {m, n}, {-30, 30});
    i.let(
        {"interpolated"},
        i.either({"$0 @ $1 / jnp.sum($0, axis=-1)", "jnp.sum($0 * $1, axis=-1) / $0.sum(axis=-1)"}),
        {r, y}, {m}, {-3, 3});
  });
}

// Integrals of sampled curves: trapezoids, Simpson's rule, or running; even or uneven steps.
Op integrate_samples() {
  return idiom("integrate_samples", kReduction, 1.0, kSmooth, [](Idiom& i) {
    const ValueId y = i.anchor({"samples", "curve", "y"}, 1, 2, {-2, 2});
    const std::int64_t n = i.dim(y, -1);
    const Shape kept = i.without_axis(y, -1);
    if (n < 3) return i.fail();
    const auto kind = i.between(0, half_precision(i) ? 2 : 3);
    const bool uneven = kind != 1 && i.chance(0.4);
    const Term dx = uneven ? Term{} : constant(i, "dx", {"dx", "spacing", "h"}, {0.1, 0.5, 0.25});
    i.called({kind == 1   ? "simpson"
              : kind == 2 ? "cumulative_trapezoid"
                          : "trapezoid",
              "integrate_samples", "area_under"});
    i.summary(kind == 1   ? "Integrate samples by Simpson's rule."
              : kind == 2 ? "Give the running integral of samples."
                          : "Integrate samples by trapezoids.");
    Terms terms = {{"y", y}, dx};
    if (uneven) {
      const ValueId gaps = i.input({"gaps", "widths", "dx"}, Shape{n - 1}, {0.1, 0.6});
      terms.push_back({"gaps", gaps});
    }
    if (kind == 1) {
      if (n % 2 == 0) return i.fail();  // panels come in pairs
      if (i.chance(0.5)) {
        const ValueId odd = let(i, {"odd", "midpoints"}, "jnp.sum({y}[..., 1:-1:2], axis=-1)",
                                terms, kept, {-4, 4});
        const ValueId even =
            let(i, {"even", "inner"}, "jnp.sum({y}[..., 2:-1:2], axis=-1)", terms, kept, {-4, 4});
        const ValueId ends = let(i, {"ends"}, "{y}[..., 0] + {y}[..., -1]", terms, kept, {-4, 4});
        let(i, {"integral", "area"}, "{dx} / 3.0 * ({e} + 4.0 * {odd} + 2.0 * {even})",
            with(terms, {{"e", ends}, {"odd", odd}, {"even", even}}), kept, {-4, 4});
      } else {
        const ValueId k = i.let({"k", "positions"}, "jnp.arange($0.shape[-1])", {y},
                                Type{i.integer(), {n}}, {0, static_cast<double>(n)});
        const ValueId w = i.let(
            {"weights", "w"},
            "jnp.where($0 % 2 == 1, 4.0, 2.0).at[jnp.array([0, -1])].set(1.0).astype($1.dtype)",
            {k, y}, {n}, {1, 4});
        let(i, {"integral", "area"},
            i.either({"{dx} / 3.0 * ({y} @ {w})", "{dx} * jnp.sum({w} * {y}, axis=-1) / 3.0"}),
            with(terms, {{"w", w}}), kept, {-4, 4});
      }
      return;
    }
    const std::string step = uneven ? "{gaps}" : "{dx}";
    if (kind == 3) {
      let(i, {"integral", "area"},
          uneven ? "jnp.trapezoid({y}, jnp.cumsum(jnp.pad({gaps}, (1, 0))))"
                 : "jnp.trapezoid({y}, dx={dx}, axis=-1)",
          terms, kept, {-4, 4});
      return;
    }
    const ValueId means = let(
        i, {"panels", "midpoints"},
        i.either({"0.5 * ({y}[..., 1:] + {y}[..., :-1])", "({y}[..., :-1] + {y}[..., 1:]) / 2.0"}),
        terms, i.with_last(y, n - 1), {-2, 2});
    const Terms more = with(terms, {{"m", means}});
    if (kind == 0) {
      let(i, {"integral", "area"},
          i.either({"jnp.sum({m} * " + step + ", axis=-1)", "(" + step + " * {m}).sum(axis=-1)"}),
          more, kept, {-4, 4});
    } else {
      let(i, {"running", "cumulative"}, "jnp.cumsum({m} * " + step + ", axis=-1)", more,
          i.with_last(y, n - 1), {-4, 4});
    }
  });
}

// Gauss and Legendre's quadrature of a family of functions, mapped over their parameters.
Op gauss_quadrature() {
  return idiom("gauss_quadrature", kVectorization, 0.9, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const ValueId k = i.input({"parameters", "rates", "k"}, Shape{i.size()}, {0.3, 3});
    static const Words kNodes = {"[-0.5773502692, 0.5773502692]",
                                 "[-0.7745966692, 0.0, 0.7745966692]",
                                 "[-0.8611363116, -0.3399810436, 0.3399810436, 0.8611363116]",
                                 "[-0.9061798459, -0.5384693101, 0.0, 0.5384693101, 0.9061798459]"};
    static const Words kWeights = {
        "[1.0, 1.0]", "[0.5555555556, 0.8888888889, 0.5555555556]",
        "[0.3478548451, 0.6521451549, 0.6521451549, 0.3478548451]",
        "[0.2369268851, 0.4786286705, 0.5688888889, 0.4786286705, 0.2369268851]"};
    const auto order = static_cast<std::size_t>(i.between(0, 3));
    const auto n = static_cast<std::int64_t>(order) + 2;
    const std::string integrand =
        i.either({"jnp.exp(-{k} * {x}**2)", "jnp.cos({k} * {x}) ** 2", "1.0 / (1.0 + {k} * {x}**2)",
                  "jnp.sqrt(1.0 + {k} * {x}**2)", "{x}**2 * jnp.exp(-{k} * {x})",
                  "jnp.log1p({k} * {x}**2)", "jnp.exp(jnp.sin({k} * {x}))"});
    i.called({"gauss_legendre", "integrate_family", "quadrature"});
    i.summary(fmt::format("Integrate by Gauss-Legendre quadrature with {} nodes.", n));
    const bool interval = i.chance(0.6);
    const ValueId top = interval ? i.input({"upper", "b"}, Shape{}, {0.8, 2}) : kNoValue;
    const ValueId x =
        i.let({"nodes"}, "jnp.array(" + kNodes[order] + ", $0.dtype)", {k}, {n}, {-1, 1});
    const ValueId w =
        i.let({"weights"}, "jnp.array(" + kWeights[order] + ", $0.dtype)", {k}, {n}, {0.2, 1});
    ValueId nodes = x, weights = w;
    if (interval) {
      nodes = i.let({"mapped", "abscissas"},
                    i.either({"0.5 * $0 * ($1 + 1.0)", "$0 / 2.0 * ($1 + 1.0)"}), {top, x}, {n},
                    {0, 2});
      weights = i.let({"scaled_weights"}, "0.5 * $0 * $1", {top, w}, {n}, {0.05, 1});
    }
    const BodyId one = i.function(
        {"integral", "integrate_one"}, {{{"k", "a"}, {i.real(), {}}, {0.3, 3}}}, [&](const Ids& p) {
          const ValueId f =
              let(i, {"f", "heights"}, integrand, {{"k", p[0]}, {"x", nodes}}, {n}, {0, 3});
          return Ids{i.let({"integral"},
                           i.either({"jnp.sum($0 * $1)", "$0 @ $1", "jnp.dot($0, $1)"}),
                           {weights, f}, Shape{}, {0.1, 5})};
        });
    i.let({"integrals"}, "jax.vmap($f0)($0)", {k}, {one}, {i.real(), i.shape(k)}, {0.1, 5});
  });
}

// Derivatives of sampled fields: gradients, divergence, curl, strain by differences.
Op difference_field() {
  return idiom("difference_field", kArray, 0.9, kSmooth, [](Idiom& i) {
    const std::int64_t ny = size_from(i, 4), nx = size_from(i, 4);
    const Shape shape{ny, nx};
    const ValueId u = i.input({"u", "east_wind", "vx"}, shape, {-2, 2});
    const ValueId v = i.input({"v", "north_wind", "vy"}, shape, {-2, 2});
    const Term h = constant(i, "h", {"spacing", "h", "dx"}, {0.5, 1, 2}, 0.3);
    const auto what = i.between(0, 3), way = i.between(0, 3);
    i.called({what == 0   ? "divergence"
              : what == 1 ? "vorticity"
              : what == 2 ? "strain_rate"
                          : "okubo_weiss",
              "flow_derivatives", what == 1 ? "curl" : "difference_field"});
    i.summary(what == 0   ? "Give the divergence of a flow on a grid."
              : what == 1 ? "Give the vorticity of a flow on a grid."
              : what == 2 ? "Give how fast a flow deforms what it carries."
                          : "Tell strain from rotation in a flow on a grid.");
    const auto slope = [&](ValueId f, int axis, Words names) {
      const std::string a = axis ? "1" : "0";
      const Terms terms = {{"f", f}, h};
      const std::string roll =
          "(jnp.roll({f}, -1, axis=" + a + ") - jnp.roll({f}, 1, axis=" + a + ")) / (2.0 * {h})";
      const std::string edge = axis ? "((0, 0), (1, 1))" : "((1, 1), (0, 0))";
      const std::string pad = "jnp.pad({f}, " + edge + ", mode=\"edge\")";
      const std::string central =
          axis ? "({p}[:, 2:] - {p}[:, :-2]) / (2.0 * {h})" : "({p}[2:] - {p}[:-2]) / (2.0 * {h})";
      if (way == 0) return let(i, std::move(names), roll, terms, shape, {-3, 3});
      if (way == 1)
        return let(i, std::move(names), "jnp.gradient({f}, axis=" + a + ") / {h}", terms, shape,
                   {-3, 3});
      if (way == 2)
        return let(i, std::move(names), "(jnp.roll({f}, -1, axis=" + a + ") - {f}) / {h}", terms,
                   shape, {-4, 4});
      Shape wide = shape;
      wide[static_cast<std::size_t>(axis)] += 2;
      const ValueId p = let(i, {"padded"}, pad, terms, wide, {-2, 2});
      return let(i, std::move(names), central, {{"p", p}, h}, shape, {-3, 3});
    };
    if (what == 0) {
      const ValueId x = slope(u, 1, {"du_dx"}), y = slope(v, 0, {"dv_dy"});
      i.let({"divergence"}, "$0 + $1", {x, y}, shape, {-5, 5});
    } else if (what == 1) {
      const ValueId x = slope(v, 1, {"dv_dx"}), y = slope(u, 0, {"du_dy"});
      const ValueId curl = i.let({"vorticity", "curl"}, "$0 - $1", {x, y}, shape, {-5, 5});
      if (i.chance(0.4)) {
        i.summary("Give the vorticity of a flow on a grid and its enstrophy.");
        i.keep(curl);
        i.let({"enstrophy"}, i.either({"0.5 * jnp.mean($0**2)", "0.5 * jnp.sum(jnp.square($0))"}),
              {curl}, Shape{}, {0.3, 20});
      }
    } else {
      const ValueId ux = slope(u, 1, {"du_dx"}), uy = slope(u, 0, {"du_dy"});
      const ValueId vx = slope(v, 1, {"dv_dx"}), vy = slope(v, 0, {"dv_dy"});
      const Ids all = {ux, uy, vx, vy};
      what == 2 ? i.let({"strain"},
                        i.either({"jnp.sqrt(($0 - $3) ** 2 + ($1 + $2) ** 2)",
                                  "jnp.hypot($0 - $3, $1 + $2)"}),
                        all, shape, {0.1, 6})
                : i.let({"okubo_weiss", "balance"},
                        "($0 - $3) ** 2 + ($1 + $2) ** 2 - ($2 - $1) ** 2", all, shape, {-9, 20});
    }
  });
}

// An equation f = 0 in {x}, for each {c}, with derivatives of f.
struct Equation {
  const char *summary, *f, *slope, *second, *start;
  Interval given, root;
};

const std::vector<Equation>& equations() {
  static const std::vector<Equation> kEquations = {
      {"Take cube roots by iteration.",
       "{x}**3 - {c}",
       "3.0 * {x}**2",
       "6.0 * {x}",
       "0.5 * (1.0 + {c})",
       {0.3, 4},
       {0.5, 2}},
      {"Take square roots by iteration.",
       "{x}**2 - {c}",
       "2.0 * {x}",
       "2.0",
       "0.5 * (1.0 + {c})",
       {0.3, 4},
       {0.5, 2.5}},
      {"Solve x exp(x) = c, Lambert's equation.",
       "{x} * jnp.exp({x}) - {c}",
       "jnp.exp({x}) * ({x} + 1.0)",
       "jnp.exp({x}) * ({x} + 2.0)",
       "jnp.log1p({c})",
       {0.3, 4},
       {0.2, 1.7}},
      {"Solve x + tanh(x) = c for each c.",
       "{x} + jnp.tanh({x}) - {c}",
       "2.0 - jnp.tanh({x}) ** 2",
       "-2.0 * jnp.tanh({x}) * (1.0 - jnp.tanh({x}) ** 2)",
       "0.6 * {c}",
       {-3, 3},
       {-2.2, 2.2}},
      {"Solve x + x cubed = c for each c.",
       "{x}**3 + {x} - {c}",
       "3.0 * {x}**2 + 1.0",
       "6.0 * {x}",
       "0.5 * {c}",
       {-3, 3},
       {-1.5, 1.5}},
      {"Solve x - sin(x) / 2 = c for each c.",
       "{x} - 0.5 * jnp.sin({x}) - {c}",
       "1.0 - 0.5 * jnp.cos({x})",
       "0.5 * jnp.sin({x})",
       "{c} + 0.5 * jnp.sin({c})",
       {-2, 2},
       {-2.5, 2.5}}};
  return kEquations;
}

// Of these terms the second derivative; of all that is known the step.
ValueId halley_step(Idiom& i, const Equation& q, const Terms& terms, const Terms& known,
                    const Shape& shape) {
  const bool plain = std::string(q.second) == "2.0";
  const Term s{"s", plain ? kNoValue : let(i, {"bend", "d2f"}, q.second, terms, shape, {-3, 6}),
               "2.0"};
  return let(i, {"x_next"}, "{x} - 2.0 * {f} * {d} / (2.0 * {d}**2 - {f} * {s})", with(known, {s}),
             shape, q.root);
}

// Roots, elementwise, of powers and transcendental equations: by Newton or by Halley.
Op find_root() {
  return idiom("find_root", kLoop, 0.8, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const Equation& q = i.random().pick(equations());
    const ValueId c = i.anchor({"target", "c", "level"}, 0, 2, q.given);
    const Shape shape = i.shape(c);
    const bool halley = i.chance(0.4), damped = !halley && i.chance(0.25);
    i.called({halley ? "halley" : "newton", "find_root", "solve_elementwise"});
    i.summary(q.summary);
    i.summary(halley ? "Find roots by Halley's method." : "Find roots by Newton's method.");
    const ValueId start = let(i, {"start", "guess"}, q.start, {{"c", c}}, shape, q.root);
    const BodyId pair = i.chance(0.5)
                            ? i.helper({i.either({"equation", "residual", "mismatch"}), "f"},
                                       "Give how far a guess is off.",
                                       {{{"x", "guess"}, {i.real(), shape}, q.root},
                                        {{"c", "target"}, {i.real(), shape}, q.given}},
                                       [&](const Ids& p) {
                                         return Ids{let(i, {"off"}, q.f, {{"x", p[0]}, {"c", p[1]}},
                                                        shape, {-2, 2})};
                                       })
                            : -1;
    const std::int64_t steps = halley   ? i.between(3, 4)
                               : damped ? i.between(6, 10)
                                        : i.between(4, 6);
    repeat(i, 0, steps, {"improve", "iterate"},
           {{{"x", "guess"}, start, q.root, {"root", "solution"}}}, [&](const Ids& p) {
             const Terms terms = {{"x", p[0]}, {"c", c}};
             const ValueId f =
                 pair >= 0 ? i.call({"off", "value"}, pair, {p[0], c}, {i.real(), shape}, {-2, 2})
                           : let(i, {"off", "value"}, q.f, terms, shape, {-2, 2});
             const ValueId d = let(i, {"slope", "df"}, q.slope, terms, shape, {0.3, 6});
             const Terms known = with(terms, {{"f", f}, {"d", d}});
             if (halley) return Ids{halley_step(i, q, terms, known, shape)};
             return Ids{let(i, {"x_next"}, damped ? "{x} - 0.8 * {f} / {d}" : "{x} - {f} / {d}",
                            known, shape, q.root)};
           });
  });
}

// Bisection of monotone functions, each element in its own interval.
Op bisect() {
  return idiom("bisect", kConditional, 0.6, kNone, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const ValueId c = i.anchor({"target", "level", "c"}, 0, 2, {-2, 2});
    const Shape shape = i.shape(c);
    const std::string f = i.either(
        {"{m}**3 + {m}", "{m} + jnp.tanh({m})", "jnp.sinh({m})", "2.0 * {m} + jnp.sin({m})"});
    i.called({"bisect", "invert_monotone", "find_roots"});
    i.summary("Invert a monotone function by bisection.");
    const std::string reach = i.either({"3.0", "2.5", "4.0"});
    const ValueId low =
        i.let({"low", "lo"}, "jnp.full_like($0, -" + reach + ")", {c}, shape, {-3, 3});
    const ValueId high =
        i.let({"high", "hi"}, "jnp.full_like($0, " + reach + ")", {c}, shape, {-3, 3});
    const auto out = repeat(
        i, 0, i.between(18, 24), {"halve", "narrow"},
        {{{"lo"}, low, {-3, 3}, {"lower", "lo"}}, {{"hi"}, high, {-3, 3}, {"upper", "hi"}}},
        [&](const Ids& p) {
          const ValueId m = i.let(
              {"mid"}, i.either({"0.5 * ($0 + $1)", "($0 + $1) / 2.0", "$0 + 0.5 * ($1 - $0)"}),
              {p[0], p[1]}, shape, {-3, 3});
          const ValueId below = let(i, {"below", "too_low"}, f + " < {c}", {{"m", m}, {"c", c}},
                                    Type{DType::kBool, shape}, {0, 1});
          return Ids{i.let({"lo_next"}, "jnp.where($0, $1, $2)", {below, m, p[0]}, shape, {-3, 3}),
                     i.let({"hi_next"}, "jnp.where($0, $1, $2)", {below, p[1], m}, shape, {-3, 3})};
        });
    i.let({"root", "inverse"}, "0.5 * ($0 + $1)", {out[0], out[1]}, shape, {-3, 3});
  });
}

// Series of polynomials: Horner, Clenshaw, or a basis by its recurrence.
Op polynomial_series() {
  return idiom("polynomial_series", kLoop, 0.8, kSmooth, [](Idiom& i) {
    const std::int64_t n = size_from(i, 3, 8);
    const ValueId c = i.input({"coefficients", "coef", "c"}, Shape{n}, {-1, 1});
    const ValueId x = i.input({"x", "points", "t"}, Shape{i.size()}, {-0.95, 0.95});
    const Shape shape = i.shape(x);
    const auto kind = i.between(0, 2);
    const Interval r{-3, 3};
    i.called({kind == 0   ? "horner"
              : kind == 1 ? "clenshaw"
                          : "chebyshev_series",
              "evaluate_series", "polynomial"});
    i.summary(kind == 0 ? "Evaluate a polynomial by Horner's rule."
                        : "Evaluate a Chebyshev series at points.");
    const ValueId zero =
        kind == 2 ? kNoValue : i.let({"zero", "start"}, "jnp.zeros_like($0)", {x}, shape, r);
    if (kind == 0) {
      i.scan(
          {"horner_step", "step"}, {{{"acc", "value"}, zero, r, {"values", "polynomial"}}},
          {{{"c", "coef"}, c}}, {},
          [&](const Ids& p) {
            return Ids{i.let({"acc_next"}, i.either({"$0 * $1 + $2", "$2 + $1 * $0"}),
                             {p[0], x, p[1]}, shape, r)};
          },
          i.chance(0.4) ? "reverse=True" : "");
    } else if (kind == 1) {
      const Ids b = i.scan(
                         {"clenshaw_step", "step"},
                         {{{"b1", "ahead"}, zero, r, {"b1", "b_one"}},
                          {{"b2", "beyond"}, zero, r, {"b2", "b_two"}}},
                         {{{"c", "coef"}, c}}, {},
                         [&](const Ids& p) {
                           return Ids{i.let({"b0"}, "$0 + 2.0 * $1 * $2 - $3",
                                            {p[2], x, p[0], p[1]}, shape, r),
                                      p[0]};
                         },
                         "reverse=True")
                        .final;
      i.let({"series", "values"}, "$0 - $1 * $2", {b[0], x, b[1]}, shape, r);
    } else {
      const ValueId one = i.let({"ones", "t0"}, "jnp.ones_like($0)", {x}, shape, {-1, 1});
      const auto basis = i.scan(
          {"recurrence", "next_polynomial"},
          {{{"now", "t_k"}, one, {-1, 1}, {}}, {{"after", "t_next"}, x, {-1, 1}, {}}}, {},
          {{"basis", "polynomials"}},
          [&](const Ids& p) {
            return Ids{p[1],
                       i.let({"t_after"}, "2.0 * $0 * $1 - $2", {x, p[1], p[0]}, shape, {-1, 1}),
                       p[0]};
          },
          {}, n);
      i.let(
          {"series", "values"},
          i.either({"$0 @ $1", "jnp.einsum(\"k,kn->n\", $0, $1)", "jnp.tensordot($0, $1, axes=1)"}),
          {c, basis.stacked[0]}, shape, r);
    }
  });
}

// `t`: the latitudes a and c of both places and the difference of their longitudes, in radians.
void bearing(Idiom& i, const Terms& t, const Shape& shape, bool degrees) {
  i.called({"bearing", "initial_bearing", "heading"});
  i.summary("Give the direction in which a great circle sets out.");
  const ValueId east = let(i, {"east", "y"}, "jnp.sin({dlon}) * jnp.cos({c})", t, shape, {-1, 1});
  const ValueId north =
      let(i, {"north", "x"},
          "jnp.cos({a}) * jnp.sin({c}) - jnp.sin({a}) * jnp.cos({c}) * jnp.cos({dlon})", t, shape,
          {-1, 1});
  if (degrees)
    i.let({"bearing"},
          i.either({"jnp.degrees(jnp.arctan2($0, $1)) % 360.0",
                    "jnp.rad2deg(jnp.arctan2($0, $1)) % 360.0"}),
          {east, north}, shape, {0, 360});
  else
    i.let({"bearing"}, "jnp.arctan2($0, $1)", {east, north}, shape, {-3.2, 3.2});
}

// By haversines, or by the cosine of the angle between both.
void sphere_distance(Idiom& i, Terms t, const Shape& shape, bool pairs, const std::string& radius) {
  i.called({"haversine", "great_circle_distance", pairs ? "distance_table" : "distance_on_sphere"});
  i.summary(pairs ? "Give the distances on a sphere between each two places."
                  : "Give the distance of places on a sphere.");
  const double size = 6000;
  if (!pairs && i.chance(0.3)) {
    const ValueId cosine =
        let(i, {"cosine"},
            "jnp.sin({a}) * jnp.sin({c}) + jnp.cos({a}) * jnp.cos({c}) * jnp.cos({dlon})", t, shape,
            {-0.9, 0.95});
    i.let({"distance"}, radius + " * jnp.arccos(jnp.clip($0, -1.0, 1.0))", {cosine}, shape,
          {0.02 * size, 3.1 * size});
    return;
  }
  t.push_back({"dlat", let(i, {"dlat", "d_lat"}, "{c} - {a}", t, shape, {-2.4, 2.4})});
  const ValueId h =
      let(i, {"hav", "h"},
          "jnp.sin({dlat} / 2.0) ** 2 + jnp.cos({a}) * jnp.cos({c}) * jnp.sin({dlon} / 2.0) ** 2",
          t, shape, {0, 0.9});
  i.let({"distance"},
        pairs ? "2.0 * " + radius + " * jnp.arcsin(jnp.sqrt($0 + 1e-12))"
              : i.either({"2.0 * " + radius + " * jnp.arcsin(jnp.sqrt($0))",
                          "2.0 * " + radius + " * jnp.arctan2(jnp.sqrt($0), jnp.sqrt(1.0 - $0))"}),
        {h}, shape, {0.02 * size, 3.1 * size});
}

// Great circles: distance by the haversine, bearing, or all pairs; degrees or radians.
Op great_circle() {
  return idiom("great_circle", kMath, 0.9, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = i.size();
    const bool degrees = i.chance(0.6), pairs = i.chance(0.35), packed = i.chance(0.4);
    const double scale = degrees ? 57.0 : 1.0;
    const Interval band{-1.2 * scale, 1.2 * scale};
    const std::string radius =
        i.setting({"radius", "earth_radius"}, {"6371.0", "6371.0088", "3958.8"});
    const std::string turn = degrees ? i.either({"jnp.radians", "jnp.deg2rad"}) : "";
    ValueId a, b;  // latitude, longitude
    const auto place = [&](const Words& names, ValueId& lat, ValueId& lon, std::int64_t m) {
      if (packed) {
        ValueId p = i.input(names, {m, 2}, band);
        if (degrees) p = i.let({names[0] + "_rad"}, turn + "($0)", {p}, {m, 2}, {-1.2, 1.2});
        lat = i.let({"lat"}, "$0[:, 0]", {p}, {m}, {-1.2, 1.2});
        lon = i.let({"lon"}, "$0[:, 1]", {p}, {m}, {-1.2, 1.2});
        return;
      }
      lat = i.input({names[1]}, Shape{m}, band);
      lon = i.input({names[2]}, Shape{m}, band);
      if (!degrees) return;
      lat = i.let({"phi"}, turn + "($0)", {lat}, {m}, {-1.2, 1.2});
      lon = i.let({"lam"}, turn + "($0)", {lon}, {m}, {-1.2, 1.2});
    };
    place({"origin", "lat1", "lon1"}, a, b, n);
    ValueId c = a, d = b;
    if (!pairs) place({"destination", "lat2", "lon2"}, c, d, n);
    const Shape shape = pairs ? Shape{n, n} : Shape{n};
    const auto far = [&](ValueId x) {
      return pairs ? i.let({"column"}, "$0[:, None]", {x}, {n, 1}, {-1.2, 1.2}) : x;
    };
    const ValueId lat1 = far(a), lon1 = far(b);
    Terms t = {{"a", lat1}, {"c", c}};
    const Terms places = {{"a", lat1}, {"b", lon1}, {"c", c}, {"d", d}};
    t.push_back({"dlon", let(i, {"dlon", "d_lon"}, "{d} - {b}", places, shape, {-2.4, 2.4})});
    if (!pairs && i.chance(0.25))
      bearing(i, t, shape, degrees);
    else
      sphere_distance(i, t, shape, pairs, radius);
  });
}

}  // namespace

std::vector<Op> analysis_idioms() {
  return {interpolate(),       cubic_interpolate(), lagrange(),  integrate_samples(),
          gauss_quadrature(),  difference_field(),  find_root(), bisect(),
          polynomial_series(), great_circle()};
}

}  // namespace jaxsmith::plan
