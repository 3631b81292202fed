// Primitives that move elements and compute nothing.
#include <fmt/format.h>

#include <algorithm>

#include "ir/common/operation_rules.h"
#include "ir/jaxpr/op_table.h"
#include "tensor/movement.h"

namespace jaxsmith::jaxpr {
namespace {

std::size_t dim_within(std::int64_t dim, std::int64_t rank, const char* what) {
  if (dim < 0 || dim >= rank)
    invalid(fmt::format("{} {} is not within the {} dimensions", what, dim, rank));
  return static_cast<std::size_t>(dim);
}

Values iota_rule(const Call& c) {
  c.want(0);
  const Shape shape = c.attribute("shape") ? c.ints("shape") : c.result_type().shape;
  return {
      c.make().iota(c.dtype("dtype").value_or(c.result_dtype()), shape, c.integer("dimension"))};
}

// The shape is not printed where it is that of the result.
Values broadcast_in_dim_rule(const Call& c) {
  c.want(1);
  const Shape shape = c.attribute("shape") ? c.ints("shape") : c.result_type().shape;
  return {tensor::broadcast_in_dim(c.array(0), shape, c.ints("broadcast_dimensions"))};
}

Values reshape_rule(const Call& c) {
  c.want(1);
  Array x = c.array(0);
  if (c.attribute("dimensions")) x = tensor::transpose(x, c.ints("dimensions"));
  return {x.reshaped(c.attribute("new_sizes") ? c.ints("new_sizes") : c.result_type().shape)};
}

Values squeeze_rule(const Call& c) {
  c.want(1);
  const Array& x = c.array(0);
  const Ints dims = c.ints("dimensions");
  tensor::require_distinct_dims(dims, x.rank(), "dimensions");
  Shape shape;
  for (std::int64_t d = 0; d < x.rank(); ++d) {
    const std::int64_t n = x.shape()[static_cast<std::size_t>(d)];
    if (std::find(dims.begin(), dims.end(), d) == dims.end())
      shape.push_back(n);
    else if (n != 1)
      invalid(fmt::format("dimension {} of {} has not size 1", d, x.type_text()));
  }
  return {x.reshaped(std::move(shape))};
}

Values transpose_rule(const Call& c) {
  c.want(1);
  return {tensor::transpose(c.array(0), c.ints("permutation"))};
}

Values rev_rule(const Call& c) {
  c.want(1);
  return {tensor::reverse(c.array(0), c.ints("dimensions"))};
}

Values pad_rule(const Call& c) {
  c.want(2);
  Ints low, high, interior;
  for (const Ints& row : c.rows("padding_config")) {
    require(row.size() == 3, "padding_config has three numbers for each dimension");
    low.push_back(row[0]);
    high.push_back(row[1]);
    interior.push_back(row[2]);
  }
  require(c.array(0).dtype() == c.array(1).dtype(),
          "the padding has another type than the operand");
  return {tensor::pad(c.array(0), c.array(1), low, high, interior)};
}

Values concatenate_rule(const Call& c) { return {ir::concatenate_call(c, c.integer("dimension"))}; }

Array with_new_dim(const Array& x, std::size_t dim) {
  Shape shape = x.shape();
  shape.insert(shape.begin() + static_cast<std::ptrdiff_t>(dim), 1);
  return x.reshaped(std::move(shape));
}

Values stack_rule(const Call& c) {
  require(c.size() > 0, "stack takes at least one operand");
  const std::size_t dim = dim_within(c.integer("axis"), c.array(0).rank() + 1, "axis");
  std::vector<Array> parts;
  for (std::size_t i = 0; i < c.size(); ++i) {
    require(c.array(i).same_type(c.array(0)), "operands of different types are stacked");
    parts.push_back(with_new_dim(c.array(i), dim));
  }
  return {tensor::concatenate(parts, static_cast<std::int64_t>(dim))};
}

Array part_along(const Array& x, std::size_t dim, std::int64_t start, std::int64_t size) {
  Ints from(x.shape().size(), 0), to = x.shape();
  from[dim] = start;
  to[dim] = start + size;
  return tensor::slice(x, from, to, Ints(from.size(), 1));
}

Values unstack_rule(const Call& c) {
  c.want(1);
  const Array& x = c.array(0);
  const std::size_t dim = dim_within(c.integer("axis"), x.rank(), "axis");
  Shape shape = x.shape();
  shape.erase(shape.begin() + static_cast<std::ptrdiff_t>(dim));
  require(x.shape()[dim] == static_cast<std::int64_t>(c.result_count()),
          "unstack has not as many results as the dimension's size");
  Values out;
  for (std::int64_t i = 0; i < x.shape()[dim]; ++i)
    out.emplace_back(part_along(x, dim, i, 1).reshaped(shape));
  return out;
}

Values split_rule(const Call& c) {
  c.want(1);
  const Array& x = c.array(0);
  const std::size_t dim = dim_within(c.integer("axis"), x.rank(), "axis");
  Values out;
  std::int64_t start = 0;
  for (const std::int64_t size : c.ints("sizes")) {
    if (size < 0 || size > x.shape()[dim] - start)
      invalid(fmt::format("the sizes are more than dimension {} of {}", dim, x.type_text()));
    out.emplace_back(part_along(x, dim, start, size));
    start += size;
  }
  require(start == x.shape()[dim], "the sizes are less than the dimension");
  return out;
}

Values tile_rule(const Call& c) {
  c.want(1);
  const Array& x = c.array(0);
  const Ints reps = c.ints("reps");
  require(reps.size() == x.shape().size(), "reps has not one number for each dimension");
  Shape spread, shape;
  Ints dims;
  for (std::size_t d = 0; d < reps.size(); ++d) {
    require(reps[d] >= 0, "a number in reps is negative");
    spread.push_back(reps[d]);
    dims.push_back(static_cast<std::int64_t>(spread.size()));
    spread.push_back(x.shape()[d]);
    // That the product is no more than can be counted is checked by the array that is spread.
    shape.push_back(Array::typed(x.dtype(), {reps[d], x.shape()[d]}).size());
  }
  return {tensor::broadcast_in_dim(x, spread, dims).reshaped(std::move(shape))};
}

Values slice_rule(const Call& c) {
  c.want(1);
  const Ints start = c.ints("start_indices");
  return {tensor::slice(c.array(0), start, c.ints("limit_indices"),
                        c.ints_or("strides", start.size(), 1))};
}

Values dynamic_slice_rule(const Call& c) {
  require(c.size() >= 1, "dynamic_slice takes an operand");
  const auto starts = c.arrays(1, c.size());
  return {tensor::dynamic_slice(c.array(0), starts, c.ints("slice_sizes"))};
}

Values dynamic_update_slice_rule(const Call& c) {
  require(c.size() >= 2, "dynamic_update_slice takes an operand and an update");
  const auto starts = c.arrays(2, c.size());
  return {tensor::dynamic_update_slice(c.array(0), c.array(1), starts)};
}

Values copy_rule(const Call& c) { return c.operands(); }

// Its second operand, once there is the first.
Values tie_rule(const Call& c) {
  c.want(2);
  return {c.value(1)};
}

// Not initialised; on the CPU, zeros.
Values empty_rule(const Call& c) {
  c.want(0);
  return {c.make().zeros(c.result_dtype(), c.result_type().shape)};
}

Values expand_dims_rule(const Call& c) {
  c.want(1);
  Ints dims = c.ints("dimensions");
  std::sort(dims.begin(), dims.end());
  Array x = c.array(0);
  for (const std::int64_t d : dims) x = with_new_dim(x, dim_within(d, x.rank() + 1, "dimension"));
  return {x};
}

}  // namespace

void add_movement_rules(OpRules& rules) {
  const OpRules own = {
      {"broadcast_in_dim", broadcast_in_dim_rule, false, true},
      {"concatenate", concatenate_rule, false, true},
      {"dynamic_slice", dynamic_slice_rule, false, true},
      {"dynamic_update_slice", dynamic_update_slice_rule, false, true},
      {"empty", empty_rule},
      {"empty2", empty_rule},
      {"expand_dims", expand_dims_rule, false, true},
      {"iota", iota_rule},
      {"pad", pad_rule, false, true},
      {"reshape", reshape_rule, false, true},
      {"rev", rev_rule, false, true},
      {"slice", slice_rule, false, true},
      {"split", split_rule, false, true},
      {"squeeze", squeeze_rule, false, true},
      {"stack", stack_rule, false, true},
      {"tie", tie_rule},
      {"tile", tile_rule, false, true},
      {"transpose", transpose_rule, false, true},
      {"unstack", unstack_rule, false, true},
  };
  rules.insert(rules.end(), own.begin(), own.end());
  // What gives its operands back; shardings, devices and names do not change values.
  for (std::string_view name :
       {"copy", "copy_p", "device_put", "layout_constraint", "name", "optimization_barrier", "pin",
        "reshard", "sharding_constraint", "stage", "stop_gradient", "unpin"})
    rules.push_back({name, copy_rule, true, false, true});
}

}  // namespace jaxsmith::jaxpr
