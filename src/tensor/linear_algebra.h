// Matrix factorizations of the last two dimensions, batches before them. Done by Eigen in double
// precision; the results are rounded to the operands' type.
#pragma once

#include <functional>
#include <optional>
#include <string_view>

#include "tensor/array.h"

namespace jaxsmith {

// The lower factor L, a = L L^H, or the upper one; NaN where a matrix is not positive definite. The
// other triangle is that of `a`.
Array cholesky(const Array& a, bool lower);

struct TriangularSolve {
  bool left = true, lower = true, unit_diagonal = false, transpose = false, conjugate = false;
};
// x with op(a) x = b, or x op(a) = b.
Array triangular_solve(const Array& a, const Array& b, const TriangularSolve& options);

// A call into LAPACK as JAX lowers it for the CPU ("lapack_sgetrf_ffi"): its operands, its
// attributes by name, and the types of its results, as abstract arrays. None where jaxsmith does
// not know it. Conventions are those of LAPACK's routines of the names (netlib.org/lapack):
// Householder vectors below the diagonal, pivots counted from 1.
using LapackAttribute = std::function<std::int64_t(std::string_view)>;
std::optional<std::vector<Array>> lapack_call(std::string_view target,
                                              std::span<const Array> operands,
                                              const LapackAttribute& attribute,
                                              std::span<const Array> results);
// Whether its results are not unique: vectors that may be turned, say.
bool lapack_is_ambiguous(std::string_view target);

}  // namespace jaxsmith
