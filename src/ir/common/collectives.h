// Operations in which devices exchange what they hold. Rules: the StableHLO specification of
// all_gather, all_reduce, all_to_all, collective_broadcast, collective_permute and reduce_scatter.
#pragma once

#include "ir/common/devices.h"
#include "tensor/reduction.h"

namespace jaxsmith::ir {

// How the numbers in a list of groups are meant.
enum class GroupMode {
  kReplicas,               // replicas, those of the same partition together
  kPartitions,             // partitions of the same replica
  kReplicasAndPartitions,  // replicas with all their partitions, in XLA's order: replica by replica
  kReplicasByPartition,    // the same, in StableHLO's order: partition by partition
  kDevices,                // replica * partitions + partition
};

// What takes part: `devices` may be null, then the program runs on one device.
struct Place {
  Devices* devices = nullptr;
  std::int64_t device = 0;
  std::size_t operation = 0;  // place in the text

  std::int64_t replica() const { return devices ? device / devices->partitions() : 0; }
  std::int64_t partition() const { return devices ? device % devices->partitions() : 0; }
  std::vector<Datum> exchange(const Ints& group, Datum value) const;
  // The group that this device is in; nothing where it is in none.
  Ints group(const std::vector<Ints>& groups, GroupMode mode) const;
  // By a list of groups as rows of a matrix, -1 where a row is shorter. Throws where the numbers
  // are no matrix of so many rows.
  static std::vector<Ints> groups_of(const tensor::EvaluationContext& context, const Ints& numbers,
                                     std::int64_t rows);
};

tensor::Array all_gather(const Place& place, const Ints& group, const tensor::Array& x,
                         std::int64_t dim);
std::vector<tensor::Array> all_reduce(const Place& place, const Ints& group,
                                      std::span<const tensor::Array> xs, const tensor::Body& body);
tensor::Array reduce_scatter(const Place& place, const Ints& group, const tensor::Array& x,
                             std::int64_t dim, const tensor::Body& body);
tensor::Array all_to_all(const Place& place, const Ints& group, const tensor::Array& x,
                         std::int64_t split_dim, std::int64_t concat_dim, std::int64_t split_count);
// What member `root` of the group has.
tensor::Array collective_broadcast(const Place& place, const Ints& group, const tensor::Array& x,
                                   std::int64_t root = 0);
// Pairs of source and target, numbered as `mode` says; zeros where nothing is sent.
tensor::Array collective_permute(const Place& place, const std::vector<Ints>& pairs, GroupMode mode,
                                 const tensor::Array& x);

}  // namespace jaxsmith::ir
