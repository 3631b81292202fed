// Matrix factorizations of the last two dimensions, batches before them. Done by Eigen in double
// precision; the results are rounded to the operands' type.
#pragma once

#include "tensor/array.h"

namespace jaxsmith::tensor {

// The lower factor L, a = L L^H, or the upper one; NaN where a matrix is not positive definite. The
// other triangle is that of `a`.
Array cholesky(const Array& a, bool lower);

struct TriangularSolve {
  bool left = true, lower = true, unit_diagonal = false, transpose = false, conjugate = false;

  // By the word of XLA and StableHLO; any but TRANSPOSE and ADJOINT is NO_TRANSPOSE.
  void set_transpose(std::string_view word) {
    conjugate = word == "ADJOINT";
    transpose = conjugate || word == "TRANSPOSE";
  }
};
// x with op(a) x = b, or x op(a) = b.
Array triangular_solve(const Array& a, const Array& b, const TriangularSolve& options);

}  // namespace jaxsmith::tensor
