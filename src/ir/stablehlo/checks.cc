// Modules that check themselves: the `check` dialect of StableHLO's own tests, and custom calls of
// the same names. Rules: stablehlo/dialect CheckOps and the interpreter's tests.
#include <fmt/format.h>

#include <bit>
#include <cmath>

#include "ir/stablehlo/op_table.h"
#include "tensor/closeness.h"
#include "tensor/movement.h"

namespace jaxsmith::stablehlo {
namespace {

constexpr double kAlmost = 1e-3, kOldAlmost = 1e-4;

std::string element_text(const Array& a, std::int64_t i) {
  const Array one = slice(a.reshaped({a.size()}), {i}, {i + 1}, {1});
  if (lane_of(a.dtype()) == Lane::kInt) return fmt::format("{}", one.int_at(0));
  const Array wide = convert(one, DType::kC128);
  const auto v = wide.data<std::complex<double>>()[0];
  return is_complex(a.dtype()) ? fmt::format("({}, {})", v.real(), v.imag())
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

std::string compare_as(std::string_view what, const Array& a, const Array& b, double tolerance,
                       std::int64_t most_ulps) {
  if (a.shape() != b.shape() || a.dtype() != b.dtype())
    return fmt::format("{} is not like {}", a.type_text(), b.type_text());
  if (lane_of(a.dtype()) == Lane::kInt) {
    return first_difference(a, b, [&](std::int64_t i) { return a.int_at(i) == b.int_at(i); });
  }
  const Array x = convert(a, DType::kC128), y = convert(b, DType::kC128);
  const auto p = x.data<std::complex<double>>(), q = y.data<std::complex<double>>();
  const DType part = a.dtype() == DType::kC64    ? DType::kF32
                     : a.dtype() == DType::kC128 ? DType::kF64
                                                 : a.dtype();
  const bool half = part == DType::kF16 || part == DType::kBF16;
  const auto close = [&](double u, double v) {
    if (half) u = static_cast<double>(round_to(part, static_cast<float>(u)));
    if (std::isnan(u) || std::isnan(v)) return std::isnan(u) && std::isnan(v);
    if (what == "eq") return u == v;
    if (std::isinf(u) || std::isinf(v)) return u == v;
    if (what == "almost_eq") return std::abs(u - v) <= tolerance * std::max(1.0, std::abs(v));
    return ulps_between(u, v, part) <= static_cast<double>(most_ulps);
  };
  return first_difference(a, b, [&](std::int64_t i) {
    const auto at = static_cast<std::size_t>(i);
    return close(p[at].real(), q[at].real()) && close(p[at].imag(), q[at].imag());
  });
}

// Against what a probe saw, the first time or in iteration `iter`.
std::vector<Datum> check_probe(const Call& c) {
  const Attr& name = c.need("probe_id");
  const std::int64_t at = c.integer("iter", 0);
  if (c.size() != 1) invalid("a check of a probe takes one value");
  if (c.abstract()) return {};
  const auto& seen = c.probes(name.text);
  if (at < 0 || at >= static_cast<std::int64_t>(seen.size()))
    c.check_failed(fmt::format("probe {} has not been passed {} times", name.text, at + 1));
  else
    c.check_failed(compare_as("eq", c.array(0), seen[static_cast<std::size_t>(at)], 0, 0));
  return {};
}

}  // namespace

std::vector<Datum> probe(const Call& c) {
  const Attr& name = c.need("probe_id");
  if (c.size() != 1) invalid("a probe takes one value");
  if (!c.abstract()) {
    spend(c.array(0).size());
    c.probes(name.text).push_back(c.array(0));
  }
  return {c.datum(0)};
}

std::vector<Datum> check_call(const Call& c, std::string_view what) {
  // The custom call check.eq of older tests: floats need not be the same.
  double tolerance = kAlmost;
  if (what == "eq" && c.size() == 2 && lane_of(c.array(1).dtype()) != Lane::kInt) {
    what = "almost_eq";
    tolerance = kOldAlmost;
  }
  if (what.starts_with("expect_")) what.remove_prefix(7);
  const bool constant = what.ends_with("_const");
  if (constant) what.remove_suffix(6);
  if (what == "serialized_eq") return check_probe(c);
  if (what != "eq" && what != "almost_eq" && what != "close")
    unsupported(fmt::format("check {} is not known", what));
  if (c.size() != (constant ? 1u : 2u)) invalid("a check takes a value and what is expected");
  const bool answers = c.result_count() == 1;
  if (c.abstract())
    return answers ? std::vector<Datum>{Array(DType::kBool, {}, true)} : std::vector<Datum>{};
  Array expected;
  if (constant) {
    const Attr& value = c.need("value");
    if (value.kind != Attr::Kind::kDense) invalid("the expected value is no dense<…>");
    expected = value.splat ? broadcast_in_dim(*value.dense, value.type->shape, {}) : *value.dense;
  } else {
    expected = c.array(1);
  }
  c.expects(expected);
  if (const Attr* a = c.attr("tolerance")) tolerance = std::strtod(a->text.c_str(), nullptr);
  const std::string difference =
      compare_as(what, c.array(0), expected, tolerance, c.integer("max_ulp_difference", 3));
  c.check_failed(difference);
  if (answers) return {Array::scalar_int(DType::kBool, difference.empty())};
  return {};
}

}  // namespace jaxsmith::stablehlo
