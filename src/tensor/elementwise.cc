#include "tensor/elementwise.h"

#include <fmt/format.h>
#include <string.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <limits>

#include "tensor/elementwise_parts.h"
#include "tensor/expansions.h"
#include "tensor/rounding_noise.h"
#include "tensor/special_functions.h"

namespace jaxsmith::tensor {

using namespace elementwise;

namespace {

std::string_view without_underscore(std::string_view name) {
  if (name.ends_with('_')) name.remove_suffix(1);
  return name;
}

// ---- One operand ----

double logistic(double x) { return 1 / (1 + std::exp(-x)); }
double rsqrt(double x) { return 1 / std::sqrt(x); }
double log_gamma(double x) {
  int sign;
  return std::isinf(x) ? std::numeric_limits<double>::infinity() : lgamma_r(x, &sign);
}

using RealFunction = double (*)(double);
using ComplexFunction = C128 (*)(C128);

RealFunction real_function(Unary op) {
  switch (op) {
    case Unary::acos:
      return std::acos;
    case Unary::acosh:
      return std::acosh;
    case Unary::asin:
      return std::asin;
    case Unary::asinh:
      return std::asinh;
    case Unary::atan:
      return std::atan;
    case Unary::atanh:
      return std::atanh;
    case Unary::bessel_i0e:
      return bessel_i0e;
    case Unary::bessel_i1e:
      return bessel_i1e;
    case Unary::cbrt:
      return std::cbrt;
    case Unary::cosh:
      return std::cosh;
    case Unary::cosine:
      return std::cos;
    case Unary::digamma:
      return digamma;
    case Unary::erf:
      return std::erf;
    case Unary::erf_inv:
      return erf_inverse;
    case Unary::erfc:
      return std::erfc;
    case Unary::exponential:
      return std::exp;
    case Unary::exponential_minus_one:
      return std::expm1;
    case Unary::lgamma:
      return log_gamma;
    case Unary::log:
      return std::log;
    case Unary::log_plus_one:
      return std::log1p;
    case Unary::logistic:
      return logistic;
    case Unary::rsqrt:
      return rsqrt;
    case Unary::sine:
      return std::sin;
    case Unary::sinh:
      return std::sinh;
    case Unary::sqrt:
      return std::sqrt;
    case Unary::tan:
      return std::tan;
    case Unary::tanh:
      return std::tanh;
    default:
      return nullptr;
  }
}

C128 expm1(C128 x) {
  // exp(a)cos(b) - 1 = expm1(a)cos(b) - 2 sin²(b/2)
  const double a = x.real(), b = x.imag(), half = std::sin(b / 2);
  return {std::expm1(a) * std::cos(b) - 2 * half * half, std::exp(a) * std::sin(b)};
}

// |1 + x|² - 1 = 2a + a² + b², with what rounding takes from its terms and sums: they may cancel.
double size_beside_one(double a, double b) {
  const double p = a * a, q = b * b;
  const double lost = std::fma(a, a, -p) + std::fma(b, b, -q);
  const auto add = [](double u, double v, double& rest) {
    const double sum = u + v, back = sum - u;
    rest += (u - (sum - back)) + (v - back);
    return sum;
  };
  double rest = lost;
  const double first = add(2 * a, q, rest), sum = add(first, p, rest);
  return sum + rest;
}

C128 log1p(C128 x) {
  const double a = x.real(), b = x.imag();
  if (std::abs(a) < 2 && std::abs(b) < 2) {
    const double beside = size_beside_one(a, b);
    if (std::abs(beside) < 0.5) return {0.5 * std::log1p(beside), std::atan2(b, a + 1)};
  }
  // The size may be beyond what a double holds.
  const auto size = std::hypot(static_cast<long double>(a) + 1, static_cast<long double>(b));
  return {static_cast<double>(std::log(size)), std::atan2(b, a + 1)};
}

C128 square(C128 x) {
  const double a = x.real(), b = x.imag();
  const bool balanced = std::isfinite(a) && std::abs(a) == std::abs(b);
  return {balanced ? 0 : (a - b) * (a + b), 2 * (a * b)};
}

ComplexFunction complex_function(Unary op, bool stepwise) {
  if (stepwise) {  // as StableHLO's interpreter does it, which cancels near 0
    if (op == Unary::exponential_minus_one) return [](C128 x) { return std::exp(x) - 1.0; };
    if (op == Unary::log_plus_one) return [](C128 x) { return std::log(x + 1.0); };
  }
  switch (op) {
    case Unary::acos:
      return [](C128 x) { return std::acos(x); };
    case Unary::acosh:
      return [](C128 x) { return std::acosh(x); };
    case Unary::asin:
      return [](C128 x) { return std::asin(x); };
    case Unary::asinh:
      return [](C128 x) { return std::asinh(x); };
    case Unary::atan:
      return [](C128 x) { return std::atan(x); };
    case Unary::atanh:
      return [](C128 x) { return std::atanh(x); };
    case Unary::cosh:
      return [](C128 x) { return std::cosh(x); };
    case Unary::cosine:
      return [](C128 x) { return std::cos(x); };
    case Unary::exponential:
      return [](C128 x) {
        // The imaginary part's factors: cos 0 = 1 and sin 0 = 0 also beside an infinity.
        if (x.imag() == 0) return C128(std::exp(x.real()), x.imag());
        return std::exp(x);
      };
    case Unary::exponential_minus_one:
      return expm1;
    case Unary::log:
      return [](C128 x) { return std::log(x); };
    case Unary::log_plus_one:
      return log1p;
    case Unary::logistic:
      return [](C128 x) { return 1.0 / (1.0 + std::exp(-x)); };
    case Unary::rsqrt:
      return [](C128 x) { return 1.0 / std::sqrt(x); };
    case Unary::sine:
      return [](C128 x) { return std::sin(x); };
    case Unary::sinh:
      return [](C128 x) { return std::sinh(x); };
    case Unary::sqrt:
      return [](C128 x) { return std::sqrt(x); };
    case Unary::square:
      return square;
    case Unary::tan:
      return [](C128 x) { return std::tan(x); };
    case Unary::tanh:
      return [](C128 x) { return std::tanh(x); };
    case Unary::negate:
      return [](C128 x) { return -x; };
    case Unary::conj:
      return [](C128 x) { return std::conj(x); };
    case Unary::sign:
      return [](C128 x) {
        const double size = std::abs(x);
        return size == 0 ? C128(0) : x / size;
      };
    case Unary::cbrt:
      return [](C128 x) { return std::pow(x, 1.0 / 3); };
    default:
      return nullptr;
  }
}

Array integer_unary(Unary op, const Array& x) {
  const DType d = x.dtype();
  const int bits = bit_width(d);
  const auto pattern = [bits](std::int64_t v) {
    const auto u = static_cast<std::uint64_t>(v);
    return bits == 64 ? u : u & ((std::uint64_t{1} << bits) - 1);
  };
  const auto map = [&](auto f) { return map1<std::int64_t, std::int64_t>(x, d, f); };
  using I = std::int64_t;
  switch (op) {
    case Unary::not_:
      return map([](I v) { return ~v; });
    case Unary::popcnt:
      if (d == DType::kBool) break;
      return map([&](I v) { return static_cast<I>(std::popcount(pattern(v))); });
    case Unary::count_leading_zeros:
      if (d == DType::kBool) break;
      return map([&](I v) { return static_cast<I>(std::countl_zero(pattern(v)) - (64 - bits)); });
    default:
      break;
  }
  if (d == DType::kBool) wrong_type(name_of(op), x);
  const bool without_sign = is_unsigned(d);
  switch (op) {
    case Unary::abs:
      return map([=](I v) {
        return v < 0 && !without_sign ? static_cast<I>(-static_cast<std::uint64_t>(v)) : v;
      });
    case Unary::negate:
      return map([](I v) { return static_cast<I>(-static_cast<std::uint64_t>(v)); });
    case Unary::sign:
      return map([=](I v) { return v == 0 ? I{0} : v < 0 && !without_sign ? I{-1} : I{1}; });
    case Unary::square:
      return map([](I v) {
        return static_cast<I>(static_cast<std::uint64_t>(v) * static_cast<std::uint64_t>(v));
      });
    case Unary::real:
    case Unary::conj:
      return x;
    default:
      wrong_type(name_of(op), x);
  }
}

template <class T>
Array float_unary(Unary op, const Array& x) {
  const DType d = x.dtype();
  const auto map = [&](auto f) { return map1<T, T>(x, d, f); };
  const auto test = [&](auto f) { return map1<std::int64_t, T>(x, DType::kBool, f); };
  switch (op) {
    case Unary::abs:
      return map([](T v) { return std::abs(v); });
    case Unary::ceil:
      return map([](T v) { return std::ceil(v); });
    case Unary::floor:
      return map([](T v) { return std::floor(v); });
    case Unary::negate:
      return map([](T v) { return -v; });
    case Unary::round_nearest_afz:
      return map([](T v) { return std::round(v); });
    case Unary::round_nearest_even:
      return map([](T v) { return std::nearbyint(v); });
    case Unary::sign:
      return map([](T v) { return v > 0 ? T(1) : v < 0 ? T(-1) : v; });
    case Unary::square:
      return map([](T v) { return v * v; });
    case Unary::sqrt:
      return map([](T v) { return std::sqrt(v); });
    case Unary::real:
    case Unary::conj:
      return x;
    case Unary::imag:
      return map([](T) { return T(0); });
    case Unary::is_finite:
      return test([](T v) { return std::isfinite(v); });
    case Unary::is_inf:
      return test([](T v) { return std::isinf(v); });
    case Unary::is_pos_inf:
      return test([](T v) { return std::isinf(v) && v > 0; });
    case Unary::is_neg_inf:
      return test([](T v) { return std::isinf(v) && v < 0; });
    default:
      break;
  }
  if (x.context().arithmetic().stepwise)
    if (const RealExpansion<T> f = expansion_of<T>(op)) {
      x.context().spend({x.size(), 8});
      return map(f);
    }
  if (const RealFunction f = real_function(op)) {
    x.context().spend({x.size(), 8});
    return map([f](T v) { return static_cast<T>(f(static_cast<double>(v))); });
  }
  wrong_type(name_of(op), x);
}

template <class T>
Array complex_unary(Unary op, const Array& x) {
  using R = typename T::value_type;
  const DType d = x.dtype(), r = real_part_type(d);
  switch (op) {
    case Unary::abs:
      return map1<R, T>(x, r, [](T v) { return std::hypot(v.real(), v.imag()); });
    case Unary::real:
      return map1<R, T>(x, r, [](T v) { return v.real(); });
    case Unary::imag:
      return map1<R, T>(x, r, [](T v) { return v.imag(); });
    case Unary::is_finite:
      return map1<std::int64_t, T>(
          x, DType::kBool, [](T v) { return std::isfinite(v.real()) && std::isfinite(v.imag()); });
    default:
      break;
  }
  const ComplexFunction f = complex_function(op, x.context().arithmetic().stepwise);
  if (!f) wrong_type(name_of(op), x);
  x.context().spend({x.size(), 20});
  return map1<T, T>(x, d, [f](T v) { return T(f(C128(v))); });
}

// ---- Two operands ----

std::int64_t integer_power(std::int64_t base, std::int64_t exponent, bool without_sign) {
  if (exponent < 0 && !without_sign)
    return base == 1 ? 1 : base == -1 ? (exponent & 1 ? -1 : 1) : 0;
  U result = 1, factor = static_cast<U>(base);
  for (U e = static_cast<U>(exponent); e; e >>= 1) {
    if (e & 1) result *= factor;
    factor *= factor;
  }
  return static_cast<std::int64_t>(result);
}

Array integer_binary(Binary op, const Array& x, const Array& y) {
  using I = std::int64_t;
  const DType d = x.dtype();
  const bool boolean = d == DType::kBool, without_sign = is_unsigned(d) || boolean;
  const int bits = bit_width(d);
  const auto map = [&](auto f) { return map2<I, I>(x, y, d, f); };
  switch (op) {
    case Binary::and_:
      return map([](I a, I b) { return a & b; });
    case Binary::or_:
      return map([](I a, I b) { return a | b; });
    case Binary::xor_:
      return map([](I a, I b) { return a ^ b; });
    case Binary::add:
      if (boolean) return map([](I a, I b) { return a | b; });
      return map([](I a, I b) { return static_cast<I>(static_cast<U>(a) + static_cast<U>(b)); });
    case Binary::multiply:
      return map([](I a, I b) { return static_cast<I>(static_cast<U>(a) * static_cast<U>(b)); });
    case Binary::maximum:
      if (without_sign)
        return map([](I a, I b) { return static_cast<U>(a) < static_cast<U>(b) ? b : a; });
      return map([](I a, I b) { return std::max(a, b); });
    case Binary::minimum:
      if (without_sign)
        return map([](I a, I b) { return static_cast<U>(b) < static_cast<U>(a) ? b : a; });
      return map([](I a, I b) { return std::min(a, b); });
    default:
      break;
  }
  if (boolean) wrong_type(name_of(op), x);
  switch (op) {
    case Binary::subtract:
      return map([](I a, I b) { return static_cast<I>(static_cast<U>(a) - static_cast<U>(b)); });
    case Binary::divide:
      if (without_sign)
        return map([](I a, I b) {
          return b == 0 ? I{-1} : static_cast<I>(static_cast<U>(a) / static_cast<U>(b));
        });
      return map([](I a, I b) {
        return b == 0 ? I{-1} : b == -1 ? static_cast<I>(-static_cast<U>(a)) : a / b;
      });
    case Binary::remainder:
      if (without_sign)
        return map([](I a, I b) {
          return b == 0 ? a : static_cast<I>(static_cast<U>(a) % static_cast<U>(b));
        });
      return map([](I a, I b) { return b == 0 ? a : b == -1 ? I{0} : a % b; });
    case Binary::power:
      return map([=](I a, I b) { return integer_power(a, b, without_sign); });
    case Binary::shift_left:
      return map([=](I a, I b) {
        return static_cast<U>(b) >= static_cast<U>(bits) ? I{0}
                                                         : static_cast<I>(static_cast<U>(a) << b);
      });
    case Binary::shift_right_logical:
      return map([=](I a, I b) {
        const U pattern = bits == 64 ? static_cast<U>(a) : static_cast<U>(a) & ((U{1} << bits) - 1);
        return static_cast<U>(b) >= static_cast<U>(bits) ? I{0} : static_cast<I>(pattern >> b);
      });
    case Binary::shift_right_arithmetic:
      return map([=](I a, I b) {
        // An unsigned one's highest bit is its sign here.
        const I s = static_cast<I>(static_cast<U>(a) << (64 - bits)) >> (64 - bits);
        return s >> (static_cast<U>(b) >= static_cast<U>(bits) ? bits - 1 : b);
      });
    default:
      wrong_type(name_of(op), x);
  }
}

template <class T>
T next_after(T x, T y, DType d) {
  if (std::isnan(x) || std::isnan(y)) return std::numeric_limits<T>::quiet_NaN();
  if (d == DType::kF32 || d == DType::kF64) return std::nextafter(x, y);
  if (x == y) return y;
  // Of a type of 16 bits: the neighbour's pattern.
  const auto bits = static_cast<double>(x);
  const Array one = Array::scalar(EvaluationContext::unmetered(), d, bits);
  Tensor t = one.tensor();  // bounded: an element
  std::uint16_t pattern;
  if (t.bytes.size() != 2) unsupported("next_after of a type of 8 bits");
  memcpy(&pattern, t.bytes.data(), 2);
  if (x == 0) {
    pattern = static_cast<std::uint16_t>(y > 0 ? 1 : 0x8001);
  } else {
    const bool away = (x > 0) == (y > x);
    pattern = static_cast<std::uint16_t>(away ? pattern + 1 : pattern - 1);
  }
  memcpy(t.bytes.data(), &pattern, 2);
  return static_cast<T>(Array::from(EvaluationContext::unmetered(), t).data<float>()[0]);
}

template <class T>
Array float_binary(Binary op, const Array& x, const Array& y) {
  const DType d = x.dtype();
  const auto map = [&](auto f) { return map2<T, T>(x, y, d, f); };
  const auto by_double = [&](auto f) {
    Array::context_of({&x, &y}).spend({std::max(x.size(), y.size()), 20});
    return map([f](T a, T b) {
      return static_cast<T>(f(static_cast<double>(a), static_cast<double>(b)));
    });
  };
  // By the terms that each element takes.
  const auto by_terms = [&](auto f, std::int64_t steps_of_term) {
    const EvaluationContext& context = Array::context_of({&x, &y});
    return map([f, steps_of_term, &context](T a, T b) {
      std::int64_t terms = 2;
      const double out = f(static_cast<double>(a), static_cast<double>(b), terms);
      context.spend({terms, steps_of_term});
      return static_cast<T>(out);
    });
  };
  switch (op) {
    case Binary::add:
      return map([](T a, T b) { return a + b; });
    case Binary::subtract:
      return map([](T a, T b) { return a - b; });
    case Binary::multiply:
      return map([](T a, T b) { return a * b; });
    case Binary::divide:
      return map([](T a, T b) { return a / b; });
    case Binary::remainder:
      return map([](T a, T b) { return std::fmod(a, b); });
    case Binary::maximum:
      return map([](T a, T b) {
        return std::isnan(a)   ? a
               : std::isnan(b) ? b
               : a == b        ? (std::signbit(a) ? b : a)
                               : std::max(a, b);
      });
    case Binary::minimum:
      return map([](T a, T b) {
        return std::isnan(a)   ? a
               : std::isnan(b) ? b
               : a == b        ? (std::signbit(a) ? a : b)
                               : std::min(a, b);
      });
    case Binary::power:
      return by_double([](double a, double b) { return std::pow(a, b); });
    case Binary::atan2:
      return by_double([](double a, double b) { return std::atan2(a, b); });
    case Binary::next_after:
      return map([d](T a, T b) { return next_after(a, b, d); });
    case Binary::polygamma:
      return by_double(polygamma);
    case Binary::zeta:
      return by_double(hurwitz_zeta);
    case Binary::igamma:
      return by_terms(counted::gamma_p, 10);
    case Binary::igammac:
      return by_terms(counted::gamma_q, 10);
    case Binary::igamma_grad_a:
      return by_terms(counted::gamma_p_derivative, 100);
    case Binary::random_gamma_grad:
      return by_terms(counted::gamma_sample_derivative, 100);
    case Binary::complex: {
      const DType c = d == DType::kF32 ? DType::kC64 : DType::kC128;
      if (d != DType::kF32 && d != DType::kF64) wrong_type(name_of(op), x);
      return map2<std::complex<T>, T>(x, y, c, [](T a, T b) { return std::complex<T>(a, b); });
    }
    default:
      wrong_type(name_of(op), x);
  }
}

// Without the checks for infinities that std::complex makes: XLA multiplies as in school.
template <class T>
T times(T a, T b) {
  return {a.real() * b.real() - a.imag() * b.imag(), a.real() * b.imag() + a.imag() * b.real()};
}

// By the real part, then the imaginary one.
template <class T>
bool lies_above(T a, T b) {
  return a.real() == b.real() ? a.imag() > b.imag() : a.real() > b.real();
}

template <class T>
Array complex_binary(Binary op, const Array& x, const Array& y) {
  const auto map = [&](auto f) { return map2<T, T>(x, y, x.dtype(), f); };
  switch (op) {
    case Binary::add:
      return map([](T a, T b) { return a + b; });
    case Binary::subtract:
      return map([](T a, T b) { return a - b; });
    case Binary::multiply:
      return map(times<T>);
    case Binary::divide:
      return map([](T a, T b) { return T(C128(a) / C128(b)); });
    case Binary::maximum:
      return map([](T a, T b) { return lies_above(a, b) ? a : b; });
    case Binary::minimum:
      return map([](T a, T b) { return lies_above(b, a) ? a : b; });
    case Binary::power:
      return map([](T a, T b) {
        if (b == T(0)) return T(1);
        if (a == T(0)) return T(0);
        return T(std::pow(C128(a), C128(b)));
      });
    case Binary::atan2:  // -i log((x + iy) / sqrt(x² + y²))
      return map([](T a, T b) {
        const C128 i(0, 1), p(a), q(b);
        return T(-i * std::log((q + i * p) / std::sqrt(p * p + q * q)));
      });
    default:
      wrong_type(name_of(op), x);
  }
}

}  // namespace

// ---- What elementwise.def says

std::string_view name_of(Unary op) {
  constexpr std::string_view kNames[] = {
#define UNARY(kernel, ...) #kernel,
#include "tensor/elementwise.def"
  };
  return without_underscore(kNames[static_cast<std::size_t>(op)]);
}

std::string_view name_of(Binary op) {
  constexpr std::string_view kNames[] = {
#define BINARY(kernel, ...) #kernel,
#include "tensor/elementwise.def"
  };
  return without_underscore(kNames[static_cast<std::size_t>(op)]);
}

std::optional<Unary> unary_named(std::string_view name) {
#define UNARY(kernel, ...) \
  if (name == without_underscore(#kernel)) return Unary::kernel;
#include "tensor/elementwise.def"
  return std::nullopt;
}

namespace {

// Functions are approximated by polynomials of a compiler's own.
constexpr double kExact = 0, kApproximated = 4;

double ulps_of(Unary op) {
  constexpr double kUlps[] = {
#define UNARY(kernel, ulps, ...) ulps,
#include "tensor/elementwise.def"
  };
  return kUlps[static_cast<std::size_t>(op)];
}

double ulps_of(Binary op) {
  constexpr double kUlps[] = {
#define BINARY(kernel, ulps, ...) ulps,
#include "tensor/elementwise.def"
  };
  return kUlps[static_cast<std::size_t>(op)];
}

}  // namespace

bool rounds(Unary op) { return ulps_of(op) > kExact; }
bool rounds(Binary op) { return ulps_of(op) > kExact; }

bool commutes(Binary op) {
  enum class Order { kInOrder, kEither };
  using enum Order;
  constexpr Order kOrders[] = {
#define BINARY(kernel, ulps, order, ...) order,
#include "tensor/elementwise.def"
  };
  return kOrders[static_cast<std::size_t>(op)] == kEither;
}

Array unary(Unary op, const Array& x) {
  Array out = with_lane(x.dtype(), [&]<class T>(T) {
    if constexpr (kIntLane<T>)
      return integer_unary(op, x);
    else if constexpr (kComplexLane<T>)
      return complex_unary<T>(op, x);
    else
      return float_unary<T>(op, x);
  });
  return rounds(op) ? with_noise(std::move(out), ulps_of(op)) : out;
}

Array binary(Binary op, const Array& x, const Array& y) {
  same_dtype(x, y);
  Array out = with_lane(x.dtype(), [&]<class T>(T) {
    if constexpr (kIntLane<T>)
      return integer_binary(op, x, y);
    else if constexpr (kComplexLane<T>)
      return complex_binary<T>(op, x, y);
    else
      return float_binary<T>(op, x, y);
  });
  return rounds(op) ? with_noise(std::move(out), ulps_of(op)) : out;
}

}  // namespace jaxsmith::tensor
