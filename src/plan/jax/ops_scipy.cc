// jax.scipy.special and jax.scipy.fft: what the other tables lack of them.
#include <fmt/format.h>

#include <cmath>

#include "plan/jax/call_forms.h"
#include "plan/jax/catalogue.h"
#include "plan/jax/op_helpers.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;

// An elementwise function of one array and parameters, which stand before or after it.
struct Special {
  std::string function;
  Words names;
  Interval data;
  std::vector<CallParameter> before, after;
  Interval result;
  bool half;
  Derivative derivative = kSmooth;
  Traits traits = 0;
};

const std::vector<Special>& special_functions() {
  constexpr std::uint32_t kMany = kManyInstructions;
  const auto p = [](std::string name, Words roles, Interval range, std::uint32_t forms = kAnyForm) {
    return CallParameter{std::move(name), std::move(roles), range, forms};
  };
  static const std::vector<Special> kAll = {
      {"expit", {"probs", "gate"}, {-6, 6}, {}, {}, {0, 1}, true},
      {"erfcx", {"scaled_tail", "erfcx"}, {-1.5, 5}, {}, {}, {0.1, 16}, false, kSmooth, kMany},
      {"expi",
       {"integral", "expi"},
       {0.2, 6},
       {},
       {},
       {-0.8, 86},
       false,
       kSmooth,
       kMany | kMostlyHidden},
      {"loggamma", {"log_gamma"}, {0.3, 8}, {}, {}, {-0.1, 9}, false, kSmooth, kMany},
      {"boxcox1p",
       {"transformed"},
       {0.1, 4},
       {},
       {p("lmbda", {"power", "lmbda"}, {0.2, 2})},
       {0.1, 10},
       false},
      // These are elementwise entries too, which take only what lies in their domain.
      {"spence", {"dilogarithm"}, {0.1, 0.95}, {}, {}, {0.05, 1.3}, false, kSmooth, kMany},
      {"factorial",
       {"factorial_of", "arrangements"},
       {0, 5},
       {},
       {},
       {0.9, 120},
       false,
       kSmooth,
       kMany},
      {"dawsn", {"dawson"}, {-9, 9}, {}, {}, {-0.54, 0.54}, false, kSmooth, kMany | kMostlyHidden},
      {"exp1",
       {"exponential_integral"},
       {0.2, 4},
       {},
       {},
       {0.004, 1.2},
       false,
       kSmooth,
       kMany | kMostlyHidden},
      {"i0", {"bessel"}, {-3, 3}, {}, {}, {1, 4.8}, false, kSmooth, 0},
      {"i1", {"bessel"}, {-3, 3}, {}, {}, {-3.9, 3.9}, false, kSmooth, 0},
      {"i1e", {"bessel", "scaled_bessel"}, {-6, 6}, {}, {}, {-0.22, 0.22}, false, kSmooth, kMany},
      {"gamma", {"gamma_value"}, {0.4, 5}, {}, {}, {0.9, 24}, false, kSmooth, kMany},
      {"ndtri", {"quantile", "z_score"}, {0.03, 0.97}, {}, {}, {-1.9, 1.9}, false, kSmooth, kMany},
      {"log_ndtr", {"log_prob"}, {-8, 3}, {}, {}, {-34, -0.01}, false, kSmooth, kMany},
      {"zeta",
       {"zeta_value"},
       {1.5, 6},
       {},
       {p("q", {"q", "offset"}, {0.8, 4})},
       {0.02, 4},
       false,
       kNone,
       kMany},
      {"beta",
       {"beta_value", "normalizer"},
       {0.8, 4},
       {},
       {p("b", {"b", "beta"}, {0.8, 4})},
       {0.01, 1.4},
       false,
       kSmooth,
       kMany | kMostlyHidden},
      {"betaln",
       {"log_beta", "log_normalizer"},
       {0.8, 4},
       {},
       {p("b", {"b", "beta"}, {0.8, 4})},
       {-4.5, 0.3},
       false,
       kSmooth,
       kMany | kMostlyHidden},
      {"betainc",
       {"probability", "cdf"},
       {0.05, 0.95},
       {p("a", {"a"}, {1.2, 4}, kNumber), p("b", {"b"}, {1.2, 4}, kNumber)},
       {},
       {0.01, 0.99},
       false,
       kSmooth,
       kMany},
      {"poch",
       {"rising", "pochhammer"},
       {0.5, 4},
       {},
       {p("m", {"m", "order"}, {0.5, 3})},
       {0.5, 60},
       false,
       kSmooth,
       kMany},
      {"owens_t",
       {"owens_t", "tail"},
       {-2, 2},
       {},
       {p("a", {"a", "slope"}, {-2, 2})},
       {-0.2, 0.2},
       false,
       kNone,
       kMany},
      {"hyp1f1",
       {"kummer", "series"},
       {-2, 2},
       {p("a", {"a"}, {0.5, 2}, kNumber), p("b", {"b"}, {1.2, 3}, kNumber)},
       {},
       {0.1, 12},
       false,
       kNone,
       kMany | kMostlyHidden},
      {"hyp2f1",
       {"hypergeometric", "series"},
       {-0.6, 0.6},
       {p("a", {"a"}, {0.5, 2}, kNumber), p("b", {"b"}, {0.5, 2}, kNumber),
        p("c", {"c"}, {2.5, 4}, kNumber)},
       {},
       {0.5, 3},
       false,
       kNone,
       kMany | kMostlyHidden},
  };
  return kAll;
}

std::string special_prefix(Idiom& i) {
  return i.builder().program().family % 4 == 1 ? "special." : scipy_prefix(i) + "special.";
}

void write_special(Idiom& i, const Special& s) {
  if (half_precision(i) && !s.half) return i.fail();
  // It gives JAX's default type.
  if (s.function == "owens_t" && i.real() != i.builder().default_real()) return i.fail();
  const Words given =
      s.function == "ndtri" ? Words{"probabilities", "levels"} : Words{"x", "values", "z"};
  const ValueId x = i.anchor(given, 0, 3, s.data);
  CallText call(i, x);
  for (const CallParameter& p : s.before) call.add(p, false);
  std::string text = call.text();
  // The data stand last.
  if (!s.before.empty()) text = text.substr(4) + ", $0";
  CallText more(i, x);
  for (const CallParameter& p : s.after) more.add(p, false);
  Ids operands = more.operands();
  if (!s.after.empty()) text = more.text();
  i.let(s.names, special_prefix(i) + s.function + "(" + text + ")", operands, i.shape(x), s.result);
}

// Two results at once: both, or one of them.
Op pair_of(std::string function, Words first, Words second, Interval data, Interval a, Interval b) {
  return with_traits(kManyInstructions,
                     written("special_" + function, kMath, 0.9, kNone, [=](Idiom& i) {
                       if (half_precision(i)) return i.fail();
                       const ValueId x = i.anchor({"x", "values", "arc_length"}, 0, 2, data);
                       const std::string call = special_prefix(i) + function + "($0)";
                       const Type type = i.type(x);
                       if (i.chance(0.5)) {
                         i.unpack(call, {x}, {}, {{first, type, a}, {second, type, b}});
                       } else if (i.chance(0.5)) {
                         i.let(first, call + "[0]", {x}, type, a);
                       } else {
                         i.unpack(call, {x}, {}, {{{}, type, a}, {second, type, b}});
                       }
                     }));
}

// Derivatives of the logarithm of the gamma function, of an order that is given.
Op polygamma() {
  return with_traits(
      kManyInstructions, written("special_polygamma", kMath, 0.9, kSmooth, [](Idiom& i) {
        if (half_precision(i)) return i.fail();
        const ValueId x = i.anchor({"x", "shape_param"}, 0, 2, {0.8, 6});
        const std::int64_t n = i.between(1, 3);
        const Interval range = n == 1   ? Interval{0.18, 2.2}
                               : n == 2 ? Interval{-4.5, -0.03}
                                        : Interval{0.01, 16};
        i.let({"polygamma", "curvature"}, fmt::format("{}polygamma({}, $0)", special_prefix(i), n),
              {x}, i.shape(x), range);
      }));
}

Op multigammaln() {
  return with_traits(
      kManyInstructions, written("special_multigammaln", kMath, 0.9, kSmooth, [](Idiom& i) {
        if (half_precision(i)) return i.fail();
        const std::int64_t d = i.between(2, 4);
        const ValueId a = i.anchor({"a", "dof"}, 0, 2, {0.5 * static_cast<double>(d) + 0.3, 12});
        i.let({"log_normalizer", "log_multigamma"},
              fmt::format("{}multigammaln($0, {}{})", special_prefix(i), i.chance(0.3) ? "d=" : "",
                          d),
              {a}, i.shape(a), {0.3, 40});
      }));
}

// The exponential integral of a whole order: one, or an order for each element.
Op expn() {
  return with_traits(
      kManyInstructions | kMostlyHidden, written("special_expn", kMath, 0.9, kNone, [](Idiom& i) {
        if (half_precision(i)) return i.fail();
        const ValueId x = i.anchor({"x", "depth", "optical_depth"}, 1, 2, {0.1, 4});
        const std::string e = special_prefix(i) + "expn(";
        if (i.chance(0.7)) {
          const ValueId n = i.input({"n", "orders"}, Type{i.integer(), i.shape(x)}, {1, 6});
          const ValueId y =
              i.let({"integral", "attenuation"}, e + "$0, $1)", {n, x}, i.shape(x), {0.01, 0.6});
          hide_if_few(i, y, 4);
          return;
        }
        i.let({"integral", "attenuation"}, fmt::format("{}{}, $0)", e, i.between(1, 4)), {x},
              i.shape(x), {0.01, 0.6});
      }));
}

// The sign of the gamma function, which changes at each negative whole number.
Op gammasgn() {
  return written("special_gammasgn", kMath, 0.36, kZero, [](Idiom& i) {
    const ValueId x = i.anchor({"x", "values"}, 1, 3, {-4, 4});
    const ValueId y = i.let({"gamma_sign", "signs"}, special_prefix(i) + "gammasgn($0)", {x},
                            i.shape(x), {-1, 1});
    hide_if_few(i, y, 12);
  });
}

// How many ways there are to choose.
Op comb() {
  return with_traits(kManyInstructions, written("special_comb", kMath, 0.9, kZero, [](Idiom& i) {
                       if (half_precision(i)) return i.fail();
                       const DType out = i.builder().default_real();
                       if (!i.builder().allowed(out)) return i.fail();
                       const Shape shape = drawn_shape(i, 1, 2);
                       const Type whole{i.integer(), shape};
                       const ValueId n = i.input({"n", "totals", "trials"}, whole, {5, 12});
                       const bool given = i.chance(0.6);
                       Ids operands = {n};
                       std::string k = fmt::format("{}", i.between(2, 4));
                       if (given) {
                         operands.push_back(i.input({"k", "chosen"}, whole, {1, 4}));
                         k = "$1";
                       }
                       const std::string how = i.chance(0.2) ? ", repetition=True" : "";
                       const ValueId y =
                           i.let({"ways", "combinations"},
                                 special_prefix(i) + "comb($0, " + k + how + ")", operands,
                                 Type{out, shape}, {5, how.empty() ? 495.0 : 1365.0});
                       hide_if_few(i, y);
                     }));
}

// Bernoulli's polynomial-like series: the numbers are coefficients.
Op bernoulli() {
  return written("special_bernoulli", kMath, 0.36, kSmooth, [](Idiom& i) {
    if (i.real() != i.builder().default_real() || half_precision(i)) return i.fail();
    const ValueId x = i.anchor({"x", "points"}, 0, 2, {-1.5, 1.5});
    const std::int64_t n = 2 * i.between(1, 4);
    const std::string reversed = i.either({"[::-1]", ""});
    i.let({"series", "correction"},
          fmt::format("jnp.polyval({}bernoulli({}){}, $0)", special_prefix(i), n, reversed), {x},
          i.shape(x), {-2, 4});
  });
}

// Bessel functions of the first kind of all orders up to one.
Op bessel_jn() {
  return with_traits(
      kManyInstructions, written("special_bessel_jn", kMath, 0.9, kNone, [](Idiom& i) {
        if (half_precision(i)) return i.fail();
        // The recurrence that begins 50 orders above overflows below.
        const bool shorter = i.chance(0.5);
        const ValueId z =
            i.anchor({"z", "x", "radius"}, 0, 2, shorter ? Interval{0.5, 8} : Interval{4, 12});
        const std::int64_t v = i.between(1, 4);
        const std::string steps = shorter ? ", n_iter=24" : "";
        const bool last = i.chance(0.4);
        Shape shape = i.shape(z);
        if (!last) shape.insert(shape.begin(), v + 1);
        i.let({"bessel", "orders", "harmonics"},
              fmt::format("{}bessel_jn($0, v={}{}){}", special_prefix(i), v, steps,
                          last ? "[-1]" : ""),
              {z}, shape, {-0.4, 0.95});
      }));
}

// The Faddeeva function: its real part is a Voigt profile, its imaginary one the dispersion beside.
Op wofz() {
  return with_traits(kManyInstructions, written("special_wofz", kMath, 0.9, kNone, [](Idiom& i) {
                       if (half_precision(i)) return i.fail();
                       const ValueId x = i.anchor({"detuning", "x"}, 1, 2, {-3, 3});
                       const ValueId width = i.input({"damping", "width"}, i.shape(x), {0.1, 2});
                       const std::string part = i.either({"jnp.real(", "jnp.imag("});
                       i.let(part == "jnp.real(" ? Words{"profile", "voigt", "line_shape"}
                                                 : Words{"dispersion", "line_shape"},
                             part + special_prefix(i) + "wofz(lax.complex($0, $1)))", {x, width},
                             i.shape(x), {-0.5, 0.9});
                     }));
}

Op sph_harm_y() {
  return with_traits(
      kManyInstructions, written("special_sph_harm_y", kMath, 0.9, kNone, [](Idiom& i) {
        if (i.real() != DType::kF32 || i.integer() != DType::kI32) return i.fail();
        const ValueId theta = i.anchor({"theta", "polar"}, 1, 1, {0, 3.2});
        const std::int64_t count = i.dim(theta, 0), most = i.between(2, 4);
        const ValueId phi = i.input({"phi", "azimuth"}, {count}, {0, 6.3});
        std::string degrees, orders;
        constexpr std::int64_t kMostListed = 12;  // nobody writes out more
        for (std::int64_t k = 0; k < std::min(count, kMostListed); ++k) {
          const std::int64_t n = i.between(1, most);
          degrees += fmt::format("{}{}", k ? ", " : "", n);
          orders += fmt::format("{}{}", k ? ", " : "", i.between(-n, n));
        }
        degrees = "jnp.array([" + degrees + "])", orders = "jnp.array([" + orders + "])";
        if (count > kMostListed) {
          degrees = fmt::format("jnp.arange({}) % {} + 1", count, most);
          orders = fmt::format("jnp.arange({}) % 2", count);
        }
        const std::string part = i.either({"jnp.real(", "jnp.abs(", "jnp.imag("});
        const ValueId y = i.let({"harmonics", "angular", "basis"},
                                fmt::format("{}{}sph_harm_y({}, {}, $0, $1, n_max={}))", part,
                                            special_prefix(i), degrees, orders, most),
                                {theta, phi}, {count}, {-0.7, 0.7});
        // Of order 0 it doesn't hang on the azimuth, nor does its magnitude.
        sure_as(i, y, theta);
      }));
}

Op softmax_of(const std::string& function) {
  return written("special_" + function, kReduction, 0.36, kSmooth, [=](Idiom& i) {
    const ValueId x = i.anchor({"logits", "scores", "energies"}, 1, 3, {-6, 6});
    const auto axis = i.between(-1, i.rank(x) - 2);
    const std::string options =
        i.rank(x) > 1 || i.chance(0.5) ? fmt::format(", axis={}", axis) : "";
    const bool log = function == "log_softmax";
    i.let(log ? Words{"log_probs", "log_weights"} : Words{"probs", "weights"},
          special_prefix(i) + function + "($0" + options + ")", {x}, i.shape(x),
          log ? Interval{-8, -0.1} : Interval{0.005, 0.9});
  });
}

// ---- Cosine transforms ----

Op cosine_transform(const std::string& function) {
  return written("fft_" + function, kLinearAlgebra, 0.5, kSmooth, [=](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const bool many = function.back() == 'n';
    const ValueId x = i.anchor({"signal", "block", "patch", "frames"}, many ? 2 : 1, 2, {-3, 3});
    const int rank = i.rank(x);
    std::string options;
    if (i.chance(0.2)) options += i.chance(0.5) ? ", 2" : ", type=2";
    double points = 1;
    Shape shape = i.shape(x);
    if (many) {
      for (const std::int64_t n : shape) points *= static_cast<double>(n);
      if (i.chance(0.4)) options += i.either({", axes=(0, 1)", ", axes=(-2, -1)", ", axes=[0, 1]"});
    } else {
      const auto axis = i.between(-1, rank - 2);
      if (rank > 1 || i.chance(0.2)) options += fmt::format(", axis={}", axis);
      const auto at = static_cast<std::size_t>(axis < 0 ? axis + rank : axis);
      if (i.chance(0.2)) {
        shape[at] += i.between(-1, 3);
        if (shape[at] < 2) return i.fail();
        options = fmt::format(", n={}", shape[at]) + (options.starts_with(", 2") ? "" : options);
      }
      points = static_cast<double>(shape[at]);
    }
    const bool inverse = function[0] == 'i', ortho = i.chance(0.5);
    if (ortho) options += ", norm=\"ortho\"";
    const double scale = ortho ? 1 : inverse ? 1 / std::sqrt(points) : 2 * std::sqrt(points);
    i.let(inverse ? Words{"restored", "signal_back"} : Words{"coefficients", "spectrum", "modes"},
          scipy_prefix(i) + "fft." + function + "($0" + options + ")", {x}, shape,
          {-4 * scale, 4 * scale});
  });
}

}  // namespace

std::vector<Op> scipy_linalg_ops();  // ops_scipy_linalg.cc
std::vector<Op> scipy_signal_ops();  // ops_scipy_signal.cc

std::vector<Op> scipy_ops() {
  std::vector<Op> out = {pair_of("fresnel", {"fresnel_sin", "s"}, {"fresnel_cos", "c"}, {-4, 4},
                                 {-0.7, 0.7}, {-0.75, 0.78}),
                         pair_of("sici", {"sine_integral", "si"}, {"cosine_integral", "ci"},
                                 {0.2, 16}, {0.2, 1.85}, {-1, 0.47}),
                         multigammaln(),
                         expn(),
                         polygamma(),
                         gammasgn(),
                         comb(),
                         bernoulli(),
                         bessel_jn(),
                         wofz(),
                         sph_harm_y(),
                         softmax_of("softmax"),
                         softmax_of("log_softmax")};
  for (const Special& s : special_functions()) {
    const bool many = (s.traits & kManyInstructions) != 0;
    out.push_back(
        with_traits(s.traits, written("special_" + s.function, kMath, many ? 0.9 : 0.36,
                                      s.derivative, [s](Idiom& i) { write_special(i, s); })));
  }
  for (const char* f : {"dct", "idct", "dctn", "idctn"}) out.push_back(cosine_transform(f));
  for (auto* more : {scipy_linalg_ops, scipy_signal_ops})
    for (Op& op : more()) out.push_back(std::move(op));
  return out;
}

}  // namespace jaxsmith::plan
