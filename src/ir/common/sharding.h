// How an array is laid out over a mesh of devices, as Shardy writes it (openxla.org/shardy,
// "Sharding representation"): of each dimension the axes of the mesh that divide it, the most
// significant first.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tensor/array.h"

namespace jaxsmith::ir {

using tensor::Ints;

struct Mesh {
  static constexpr std::int64_t kMostDevices = 1 << 20;
  static constexpr std::size_t kMostAxes = 64;

  std::vector<std::pair<std::string, std::int64_t>> axes;
  Ints device_ids;  // row-major over the axes; empty: 0, 1, 2 …

  std::int64_t size() const;
  // Throws where the mesh would have more than kMostDevices or kMostAxes, or has the axis already.
  void add_axis(std::string name, std::int64_t size);
  // Where a device stands: a coordinate for each axis.
  Ints coordinates(std::int64_t device) const;
  std::int64_t axis_size(std::string_view axis) const;
  // How many devices differ in these axes only. Throws where an axis is not in the mesh, or comes
  // twice.
  std::int64_t count_along(const std::vector<std::string>& over) const;
  // The device there.
  std::int64_t device_at(const Ints& coordinates) const;
  // Devices that differ from this one in these axes only, in the axes' order.
  Ints group(std::int64_t device, const std::vector<std::string>& over) const;
  // All of these groups, in the order of their least members; of a mesh without device_ids.
  std::vector<Ints> groups(const std::vector<std::string>& over) const;
  // Where a device stands among those that differ in these axes.
  std::int64_t index_along(std::int64_t device, const std::vector<std::string>& over) const;
  // Steps that looking a device up takes.
  std::int64_t cost() const { return static_cast<std::int64_t>(axes.size() + device_ids.size()); }
};

// The size of a dimension of which so many devices hold parts of this size each. Throws where it
// cannot be counted.
std::int64_t whole_size(std::int64_t part, std::int64_t devices);

struct Sharding {
  std::string mesh;                            // its name
  std::vector<std::vector<std::string>> dims;  // axes by dimension; missing dimensions are whole
};

// <["x"=2, "y"=4], device_ids=[…]>
Mesh parse_mesh(std::string_view text);
// [<@mesh, [{"x"}, {}]>, <@mesh, []>]
std::vector<Sharding> parse_shardings(std::string_view text);

// The part of an array that a device holds, and the array from the parts by device. Of abstract
// arrays their types.
tensor::Array shard(const tensor::Array& whole, const Sharding& sharding, const Mesh& mesh,
                    std::int64_t device);
tensor::Array assemble(const std::vector<tensor::Array>& parts, const Sharding& sharding,
                       const Mesh& mesh);

}  // namespace jaxsmith::ir
