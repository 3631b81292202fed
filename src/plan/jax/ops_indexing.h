// The parts of the table of indexing operations, each in a file of its own, and what they share.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plan/builder.h"
#include "plan/op.h"

namespace jaxsmith::plan {

std::vector<Op> slice_ops();   // places that are known: slices, constant lists
std::vector<Op> gather_ops();  // places that the program computes
std::vector<Op> update_ops();  // `.at[…]`, dynamic_update_slice, insert, delete
std::vector<Op> lookup_ops();  // one_hot, searchsorted, segments, counts, choices

// A part of a value of some shape, as a subscript.
struct Place {
  std::string index;
  Shape shape;             // of the part
  std::int64_t shift = 0;  // where its elements begin: parts at other places have other elements
  bool listed = false;     // by arrays of positions
};
// Slices and single positions on one or two axes: always less than the whole.
std::optional<Place> draw_basic_place(Builder& b, const Shape& shape);
// A list of positions on one axis, or pairs of positions on the first two.
std::optional<Place> draw_listed_place(Builder& b, const Shape& shape, bool distinct);

}  // namespace jaxsmith::plan
