#include "ir/common/collectives.h"

#include <fmt/format.h>

#include <algorithm>

#include "tensor/movement.h"

namespace jaxsmith::ir {

using tensor::Array;

namespace {

std::vector<Array> exchange_arrays(const Place& place, const Ints& group, const Array& x) {
  std::vector<Array> out;
  for (const Datum& d : place.exchange(group, x)) {
    out.push_back(d.as_array());
    if (!out.back().same_type(x)) tensor::invalid("devices exchange arrays of different types");
  }
  return out;
}

// Equal parts along a dimension.
Array part_of(const Array& x, std::int64_t dim, std::int64_t parts, std::int64_t index) {
  if (dim < 0 || dim >= x.rank()) tensor::invalid(fmt::format("there is no dimension {}", dim));
  const auto d = static_cast<std::size_t>(dim);
  if (parts < 1 || x.shape()[d] % parts != 0)
    tensor::invalid(fmt::format("dimension {} is not divided by {}", dim, parts));
  const std::int64_t size = x.shape()[d] / parts;
  Ints start(x.shape().size(), 0), limit = x.shape();
  start[d] = index * size;
  limit[d] = start[d] + size;
  return tensor::slice(x, start, limit, Ints(start.size(), 1));
}

std::int64_t index_in(const Ints& group, std::int64_t device) {
  return std::find(group.begin(), group.end(), device) - group.begin();
}

}  // namespace

std::vector<Datum> Place::exchange(const Ints& group, Datum value) const {
  if (!devices) {
    if (group != Ints{0}) tensor::invalid("a program on one device exchanges with others");
    return {std::move(value)};
  }
  return devices->exchange(device, group, operation, std::move(value));
}

std::vector<Ints> Place::groups_of(const tensor::EvaluationContext& context, const Ints& numbers,
                                   std::int64_t rows) {
  std::vector<Ints> out;
  const auto count = static_cast<std::int64_t>(numbers.size());
  if (rows < 1 || rows > count || count % rows != 0)
    tensor::invalid(fmt::format("{} numbers are no {} groups of one size", count, rows));
  context.spend(count);
  const std::size_t width = numbers.size() / static_cast<std::size_t>(rows);
  for (std::size_t r = 0; r < static_cast<std::size_t>(rows); ++r) {
    Ints group;
    for (std::size_t i = 0; i < width; ++i)
      if (numbers[r * width + i] >= 0) group.push_back(numbers[r * width + i]);
    out.push_back(std::move(group));
  }
  return out;
}

Ints Place::group(const std::vector<Ints>& groups, GroupMode mode) const {
  const std::int64_t replicas = devices ? devices->replicas() : 1,
                     partitions = devices ? devices->partitions() : 1;
  const std::int64_t own = mode == GroupMode::kPartitions ? partition()
                           : mode == GroupMode::kDevices  ? device
                                                          : replica();
  Ints members;
  if (groups.empty() || (groups.size() == 1 && groups[0].empty())) {
    const std::int64_t n = mode == GroupMode::kPartitions ? partitions
                           : mode == GroupMode::kDevices  ? replicas * partitions
                                                          : replicas;
    for (std::int64_t i = 0; i < n; ++i) members.push_back(i);
  } else {
    for (const Ints& g : groups)
      if (std::find(g.begin(), g.end(), own) != g.end()) {
        members = g;
        break;
      }
  }
  Ints out;
  for (const std::int64_t m : members) {
    if (mode == GroupMode::kDevices) out.push_back(m);
    if (mode == GroupMode::kReplicas) out.push_back(m * partitions + partition());
    if (mode == GroupMode::kPartitions) out.push_back(replica() * partitions + m);
    if (mode == GroupMode::kReplicasAndPartitions)
      for (std::int64_t p = 0; p < partitions; ++p) out.push_back(m * partitions + p);
  }
  if (mode == GroupMode::kReplicasByPartition)
    for (std::int64_t p = 0; p < partitions; ++p)
      for (const std::int64_t m : members) out.push_back(m * partitions + p);
  return out;
}

Array all_gather(const Place& place, const Ints& group, const Array& x, std::int64_t dim) {
  const auto parts = exchange_arrays(place, group, x);
  return tensor::concatenate(parts, dim);
}

std::vector<Array> all_reduce(const Place& place, const Ints& group, std::span<const Array> xs,
                              const tensor::Body& body) {
  std::vector<Array> out;
  for (const Array& x : xs) {
    const auto parts = exchange_arrays(place, group, x);
    Array sum = parts[0];
    for (std::size_t i = 1; i < parts.size(); ++i) {
      const Array both[] = {sum, parts[i]};
      auto combined = tensor::map(both, body);
      if (combined.size() != 1 || !combined[0].same_type(x))
        tensor::invalid("the body does not give one value of the type it gets");
      sum = std::move(combined[0]);
    }
    out.push_back(std::move(sum));
  }
  return out;
}

Array reduce_scatter(const Place& place, const Ints& group, const Array& x, std::int64_t dim,
                     const tensor::Body& body) {
  const Array operands[] = {x};
  const Array sum = all_reduce(place, group, operands, body)[0];
  return part_of(sum, dim, static_cast<std::int64_t>(group.size()), index_in(group, place.device));
}

Array all_to_all(const Place& place, const Ints& group, const Array& x, std::int64_t split_dim,
                 std::int64_t concat_dim, std::int64_t split_count) {
  if (split_count != static_cast<std::int64_t>(group.size()))
    tensor::invalid(fmt::format("{} devices exchange {} parts", group.size(), split_count));
  std::vector<Array> parts;
  for (const Array& each : exchange_arrays(place, group, x))
    parts.push_back(part_of(each, split_dim, split_count, index_in(group, place.device)));
  return tensor::concatenate(parts, concat_dim);
}

Array collective_broadcast(const Place& place, const Ints& group, const Array& x,
                           std::int64_t root) {
  if (group.empty()) return x.zeros(x.dtype(), x.shape());
  const auto all = exchange_arrays(place, group, x);
  if (root < 0 || root >= static_cast<std::int64_t>(all.size()))
    tensor::invalid(fmt::format("member {} of a group of {}", root, all.size()));
  return all[static_cast<std::size_t>(root)];
}

Array collective_permute(const Place& place, const std::vector<Ints>& pairs, GroupMode mode,
                         const Array& x) {
  // All that the numbers may mean meet, so that those who neither give nor get take part too.
  const Ints group = place.group({}, mode);
  const auto values = exchange_arrays(place, group, x);
  const std::int64_t own = mode == GroupMode::kPartitions ? place.partition()
                           : mode == GroupMode::kDevices  ? place.device
                                                          : place.replica();
  for (const Ints& pair : pairs) {
    if (pair.size() != 2 || pair[0] < 0 || pair[0] >= static_cast<std::int64_t>(values.size()))
      tensor::invalid("a pair is no source and target");
    if (pair[1] == own) return values[static_cast<std::size_t>(pair[0])];
  }
  return x.zeros(x.dtype(), x.shape());
}

}  // namespace jaxsmith::ir
