// Tables of codes: one-hot rows, bins, segments, counts, choices.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/portable_math.h"
#include "plan/jax/catalogue.h"
#include "plan/jax/op_helpers.h"
#include "plan/jax/ops_indexing.h"
#include "plan/jax/shape_helpers.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;

Op one_hot() {
  Op op{"one_hot", kIndexing, 0.6, kZero, {"encoded", "one_hot", "indicators", "membership"}};
  op.traits = kFillsIn;
  op.draw = [](Builder& b, Draft& draft) {
    const auto n = b.random().between(3, 8);
    const auto index = draw_index(b, n, [&](const Value& v) {
      return v.type.rank() >= 1 && v.type.rank() < b.settings().max_rank;
    });
    if (!index) return false;
    const DType dtype = b.settings().real;
    const int rank = b[*index].type.rank();
    const std::string type =
        dtype == b.default_real() && b.random().chance(0.7) ? "" : "dtype=" + dtype_text(dtype);
    const bool front = b.random().chance(0.12);
    draft.attributes["options"] = arguments_text(
        {b.random().chance(0.25) ? fmt::format("num_classes={}", n) : std::to_string(n), type,
         front ? "axis=0" : ""});
    draft.spelling = "jax.nn.one_hot($0, $options)";
    if (!front && b.random().chance(0.3)) {
      draft.attributes["index"] = rank == 1 && b.random().chance(0.7) ? ":, None" : "..., None";
      draft.attributes["n"] = std::to_string(n);
      draft.attributes["dtype"] = dtype_text(dtype);
      draft.spelling = either(
          b, {"($0[$index] == jnp.arange($n)).astype($dtype)", "jnp.eye($n, dtype=$dtype)[$0]"});
    }
    Shape shape = b[*index].type.shape;
    shape.insert(front ? shape.begin() : shape.end(), n);
    Value result;
    result.type = {dtype, shape};
    result.stats.hi = 1;
    for (int i = 0; i < kProbes; i += 4) result.stats.probe[i] = 1;
    draft.sure_given = true;  // nothing: their sum is always the same
    draft.operands = {*index};
    draft.results = {result};
    return true;
  };
  return op;
}

// Which bin of a sorted list each element falls in.
Op bins() {
  Op op{"binning", kIndexing, 0.5, kZero, {"buckets", "bins", "levels"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([&](const Value& v) {
      const bool kind = v.type.dtype == DType::kF32 || v.type.dtype == DType::kF64 ||
                        tensor::is_integer(v.type.dtype);
      return kind && tensor::element_count(v.type.shape) >= 4 && spread(v.stats) > 0.2 &&
             !follows(b, v, {"binning", "insertion_search"});
    });
    if (!x) return false;
    const DType dtype = b[*x].type.dtype;
    const auto [low, high] =
        std::minmax_element(b[*x].stats.probe.begin(), b[*x].stats.probe.end());
    const auto count = b.random().between(2, 4);
    std::vector<double> edges;
    for (std::int64_t i = 0; i < count; ++i) {
      const double at =
          *low + (*high - *low) * static_cast<double>(i + 1) / static_cast<double>(count + 1);
      const double unit = tensor::is_integer(dtype) ? 1
                          : *high - *low > 20       ? 1
                          : *high - *low > 2        ? 0.1
                                                    : 0.01;
      const double edge = tensor::is_integer(dtype) ? std::ceil(at) : std::round(at / unit) * unit;
      if (edges.empty() || edge > edges.back()) edges.push_back(edge);
    }
    if (edges.size() < 2) return false;
    Value result = with_shape(b[*x], b[*x].type.shape);
    result.type.dtype = DType::kI32;
    for (double& p : result.stats.probe)
      p = static_cast<double>(std::lower_bound(edges.begin(), edges.end(), p) - edges.begin());
    result.stats.lo = 0;
    result.stats.hi = static_cast<double>(edges.size());
    if (spread(result.stats) == 0) return false;
    draft.attributes["edges"] = array_text(b, edges, dtype);
    const bool right = b.random().chance(0.25);
    draft.attributes["side"] = right ? "side=\"right\"" : "";
    const bool search = b.random().chance(0.6);
    draft.spelling = search ? "jnp.searchsorted($edges, $0, $side)" : "jnp.digitize($0, $edges)";
    if (!tensor::is_inexact(dtype) && !search) return false;
    draft.operands = {*x};
    draft.results = {result};
    draft.results[0].sure = tensor::element_count(b[*x].type.shape) >= 6 ? b[*x].sure : 0;
    draft.sure_given = true;
    return true;
  };
  return op;
}

// Where the elements of one value would go in the order of another one's.
Op insertion_points() {
  Op op{"insertion_search",
        kIndexing,
        0.25,
        kZero,
        {"positions", "ranks", "places"},
        {"jnp.searchsorted(jnp.sort($1), $0, $side)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([](const Value& v) {
      return (v.type.dtype == DType::kF32 || v.type.dtype == DType::kF64) && v.type.rank() >= 1;
    });
    if (!x) return false;
    const auto table = b.draw([&](const Value& v) {
      return v.type.dtype == b[*x].type.dtype && v.type.rank() == 1 && v.type.shape[0] >= 4 &&
             &v != &b[*x];
    });
    if (!table) return false;
    std::array<double, kProbes> sorted = b[*table].stats.probe;
    std::sort(sorted.begin(), sorted.end());
    const double n = static_cast<double>(b[*table].type.shape[0]);
    Value result = with_shape(b[*x], b[*x].type.shape);
    result.type.dtype = DType::kI32;
    for (double& p : result.stats.probe) {
      const auto at = std::lower_bound(sorted.begin(), sorted.end(), p) - sorted.begin();
      p = std::floor(n * static_cast<double>(at) / kProbes);
    }
    result.stats.lo = 0;
    result.stats.hi = n;
    draft.attributes["side"] = b.random().chance(0.3) ? "side=\"right\"" : "";
    draft.operands = {*x, *table};
    result.sure = 0;
    draft.sure_given = true;
    draft.results = {result};
    return true;
  };
  return op;
}

// Rows added up by the group that each belongs to.
Op segment() {
  Op op{
      "segment_reduction", kIndexing, 1, kSmooth, {"grouped", "per_group", "aggregated", "totals"}};
  op.traits = kFillsIn;
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([](const Value& v) {
      const bool kind = v.type.dtype == DType::kF32 || v.type.dtype == DType::kF64 ||
                        tensor::is_integer(v.type.dtype);
      return kind && v.type.rank() >= 1 && v.type.shape[0] >= 3;
    });
    if (!x) return false;
    const auto rows = b[*x].type.shape[0], groups = b.random().between(2, 5);
    const auto ids = draw_index(
        b, groups, [&](const Value& v) { return v.type.shape == Shape{rows} && &v != &b[*x]; });
    if (!ids) return false;
    const Type type = b[*x].type;
    const double n = static_cast<double>(rows);
    draft.attributes["groups"] = std::to_string(groups);
    draft.attributes["shape"] = type.rank() == 1 ? std::to_string(groups) : [&] {
      Shape shape = type.shape;
      shape[0] = groups;
      return tuple_text(shape);
    }();
    Shape shape = type.shape;
    shape[0] = groups;
    Value result = with_shape(b[*x], shape);
    result.stats = sum_stats(b[*x].stats, std::max(1.0, n / static_cast<double>(groups)));
    result.stats.lo = std::min(0.0, n * b[*x].stats.lo);
    result.stats.hi = std::max(0.0, n * b[*x].stats.hi);
    draft.spelling = "jax.ops.segment_sum($0, $1, num_segments=$groups)";
    const double kind = b.random().uniform();
    const bool largest = kind < 0.3;
    if (largest) {  // of each group, or nothing
      const bool typed = type.dtype != b.default_real();
      draft.attributes["dtype"] = typed ? "dtype=" + dtype_text(type.dtype) : "";
      draft.spelling = "jnp.zeros($shape, $dtype).at[$1].max($0)";
      result.stats = union_stats(
          constant_stats(0),
          within(b[*x].stats, std::max(0.0, b[*x].stats.lo), std::max(0.0, b[*x].stats.hi)));
    } else if (kind < 0.4) {
      draft.attributes["dtype"] =
          type.dtype == b.default_real() ? "" : "dtype=" + dtype_text(type.dtype);
      draft.spelling = "jnp.zeros($shape, $dtype).at[$1].add($0)";
    } else if (kind < 0.45 && tensor::is_real(type.dtype) && magnitude(b[*x].stats) <= 1.6 &&
               rows <= 8) {
      result.hint = "products";
      draft.spelling = "jax.ops.segment_prod($0, $1, num_segments=$groups)";
      const double top = std::max(1.0, portable::pow(magnitude(b[*x].stats), n));
      result.stats = with_constant(b[*x].stats, 1, 0.3);
      result.stats.lo = -top;
      result.stats.hi = top;
    }
    draft.operands = {*x, *ids};
    draft.results = {result};
    // Not the groups: sums of all do not know them.
    draft.results[0].sure = largest ? 0 : b[*x].sure;
    draft.sure_given = true;
    return true;
  };
  return op;
}

// How often each code occurs, by adding ones.
Op counts_by() {
  Op op{"tally", kIndexing, 0.4, kZero, {"counts", "tally", "frequencies"}};
  op.traits = kFillsIn;
  op.draw = [](Builder& b, Draft& draft) {
    const auto n = b.random().between(3, 8);
    const auto ids = draw_index(b, n, [](const Value& v) {
      return v.type.rank() >= 1 && v.type.rank() <= 2 && tensor::element_count(v.type.shape) >= 4;
    });
    if (!ids) return false;
    const double count = static_cast<double>(tensor::element_count(b[*ids].type.shape));
    draft.attributes["n"] = std::to_string(n);
    draft.spelling = either(b, {"jnp.zeros($n, dtype=jnp.int32).at[$0].add(1)",
                                "jnp.zeros($n, jnp.int32).at[$0].add(1)"});
    Value result;
    result.type = {DType::kI32, {n}};
    for (int i = 0; i < kProbes; ++i)
      result.stats.probe[i] =
          std::floor(count / static_cast<double>(n) * (0.2 + 1.6 * ((5 * i) % kProbes) / kProbes));
    if (spread(result.stats) == 0) result.stats.probe[0] += 1;
    result.stats.hi = count;
    draft.sure_given = true;  // nothing: their sum is always the same
    draft.operands = {*ids};
    draft.results = {result};
    return true;
  };
  return op;
}

// One of several values, element by element, by a code.
Op choose() {
  Op op{"choose", kIndexing, 0.8, kSmooth, {"chosen", "routed", "selected"}};
  op.traits = kJoinsOperands;
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw(
        [](const Value& v) { return (kind_of(v.type.dtype) & kNumbers) && v.type.rank() >= 1; });
    if (!x) return false;
    const auto y = b.draw([&](const Value& v) { return &v != &b[*x] && v.type == b[*x].type; });
    if (!y) return false;
    const auto z = b.draw(
        [&](const Value& v) { return &v != &b[*x] && &v != &b[*y] && v.type == b[*x].type; });
    const std::int64_t count = z ? 3 : 2;
    const auto code = draw_index(b, count, [&](const Value& v) {
      return &v != &b[*x] && &v != &b[*y] && (!z || &v != &b[*z]) &&
             v.type.shape == b[*x].type.shape;
    });
    if (!code) return false;
    draft.operands = {*code, *x, *y};
    if (z) draft.operands.push_back(*z);
    const std::string choices = z ? "[$1, $2, $3]" : "[$1, $2]";
    draft.spelling = fmt::format("jnp.choose($0, {}, mode=\"{}\")", choices,
                                 b.random().chance(0.5) ? "clip" : "wrap");
    // select_n takes a yes or no for two cases.
    if (b[*code].type.dtype == DType::kI32 && b.random().chance(0.4))
      draft.spelling = z ? "lax.select_n($0, $1, $2, $3)" : "lax.select_n($0 > 0, $1, $2)";
    Value result = with_shape(b[*x], b[*x].type.shape);
    result.stats =
        joined_stats(b, std::vector<ValueId>(draft.operands.begin() + 1, draft.operands.end()));
    const bool many = tensor::element_count(b[*x].type.shape) >= 12;
    result.sure = many ? b[*x].sure | b[*y].sure : 0;
    if (many && tensor::is_inexact(b[*x].type.dtype)) result.sure |= b[*code].sure;
    draft.sure_given = true;
    draft.results = {result};
    return true;
  };
  return op;
}

}  // namespace

std::vector<Op> lookup_ops() {
  return {one_hot(), bins(), insertion_points(), segment(), counts_by(), choose()};
}

}  // namespace jaxsmith::plan
