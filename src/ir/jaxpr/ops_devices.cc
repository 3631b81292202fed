// Primitives of programs for several devices: shard_map, and those that exchange along named axes
// of its mesh. Rules: jax.lax's documentation of the parallel operators.
#include <fmt/format.h>

#include <algorithm>

#include "ir/common/collectives.h"
#include "ir/jaxpr/op_table.h"
#include "tensor/movement.h"

namespace jaxsmith::jaxpr {
namespace {

using Axes = std::vector<std::string>;

std::string axis_of(const ParamValue& p) {
  if (const auto text = p.as_string()) return std::string(*text);
  if (const auto name = p.as_name()) return std::string(*name);
  invalid("a name of an axis is wanted");
}

// ('x', 'y'), 'x' or x.
Axes axes_of(const ParamValue& p) {
  if (p.kind != ParamValue::Kind::kTuple && p.kind != ParamValue::Kind::kList) return {axis_of(p)};
  Axes out;
  for (const ParamValue& item : p.items) out.push_back(axis_of(item));
  return out;
}

// Mesh('x': 2, 'y': 2, axis_types=(Auto, Auto))
ir::Mesh mesh_of(const ParamValue& p) {
  ir::Mesh out;
  for (const ParamValue& item : p.items) {
    if (item.kind != ParamValue::Kind::kPair || item.items.size() != 2) continue;
    const auto size = item.items[1].as_int();
    if (!size) invalid("an axis of the mesh has no size");
    out.add_axis(axis_of(item.items[0]), *size);
  }
  return out;
}

// P('x', None, ('y', 'z'))
ir::Sharding sharding_of(const ParamValue& p) {
  if (p.kind != ParamValue::Kind::kCall) invalid("a PartitionSpec is wanted");
  ir::Sharding out;
  for (const ParamValue& item : p.items) {
    if (item.kind == ParamValue::Kind::kKeyword) unsupported("a PartitionSpec with keywords");
    out.dims.push_back(item.is_none() ? Axes{} : axes_of(item));
  }
  return out;
}

std::vector<ir::Sharding> shardings_of(const Call& c, std::string_view key, std::size_t count) {
  std::vector<ir::Sharding> out;
  for (const ParamValue& item : c.need(key).items) out.push_back(sharding_of(item));
  if (out.size() != count) invalid(fmt::format("{} has {} items, not {}", key, out.size(), count));
  return out;
}

Values shard_map_rule(const Call& c) {
  const ir::Mesh mesh = mesh_of(c.need("mesh"));
  const auto in = shardings_of(c, "in_specs", c.size()),
             out = shardings_of(c, "out_specs", c.result_count());
  const auto arguments = [&](std::int64_t device) {
    Values parts;
    for (std::size_t i = 0; i < c.size(); ++i)
      parts.emplace_back(shard(c.array(i), in[i], mesh, device));
    return parts;
  };
  const auto by_device = c.run_on_devices(mesh, c.inner("jaxpr"), arguments);
  Values results;
  for (std::size_t i = 0; i < out.size(); ++i) {
    std::vector<Array> parts;
    for (const Values& each : by_device) {
      if (each.size() != out.size()) invalid("the jaxpr gives another number of results");
      parts.push_back(each[i].as_array());
    }
    results.emplace_back(assemble(parts, out[i], mesh));
  }
  return results;
}

void no_groups(const Call& c) {
  if (c.attribute("axis_index_groups")) unsupported("axis_index_groups");
}

Ints group_of(const Call& c, const Axes& axes) { return c.mesh().group(c.place().device, axes); }

Shape without(Shape shape, std::int64_t dim) {
  shape.erase(shape.begin() + dim);
  return shape;
}

std::int64_t dimension(const Call& c, std::string_view key, std::int64_t rank) {
  const std::int64_t d = c.integer(key);
  if (d < 0 || d >= rank) invalid(fmt::format("{} is {}, of {} dimensions", key, d, rank));
  return d;
}

Values all_gather_rule(const Call& c) {
  c.want(1);
  no_groups(c);
  const Axes axes = axes_of(c.need("axis_name"));
  Array x = c.array(0);
  const bool tiled = c.flag("tiled");
  const std::int64_t d = dimension(c, "all_gather_dimension", x.rank() + !tiled);
  if (!tiled) {
    Shape with = x.shape();
    with.insert(with.begin() + d, 1);
    x = x.reshaped(with);
  }
  if (!c.abstract()) return {all_gather(c.place(), group_of(c, axes), x, d)};
  Shape shape = x.shape();
  std::int64_t& size = shape[static_cast<std::size_t>(d)];
  size = ir::whole_size(size, c.mesh().count_along(axes));
  return {Array::typed(x.dtype(), shape)};
}

// A dimension of all devices' parts: as long as there are devices, or divided by them.
Array part_type(const Array& x, std::int64_t dim, std::int64_t n) {
  Shape shape = x.shape();
  std::int64_t& size = shape[static_cast<std::size_t>(dim)];
  if (size % n != 0) invalid(fmt::format("dimension {} is not divided by {} devices", dim, n));
  size /= n;
  return Array::typed(x.dtype(), shape);
}

Values reduce_scatter_rule(const Call& c) {
  c.want(1);
  no_groups(c);
  const Axes axes = axes_of(c.need("axis_name"));
  const Array& x = c.array(0);
  const std::int64_t d = dimension(c, "scatter_dimension", x.rank());
  const Array part =
      c.abstract() ? part_type(x, d, c.mesh().count_along(axes))
                   : reduce_scatter(c.place(), group_of(c, axes), x, d, Body::of(Binary::add));
  if (c.flag("tiled")) return {part};
  if (part.shape()[static_cast<std::size_t>(d)] != 1)
    invalid("the scattered dimension is not as long as there are devices");
  return {part.reshaped(without(part.shape(), d))};
}

Values all_to_all_rule(const Call& c) {
  c.want(1);
  no_groups(c);
  const Axes axes = axes_of(c.need("axis_name"));
  const Array& x = c.array(0);
  const std::int64_t split = dimension(c, "split_axis", x.rank()),
                     concat = dimension(c, "concat_axis", x.rank());
  const std::int64_t n = c.mesh().count_along(axes);
  if (!c.abstract()) return {all_to_all(c.place(), group_of(c, axes), x, split, concat, n)};
  Shape shape = part_type(x, split, n).shape();
  std::int64_t& size = shape[static_cast<std::size_t>(concat)];
  size = ir::whole_size(size, n);
  return {Array::typed(x.dtype(), shape)};
}

Values ppermute_rule(const Call& c) {
  const Axes axes = axes_of(c.need("axis_name"));
  if (c.abstract()) return values_of(c.arrays(0, c.size()));
  const std::int64_t own = c.mesh().index_along(c.place().device, axes);
  const Ints group = group_of(c, axes);
  const std::vector<Ints> perm = c.rows("perm");
  Values out;
  for (std::size_t i = 0; i < c.size(); ++i) {
    const Array& x = c.array(i);
    const auto values = c.place().exchange(group, x);
    Array received = x.zeros(x.dtype(), x.shape());
    c.context().spend(std::ssize(perm));
    for (const Ints& pair : perm) {
      if (pair.size() != 2 || pair[0] < 0 || pair[0] >= static_cast<std::int64_t>(values.size()))
        invalid("perm has pairs of source and target");
      if (pair[1] == own) received = values[static_cast<std::size_t>(pair[0])].as_array();
    }
    out.emplace_back(std::move(received));
  }
  return out;
}

Values axis_index_rule(const Call& c) {
  c.want(0);
  const Axes axes = axes_of(c.need("axis_name"));
  return {c.make().scalar_int(DType::kI32, c.mesh().index_along(c.place().device, axes))};
}

// Over all devices of named axes; numbers are dimensions of the operand, as vmap makes them.
OpRule reducing_rule(std::string_view name, Binary op) {
  return {name, [op](const Call& c) -> Values {
            no_groups(c);
            const ParamValue& axes = c.need("axes");
            const auto dims = axes.as_ints();
            const bool exchanges = !dims && !c.abstract() && c.size() > 0;
            const Ints group = exchanges ? group_of(c, axes_of(axes)) : Ints();
            Values out;
            for (std::size_t i = 0; i < c.size(); ++i) {
              const Array& x = c.array(i);
              if (dims)
                out.emplace_back(tensor::reduce_dims(op, x, *dims));
              else if (c.abstract())
                out.emplace_back(x);
              else
                out.emplace_back(all_reduce(c.place(), group, {&x, 1}, Body::of(op))[0]);
            }
            return out;
          }};
}

// Says on which axes values may differ; they stay as they are.
Values same_rule(const Call& c) { return c.operands(); }

}  // namespace

void add_device_rules(OpRules& rules) {
  rules.push_back({"shard_map", shard_map_rule});
  rules.push_back({"all_gather", all_gather_rule});
  rules.push_back({"all_gather_invariant", all_gather_rule});
  rules.push_back({"all_to_all", all_to_all_rule});
  rules.push_back({"axis_index", axis_index_rule});
  rules.push_back({"pbroadcast", same_rule});
  rules.push_back({"pcast", same_rule});
  rules.push_back({"ppermute", ppermute_rule});
  rules.push_back({"pvary", same_rule});
  rules.push_back({"reduce_scatter", reduce_scatter_rule});
  rules.push_back(reducing_rule("pmax", Binary::maximum));
  rules.push_back(reducing_rule("pmin", Binary::minimum));
  rules.push_back(reducing_rule("psum", Binary::add));
  rules.push_back(reducing_rule("psum_invariant", Binary::add));
}

}  // namespace jaxsmith::jaxpr
