// The operations of programs for several devices.
#include "ir/common/collectives.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <map>

#include "ir/common/sharding.h"
#include "ir/hlo/op_table.h"
#include "tensor/movement.h"

namespace jaxsmith::hlo {
namespace {

using ir::GroupMode;

std::string unescaped(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\' && i + 1 < text.size()) ++i;
    out += text[i];
  }
  return out;
}

// ---- Groups

// Numbers one after another, whatever stands between them.
Ints numbers_in(std::string_view text) {
  Ints out;
  const char* end = text.data() + text.size();
  for (const char* at = text.data(); at < end;) {
    std::int64_t n = 0;
    const auto [next, error] = std::from_chars(at, end, n);
    if (error == std::errc()) out.push_back(n);
    at = error == std::errc() ? next : at + 1;
  }
  return out;
}

// [2,4]<=[8] or [4,2]<=[2,4]T(1,0): the numbers 0, 1 … in a shape, transposed, in another shape.
std::vector<Ints> iota_groups(const tensor::EvaluationContext& context, std::string_view text) {
  const std::size_t arrow = text.find("<="), turn = text.find('T');
  const Ints groups = numbers_in(text.substr(0, arrow));
  const std::string_view from = text.substr(arrow + 2);
  const Ints dims =
      numbers_in(turn == std::string_view::npos ? from : text.substr(arrow + 2, turn - arrow - 2));
  Array ids = tensor::iota(context, DType::kI64, {Array::typed(DType::kI64, dims).size()}, 0)
                  .reshaped(dims);
  if (turn != std::string_view::npos) ids = tensor::transpose(ids, numbers_in(text.substr(turn)));
  if (groups.size() != 2 || groups[0] < 1 || ids.size() % groups[0] != 0 ||
      ids.size() / groups[0] != groups[1])
    invalid(fmt::format("replica_groups are not understood: {}", text));
  const auto all = ids.ints();
  return ir::Place::groups_of(context, Ints(all.begin(), all.end()), groups[0]);
}

// mesh['x'=2,'y'=4] {'x'}: those that differ along these axes only.
std::vector<Ints> mesh_groups(const Call& c, std::string_view text) {
  ir::Mesh mesh;
  std::vector<std::string> over;
  if (text.find("device_ids") != std::string_view::npos || text.find(':') != std::string_view::npos)
    tensor::unsupported(fmt::format("replica_groups are not known: {}", text));
  const std::size_t close = text.find(']');
  for (std::size_t at = text.find('\''); at != std::string_view::npos;) {
    const std::size_t end = text.find('\'', at + 1);
    if (end == std::string_view::npos)
      invalid(fmt::format("replica_groups are not understood: {}", text));
    const std::string name(text.substr(at + 1, end - at - 1));
    if (at < close) {
      const Ints size = numbers_in(text.substr(end, text.find_first_of(",]", end) - end));
      if (size.size() != 1) invalid(fmt::format("replica_groups are not understood: {}", text));
      mesh.add_axis(name, size[0]);
    } else {
      over.push_back(name);
    }
    at = text.find('\'', end + 1);
  }
  const ir::Place place = c.place();
  const std::int64_t present = place.devices ? place.devices->count() : 1;
  if (mesh.size() > present)
    invalid(fmt::format("a mesh of {} devices, there are {}", mesh.size(), present));
  c.context().spend({mesh.size(), 1 + mesh.count_along(over), mesh.cost()});
  return mesh.groups(over);
}

std::vector<Ints> lists_of(const AttributeValue& a) {
  std::vector<Ints> out;
  for (const AttributeValue& item : a.items) {
    const auto* ints = item.as_ints();
    if (!ints) invalid("a list of groups is wanted");
    out.push_back(*ints);
  }
  return out;
}

GroupMode reducing_mode(const Call& c) {
  const bool channel = c.integer("channel_id", 0) > 0, global = c.flag("use_global_device_ids");
  if (global && !channel) invalid("use_global_device_ids wants a channel");
  return global    ? GroupMode::kDevices
         : channel ? GroupMode::kReplicasAndPartitions
                   : GroupMode::kReplicas;
}

GroupMode moving_mode(const Call& c) {
  return c.integer("channel_id", 0) > 0 ? GroupMode::kPartitions : GroupMode::kReplicas;
}

// The same for all operands; none where these have types alone.
Ints group_of(const Call& c, GroupMode (*mode_of)(const Call&)) {
  if (c.abstract()) return {};
  const GroupMode mode = mode_of(c);
  const AttributeValue* a = c.attribute("replica_groups");
  const ir::Place place = c.place();
  Ints group;
  if (!a)
    group = place.group({}, mode);
  else if (a->text.starts_with("mesh["))
    group = place.group(mesh_groups(c, a->text), mode);
  else if (a->text.find("<=") != std::string::npos)
    group = place.group(iota_groups(c.context(), a->text), mode);
  else
    group = place.group(lists_of(*a), mode);
  if (group.empty()) tensor::unsupported("this device is in no group");
  return group;
}

// ---- Rules

std::int64_t only_dimension(const Call& c) {
  const Ints dims = c.need_ints("dimensions");
  if (dims.size() != 1) invalid(c.op().opcode + " goes along one dimension");
  return dims[0];
}

// Operands one after another through a rule; several make a tuple.
template <class F>
Datum each_operand(const Call& c, F rule) {
  std::vector<Datum> out;
  for (std::size_t i = 0; i < c.size(); ++i) out.push_back(rule(i));
  if (c.shape().tuple()) return Datum::tuple(std::move(out));
  tensor::require(!out.empty(), "without an operand there is no result");
  return std::move(out[0]);
}

// The declared type, where it differs from the operand's along these dimensions only.
Datum declared(const Call& c, std::size_t i, const Ints& dims) {
  const auto types = c.result_types();
  const Array& x = c.array(i);
  if (i >= types.size()) invalid(c.op().opcode + " has fewer results than operands");
  bool same = types[i].dtype() == x.dtype() && types[i].rank() == x.rank();
  for (std::size_t d = 0; same && d < x.shape().size(); ++d)
    if (std::ranges::find(dims, static_cast<std::int64_t>(d)) == dims.end())
      same = types[i].shape()[d] == x.shape()[d];
  if (!same)
    invalid(fmt::format("{} does not give {} of {}", c.op().opcode, types[i].type_text(),
                        x.type_text()));
  return types[i];
}

Datum all_gather_rule(const Call& c) {
  const std::int64_t dim = only_dimension(c);
  const Ints group = group_of(c, reducing_mode);
  return each_operand(c, [&](std::size_t i) -> Datum {
    if (c.abstract()) return declared(c, i, {dim});
    return all_gather(c.place(), group, c.array(i), dim);
  });
}

Datum all_reduce_rule(const Call& c) {
  const tensor::Body body = c.body("to_apply");
  const Ints group = group_of(c, reducing_mode);
  return each_operand(c, [&](std::size_t i) -> Datum {
    const Array& x = c.array(i);
    if (c.abstract()) {
      const Array scalar = Array::typed(x.dtype(), {});
      const auto r = body({scalar, scalar});
      if (r.size() != 1 || !r[0].same_type(scalar))
        invalid("the computation does not give one value of the type it gets");
      return x;
    }
    return all_reduce(c.place(), group, {&x, 1}, body)[0];
  });
}

Datum reduce_scatter_rule(const Call& c) {
  const std::int64_t dim = only_dimension(c);
  const tensor::Body body = c.body("to_apply");
  const Ints group = group_of(c, reducing_mode);
  return each_operand(c, [&](std::size_t i) -> Datum {
    if (c.abstract()) return declared(c, i, {dim});
    return reduce_scatter(c.place(), group, c.array(i), dim, body);
  });
}

// Of one operand that is divided along a dimension, or of as many operands as there are devices.
Datum all_to_all_rule(const Call& c) {
  if (!c.attribute("dimensions")) {
    if (c.abstract())
      return Datum::tuple([&] {
        std::vector<Datum> out;
        for (std::size_t i = 0; i < c.size(); ++i) out.push_back(declared(c, i, {}));
        return out;
      }());
    const Ints group = group_of(c, moving_mode);
    if (group.size() != c.size())
      invalid(fmt::format("{} devices exchange {} operands", group.size(), c.size()));
    std::vector<Datum> mine;
    for (std::size_t i = 0; i < c.size(); ++i) mine.push_back(c.datum(i));
    const auto all = c.place().exchange(group, Datum::tuple(mine));
    const auto at =
        static_cast<std::size_t>(std::ranges::find(group, c.place().device) - group.begin());
    std::vector<Datum> out;
    for (const Datum& from : all) out.push_back(from.parts.at(at));
    return Datum::tuple(std::move(out));
  }
  const std::int64_t dim = only_dimension(c);
  if (c.abstract()) return declared(c, 0, {});
  const Ints group = group_of(c, moving_mode);
  return all_to_all(c.place(), group, c.array(0), dim, dim,
                    static_cast<std::int64_t>(group.size()));
}

Datum permute_rule(const Call& c) {
  if (c.abstract()) return declared(c, 0, {});
  return collective_permute(c.place(), lists_of(c.need("source_target_pairs")), moving_mode(c),
                            c.array(0));
}

Datum broadcast_rule(const Call& c) {
  if (c.abstract()) return declared(c, 0, {});
  return collective_broadcast(c.place(), group_of(c, moving_mode), c.array(0));
}

Datum id_rule(const Call& c, bool of_partition) {
  return c.make().scalar_int(DType::kU32,
                             of_partition ? c.place().partition() : c.place().replica());
}

// Escaped; empty where there are none.
std::string_view meshes_text(const Module& module) {
  const AttributeValue* all = module.attribute("frontend_attributes");
  const AttributeValue* meshes = all ? all->field("xla.sdy.meshes") : nullptr;
  return meshes ? std::string_view(meshes->text) : std::string_view();
}

// The mesh of each sharding, read once for all of one name.
std::map<std::string, ir::Mesh> meshes_by_name(const Call& c,
                                               std::span<const ir::Sharding> shardings) {
  std::map<std::string, ir::Mesh> out;
  for (const ir::Sharding& s : shardings) {
    if (const auto known = out.find(s.mesh); known != out.end()) {
      c.context().spend(known->second.cost());
      continue;
    }
    c.context().spend(std::ssize(meshes_text(c.module())));
    auto mesh = mesh_of(c.module(), s.mesh);
    if (!mesh) invalid(fmt::format("there is no mesh {}", s.mesh));
    out.emplace(s.mesh, std::move(*mesh));
  }
  return out;
}

}  // namespace

// <["x"=2]> of {mesh = #sdy.mesh<["x"=2]>}.
std::optional<ir::Mesh> mesh_of(const Module& module, std::string_view name) {
  constexpr std::string_view kBetween = " = ", kMesh = "#sdy.mesh<";
  const std::string text = unescaped(meshes_text(module));
  for (std::size_t at = text.find(name); at != std::string::npos; at = text.find(name, at + 1)) {
    const bool whole = at == 0 || text[at - 1] == ' ' || text[at - 1] == '{' || text[at - 1] == ',';
    const std::size_t open = at + name.size() + kBetween.size();
    if (!whole || open > text.size()) continue;
    const std::string_view rest = std::string_view(text).substr(open);
    if (rest.starts_with(kMesh)) return ir::parse_mesh(rest.substr(kMesh.size() - 1));
  }
  return std::nullopt;
}

// On the way into a manual computation, and out of it.
Datum shape_change(const Call& c, bool to_local) {
  const AttributeValue* all = c.attribute("frontend_attributes");
  const AttributeValue* a =
      all ? all->field(to_local ? "xla.sdy.in_shardings" : "xla.sdy.out_shardings") : nullptr;
  const std::string text = a ? unescaped(a->text) : "";
  const std::size_t open = text.find('[');
  if (open == std::string::npos) invalid("it has no shardings");
  const auto shardings = ir::parse_shardings(std::string_view(text).substr(open));
  if (shardings.size() != c.size()) invalid("it has another number of shardings than of operands");
  const ir::Place place = c.place();
  const auto meshes = meshes_by_name(c, shardings);
  return each_operand(c, [&](std::size_t i) -> Datum {
    const ir::Mesh& mesh = meshes.at(shardings[i].mesh);
    const Array& x = c.array(i);
    if (to_local) return shard(x, shardings[i], mesh, place.device);
    if (c.abstract()) return assemble({x}, shardings[i], mesh);
    Ints everyone;
    for (std::int64_t d = 0; d < mesh.size(); ++d) everyone.push_back(d);
    std::vector<Array> parts;
    for (const Datum& d : place.exchange(everyone, x)) parts.push_back(d.as_array());
    return assemble(parts, shardings[i], mesh);
  });
}

const std::vector<OpRule>& collective_rules() {
  constexpr std::size_t any = kAnyCount;
  static const std::vector<OpRule> kRules = {
      {"all-gather", 1, any, "channel_id replica_groups dimensions use_global_device_ids",
       all_gather_rule},
      {"all-reduce", 1, any,
       "channel_id replica_groups use_global_device_ids constrain_layout to_apply",
       all_reduce_rule},
      {"all-to-all", 1, any, "channel_id replica_groups dimensions constrain_layout",
       all_to_all_rule},
      {"collective-broadcast", 1, 1, "channel_id replica_groups", broadcast_rule},
      {"collective-permute", 1, 1, "channel_id source_target_pairs", permute_rule},
      {"partition-id", 0, 0, "", [](const Call& c) { return id_rule(c, true); }},
      {"reduce-scatter", 1, any,
       "channel_id replica_groups dimensions use_global_device_ids constrain_layout to_apply",
       reduce_scatter_rule},
      {"replica-id", 0, 0, "", [](const Call& c) { return id_rule(c, false); }},
  };
  return kRules;
}

}  // namespace jaxsmith::hlo
