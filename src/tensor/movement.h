// Operations that move elements and compute nothing. Dimensions are numbered from 0; errors are
// EvaluationErrors. Rules: the StableHLO specification's operations of the same names.
#pragma once

#include "tensor/array.h"

namespace jaxsmith::tensor {

// Element i of the operand's dimension d stands at i along dims[d] of the result.
Array broadcast_in_dim(const Array& x, const Shape& shape, const Ints& dims);
Array transpose(const Array& x, const Ints& permutation);
Ints inverse_permutation(const Ints& permutation);
Array reverse(const Array& x, const Ints& dims);
Array slice(const Array& x, const Ints& start, const Ints& limit, const Ints& strides);
// Amounts of padding may be negative; `interior` stands between neighbours.
Array pad(const Array& x, const Array& value, const Ints& low, const Ints& high,
          const Ints& interior);
Array concatenate(std::span<const Array> parts, std::int64_t dim);
Array iota(const EvaluationContext& context, DType dtype, const Shape& shape, std::int64_t dim);
Array iota_type(DType dtype, const Shape& shape, std::int64_t dim);
// Beside an array: abstract where it is.
inline Array iota(const Array& beside, DType dtype, const Shape& shape, std::int64_t dim) {
  return beside.abstract() ? iota_type(dtype, shape, dim)
                           : iota(beside.context(), dtype, shape, dim);
}
// Starts are clamped so that the slice lies within.
Array dynamic_slice(const Array& x, std::span<const Array> starts, const Ints& sizes);
Array dynamic_update_slice(const Array& x, const Array& update, std::span<const Array> starts);

struct GatherDims {
  Ints offset_dims, collapsed_slice_dims, operand_batching_dims, start_indices_batching_dims,
      start_index_map;
  std::int64_t index_vector_dim = 0;
};
// Starts are clamped.
Array gather(const Array& operand, const Array& starts, const GatherDims& dims,
             const Ints& slice_sizes);

// A dimension brought to the end, and back from there, as transpose() wants it.
Ints to_the_end(std::int64_t rank, std::int64_t dim);
Ints from_the_end(std::int64_t rank, std::int64_t dim);

// Elements of a flat array by their places.
Array taken(const Array& x, std::span<const std::int64_t> places, std::int64_t offset = 0);
inline Array taken(const Array& x, std::int64_t place) { return taken(x, {&place, 1}); }

// Copies a box of `shape` between two layouts, given by steps between neighbours in elements.
void copy_box(const Shape& shape, const Array& from, std::int64_t from_offset,
              const Ints& from_strides, Array& to, std::int64_t to_offset, const Ints& to_strides);

// Calls f(offset) for each index of a box, in row-major order: offsets by the given strides. All
// are charged before the first.
template <class F>
void for_each_offset(const EvaluationContext& context, const Shape& shape, const Ints& strides,
                     F f) {
  std::int64_t offset = 0;
  for (IndexWalk at(context, shape); at; at.next()) {
    f(offset);
    // As the walk goes on: by a step in the last dimension that has not ended.
    for (std::size_t k = at.axes().size(); k-- > 0;) {
      const auto& [d, size] = at.axes()[k];
      offset += strides[d];
      if (at[d] + 1 < size) break;
      offset -= strides[d] * size;
    }
  }
}
// All of them.
Scratch<std::int64_t> offsets_of(const EvaluationContext& context, const Shape& shape,
                                 const Ints& strides);

// Numbers of dimensions: each within the rank and none twice.
void require_distinct_dims(const Ints& dims, std::int64_t rank, const char* what);

}  // namespace jaxsmith::tensor
