// Values out of nothing that meet a value: ramps, identities, grids, constants of its shape.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/portable_math.h"
#include "plan/jax/catalogue.h"
#include "plan/jax/op_helpers.h"
#include "plan/jax/ops_array.h"
#include "plan/jax/shape_helpers.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;

double times(double x, double y) { return x * y; }
double plus(double x, double y) { return x + y; }
double minus(double x, double y) { return x - y; }
double over(double x, double y) { return x / y; }

// Evenly spread over an interval, in an order that has nothing to do with that of other values.
Stats ramp_stats(double lo, double hi) {
  Stats out;
  out.lo = std::min(lo, hi);
  out.hi = std::max(lo, hi);
  for (int i = 0; i < kProbes; ++i)
    out.probe[i] = lo + (hi - lo) * ((7 * i + 2) % kProbes) / (kProbes - 1);
  return out;
}

struct Ramp {
  std::string text;  // with $0 for the value that it meets
  double lo = 0, hi = 0;
  bool whole = false;
};

// n numbers in a row, of a type that leaves the value's type as it is.
Ramp draw_ramp(Builder& b, DType dtype, std::int64_t n) {
  const double last = static_cast<double>(n - 1);
  const bool plain = tensor::is_real(dtype) || dtype == b.default_integer();
  const std::string type = dtype == b.default_real() && b.random().chance(0.7) ? ""
                           : b.random().chance(0.5) ? ", dtype=$0.dtype"
                                                    : ", dtype=" + dtype_text(dtype);
  const double kind = b.random().uniform();
  if (!tensor::is_real(dtype) || kind < 0.35) {
    const std::string as = plain && b.random().chance(0.7) ? ""
                           : type.empty()                  ? ", dtype=" + dtype_text(dtype)
                                                           : type;
    if (b.random().chance(0.3))
      return {fmt::format("jnp.arange(1, {}{})", n + 1, as), 1, last + 1, true};
    if (b.random().chance(0.15))
      return {fmt::format("lax.iota({}, {})", dtype_text(dtype), n), 0, last, true};
    return {fmt::format("jnp.arange({}{})", n, as), 0, last, true};
  }
  if (kind < 0.5 && dtype == b.default_real())
    return {fmt::format("(jnp.arange({}) / {})", n, n), 0, last / static_cast<double>(n), false};
  if (kind > 0.92 && dtype == b.default_real()) {
    static const std::vector<std::string> kWindows = {"hanning", "hamming", "bartlett", "blackman"};
    return {fmt::format("jnp.{}({})", b.random().pick(kWindows), n), 0.0, 1, false};
  }
  if (kind > 0.85 && dtype == b.default_real())
    return {fmt::format("jnp.geomspace(1.0, {}, {})", number_text(last + 1, false), n), 1, last + 1,
            false};
  static const std::vector<std::pair<double, double>> kEnds = {
      {0, 1}, {-1, 1}, {0.5, 1.5}, {1, 0}, {0.1, 1}, {0, 2}, {-2, 2}};
  const auto [lo, hi] = b.random().pick(kEnds);
  return {fmt::format("jnp.linspace({}, {}, {}{})", number_text(lo, false), number_text(hi, false),
                      n, type),
          lo, hi, false};
}

// Positions along an axis are added or weigh the elements there.
Op with_ramp() {
  Op op{"ramp", kArray, 0.9, kSmooth, {"weighted", "ramped", "graded", "positioned", "tilted"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([](const Value& v) {
      return (kind_of(v.type.dtype) & kNumbers) && v.type.rank() >= 1 && magnitude(v.stats) < 500;
    });
    if (!x) return false;
    const DType dtype = b[*x].type.dtype;
    const Shape& shape = b[*x].type.shape;
    const int rank = b[*x].type.rank();
    const int axis = rank >= 2 && b.random().chance(0.3) ? rank - 2 : rank - 1;
    const auto n = size_at(shape, axis);
    if (n < 2) return false;
    Ramp ramp = draw_ramp(b, dtype, n);
    if (axis == rank - 2) ramp.text = ramp.text + "[:, None]";
    if (b.random().chance(0.3)) {
      const std::string dims = rank > 2 ? "$0.shape" : tuple_text(shape);
      ramp = {fmt::format("lax.broadcasted_iota({}, {}, {})", dtype_text(dtype), dims, axis), 0,
              static_cast<double>(n - 1), true};
    }
    const auto which = b.random().below(10);
    const bool divides = which == 9 && ramp.lo >= 0.5 && tensor::is_real(dtype);
    const Kernel2 kernel = which < 4 ? times : which < 7 ? plus : divides ? over : minus;
    const std::string sign = which < 4 ? "*" : which < 7 ? "+" : divides ? "/" : "-";
    if (sign == "-" && tensor::dtype_class(dtype) == tensor::DTypeClass::kUnsigned) return false;
    const bool first = sign != "/" && sign != "-" && b.random().chance(0.25);
    draft.spelling =
        first ? fmt::format("{} {} $0", ramp.text, sign) : fmt::format("$0 {} {}", sign, ramp.text);
    Value result = with_shape(b[*x], shape);
    result.stats = map_stats(b[*x].stats, ramp_stats(ramp.lo, ramp.hi), kernel);
    draft.operands = {*x};
    draft.results = {result};
    return true;
  };
  return op;
}

// An identity matrix that meets a square one.
Op with_eye() {
  Op op{"diagonal_shift", kArray, 0.35, kSmooth, {"regularized", "centered", "shifted", "damped"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([](const Value& v) {
      return tensor::is_real(v.type.dtype) && v.type.rank() >= 2 && v.type.shape.back() >= 2 &&
             v.type.shape.back() == v.type.shape[v.type.shape.size() - 2];
    });
    if (!x) return false;
    const auto n = b[*x].type.shape.back();
    const DType dtype = b[*x].type.dtype;
    const std::string type = dtype == b.default_real() && b.random().chance(0.75) ? ""
                             : b.random().chance(0.6) ? ", dtype=$0.dtype"
                                                      : ", dtype=" + dtype_text(dtype);
    const std::string eye =
        fmt::format("jnp.{}({}{})", b.random().chance(0.85) ? "eye" : "identity", n, type);
    const double factor = b.nice_number(0.1, 2, false);
    Value result = with_shape(b[*x], b[*x].type.shape);
    const double kind = b.random().uniform();
    if (kind < 0.65) {
      const std::string scaled =
          factor == 1 ? eye : fmt::format("{} * {}", number_text(factor, false), eye);
      const bool less = kind < 0.2;
      draft.spelling = fmt::format("$0 {} {}", less ? "-" : "+", scaled);
      const double step = less ? -factor : factor;
      result.stats.lo = std::min(result.stats.lo, result.stats.lo + step);
      result.stats.hi = std::max(result.stats.hi, result.stats.hi + step);
    } else {
      draft.spelling = fmt::format("$0 * (1.0 - {})", eye);
      result.stats = with_constant(result.stats, 0, 1.0 / static_cast<double>(n));
    }
    draft.operands = {*x};
    draft.results = {result};
    return true;
  };
  return op;
}

// A mask keeps some elements; the others get a constant of the value's shape and type.
Op masked() {
  Op op{"mask", kArray, 0.6, kSmooth, {"masked", "kept", "cleaned"}};
  op.traits = kFillsIn;
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kReal | kIntegers, 1);
    if (!x || tensor::element_count(b[*x].type.shape) < 4) return false;
    const Shape shape = b[*x].type.shape;
    const bool rows = shape.size() == 2 && b.random().chance(0.5);
    const auto mask = draw_mask(b, [&](const Value& v) {
      const bool fits = rows ? v.type.shape == Shape{shape[0]}
                             : b.broadcasts(v.type.shape, shape) &&
                                   broadcast_shapes(v.type.shape, shape) == shape;
      return v.type.rank() >= 1 && fits;
    });
    if (!mask) return false;
    const DType dtype = b[*x].type.dtype;
    const double fill = filler(b, b[*x]);
    draft.attributes["index_mask"] = rows ? ":, None" : "...";
    draft.attributes["fill"] = number_of(fill, dtype);
    const std::string m = rows ? "$1[$index_mask]" : "$1";
    std::vector<std::string> forms = {"jnp.full_like($0, $fill)", "$fill"};
    if (fill == 0) forms.insert(forms.begin(), "jnp.zeros_like($0)");
    if (fill == 1) forms.insert(forms.begin(), "jnp.ones_like($0)");
    const std::string constant = either(b, forms);
    draft.spelling = b.random().chance(0.7) ? fmt::format("jnp.where({}, $0, {})", m, constant)
                                            : fmt::format("jnp.where({}, {}, $0)", m, constant);
    if (tensor::is_integer(dtype) && dtype != b.default_integer() && constant == "$fill" &&
        fill < 0)
      return false;
    Value result = with_shape(b[*x], shape);
    result.stats = with_constant(b[*x].stats, fill, 0.5);
    draft.operands = {*x, *mask};
    draft.results = {result};
    return true;
  };
  return op;
}

// What is left to a constant, or the larger of both: a constant of the value's own shape.
Op with_full() {
  Op op{"constant_complement", kArray, 0.3, kSmooth, {"remaining", "offset_by", "complement"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kReal, 1);
    if (!x || magnitude(b[*x].stats) > 1000) return false;
    const DType dtype = b[*x].type.dtype;
    const double number = b.random().chance(0.4) ? 1 : b.nice_number(0.1, 4, false);
    draft.attributes["number"] = number_text(number, false);
    draft.attributes["shape"] = tuple_text(b[*x].type.shape);
    draft.attributes["type"] = dtype == b.default_real() ? "" : "dtype=" + dtype_text(dtype);
    draft.spelling =
        number == 1
            ? either(b, {"jnp.ones_like($0) - $0", "jnp.ones($shape, $type) - $0"})
            : either(b, {"jnp.full_like($0, $number) - $0", "jnp.full($shape, $number, $type) - $0",
                         "jnp.full_like($0, $number) * $0"});
    Value result = with_shape(b[*x], b[*x].type.shape);
    const bool product = draft.spelling.find('*') != std::string::npos;
    result.stats = map_stats(constant_stats(number), b[*x].stats, product ? times : minus);
    draft.operands = {*x};
    draft.results = {result};
    return true;
  };
  return op;
}

// A column of ones beside the features, as a design matrix has it.
Op bias_column() {
  Op op{"constant_column", kArray, 0.25, kSmooth, {"design", "augmented", "homogeneous"}};
  op.traits = kFillsIn;
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kReal, 2, 2);
    if (!x) return false;
    const Shape& shape = b[*x].type.shape;
    const DType dtype = b[*x].type.dtype;
    const bool ones = b.random().chance(0.75);
    const std::string type = dtype == b.default_real() ? ""
                             : b.random().chance(0.6)  ? ", dtype=$0.dtype"
                                                       : ", dtype=" + dtype_text(dtype);
    const std::string maker = ones ? "ones" : "zeros";
    std::string column = fmt::format("jnp.{}(({}, 1){})", maker, shape[0], type);
    if (b.random().chance(0.35)) column = fmt::format("jnp.{}_like($0[:, :1])", maker);
    draft.spelling =
        b.random().chance(0.6)
            ? fmt::format("jnp.concatenate([$0, {}], axis=1)", column)
            : fmt::format(b.random().chance(0.5) ? fmt::runtime("jnp.hstack([{}, $0])")
                                                 : fmt::runtime("jnp.hstack([$0, {}])"),
                          column);
    Value result = with_shape(b[*x], {shape[0], shape[1] + 1});
    result.stats =
        with_constant(b[*x].stats, ones ? 1 : 0, 1.0 / static_cast<double>(shape[1] + 1));
    draft.operands = {*x};
    draft.results = {result};
    return true;
  };
  return op;
}

// Every element of one vector with every one of another.
Op outer() {
  Op op{"outer_combination", kArray, 0.8, kSmooth, {"pairwise", "grid", "table_of", "outer"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([](const Value& v) {
      return (kind_of(v.type.dtype) & kNumbers) && v.type.rank() == 1 && v.type.shape[0] > 1;
    });
    if (!x || b.settings().max_rank < 2) return false;
    const auto y = b.draw([&](const Value& v) {
      return v.type.dtype == b[*x].type.dtype && v.type.rank() == 1 && v.type.shape[0] > 1;
    });
    if (!y) return false;
    const auto which = b.random().below(5);
    const bool self = *x == *y;
    // A difference to itself is zero on the diagonal, and only there.
    const Kernel2 kernel = which < 2 ? times : which == 2 ? plus : minus;
    if (kernel == minus && tensor::dtype_class(b[*x].type.dtype) == tensor::DTypeClass::kUnsigned)
      return false;
    const std::string sign = which < 2 ? "*" : which == 2 ? "+" : "-";
    const std::string ufunc = which < 2 ? "multiply" : which == 2 ? "add" : "subtract";
    const std::string other = self ? "$0" : "$1";
    draft.spelling = either(b, {fmt::format("$0[:, None] {} {}[None, :]", sign, other),
                                fmt::format("$0[:, None] {} {}", sign, other),
                                fmt::format("jnp.{}.outer($0, {})", ufunc, other)});
    Value result = with_shape(b[*x], {b[*x].type.shape[0], b[*y].type.shape[0]});
    result.stats = map_stats(b[*x].stats, rearranged(b[*y], {}, 5).stats, kernel);
    draft.operands = {*x};
    if (!self) draft.operands.push_back(*y);
    draft.results = {result};
    return true;
  };
  return op;
}

// Differences between the rows of two sets of points.
Op pairwise_rows() {
  Op op{"pairwise_combination", kArray, 0.3, kSmooth, {"offsets", "displacements", "differences"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw_kind(kReal, 2, 2);
    if (!x || b.settings().max_rank < 3) return false;
    const auto y = b.draw([&](const Value& v) {
      return v.type.dtype == b[*x].type.dtype && v.type.rank() == 2 &&
             v.type.shape[1] == b[*x].type.shape[1] && &v != &b[*x];
    });
    if (!y) return false;
    const bool product = b.random().chance(0.25);
    draft.spelling = either(b, {"$0[:, None, :] - $1[None, :, :]", "$0[:, None] - $1[None]",
                                "jnp.expand_dims($0, 1) - jnp.expand_dims($1, 0)"});
    if (product)
      draft.spelling = either(b, {"$0[:, None, :] * $1[None, :, :]", "$0[:, None] * $1[None]"});
    Value result =
        with_shape(b[*x], {b[*x].type.shape[0], b[*y].type.shape[0], b[*x].type.shape[1]});
    result.stats = map_stats(b[*x].stats, rearranged(b[*y], {}, 5).stats, product ? times : minus);
    draft.operands = {*x, *y};
    draft.results = {result};
    return true;
  };
  return op;
}

// Two coordinates of a grid; `on_grid` joins them.
Op meshgrid() {
  Op op{"meshgrid", kArray, 0, kSmooth, {"grid"}, {"jnp.meshgrid($0, $1)"}};
  op.infer = [](Builder& b, Draft& draft) {
    const Value &x = b[draft.operands[0]], &y = b[draft.operands[1]];
    const bool matrix = draft.attributes["order"] == "\"ij\"";
    if (matrix) draft.spelling = "jnp.meshgrid($0, $1, indexing=$order)";
    const Shape shape =
        matrix ? Shape{x.type.shape[0], y.type.shape[0]} : Shape{y.type.shape[0], x.type.shape[0]};
    draft.results = {with_shape(x, shape), rearranged(y, shape, 5)};
    const bool by_axis = b.random().chance(0.5);
    draft.results[0].hint = by_axis ? "grid_x" : "columns";
    draft.results[1].hint = by_axis ? "grid_y" : "rows";
    for (std::size_t i = 0; i < 2; ++i) draft.results[i].sure = b[draft.operands[i]].sure;
    draft.sure_given = true;
    return true;
  };
  return op;
}

Op on_grid() {
  Op op{"grid", kArray, 0.35, kSmooth, {"surface", "field", "landscape"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto accept = [](const Value& v) {
      return tensor::is_real(v.type.dtype) && v.type.rank() == 1 && v.type.shape[0] > 1 &&
             magnitude(v.stats) < 50;
    };
    const auto x = b.draw(accept);
    if (!x || b.settings().max_rank < 2) return false;
    const auto y = b.draw([&](const Value& v) {
      return accept(v) && v.type.dtype == b[*x].type.dtype && &v != &b[*x];
    });
    if (!y) return false;
    const auto grid = b.apply_text("meshgrid", {*x, *y},
                                   {{"order", b.random().chance(0.6) ? "\"ij\"" : "\"xy\""}});
    if (!grid) return false;
    struct Form {
      std::string text;
      Kernel2 kernel;
      bool unit = false;  // within [-1, 1] whatever the operands
    };
    static const std::vector<Form> kForms = {
        {"$0 * $1", times},
        {"$0 + $1", plus},
        {"$0 - $1", minus},
        {"$0**2 + $1**2", [](double p, double q) { return p * p + q * q; }},
        {"jnp.sin($0) * jnp.cos($1)",
         [](double p, double q) { return portable::sin(p) * portable::cos(q); }, true},
        {"jnp.stack([$0, $1], axis=-1)", nullptr}};
    const auto& [text, kernel, unit] =
        kForms[b.random().below(b.settings().max_rank > 2 ? kForms.size() : kForms.size() - 1)];
    draft.spelling = text;
    draft.operands = {*grid, *grid + 1};
    Value result = with_shape(b[*grid], b[*grid].type.shape);
    if (kernel == nullptr) {
      result.type.shape.push_back(2);
      result.hint = "points";
      result.stats = joined_stats(b, draft.operands);
    } else {
      result.stats = map_stats(b[*grid].stats, b[*grid + 1].stats, kernel);
      if (unit) result.stats = within(result.stats, -1, 1);
    }
    draft.results = {result};
    return true;
  };
  return op;
}

// Powers of a vector's elements, one column each.
Op vander() {
  Op op{"vander",
        kArray,
        0.2,
        kSmooth,
        {"powers", "basis", "monomials"},
        {"jnp.vander($0, $options)", "jnp.vander($0, $options, increasing=True)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = b.draw([](const Value& v) {
      return tensor::is_real(v.type.dtype) && v.type.rank() == 1 && v.type.shape[0] > 1 &&
             magnitude(v.stats) <= 4;
    });
    if (!x || b.settings().max_rank < 2) return false;
    const auto n = b.random().between(3, 4);
    draft.attributes["options"] = (b.random().chance(0.4) ? "N=" : "") + std::to_string(n);
    Value result = with_shape(b[*x], {b[*x].type.shape[0], n});
    const double top =
        portable::pow(std::max(1.0, magnitude(b[*x].stats)), static_cast<double>(n - 1));
    for (int i = 0; i < kProbes; ++i)
      result.stats.probe[i] = portable::pow(result.stats.probe[i], static_cast<double>(i % n));
    result.stats.hi = top;
    result.stats.lo = b[*x].stats.lo < 0 ? -top : 0;
    draft.operands = {*x};
    draft.results = {result};
    return true;
  };
  return op;
}

}  // namespace

std::vector<Op> construction_ops() {
  return {with_ramp(), with_eye(),      masked(),   with_full(), bias_column(),
          outer(),     pairwise_rows(), meshgrid(), on_grid(),   vander()};
}

}  // namespace jaxsmith::plan
