#include "ir/stablehlo/replica_groups.h"

#include <fmt/format.h>

#include <algorithm>

#include "ir/common/sharding.h"
#include "ir/stablehlo/scanner.h"

namespace jaxsmith::stablehlo {
namespace {

// An axis of a mesh, or a part of one.
struct Axis {
  std::string name;
  std::int64_t size = 0;    // of an axis of the mesh
  std::int64_t before = 1;  // of a part
  std::optional<std::int64_t> part;
};

// <name = "x", size = 2> or <name = "x", sub_axis_info = (1)2>
Axis parse_axis(Scanner& in) {
  Axis out;
  in.expect("<");
  do {
    const std::string_view key = in.word("a part of an axis");
    in.expect("=");
    if (key == "name") {
      out.name = in.string();
    } else if (key == "size") {
      out.size = in.integer();
    } else if (key == "sub_axis_info") {
      in.expect("(");
      out.before = in.integer();
      in.expect(")");
      out.part = in.integer();
    } else {
      in.refuse("expected name, size or sub_axis_info");
    }
  } while (in.take(","));
  in.expect(">");
  return out;
}

std::vector<Axis> parse_axes(Scanner& in, std::string_view mnemonic) {
  std::vector<Axis> out;
  in.expect("[");
  if (in.peek() != ']') do {
      if (in.take("#")) in.word("an attribute's name");
      out.push_back(parse_axis(in));
    } while (in.take(","));
  in.expect("]");
  if (out.size() > ir::Mesh::kMostAxes)
    in.refuse(fmt::format("more than {} of {}", ir::Mesh::kMostAxes, mnemonic));
  return out;
}

struct MeshAxes {
  std::vector<Axis> mesh, over;
  Ints device_ids;
};

void parse_mesh(Scanner& in, MeshAxes& out) {
  if (in.take("#")) in.word("an attribute's name");
  in.expect("<");
  do {
    const std::string_view key = in.word("a part of a mesh");
    in.expect("=");
    if (key == "axes") {
      out.mesh = parse_axes(in, "a mesh's axes");
    } else if (key == "device_ids") {
      in.expect("dense");
      in.expect("<");
      in.expect("[");
      if (in.peek() != ']') do {
          out.device_ids.push_back(in.integer());
        } while (in.take(","));
      in.expect("]");
      in.expect(">");
      if (in.take(":")) {
        in.word("a type");
        in.balanced('<');
      }
    } else {
      in.refuse("expected axes or device_ids");
    }
  } while (in.take(","));
  in.expect(">");
}

MeshAxes parse(const Attr& attr) {
  if (!attr.text.ends_with("replica_group_mesh_axes"))
    invalid("replica_groups are neither a matrix nor axes of a mesh");
  Scanner in(attr.body);
  MeshAxes out;
  try {
    do {
      const std::string_view key = in.word("a part of replica_group_mesh_axes");
      in.expect("=");
      if (key == "mesh")
        parse_mesh(in, out);
      else if (key == "axes")
        out.over = parse_axes(in, "axes");
      else
        in.refuse("expected mesh or axes");
    } while (in.take(","));
  } catch (const ir::Refused& r) {
    invalid("replica_group_mesh_axes: " + r.message);
  }
  return out;
}

// The mesh in factors, most significant first: those that a group runs through have their place in
// the order of `over`, others -1.
struct Factor {
  std::int64_t size;
  std::int64_t place;
};

std::vector<Factor> factors_of(const MeshAxes& axes) {
  std::vector<Factor> out;
  for (const Axis& a : axes.mesh) {
    // Parts of this axis, from its most significant step on.
    std::vector<std::size_t> parts;
    for (std::size_t i = 0; i < axes.over.size(); ++i)
      if (axes.over[i].name == a.name) parts.push_back(i);
    std::sort(parts.begin(), parts.end(), [&](std::size_t p, std::size_t q) {
      return axes.over[p].before < axes.over[q].before;
    });
    std::int64_t done = 1;
    for (const std::size_t i : parts) {
      const std::int64_t before = axes.over[i].before, size = axes.over[i].part.value_or(a.size);
      if (before < done || before % done != 0 || size < 1 || before > ir::Mesh::kMostDevices ||
          size > ir::Mesh::kMostDevices || a.size % (before * size) != 0)
        invalid(fmt::format("axis {} is not divided like this", a.name));
      out.push_back({before / done, -1});
      out.push_back({size, static_cast<std::int64_t>(i)});
      done = before * size;
    }
    out.push_back({a.size / done, -1});
  }
  return out;
}

}  // namespace

std::vector<Ints> groups_over_axes(const Attr& attr, const ir::Place& place) {
  const MeshAxes axes = parse(attr);
  ir::Mesh mesh;
  for (const Axis& a : axes.mesh) mesh.add_axis(a.name, a.size);
  const std::int64_t count = mesh.size(), present = place.devices ? place.devices->count() : 1;
  if (count > present) invalid(fmt::format("a mesh of {} devices, there are {}", count, present));
  const std::vector<Factor> factors = factors_of(axes);
  std::size_t used = 0;
  for (const Factor& f : factors) used += f.place >= 0;
  if (used != axes.over.size()) invalid("an axis is not in the mesh");
  if (!axes.device_ids.empty() && static_cast<std::int64_t>(axes.device_ids.size()) != count)
    invalid("device_ids are not as many as the mesh has devices");
  // By the coordinates outside the group, then by those within it in the order of `over`.
  std::vector<std::pair<std::pair<Ints, Ints>, std::int64_t>> devices;
  for (std::int64_t d = 0; d < count; ++d) {
    Ints outside, inside(axes.over.size(), 0);
    std::int64_t below = count, rest = d;
    for (const Factor& f : factors) {
      below /= f.size;
      const std::int64_t at = rest / below;
      rest %= below;
      if (f.place < 0)
        outside.push_back(at);
      else
        inside[static_cast<std::size_t>(f.place)] = at;
    }
    devices.push_back({{std::move(outside), std::move(inside)}, d});
  }
  std::sort(devices.begin(), devices.end());
  std::vector<Ints> out;
  const Ints* group = nullptr;
  for (const auto& [coordinates, d] : devices) {
    if (!group || *group != coordinates.first) out.emplace_back();
    group = &coordinates.first;
    out.back().push_back(axes.device_ids.empty() ? d
                                                 : axes.device_ids[static_cast<std::size_t>(d)]);
  }
  return out;
}

}  // namespace jaxsmith::stablehlo
