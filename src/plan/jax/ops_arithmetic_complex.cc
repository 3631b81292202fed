// Complex numbers: parts, conjugates, polar form. Statistics are those of magnitudes.
#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <numbers>

#include "base/portable_math.h"
#include "plan/jax/catalogue.h"
#include "plan/jax/op_helpers.h"
#include "plan/jax/ops_arithmetic.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;

using MagnitudeRule = Stats (*)(const Stats&);

double turn(int i) { return 2 * std::numbers::pi * (i * 5 % kProbes + 0.3) / kProbes; }

Stats modest(Stats x, double hi) {
  x.lo = 0;
  x.hi = hi;
  return x;
}

// Transforms of real signals have elements that are real but for the last bit: their angle jumps.
Op not_of_spectra(Op op) {
  return refined(std::move(op), [](Builder& b, Draft& draft) {
    return !made_by(b, linear_origin(b, draft.operands[0]), kSpectrum);
  });
}

// A function of one complex operand. `largest`: where its magnitude is still modest.
Op of_complex(std::string name, double weight, double smallest, double largest, bool to_real,
              MagnitudeRule rule, Derivative derivative, std::vector<std::string> hints,
              std::vector<std::string> spellings) {
  Op op{std::move(name), kArithmetic, weight, derivative, std::move(hints), std::move(spellings)};
  op.infer = [=](Builder& b, Draft& draft) {
    const Value& x = b[draft.operands[0]];
    if (!tensor::is_complex(x.type.dtype) || x.stats.lo < smallest || x.stats.hi > largest)
      return false;
    // The magnitude of a value in polar form is there already, and does not depend on the angle.
    if (to_real && made_by(b, linear_origin(b, draft.operands[0]), kPolarForm)) return false;
    Value result;
    result.type = {to_real ? part_of(x.type.dtype) : x.type.dtype, x.type.shape};
    result.stats = rule(x.stats);
    draft.results = {result};
    return true;
  };
  op.draw = [=, infer = op.infer](Builder& b, Draft& draft) {
    const auto x = b.draw([&](const Value& v) {
      return tensor::is_complex(v.type.dtype) && v.stats.lo >= smallest && v.stats.hi <= largest;
    });
    if (!x) return false;
    draft.operands = {*x};
    return infer(b, draft);
  };
  return op;
}

Stats part(const Stats& x) {
  Stats out = x;
  for (int i = 0; i < kProbes; ++i) out.probe[i] *= portable::cos(turn(i));
  out.lo = -x.hi;
  out.hi = x.hi;
  return out;
}

Stats angle(const Stats& x) {
  Stats out = x;
  for (int i = 0; i < kProbes; ++i) out.probe[i] = turn(i) - std::numbers::pi;
  out.lo = -std::numbers::pi;
  out.hi = std::numbers::pi;
  return out;
}

// A complex and a real operand, in this order.
Op with_real(std::string name, double weight, Kernel2 kernel, std::vector<std::string> hints,
             std::vector<std::string> spellings) {
  Op op{std::move(name), kArithmetic, weight, kSmooth, std::move(hints), std::move(spellings)};
  op.draw = [=](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kComplexKind);
    if (!x) return false;
    const Type type = b[*x].type;
    const auto y = b.draw([&](const Value& v) {
      return v.type.dtype == part_of(type.dtype) && b.broadcasts(v.type.shape, type.shape);
    });
    if (!y) return false;
    Value result;
    result.type = {type.dtype, broadcast_shapes(type.shape, b[*y].type.shape)};
    const Stats size = map_stats(b[*y].stats, [](double v) { return std::abs(v); }, Bounds::kEnds);
    result.stats = modest(map_stats(b[*x].stats, size, kernel), kernel(b[*x].stats.hi, size.hi));
    draft.operands = {*x, *y};
    draft.results = {result};
    return true;
  };
  return op;
}

// Complex values out of real ones.
Op from_parts(std::string name, double weight, bool polar, std::vector<std::string> hints,
              std::vector<std::string> spellings) {
  Op op{std::move(name), kArithmetic, weight, kSmooth, std::move(hints), std::move(spellings)};
  op.draw = [=](Builder& b, Draft& draft) {
    if (!b.allowed(DType::kC64)) return false;
    const auto fits = [&](const Value& v) {
      return v.type.dtype == DType::kF32 && magnitude(v.stats) <= 50;
    };
    const auto x = b.draw(fits);
    const auto y = x ? b.draw_partner(*x, fits) : std::nullopt;
    if (!y || *y == *x) return false;
    Value result;
    result.type = {DType::kC64, broadcast_shapes(b[*x].type.shape, b[*y].type.shape)};
    const Kernel2 kernel = polar
                               ? Kernel2([](double r, double) { return std::abs(r); })
                               : Kernel2([](double u, double v) { return portable::hypot(u, v); });
    const double u = magnitude(b[*x].stats), v = magnitude(b[*y].stats);
    result.stats =
        modest(map_stats(b[*x].stats, b[*y].stats, kernel), polar ? u : portable::hypot(u, v));
    draft.operands = {*x, *y};
    draft.results = {result};
    return true;
  };
  return op;
}

// Where arguments meet in a complex number, one of them may be all of the other half.
Op half_of(Op op) {
  return refined(std::move(op), [](Builder& b, Draft& draft) {
    const Value& z = b[draft.operands[0]];
    draft.results[0].sure = std::popcount(z.arguments) == 1 ? z.sure : 0;
    draft.sure_given = true;
    return true;
  });
}

}  // namespace

Op complex_magnitudes(Op op) {
  const bool product = op.has(kProduct);
  return refined(std::move(op), [product](Builder& b, Draft& draft) {
    if (!tensor::is_complex(draft.results[0].type.dtype)) return true;
    const Stats &x = b[draft.operands[0]].stats, &y = b[draft.operands[1]].stats;
    Stats& out = draft.results[0].stats;
    const double u = magnitude(x), v = magnitude(y);
    for (int i = 0; i < kProbes; ++i) {
      const double p = std::abs(x.probe[i]), q = std::abs(y.probe[(i * 5 + 1) % kProbes]);
      out.probe[i] = product ? p * q : portable::hypot(p, q);
    }
    out.lo = 0;
    out.hi = product ? u * v : u + v;
    return true;
  });
}

std::vector<Op> complex_arithmetic_ops() {
  constexpr double inf = std::numeric_limits<double>::infinity();
  const auto same = [](const Stats& x) { return x; };
  return {
      half_of(of_complex("real", 0.5, 0, inf, true, part, kSmooth, {"real_part", "in_phase"},
                         {"jnp.real($0)", "$0.real", "lax.real($0)"})),
      half_of(of_complex("imag", 0.5, 0, inf, true, part, kSmooth, {"imag_part", "quadrature"},
                         {"jnp.imag($0)", "$0.imag", "lax.imag($0)"})),
      of_complex("abs_complex", 0.6, 0, inf, true, same, kSmooth, {"magnitude", "amplitude"},
                 {"jnp.abs($0)", "lax.abs($0)", "jnp.absolute($0)"}),
      full_precision(not_of_spectra(of_complex("angle", 0.4, 0, inf, true, angle, kSmooth,
                                               {"phase", "angle"}, {"jnp.angle($0)"}))),
      of_complex("conj", 0.4, 0, inf, false, same, kSmooth, {"conjugate"},
                 {"jnp.conj($0)", "$0.conj()", "lax.conj($0)", "jnp.conjugate($0)"}),
      of_complex("power_of", 0.35, 0, 200, true,
                 [](const Stats& x) {
                   return map_stats(x, [](double v) { return v * v; }, Bounds::kEnds);
                 },
                 kSmooth, {"power", "energy"}, {"jnp.abs($0) ** 2", "jnp.square(jnp.abs($0))"}),
      of_complex("exp_complex", 0.3, 0, 3, false,
                 [](const Stats& x) {
                   Stats out = part(x);
                   for (double& p : out.probe) p = portable::exp(p);
                   out.lo = 0;
                   out.hi = portable::exp(x.hi);
                   return out;
                 },
                 kSmooth, {"rotated", "wave"}, {"jnp.exp($0)", "lax.exp($0)"}),
      of_complex("square_complex", 0.25, 0, 200, false,
                 [](const Stats& x) {
                   return map_stats(x, [](double v) { return v * v; }, Bounds::kEnds);
                 },
                 kSmooth, {"squared"}, {"jnp.square($0)", "$0**2"}),
      of_complex("quarter_turn", 0.25, 0, inf, false, same, kSmooth, {"rotated"},
                 {"1j * $0", "$0 * 1j"}),
      of_complex("sin_complex", 0.15, 0, 2.5, false,
                 [](const Stats& x) { return modest(x, portable::cosh(x.hi)); }, kSmooth, {"wave"},
                 {"jnp.sin($0)", "lax.sin($0)"}),
      of_complex("cos_complex", 0.15, 0, 2.5, false,
                 [](const Stats& x) { return modest(x, portable::cosh(x.hi)); }, kSmooth, {"wave"},
                 {"jnp.cos($0)", "lax.cos($0)"}),
      with_real("scale_complex", 0.5, [](double x, double y) { return x * y; },
                {"scaled", "weighted"}, {"$0 * $1", "$1 * $0", "jnp.multiply($0, $1)"}),
      with_real("shift_complex", 0.35, [](double x, double y) { return portable::hypot(x, y); },
                {"shifted", "displaced"}, {"$0 + $1", "$0 - $1", "jnp.add($0, $1)"}),
      from_parts("complex", 0.12, false, {"field", "phasor"},
                 {"lax.complex($0, $1)", "$0 + 1j * $1"}),
      with_traits(kPolarForm, from_parts("polar", 0.1, true, {"phasor", "wave"},
                                         {"$0 * jnp.exp(1j * $1)", "jnp.exp(1j * $1) * $0"})),
  };
}

}  // namespace jaxsmith::plan
