// Results that are not unique: eigenvectors may be turned and take turns, singular vectors change
// signs in pairs. A program's results are then compared by what they must satisfy: in an evaluation
// with EvaluationOptions::expected each such operation looks among the expected arrays for ones
// that satisfy what defines its own results, and goes on with them. What follows is compared as it
// is.
//
// Sorting that need not be stable likewise: elements in no order may come in any.
#pragma once

#include <span>
#include <vector>

#include "tensor/array.h"

namespace jaxsmith::tensor {

// The expected arrays of an element type that have as many elements in matrices of the same size,
// in the given shape; transposed ones too.
std::vector<Array> candidates(const EvaluationContext& context, DType dtype, const Shape& shape);

// Each takes what was factored, the routine's results in double precision, and the element types
// that they are rounded to, and puts expected arrays in the place of results they are worth.
// a V = V diag(w), V^H V = 1, of a's lower or upper triangle.
void prefer_expected_eigh(const Array& a, bool lower, const Array& values, Array& vectors,
                          DType dtype);
// a = U diag(s) V^H
void prefer_expected_svd(const Array& a, const Array& values, Array& u, Array& vh, DType dtype);
// a V = V diag(w), a^H U = U diag(w)^H, columns of length 1; null where there are no such vectors.
void prefer_expected_eig(const Array& a, Array& values, Array* left, Array* right, DType dtype);
// a = Z T Z^H, T upper triangular but for blocks of two where a is real; `z` may be null.
void prefer_expected_schur(const Array& a, Array& t, Array* z, DType dtype);

// Columns that were sorted together along `dim`, which is their last now: `order` has the places of
// their elements row by row, and `tied` says where an element is in no order with the one before.
// Such take the order that they have in expected arrays of the columns' types, which may be shorter
// along the dimension: the k best.
void settle_ties(std::span<const Array> columns, std::int64_t dim, const Scratch<bool>& tied,
                 Scratch<std::int64_t>& order);

}  // namespace jaxsmith::tensor
