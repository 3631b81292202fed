// Entries of the catalogue that work element by element: their operands, types, bounds.
#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

#include "plan/builder.h"
#include "plan/visibility.h"

namespace jaxsmith::plan {
namespace {

// How often an operation is drawn although no value is in its domain.
constexpr double kLedShare = 0.3;

bool same_class(const Builder& b, ValueId x, ValueId y) {
  return b[x].type.dtype == b[y].type.dtype || !b[y].literal.empty() || !b[x].literal.empty();
}

// Whether each operand shows in the result at typical elements: not where a maximum is always the
// other one.
bool both_matter(const Stats& x, const Stats& y, Kernel2 kernel) {
  int by_x = 0, by_y = 0;
  for (int i = 0; i < kProbes; ++i) {
    const double at = kernel(x.probe[i], y.probe[i]);
    by_x += at != kernel(x.probe[(i + 1) % kProbes], y.probe[i]);
    by_y += at != kernel(x.probe[i], y.probe[(i + 1) % kProbes]);
  }
  return by_x > 1 && by_y > 1;
}

// A maximum must not always be the same one of the two, nor nearly always.
bool both_selected(const Stats& x, const Stats& y, Kernel2 kernel) {
  int by_x = 0, by_y = 0;
  for (int i = 0; i < kProbes; ++i) {
    const double at = kernel(x.probe[i], y.probe[i]);
    by_x += at == x.probe[i] && at != y.probe[i];
    by_y += at == y.probe[i] && at != x.probe[i];
  }
  return by_x > 1 && by_y > 1;
}

// An operand of which only the sign counts, as copysign's second.
bool counts_by_sign(const Stats& x, const Stats& y, Kernel2 kernel) {
  for (int i = 0; i < kProbes; ++i) {
    const double u = x.probe[static_cast<std::size_t>(i)], v = y.probe[static_cast<std::size_t>(i)];
    const double z = kernel(u, v);
    if (kernel(u, -v) != -z || kernel(u, 2 * v) != z) return false;
  }
  return true;
}

// Whether both operands show in the result; a sum with something fifty times as large is that.
bool both_show(const Builder& b, Draft& draft, DType dtype, Kernel2 kernel) {
  const Stats &x = b[draft.operands[0]].stats, &y = b[draft.operands[1]].stats;
  if (tensor::is_complex(dtype) || dtype == DType::kBool || counts_by_sign(x, y, kernel))
    return true;
  const bool integral = tensor::is_integer(dtype);
  const auto at = [](const Stats& s, int i) { return s.probe[static_cast<std::size_t>(i)]; };
  draft.responses = {response(x, integral, [&](double v, int i) { return kernel(v, at(y, i)); }),
                     response(y, integral, [&](double v, int i) { return kernel(at(x, i), v); })};
  for (std::size_t k = 0; k < 2; ++k)
    if (b[draft.operands[k]].literal.empty() && draft.responses[k] < least_response(dtype))
      return integral;
  return true;
}

bool infer_binary(Builder& b, Draft& draft, std::uint32_t kinds, Interval domain, Kernel2 kernel,
                  bool boolean, bool selective = false) {
  const ValueId x = draft.operands[0], y = draft.operands[1];
  const Value& u = b[x];
  const Value& v = b[y];
  const DType dtype = u.literal.empty() ? u.type.dtype : v.type.dtype;
  if (!(kind_of(dtype) & kinds) || !same_class(b, x, y)) return false;
  // x - x is nothing, x * x is written as a square.
  if ((!u.literal.empty() && !v.literal.empty()) || x == y) return false;
  if (u.literal.empty() && v.literal.empty() && !both_matter(u.stats, v.stats, kernel))
    return false;
  if (selective && !both_selected(u.stats, v.stats, kernel)) return false;
  if (!in_domain(v.stats, domain)) return false;
  if (!b.broadcasts(u.type.shape, v.type.shape)) return false;
  // Reals that are equal may differ by a last bit in another compilation.
  for (int i = 0; boolean && tensor::is_inexact(dtype) && i < kProbes; ++i) {
    if (u.stats.probe[i] == v.stats.probe[i]) return false;
  }
  Value result;
  result.type = {boolean ? DType::kBool : dtype, broadcast_shapes(u.type.shape, v.type.shape)};
  result.stats = map_stats(u.stats, v.stats, kernel);
  result.weak = u.weak && v.weak;
  if (std::isnan(result.stats.lo)) return false;
  if (boolean) {  // a mask that is nearly always the same says nothing
    double holds = 0;
    for (double p : result.stats.probe) holds += p;
    // Of masks one is soon nearly always so.
    const int least = dtype == DType::kBool ? 2 : kProbes / 4;
    if (holds < least || holds > kProbes - least) return false;
  } else if (!both_show(b, draft, dtype, kernel)) {
    return false;
  }
  draft.results = {result};
  return true;
}

// Whether the operation leaves typical elements as they are: a maximum with what lies below them
// all.
bool changes_nothing(const Builder& b, const Draft& draft, Kernel2 kernel) {
  const Value &x = b[draft.operands[0]], &y = b[draft.operands[1]];
  if (y.literal.empty()) return false;
  return std::all_of(x.stats.probe.begin(), x.stats.probe.end(),
                     [&](double p) { return kernel(p, y.stats.lo) == p; });
}

// Whether the operation leaves each element of such a value as it is, though not each number: a
// magnitude of what has no sign.
bool keeps_all(const Stats& x, Kernel1 kernel) {
  const auto keeps = [=](double v) { return kernel(v) == v; };
  static constexpr std::array kTries = {-1.5, -0.4, 0.3, 1.5};
  return keeps(x.lo) && keeps(x.hi) && std::ranges::all_of(x.probe, keeps) &&
         !std::ranges::all_of(kTries, keeps);
}

bool draw_operands(Builder& b, Draft& draft, std::uint32_t kinds, Interval domain,
                   double literal_weight, bool selective) {
  const auto x = b.draw_kind(kinds);
  if (!x) return false;
  const DType dtype = b[*x].type.dtype;
  const bool integral = tensor::is_integer(dtype);
  if (dtype != DType::kBool && b.random().chance(literal_weight)) {
    const double reach = integral ? std::min(12.0, integer_bounds(dtype).hi) : 4.0;
    const double lo = std::max({domain.lo, integral ? integer_bounds(dtype).lo : -3.0, -reach});
    const double hi = std::min(domain.hi, reach);
    double number = b.nice_number(std::max(lo, integral ? 1.0 : 0.05), hi, integral);
    // x + -0.5 is a subtraction; limits below zero are what values of both signs have.
    if (lo < 0 && selective && b.random().chance(0.3)) number = -number;
    // x * 1 and x + 0 are what nobody writes.
    if (number == 0 || number == 1) number = integral ? 2 : 0.5;
    draft.operands = {*x, b.literal(number, dtype)};
    return true;
  }
  auto y = b.draw_partner(*x, [&](const Value& v) { return in_domain(v.stats, domain); });
  if (!y && b.random().chance(kLedShare)) {
    y = b.draw_partner(*x);
    if (y && !in_domain(b[*y].stats, domain)) y = b.into(*y, domain);
  }
  if (!y) return false;
  draft.operands = {*x, *y};
  return true;
}

}  // namespace

std::uint32_t kind_of(DType dtype) {
  switch (tensor::dtype_class(dtype)) {
    case tensor::DTypeClass::kBoolean:
      return kBoolKind;
    case tensor::DTypeClass::kSigned:
      return kSignedKind;
    case tensor::DTypeClass::kUnsigned:
      return kUnsignedKind;
    case tensor::DTypeClass::kReal:
      return kReal;
    case tensor::DTypeClass::kComplex:
      return kComplexKind;
  }
  return 0;
}

Interval anywhere() {
  constexpr double inf = std::numeric_limits<double>::infinity();
  return {-inf, inf};
}

Op unary(std::string name, Category category, double weight, std::uint32_t kinds, Interval domain,
         Kernel1 kernel, Bounds bounds, Derivative derivative, std::vector<std::string> hints,
         std::vector<std::string> spellings) {
  Op op{std::move(name), category, weight, derivative, std::move(hints), std::move(spellings)};
  op.infer = [=](Builder& b, Draft& draft) {
    const Value& x = b[draft.operands[0]];
    if (!(kind_of(x.type.dtype) & kinds) || !x.literal.empty()) return false;
    if (!in_domain(x.stats, domain)) return false;
    Value result;
    result.type = x.type;
    result.stats = map_stats(x.stats, kernel, bounds);
    draft.results = {result};
    const DType dtype = x.type.dtype;
    if (!tensor::is_complex(dtype) && dtype != DType::kBool && keeps_all(x.stats, kernel))
      return false;
    if (!tensor::is_complex(dtype) && dtype != DType::kBool)
      draft.responses = {
          response(x.stats, tensor::is_integer(dtype), [=](double v, int) { return kernel(v); })};
    return !std::isnan(result.stats.lo);
  };
  op.draw = [=, infer = op.infer](Builder& b, Draft& draft) {
    // Rather a value that is in the domain already than one that is led there.
    auto x = b.draw([&](const Value& v) {
      return (kind_of(v.type.dtype) & kinds) && in_domain(v.stats, domain);
    });
    if (!x && b.random().chance(kLedShare)) {
      x = b.draw_kind(kinds);
      if (x && !in_domain(b[*x].stats, domain)) x = b.into(*x, domain);
    }
    if (!x) return false;
    draft.operands = {*x};
    return infer(b, draft);
  };
  return op;
}

Op binary(std::string name, Category category, double weight, std::uint32_t kinds, Interval domain,
          Kernel2 kernel, double literal_weight, Derivative derivative,
          std::vector<std::string> hints, std::vector<std::string> spellings) {
  Op op{std::move(name), category, weight, derivative, std::move(hints), std::move(spellings)};
  op.selective = kernel(1, 2) == kernel(2, 1) && (kernel(1, 2) == 1 || kernel(1, 2) == 2) &&
                 (kernel(3, 5) == 3 || kernel(3, 5) == 5);
  op.infer = [=, selective = op.selective](Builder& b, Draft& draft) {
    return infer_binary(b, draft, kinds, domain, kernel, false, selective);
  };
  op.draw = [=, infer = op.infer, selective = op.selective](Builder& b, Draft& draft) {
    return draw_operands(b, draft, kinds, domain, literal_weight, selective) && infer(b, draft) &&
           !changes_nothing(b, draft, kernel);
  };
  return op;
}

Op comparison(std::string name, Category category, double weight, std::uint32_t kinds,
              Kernel2 kernel, std::vector<std::string> hints, std::vector<std::string> spellings) {
  Op op{std::move(name),   category,         weight,
        Derivative::kZero, std::move(hints), std::move(spellings)};
  op.infer = [=](Builder& b, Draft& draft) {
    return infer_binary(b, draft, kinds, anywhere(), kernel, true);
  };
  op.draw = [=, infer = op.infer](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kinds);
    if (!x) return false;
    std::optional<ValueId> y;
    if (!b.random().chance(0.45)) y = b.draw_partner(*x);
    if (!y || *y == *x) {
      // A threshold among typical elements, so that both answers occur.
      if (b.above_its_mean(*x)) {
        draft.placed = true;
        return true;
      }
      y = b.literal(threshold_of(b[*x]), b[*x].type.dtype);
    }
    draft.operands = {*x, *y};
    return infer(b, draft);
  };
  return op;
}

}  // namespace jaxsmith::plan
