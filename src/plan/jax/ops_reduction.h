// The parts of the reduction table, each in a file of its own.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "plan/builder.h"
#include "plan/op.h"

namespace jaxsmith::plan {

std::vector<Op> cumulative_ops();  // cumsum and its like, differences, integrals, windows
std::vector<Op> order_ops();       // sorting, positions, quantiles, counts

// What a reduction does to a shape.
struct ReducedAxes {
  Shape shape;                     // of the result
  double count = 1;                // elements that go into one
  std::vector<std::int64_t> axes;  // not negative, in order
};
// By the numbers "axis" and "keepdims"; no "axis": all of them. Nothing where there is nothing to
// reduce.
std::optional<ReducedAxes> reduced_axes(const Shape& shape, const Numbers& numbers);
// Draws those numbers; `one`: a single axis.
Numbers draw_axes(Builder& b, int rank, bool one, bool keepdims);
// Their Python text: "axis=(0, 2)", "keepdims=True", both or nothing.
std::string axis_text(const Numbers& numbers);
std::string keepdims_text(const Numbers& numbers);

// Elements of one axis as they are, with 0 as lower bound for the magnitudes of complex numbers.
Stats spread_of_sums(const Value& x, Stats real, double growth);
// Positions from 0 to count - 1.
Stats position_stats(double count);
// Whether elements of a value differ along these axes, as far as the program tells.
bool varies_along(const Builder& b, ValueId id, const std::vector<std::int64_t>& axes);

}  // namespace jaxsmith::plan
