// Groups of devices that are said by axes of a mesh.
#pragma once

#include "ir/common/collectives.h"
#include "ir/stablehlo/module.h"

namespace jaxsmith::stablehlo {

// #stablehlo.replica_group_mesh_axes<mesh = #stablehlo.mesh<axes = […]>, axes = […]>: devices that
// differ in these axes only, one group after another. An axis may be named in part: sub_axis_info =
// (a)b is the b steps below the a most significant ones.
std::vector<Ints> groups_over_axes(const Attr& attr, const ir::Place& place);

}  // namespace jaxsmith::stablehlo
