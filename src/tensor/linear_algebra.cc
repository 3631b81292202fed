#include "tensor/linear_algebra.h"

#include <fmt/format.h>

#include "tensor/elementwise.h"
#include "tensor/matrices.h"
#include "tensor/movement.h"
#include "tensor/rounding_noise.h"

namespace jaxsmith::tensor {

using namespace matrices;

namespace {

void check_square(const Array& a) {
  const Batches b = batches_of(a);
  if (b.rows != b.columns) invalid(fmt::format("{} has no square matrices", a.type_text()));
  if (!is_inexact(a.dtype())) invalid(fmt::format("{} has no floats", a.type_text()));
}

}  // namespace

Array cholesky(const Array& a, bool lower) {
  check_square(a);
  if (a.abstract()) return a;
  const Batches b = batches_of(a);
  const Work work(a.context(), b);
  Array out = convert(with_noise(a), wide(a.dtype()));
  with_wide(a.dtype(), [&]<class T>(T) {
    for (std::int64_t i = 0; i < b.count; ++i) {
      auto m = matrix<T>(out, b, i);
      Matrix<T> factor = lower ? Matrix<T>(m) : Matrix<T>(m.adjoint());
      if (!factor_cholesky(factor)) factor.setConstant(T(kNan));
      if (lower)
        m.template triangularView<Eigen::Lower>() = factor;
      else
        m.template triangularView<Eigen::Upper>() = factor.adjoint();
    }
  });
  return convert(out, a.dtype());
}

Array triangular_solve(const Array& a, const Array& b, const TriangularSolve& o) {
  check_square(a);
  require(a.dtype() == b.dtype() && a.rank() == b.rank(),
          "the sides have different types or ranks");
  const Batches left = batches_of(a), right = batches_of(b);
  require(left.count == right.count && left.rows == (o.left ? right.rows : right.columns),
          "the sides' shapes do not go together");
  if (any_abstract({&a, &b})) return Array::typed(b.dtype(), b.shape());
  constexpr std::int64_t kCopies = 3;  // of each side, and what they are widened to
  const Workspace of_left(a.context(), {kCopies, left.rows, left.columns, sizeof(C128)}),
      of_right(b.context(), {kCopies, right.rows, right.columns, sizeof(C128)});
  b.context().spend({kEachMatrix, right.count});
  b.context().spend({4, right.count, right.rows, right.columns, left.rows});
  const Array coefficients = convert(with_noise(a), wide(a.dtype()));
  Array out = convert(with_noise(b), wide(b.dtype()));
  with_wide(a.dtype(), [&]<class T>(T) {
    for (std::int64_t i = 0; i < left.count; ++i) {
      Matrix<T> m = matrix<T>(coefficients, left, i);
      if (o.unit_diagonal) m.diagonal().setOnes();
      if (o.lower)
        m.template triangularView<Eigen::StrictlyUpper>().setZero();
      else
        m.template triangularView<Eigen::StrictlyLower>().setZero();
      if (o.transpose) m.transposeInPlace();
      if (o.conjugate) m = m.conjugate().eval();
      const bool lower = o.lower != o.transpose;
      auto x = matrix<T>(out, right, i);
      Matrix<T> side = o.left ? Matrix<T>(x) : Matrix<T>(x.transpose());
      if (!o.left) m.transposeInPlace();
      const bool solve_lower = o.left ? lower : !lower;
      if (solve_lower)
        m.template triangularView<Eigen::Lower>().solveInPlace(side);
      else
        m.template triangularView<Eigen::Upper>().solveInPlace(side);
      if (o.left)
        x = side;
      else
        x = side.transpose();
    }
  });
  return convert(out, b.dtype());
}

}  // namespace jaxsmith::tensor
