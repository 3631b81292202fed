// Activations of neural networks, element by element and along an axis.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/portable_math.h"
#include "plan/jax/catalogue.h"
#include "plan/jax/op_helpers.h"
#include "plan/jax/ops_math.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using enum Bounds;

double sigmoid(double x) { return 1 / (1 + portable::exp(-x)); }
double softplus(double x) {
  return portable::log1p(portable::exp(-std::abs(x))) + std::max(x, 0.0);
}
double silu(double x) { return x * sigmoid(x); }
double gelu(double x) { return 0.5 * x * portable::erfc(-x / std::sqrt(2.0)); }
double mish(double x) { return x * portable::tanh(softplus(x)); }
double hard_silu(double x) { return x * std::clamp(x + 3, 0.0, 6.0) / 6; }
double sparse_plus(double x) { return x >= 1 ? x : x <= -1 ? 0 : 0.25 * (x + 1) * (x + 1); }

std::vector<Op> smooth_activations() {
  const Interval wide = {-1e3, 1e3}, steep = {-30, 30};
  return {
      real_function("sigmoid", 0.8, steep, sigmoid, {"gate", "prob"},
                    {"jax.nn.sigmoid($0)", "lax.logistic($0)", "jax.nn.sigmoid($0)"}),
      real_function("softplus", 0.7, {-30, 1e4}, softplus, {"softened"},
                    {"jax.nn.softplus($0)", "jnp.logaddexp($0, 0.0)"}),
      real_function("soft_sign", 0.5, anywhere(), [](double x) { return x / (1 + std::abs(x)); },
                    {"soft"}, {"jax.nn.soft_sign($0)", "$0 / (1.0 + jnp.abs($0))"}),
      real_function("silu", 0.5, wide, silu, {"activation", "hidden"},
                    {"jax.nn.silu($0)", "jax.nn.swish($0)"}, {-1.2785}),
      real_function("gelu", 0.5, wide, gelu, {"activation", "hidden"},
                    {"jax.nn.gelu($0)", "jax.nn.gelu($0, approximate=False)"}, {-0.7518}),
      real_function("mish", 0.25, wide, mish, {"activation"}, {"jax.nn.mish($0)"}, {-1.1924}),
      real_function("elu", 0.35, wide, [](double x) { return x > 0 ? x : portable::expm1(x); },
                    {"activation"}, {"jax.nn.elu($0)"}),
      real_function("selu", 0.25, wide,
                    [](double x) { return 1.0507 * (x > 0 ? x : 1.6733 * portable::expm1(x)); },
                    {"activation"}, {"jax.nn.selu($0)"}),
      real_function("celu", 0.2, wide, [](double x) { return x > 0 ? x : portable::expm1(x); },
                    {"activation"}, {"jax.nn.celu($0)"}),
      real_function("log_sigmoid", 0.35, {-1e3, 20}, [](double x) { return -softplus(-x); },
                    {"log_prob"}, {"jax.nn.log_sigmoid($0)", "-jax.nn.softplus(-$0)"}),
      real_function("squareplus", 0.2, {-50, 1e3},
                    [](double x) { return 0.5 * (x + std::sqrt(x * x + 4)); }, {"softened"},
                    {"jax.nn.squareplus($0)"}),
  };
}

// Nobody rectifies what is positive.
Op changing(Op op) {
  return refined(std::move(op), [](Builder& b, Draft& draft) {
    return draft.results[0].stats.probe != b[draft.operands[0]].stats.probe;
  });
}

std::vector<Op> piecewise_activations() {
  const Interval wide = {-1e3, 1e3};
  std::vector<Op> out = {
      real_function("relu", 0.7, wide, [](double x) { return std::max(x, 0.0); },
                    {"activation", "rectified"},
                    {"jax.nn.relu($0)", "jnp.maximum($0, 0.0)", "jax.nn.relu($0)"}),
      real_function("relu6", 0.25, wide, [](double x) { return std::clamp(x, 0.0, 6.0); },
                    {"activation"}, {"jax.nn.relu6($0)"}),
      real_function("hard_tanh", 0.25, wide, [](double x) { return std::clamp(x, -1.0, 1.0); },
                    {"activation", "limited"}, {"jax.nn.hard_tanh($0)"}),
      real_function("hard_sigmoid", 0.25, wide,
                    [](double x) { return std::clamp(x + 3, 0.0, 6.0) / 6; }, {"gate"},
                    {"jax.nn.hard_sigmoid($0)"}),
      real_function("hard_silu", 0.2, wide, hard_silu, {"activation"},
                    {"jax.nn.hard_silu($0)", "jax.nn.hard_swish($0)"}, {-1.5}),
      real_function("sparse_plus", 0.1, wide, sparse_plus, {"activation"},
                    {"jax.nn.sparse_plus($0)"}),
      real_function("sparse_sigmoid", 0.1, wide,
                    [](double x) { return 0.5 * std::clamp(x + 1, 0.0, 2.0); }, {"gate"},
                    {"jax.nn.sparse_sigmoid($0)"}),
  };
  for (Op& op : out) op = lossy(changing(std::move(op)));
  return out;
}

// Activations with a number of their own.
Op leaky_relu() {
  Op op{"leaky_relu", kMath, 0.4, kSmooth, {"activation"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kReal);
    if (!x) return false;
    static const std::vector<double> kSlopes = {0.01, 0.01, 0.1, 0.2, 0.3, 0.05};
    const double slope = b.random().pick(kSlopes);
    const bool usual = slope == 0.01 && b.random().chance(0.6);
    Value result;
    result.type = b[*x].type;
    result.stats = b[*x].stats;
    for (double& p : result.stats.probe) p *= p < 0 ? slope : 1;
    result.stats.lo *= result.stats.lo < 0 ? slope : 1;
    result.stats.hi *= result.stats.hi < 0 ? slope : 1;
    draft.operands = {*x};
    draft.results = {result};
    draft.attributes["slope"] = usual                    ? ""
                                : b.random().chance(0.5) ? fmt::format("negative_slope={:g}", slope)
                                                         : fmt::format("{:g}", slope);
    draft.spelling = "jax.nn.leaky_relu($0, $slope)";
    return true;
  };
  return op;
}

Op elu_with_alpha() {
  Op op{"scaled_elu", kMath, 0.15, kSmooth, {"activation"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kReal);
    if (!x) return false;
    static const std::vector<double> kAlphas = {0.5, 2.0, 1.5, 0.1};
    const double alpha = b.random().pick(kAlphas);
    const Stats& from = b[*x].stats;
    Value result;
    result.type = b[*x].type;
    const auto kernel = [&](double v) { return v > 0 ? v : alpha * portable::expm1(v); };
    for (int i = 0; i < kProbes; ++i) result.stats.probe[i] = kernel(from.probe[i]);
    result.stats.lo = kernel(from.lo);
    result.stats.hi = kernel(from.hi);
    draft.operands = {*x};
    draft.results = {result};
    draft.attributes["alpha"] =
        fmt::format("{}{}", b.random().chance(0.5) ? "alpha=" : "", number_text(alpha, false));
    draft.spelling = "jax.nn.elu($0, $alpha)";
    return true;
  };
  return op;
}

// ---- Along an axis ----

enum class Along { kSoftmax, kLogSoftmax, kStandardize };

Stats along_stats(Along kind, const Stats& x, double n) {
  double mean = 0, total = 0;
  for (double p : x.probe) mean += p / kProbes;
  const double reach = spread(x);
  for (double p : x.probe) total += portable::exp(p - mean) / kProbes;
  Stats out = x;
  for (double& p : out.probe) {
    const double share = portable::exp(p - mean) / (n * total);
    p = kind == Along::kSoftmax      ? share
        : kind == Along::kLogSoftmax ? portable::log(share)
                                     : 2 * (p - mean) / std::max(reach, 1e-6);
  }
  out.lo = kind == Along::kSoftmax      ? 0
           : kind == Along::kLogSoftmax ? -(x.hi - x.lo) - portable::log(n)
                                        : -std::sqrt(n);
  out.hi = kind == Along::kSoftmax ? 1 : kind == Along::kLogSoftmax ? 0 : std::sqrt(n);
  for (double& p : out.probe)
    p = std::clamp(p, out.lo, kind == Along::kLogSoftmax ? -0.01 : out.hi);
  return out;
}

// What varies too little along an axis is divided by next to nothing when it is standardised.
bool varies_enough(const Value& x) {
  return spread(x.stats) > 0.3 && !half_precision(x.type.dtype);
}

Op along_axis(std::string name, double weight, Along kind, std::vector<std::string> hints,
              std::vector<std::string> spellings) {
  Op op{std::move(name), kMath, weight, kSmooth, std::move(hints), std::move(spellings)};
  op.draw = [=](Builder& b, Draft& draft) {
    const auto x = b.draw([&](const Value& v) {
      return tensor::is_real(v.type.dtype) && v.type.rank() >= 1 &&
             (kind != Along::kStandardize || varies_enough(v));
    });
    if (!x) return false;
    const Value& v = b[*x];
    const int rank = v.type.rank();
    const int axis = b.random().chance(0.6)
                         ? rank - 1
                         : static_cast<int>(b.random().below(static_cast<std::uint64_t>(rank)));
    const double n = static_cast<double>(v.type.shape[static_cast<std::size_t>(axis)]);
    if (n < (kind == Along::kStandardize ? 4 : 2) ||
        practical(v.stats).hi - practical(v.stats).lo > 80)
      return false;
    Value result;
    result.type = v.type;
    result.stats = along_stats(kind, v.stats, n);
    const bool usual = axis == rank - 1 && b.random().chance(0.4);
    const int written = b.random().chance(0.5) ? axis - rank : axis;
    draft.attributes["axis"] = usual ? "" : fmt::format("axis={}", written);
    draft.operands = {*x};
    draft.results = {result};
    return true;
  };
  return op;
}

// Gated linear unit: one half of an axis gates the other.
Op glu() {
  Op op{"glu", kMath, 0.25, kSmooth, {"gated"}, {"jax.nn.glu($0, $axis)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kReal, 1);
    if (!x) return false;
    const int rank = b[*x].type.rank();
    const int axis = b.random().chance(0.7)
                         ? rank - 1
                         : static_cast<int>(b.random().below(static_cast<std::uint64_t>(rank)));
    Value result;
    result.type = b[*x].type;
    auto& size = result.type.shape[static_cast<std::size_t>(axis)];
    if (size % 2) return false;
    size /= 2;
    result.stats =
        map_stats(b[*x].stats, b[*x].stats, [](double u, double v) { return u * sigmoid(v); });
    draft.attributes["axis"] = axis == rank - 1 ? "" : fmt::format("axis={}", axis);
    draft.operands = {*x};
    draft.results = {result};
    return true;
  };
  return op;
}

}  // namespace

std::vector<Op> activation_ops() {
  std::vector<Op> out = smooth_activations();
  const auto piecewise = piecewise_activations();
  out.insert(out.end(), piecewise.begin(), piecewise.end());
  out.push_back(leaky_relu());
  out.push_back(elu_with_alpha());
  out.push_back(with_traits(
      kKnownTotal, along_axis("softmax", 0.6, Along::kSoftmax, {"probs", "attention", "weights_of"},
                              {"jax.nn.softmax($0, $axis)"})));
  out.push_back(
      with_traits(kKnownTotal, along_axis("log_softmax", 0.5, Along::kLogSoftmax, {"log_probs"},
                                          {"jax.nn.log_softmax($0, $axis)"})));
  out.push_back(with_traits(
      kKnownTotal, along_axis("standardize", 0.4, Along::kStandardize, {"standardized", "normed"},
                              {"jax.nn.standardize($0, $axis)"})));
  out.push_back(glu());
  return out;
}

}  // namespace jaxsmith::plan
