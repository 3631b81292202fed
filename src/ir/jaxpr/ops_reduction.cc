// Reductions, running sums, windows and sorting.
#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "ir/jaxpr/op_table.h"
#include "tensor/movement.h"

namespace jaxsmith::jaxpr {
namespace {

OpRule reduce_rule(std::string_view name, Binary op) {
  return {name, [op](const Call& c) -> Values {
            c.want(1);
            return {tensor::reduce_dims(op, c.array(0), c.ints("axes"))};
          }};
}

Values generic_reduce_rule(const Call& c) {
  const std::size_t n = c.size() / 2;
  require(c.size() % 2 == 0 && n > 0, "as many initial values are wanted as operands");
  const auto operands = c.arrays(0, n), inits = c.arrays(n, c.size());
  return values_of(tensor::reduce(operands, inits, c.ints("dimensions"), c.body(c.inner("jaxpr"))));
}

// ---- argmax and argmin

// The first of the largest; NaN is larger than all.
Values arg_extremum(const Call& c, bool largest) {
  c.want(1);
  const Array& x = c.array(0);
  const Ints axes = c.ints("axes");
  require(axes.size() == 1, "one axis is wanted");
  const DType index_dtype = c.dtype("index_dtype").value_or(c.result_dtype());
  if (tensor::is_complex(x.dtype()))
    invalid(fmt::format("{} does not take {}", c.name(), x.type_text()));
  if (axes[0] < 0 || axes[0] >= x.rank()) invalid(fmt::format("there is no axis {}", axes[0]));
  if (x.shape()[static_cast<std::size_t>(axes[0])] < 1)
    invalid(fmt::format("{} along a dimension of size 0", c.name()));
  const Body body{
      [largest](std::vector<Array> a) {
        const Array better =
            tensor::compare(largest ? Direction::kGt : Direction::kLt, false, a[0], a[2]);
        const Array is_nan = tensor::compare(Direction::kNe, false, a[0], a[0]);
        const Array first = tensor::binary(Binary::or_, better, is_nan);
        const Array keeps = tensor::binary(
            Binary::or_, first,
            tensor::binary(Binary::and_, tensor::compare(Direction::kEq, false, a[0], a[2]),
                           tensor::compare(Direction::kLt, false, a[1], a[3])));
        return std::vector<Array>{tensor::select(first, a[0], a[2]),
                                  tensor::select(keeps, a[1], a[3])};
      },
      {.pointwise = true}};
  const Array operands[] = {x, tensor::iota(x, index_dtype, x.shape(), axes[0])};
  const Array inits[] = {
      tensor::identity_of(x, largest ? Binary::maximum : Binary::minimum, x.dtype()),
      x.zeros(index_dtype, {})};
  return {tensor::reduce(operands, inits, axes, body)[1]};
}

// ---- Running reductions

using Combine = Array (*)(const Array&, const Array&);

template <Binary op>
Array combine(const Array& x, const Array& y) {
  return tensor::binary(op, x, y);
}

// log(exp x + exp y); where both are the same infinity, that.
Array log_add_exp(const Array& x, const Array& y) {
  if (!tensor::is_inexact(x.dtype()))
    invalid(fmt::format("cumlogsumexp does not take {}", x.type_text()));
  if (tensor::is_complex(x.dtype())) {
    const Array larger = tensor::compare(Direction::kGt, false, tensor::unary(Unary::real, x),
                                         tensor::unary(Unary::real, y));
    const Array high = tensor::select(larger, x, y), low = tensor::select(larger, y, x);
    const Array rest =
        tensor::unary(Unary::exponential, tensor::binary(Binary::subtract, low, high));
    const Array sum = tensor::binary(Binary::add, high, tensor::unary(Unary::log_plus_one, rest));
    return tensor::select(
        tensor::compare(Direction::kEq, false, x, y),
        tensor::binary(
            Binary::add, x,
            tensor::unary(Unary::log, tensor::convert(x.scalar(DType::kF64, 2), x.dtype()))),
        sum);
  }
  const Array high = tensor::binary(Binary::maximum, x, y),
              difference = tensor::binary(Binary::subtract, x, y);
  const Array rest = tensor::unary(
      Unary::exponential, tensor::unary(Unary::negate, tensor::unary(Unary::abs, difference)));
  const Array sum = tensor::binary(Binary::add, high, tensor::unary(Unary::log_plus_one, rest));
  const Array is_nan = tensor::compare(Direction::kNe, false, difference, difference);
  return tensor::select(is_nan, tensor::binary(Binary::add, x, y), sum);
}

// In steps that double: element i takes in the result of i-1, then of i-2, i-4, …
Values cumulative(const Call& c, Combine combine, const Array& identity) {
  c.want(1);
  Array x = c.array(0);
  const std::int64_t axis = c.integer("axis");
  if (axis < 0 || axis >= x.rank()) invalid(fmt::format("there is no axis {}", axis));
  const bool reverse = c.flag("reverse");
  if (x.abstract()) return {combine(x, x)};
  const auto d = static_cast<std::size_t>(axis);
  const Ints zeros(x.shape().size(), 0);
  for (std::int64_t step = 1; step < x.shape()[d]; step *= 2) {
    Ints in = zeros, out = zeros;
    in[d] = step;
    out[d] = -step;
    const Array earlier = reverse ? tensor::pad(x, identity, out, in, zeros)
                                  : tensor::pad(x, identity, in, out, zeros);
    x = combine(earlier, x);
  }
  return {x};
}

OpRule cumulative_rule(std::string_view name, Combine combine, Binary op) {
  return {name, [combine, op](const Call& c) {
            return cumulative(c, combine, tensor::identity_of(c.array(0), op, c.array(0).dtype()));
          }};
}

// ---- Windows

tensor::Window window_of(const Call& c) {
  tensor::Window w = tensor::Window::of(c.ints("window_dimensions"));
  w.stride = c.ints_or("window_strides", w.rank(), 1);
  w.base_dilation = c.ints_or("base_dilation", w.rank(), 1);
  w.dilation = c.ints_or("window_dilation", w.rank(), 1);
  w.low.clear();
  w.high.clear();
  for (const Ints& pair : c.rows("padding")) {
    require(pair.size() == 2, "padding has two numbers for each dimension");
    w.low.push_back(pair[0]);
    w.high.push_back(pair[1]);
  }
  return w;
}

OpRule window_rule(std::string_view name, Binary op) {
  return {name, [op](const Call& c) -> Values {
            c.want(1);
            const Array operands[] = {c.array(0)},
                        inits[] = {tensor::identity_of(c.array(0), op, c.array(0).dtype())};
            return values_of(tensor::reduce_window(operands, inits, window_of(c), Body::of(op)));
          }};
}

Values generic_window_rule(const Call& c) {
  const std::size_t n = c.size() / 2;
  require(c.size() % 2 == 0 && n > 0, "as many initial values are wanted as operands");
  const auto operands = c.arrays(0, n), inits = c.arrays(n, c.size());
  return values_of(tensor::reduce_window(operands, inits, window_of(c), c.body(c.inner("jaxpr"))));
}

Direction selected(const Call& c) {
  const std::string_view word = c.word("select_prim");
  if (word == "ge") return Direction::kGe;
  if (word == "le") return Direction::kLe;
  invalid(fmt::format("select_prim is neither ge nor le: {}", word));
}

Values select_and_scatter_add_rule(const Call& c) {
  c.want(2);
  const Array &source = c.array(0), &operand = c.array(1);
  const Body select{[direction = selected(c)](std::vector<Array> a) {
                      return std::vector<Array>{tensor::compare(direction, false, a[0], a[1])};
                    },
                    {.pointwise = true}};
  return {tensor::select_and_scatter(operand, source, operand.zeros(operand.dtype(), {}),
                                     window_of(c), select, Body::of(Binary::add))};
}

Values select_and_scatter_rule(const Call& c) {
  c.want(3);
  return {tensor::select_and_scatter(c.array(0), c.array(1), c.array(2), window_of(c),
                                     c.body(c.inner("select_jaxpr")),
                                     c.body(c.inner("scatter_jaxpr")))};
}

// Of each window the tangent that stands where the operand is chosen.
Values select_and_gather_add_rule(const Call& c) {
  c.want(2);
  const Array &tangents = c.array(0), &operand = c.array(1);
  const Direction direction = selected(c);
  const Body body{[direction](std::vector<Array> a) {
                    const Array first = tensor::compare(direction, false, a[0], a[2]);
                    return std::vector<Array>{tensor::select(first, a[0], a[2]),
                                              tensor::select(first, a[1], a[3])};
                  },
                  {.pointwise = true}};
  const Array operands[] = {operand, tangents};
  const Array inits[] = {
      tensor::identity_of(operand, direction == Direction::kGe ? Binary::maximum : Binary::minimum,
                          operand.dtype()),
      tangents.zeros(tangents.dtype(), {})};
  return {tensor::reduce_window(operands, inits, window_of(c), body)[1]};
}

// ---- Order

// Numbers whose total order is the one that JAX sorts by: one zero, and one NaN after all else.
void add_sort_keys(const Array& x, std::vector<Array>& keys) {
  if (tensor::is_complex(x.dtype())) {
    add_sort_keys(tensor::unary(Unary::real, x), keys);
    add_sort_keys(tensor::unary(Unary::imag, x), keys);
    return;
  }
  if (!tensor::is_real(x.dtype()) || x.abstract()) {
    keys.push_back(x);
    return;
  }
  const Array zero = x.zeros(x.dtype(), {});
  const Array nan =
      tensor::convert(x.scalar(DType::kF64, std::numeric_limits<double>::quiet_NaN()), x.dtype());
  const Array one_zero = tensor::select(tensor::compare(Direction::kEq, false, x, zero), zero, x);
  keys.push_back(tensor::select(tensor::compare(Direction::kNe, false, x, x), nan, one_zero));
}

Values sort_rule(const Call& c) {
  const std::int64_t count = c.integer("num_keys", 1);
  if (count < 1 || count > static_cast<std::int64_t>(c.size()))
    invalid(fmt::format("{} keys of {} operands", count, c.size()));
  for (std::size_t i = 1; i < c.size(); ++i)
    require(c.array(i).shape() == c.array(0).shape(),
            "operands of different shapes are sorted together");
  std::vector<Array> columns;
  for (std::size_t i = 0; i < static_cast<std::size_t>(count); ++i)
    add_sort_keys(c.array(i), columns);
  const std::size_t keys = columns.size();
  for (std::size_t i = 0; i < c.size(); ++i) columns.push_back(c.array(i));
  const Body comparator{
      [keys](std::vector<Array> a) {
        Array less = tensor::compare(Direction::kLt, true, a[2 * keys - 2], a[2 * keys - 1]);
        for (std::size_t k = keys - 1; k-- > 0;) {
          const Array same = tensor::compare(Direction::kEq, true, a[2 * k], a[2 * k + 1]);
          less = tensor::binary(Binary::or_,
                                tensor::compare(Direction::kLt, true, a[2 * k], a[2 * k + 1]),
                                tensor::binary(Binary::and_, same, less));
        }
        return std::vector<Array>{less};
      },
      {.pointwise = true}};
  auto sorted =
      tensor::sort(columns, c.integer("dimension"), comparator, c.flag("is_stable", true));
  sorted.erase(sorted.begin(), sorted.begin() + static_cast<std::ptrdiff_t>(keys));
  return values_of(std::move(sorted));
}

Values top_k_along(const Array& x, std::int64_t k, std::int64_t axis, bool largest,
                   bool stable = true) {
  if (axis < 0 || axis >= x.rank()) invalid(fmt::format("there is no axis {}", axis));
  if (tensor::is_complex(x.dtype())) invalid("complex numbers have no order");
  Ints exchange;
  for (std::int64_t d = 0; d < x.rank(); ++d) exchange.push_back(d);
  std::swap(exchange[static_cast<std::size_t>(axis)], exchange.back());
  auto out = tensor::top_k(tensor::transpose(x, exchange), k, largest, stable);
  for (Array& a : out) a = tensor::transpose(a, exchange);
  return values_of(std::move(out));
}

Values top_k_rule(const Call& c) {
  c.want(1);
  return top_k_along(c.array(0), c.integer("k"), c.integer("axis", c.array(0).rank() - 1), true);
}

// On the CPU it is exact.
Values approx_top_k_rule(const Call& c) {
  c.want(1);
  if (!c.flag("aggregate_to_topk", true)) unsupported("approx_top_k that is not aggregated");
  std::int64_t axis = c.integer("reduction_dimension", -1);
  if (axis < 0) axis += c.array(0).rank();
  return top_k_along(c.array(0), c.integer("k"), axis, c.flag("is_max_k", true), false);
}

}  // namespace

void add_reduction_rules(OpRules& rules) {
  rules.push_back(reduce_rule("reduce_sum", Binary::add));
  rules.push_back(reduce_rule("reduce_prod", Binary::multiply));
  rules.push_back(reduce_rule("reduce_max", Binary::maximum));
  rules.push_back(reduce_rule("reduce_min", Binary::minimum));
  rules.push_back(reduce_rule("reduce_and", Binary::and_));
  rules.push_back(reduce_rule("reduce_or", Binary::or_));
  rules.push_back(reduce_rule("reduce_xor", Binary::xor_));
  rules.push_back({"reduce", generic_reduce_rule});
  rules.push_back({"argmax", [](const Call& c) { return arg_extremum(c, true); }});
  rules.push_back({"argmin", [](const Call& c) { return arg_extremum(c, false); }});
  rules.push_back(cumulative_rule("cumsum", combine<Binary::add>, Binary::add));
  rules.push_back(cumulative_rule("cumprod", combine<Binary::multiply>, Binary::multiply));
  rules.push_back(cumulative_rule("cummax", combine<Binary::maximum>, Binary::maximum));
  rules.push_back(cumulative_rule("cummin", combine<Binary::minimum>, Binary::minimum));
  rules.push_back(cumulative_rule("cumlogsumexp", log_add_exp, Binary::maximum));
  rules.push_back(window_rule("reduce_window_sum", Binary::add));
  rules.push_back(window_rule("reduce_window_max", Binary::maximum));
  rules.push_back(window_rule("reduce_window_min", Binary::minimum));
  rules.push_back({"reduce_window", generic_window_rule});
  rules.push_back({"select_and_gather_add", select_and_gather_add_rule});
  rules.push_back({"select_and_scatter", select_and_scatter_rule});
  rules.push_back({"select_and_scatter_add", select_and_scatter_add_rule});
  rules.push_back({"sort", sort_rule});
  rules.push_back({"top_k", top_k_rule});
  rules.push_back({"approx_top_k", approx_top_k_rule});
}

}  // namespace jaxsmith::jaxpr
