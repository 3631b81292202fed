// The operations of programs for several devices.
#include "ir/common/collectives.h"

#include <fmt/format.h>

#include <algorithm>

#include "ir/common/sharding.h"
#include "ir/stablehlo/replica_groups.h"
#include "ir/stablehlo/rules.h"

namespace jaxsmith::stablehlo {

using ir::GroupMode;

namespace {

std::int64_t channel_of(const Call& c) {
  if (const Attr* handle = c.attribute("channel_handle"))
    return Call::integer_in(*handle, "handle", 0);
  return c.integer("channel_id", 0);
}

GroupMode reducing_mode(const Call& c) {
  const bool channel = channel_of(c) > 0, global = c.flag("use_global_device_ids");
  if (global && !channel) invalid("use_global_device_ids wants a channel");
  return global    ? GroupMode::kDevices
         : channel ? GroupMode::kReplicasByPartition
                   : GroupMode::kReplicas;
}

GroupMode moving_mode(const Call& c) {
  return channel_of(c) > 0 ? GroupMode::kPartitions : GroupMode::kReplicas;
}

std::vector<Ints> rows_of(const Call& c, std::string_view name) {
  const Attr& a = c.need(name);
  if (a.kind == Attr::Kind::kDialect) return groups_over_axes(a, c.place());
  if (a.kind != Attr::Kind::kDense) invalid(fmt::format("{} is no matrix", name));
  if (tensor::element_count(a.type->shape) == 0) return {};
  if (a.type->shape.size() != 2) invalid(fmt::format("{} is no matrix", name));
  return ir::Place::groups_of(c.context(), c.ints(name), a.type->shape[0]);
}

// The same for all operands; none where these have types alone.
Ints group_of(const Call& c, GroupMode (*mode_of)(const Call&)) {
  if (c.abstract()) return {};
  const Ints group = c.place().group(rows_of(c, "replica_groups"), mode_of(c));
  if (group.empty()) invalid("this device is in no group");
  return group;
}

// Of an operation whose result depends on how many devices there are: what is declared, where it
// differs from the operand in these dimensions only.
Array declared(const Call& c, std::size_t i, std::initializer_list<std::int64_t> dims) {
  const Array& operand = c.array(i);
  const Type& type = c.result_type(i);
  if (!type.is_array()) invalid("the result is no array");
  const Array out = type.abstract();
  bool same = out.dtype() == operand.dtype() && out.rank() == operand.rank();
  for (std::int64_t d = 0; same && d < out.rank(); ++d) {
    const auto at = static_cast<std::size_t>(d);
    if (std::find(dims.begin(), dims.end(), d) == dims.end())
      same = out.shape()[at] == operand.shape()[at];
  }
  if (!same)
    invalid(fmt::format("{} does not give {} of {}", c.op().name, out.type_text(),
                        operand.type_text()));
  return out;
}

}  // namespace

Results all_gather_rule(const Call& c) {
  const std::int64_t dim = c.integer("all_gather_dim");
  const Ints group = group_of(c, reducing_mode);
  Results out;
  for (std::size_t i = 0; i < c.size(); ++i) {
    if (c.abstract()) {
      out.push_back(declared(c, i, {dim}));
    } else {
      out.push_back(all_gather(c.place(), group, c.array(i), dim));
    }
  }
  return out;
}

Results all_reduce_rule(const Call& c) {
  const auto operands = c.arrays(0, c.size());
  if (c.abstract()) {
    for (const Array& x : operands) {
      const Array scalar = Array::typed(x.dtype(), {});
      const auto r = c.run_region(0, {scalar, scalar});
      if (r.size() != 1 || !r[0].as_array().same_type(scalar))
        invalid("the body does not give one value of the type it gets");
    }
    return {operands.begin(), operands.end()};
  }
  auto out = all_reduce(c.place(), group_of(c, reducing_mode), operands, c.body(0));
  return {out.begin(), out.end()};
}

Results reduce_scatter_rule(const Call& c) {
  const std::int64_t dim = c.integer("scatter_dimension");
  if (c.abstract()) return {declared(c, 0, {dim})};
  return {reduce_scatter(c.place(), group_of(c, reducing_mode), c.array(0), dim, c.body(0))};
}

Results all_to_all_rule(const Call& c) {
  const std::int64_t split = c.integer("split_dimension"), concat = c.integer("concat_dimension");
  const Ints group = group_of(c, moving_mode);
  Results out;
  for (std::size_t i = 0; i < c.size(); ++i) {
    if (c.abstract()) {
      out.push_back(declared(c, i, {split, concat}));
    } else {
      out.push_back(
          all_to_all(c.place(), group, c.array(i), split, concat, c.integer("split_count")));
    }
  }
  return out;
}

Results collective_permute_rule(const Call& c) {
  if (c.abstract()) return {c.array(0)};
  return {
      collective_permute(c.place(), rows_of(c, "source_target_pairs"), moving_mode(c), c.array(0))};
}

// The first of a group gives, or for each operand the one that the last operand says.
Results collective_broadcast_rule(const Call& c) {
  const bool asked = c.flag("has_dynamic_root");
  const std::size_t n = c.size() - (asked && c.size() > 0 ? 1 : 0);
  if (n == 0) invalid("collective_broadcast takes an operand");
  if (asked && (c.array(n).rank() != 1 || c.array(n).shape()[0] != static_cast<std::int64_t>(n) ||
                !tensor::is_integer(c.array(n).dtype())))
    invalid("the roots are no list of an integer for each operand");
  Results out;
  if (c.abstract()) {
    for (std::size_t i = 0; i < n; ++i) out.push_back(c.array(i));
    return out;
  }
  const Ints group = c.place().group(rows_of(c, "replica_groups"), moving_mode(c));
  for (std::size_t i = 0; i < n; ++i) {
    out.push_back(collective_broadcast(
        c.place(), group, c.array(i), asked ? c.array(n).int_at(static_cast<std::int64_t>(i)) : 0));
  }
  return out;
}

// The sum is with the first of a group; others have zeros.
Results collective_reduce_rule(const Call& c) {
  Results out = all_reduce_rule(c);
  if (c.abstract()) return out;
  const Ints group = group_of(c, reducing_mode);
  if (group[0] == c.place().device) return out;
  for (Datum& d : out) d = c.make().zeros(d.as_array().dtype(), d.as_array().shape());
  return out;
}

namespace {

Results id_rule(const Call& c, std::int64_t id) {
  if (c.size() != 0) invalid(c.op().name + " takes no operand");
  return {c.make().scalar_int(DType::kU32, id)};
}

}  // namespace

Results manual_computation_rule(const Call& c) {
  const auto shardings = [&](std::string_view name) {
    return ir::parse_shardings(c.need(name).text);
  };
  const auto in = shardings("in_shardings"), out = shardings("out_shardings");
  if (in.size() != c.size() || out.size() != c.result_count())
    invalid("sdy.manual_computation has another number of shardings than of operands or results");
  const ir::Place place = c.place();
  for (const auto* each : {&in, &out})
    for (const ir::Sharding& s : *each) c.context().spend(c.mesh(s.mesh).cost());
  Results arguments;
  for (std::size_t i = 0; i < in.size(); ++i)
    arguments.push_back(shard(c.array(i), in[i], c.mesh(in[i].mesh), place.device));
  auto results = c.run_region(0, std::move(arguments));
  if (results.size() != out.size()) invalid("the region gives another number of results");
  for (std::size_t i = 0; i < out.size(); ++i) {
    const ir::Mesh& mesh = c.mesh(out[i].mesh);
    if (c.abstract()) {
      results[i] = assemble({results[i].as_array()}, out[i], mesh);
      continue;
    }
    Ints everyone;
    for (std::int64_t d = 0; d < mesh.size(); ++d) everyone.push_back(d);
    std::vector<Array> parts;
    for (const Datum& d : place.exchange(everyone, results[i])) parts.push_back(d.as_array());
    results[i] = assemble(parts, out[i], mesh);
  }
  return results;
}

Results partition_id_rule(const Call& c) {
  return id_rule(c, c.abstract() ? 0 : c.place().partition());
}

Results replica_id_rule(const Call& c) {
  return id_rule(c, c.abstract() ? 0 : c.place().replica());
}

}  // namespace jaxsmith::stablehlo
