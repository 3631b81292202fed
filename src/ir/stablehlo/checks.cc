// Modules that check themselves: the `check` dialect of StableHLO's own tests, and custom calls of
// the same names. Rules: stablehlo/dialect CheckOps and the interpreter's tests.
#include <fmt/format.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstring>

#include "ir/stablehlo/rules.h"
#include "tensor/movement.h"

namespace jaxsmith::stablehlo {
namespace {

constexpr double kAlmost = 1e-3, kOldAlmost = 1e-4;
constexpr std::uint64_t kFarthest = ~std::uint64_t{0};

// How numbers may differ.
struct Allowed {
  std::string_view what;  // eq, almost_eq or close
  double tolerance = kAlmost;
  std::uint64_t least_ulps = 0, most_ulps = 3;
};

// How many numbers of a type lie below the magnitude of one.
std::uint64_t rank_of(double magnitude, DType dtype) {
  if (dtype == DType::kF64) return std::bit_cast<std::uint64_t>(magnitude);
  if (dtype == DType::kF32) return std::bit_cast<std::uint32_t>(static_cast<float>(magnitude));
  const Array wide = Array::scalar(EvaluationContext::unmetered(), DType::kF64, magnitude);
  std::uint64_t bits = 0;
  const std::string bytes = tensor::convert(wide, dtype).tensor().bytes;
  std::memcpy(&bits, bytes.data(), std::min(bytes.size(), sizeof bits));
  return bits;
}

// Steps from one number of the type to the next that lie between two.
std::uint64_t ulps_between(double u, double v, DType dtype) {
  if (std::isnan(u) && std::isnan(v)) return 0;
  if (!std::isfinite(u) || !std::isfinite(v)) return u == v ? 0 : kFarthest;
  const std::uint64_t a = rank_of(std::abs(u), dtype), b = rank_of(std::abs(v), dtype);
  if (std::signbit(u) != std::signbit(v)) return a + b;
  return a > b ? a - b : b - a;
}

bool same_number(double u, double v) { return u == v || (std::isnan(u) && std::isnan(v)); }

// How many units in the last place rounding may take: of few bits one is much.
std::uint64_t rounding(DType dtype) {
  const bool half = dtype == DType::kF16 || dtype == DType::kBF16;
  return tensor::is_narrow(dtype) ? 0 : half ? 1 : 3;
}

// A difference that is no more than rounding is allowed where the tolerance is finer than that.
bool almost(double u, double v, DType dtype, double tolerance) {
  if (same_number(u, v)) return true;
  if (!std::isfinite(u) || !std::isfinite(v)) return false;
  return std::abs(u - v) <= tolerance || ulps_between(u, v, dtype) <= rounding(dtype);
}

std::string element_text(const Array& a, std::int64_t i) {
  const Array one = tensor::slice(a.reshaped({a.size()}), {i}, {i + 1}, {1});
  if (tensor::lane_of(a.dtype()) == tensor::Lane::kInt) return fmt::format("{}", one.int_at(0));
  const Array wide = tensor::convert(one, DType::kC128);
  const auto v = wide.data<std::complex<double>>()[0];
  return tensor::is_complex(a.dtype()) ? fmt::format("({}, {})", v.real(), v.imag())
                                       : fmt::format("{}", v.real());
}

// The first element for which `same` does not hold.
template <class F>
std::string first_difference(const Array& a, const Array& b, F same) {
  for (std::int64_t i = 0; i < a.size(); ++i)
    if (!same(i))
      return fmt::format("element {} is {}, not {}", i, element_text(a, i), element_text(b, i));
  return "";
}

std::string compare_as(const EvaluationContext& context, const Allowed& allowed, const Array& a,
                       const Array& b) {
  if (a.shape() != b.shape() || a.dtype() != b.dtype())
    return fmt::format("{} is not like {}", a.type_text(), b.type_text());
  // Steps between numbers of a narrow type are counted by conversions of one at a time.
  constexpr std::int64_t kCostOfSteps = 50;
  context.spend({a.size(), allowed.what == "eq" ? 1 : kCostOfSteps});
  if (tensor::lane_of(a.dtype()) == tensor::Lane::kInt) {
    return first_difference(a, b, [&](std::int64_t i) { return a.int_at(i) == b.int_at(i); });
  }
  const Array x = tensor::convert(a, DType::kC128), y = tensor::convert(b, DType::kC128);
  const auto p = x.data<std::complex<double>>(), q = y.data<std::complex<double>>();
  const DType part = a.dtype() == DType::kC64    ? DType::kF32
                     : a.dtype() == DType::kC128 ? DType::kF64
                                                 : a.dtype();
  // In 16 bits what was kept wider is compared as it would be stored.
  const bool half = part == DType::kF16 || part == DType::kBF16;
  const auto stored = [&](const std::complex<double>& v) {
    return half ? std::complex<double>(tensor::round_to(part, static_cast<float>(v.real())),
                                       v.imag())
                : v;
  };
  return first_difference(a, b, [&](std::int64_t i) {
    const auto u = stored(p[static_cast<std::size_t>(i)]), v = q[static_cast<std::size_t>(i)];
    if (allowed.what == "close") {
      const std::uint64_t ulps =
          std::max(ulps_between(u.real(), v.real(), part), ulps_between(u.imag(), v.imag(), part));
      return ulps >= allowed.least_ulps && ulps <= allowed.most_ulps;
    }
    if (allowed.what == "almost_eq")
      return almost(u.real(), v.real(), part, allowed.tolerance) &&
             almost(u.imag(), v.imag(), part, allowed.tolerance);
    return same_number(u.real(), v.real()) && same_number(u.imag(), v.imag());
  });
}

// An integer of 64 bits without a sign.
std::uint64_t ulps(const Call& c, std::string_view name, std::uint64_t otherwise) {
  const Attr* a = c.attribute(name);
  if (!a) return otherwise;
  std::uint64_t n = 0;
  const auto done = std::from_chars(a->text.data(), a->text.data() + a->text.size(), n);
  if (a->kind != Attr::Kind::kNumber || done.ec != std::errc() ||
      done.ptr != a->text.data() + a->text.size())
    invalid(fmt::format("attribute {} is no count", name));
  return n;
}

// Against what a probe saw, the first time or in iteration `iter`.
std::vector<Datum> check_probe(const Call& c) {
  const Attr& name = c.need("probe_id");
  const std::int64_t at = c.integer("iter", 0);
  if (c.size() != 1) invalid("a check of a probe takes one value");
  if (c.abstract()) return {};
  const auto& seen = c.probes(name.text);
  if (at < 0 || at >= static_cast<std::int64_t>(seen.size()))
    c.check_failed(fmt::format("probe {} has not been passed in iteration {}", name.text, at));
  else
    c.check_failed(compare_as(c.context(), {"eq"}, c.array(0), seen[static_cast<std::size_t>(at)]));
  return {};
}

}  // namespace

Results probe_rule(const Call& c) {
  const Attr& name = c.need("probe_id");
  if (c.size() != 1) invalid("a probe takes one value");
  if (!c.abstract()) {
    c.context().spend(c.array(0).size());
    c.probes(name.text).push_back(c.array(0));
  }
  return {c.datum(0)};
}

std::vector<Datum> check_call(const Call& c, std::string_view what) {
  // The custom call check.eq of older tests: floats need not be the same.
  double tolerance = kAlmost;
  if (what == "eq" && c.size() == 2 && tensor::lane_of(c.array(1).dtype()) != tensor::Lane::kInt) {
    what = "almost_eq";
    tolerance = kOldAlmost;
  }
  if (what.starts_with("expect_")) what.remove_prefix(7);
  const bool constant = what.ends_with("_const");
  if (constant) what.remove_suffix(6);
  if (what == "serialized_eq") return check_probe(c);
  if (what != "eq" && what != "almost_eq" && what != "close")
    tensor::unsupported(fmt::format("check {} is not known", what));
  if (c.size() != (constant ? 1u : 2u)) invalid("a check takes a value and what is expected");
  const bool answers = c.result_count() == 1;
  if (c.abstract())
    return answers ? std::vector<Datum>{Array::typed(DType::kBool, {})} : std::vector<Datum>{};
  Array expected;
  if (constant) {
    const Attr& value = c.need("value");
    if (value.kind != Attr::Kind::kDense) invalid("the expected value is no dense<…>");
    expected = value.dense->within(c.context());
    if (value.splat) expected = tensor::broadcast_in_dim(expected, value.type->shape, {});
  } else {
    expected = c.array(1);
  }
  c.expects(expected);
  if (c.attribute("tolerance")) tolerance = c.real("tolerance");
  const Allowed allowed{what, tolerance, ulps(c, "min_ulp_difference", 0),
                        ulps(c, "max_ulp_difference", Allowed().most_ulps)};
  const std::string difference = compare_as(c.context(), allowed, c.array(0), expected);
  c.check_failed(difference);
  if (answers) return {c.make().scalar_int(DType::kBool, difference.empty())};
  return {};
}

}  // namespace jaxsmith::stablehlo
