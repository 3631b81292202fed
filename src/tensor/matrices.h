// Arrays as batches of matrices, for Eigen. Of linear_algebra.cc and lapack*.cc.
#pragma once

#include <fmt/format.h>

#include <Eigen/Dense>
#include <cmath>
#include <complex>
#include <limits>

#include "tensor/array.h"

namespace jaxsmith::tensor::matrices {

using C128 = std::complex<double>;
template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

inline DType wide(DType dtype) { return is_complex(dtype) ? DType::kC128 : DType::kF64; }

// Batches of matrices, or of vectors where `rank` is 1.
struct Batches {
  std::int64_t count = 1, rows = 1, columns = 1;
};

inline Batches batches_of(const Array& a, std::int64_t rank = 2) {
  if (a.rank() < rank) invalid(fmt::format("{} is no array of matrices", a.type_text()));
  Batches b;
  const auto n = static_cast<std::size_t>(a.rank());
  b.count = element_count(Shape(a.shape().begin(), a.shape().end() - rank));
  if (rank == 2) b.rows = a.shape()[n - 2];
  if (rank >= 1) b.columns = a.shape()[n - 1];
  return b;
}

// Calls f for a double or a complex one.
template <class F>
void with_wide(DType dtype, F f) {
  if (is_complex(dtype))
    f(C128{});
  else
    f(double{});
}

template <class T>
Eigen::Map<const Matrix<T>> matrix(const Array& a, const Batches& b, std::int64_t i) {
  return {a.data<T>().data() + i * b.rows * b.columns, b.rows, b.columns};
}

template <class T>
Eigen::Map<Matrix<T>> matrix(Array& a, const Batches& b, std::int64_t i) {
  return {a.mutate<T>().data() + i * b.rows * b.columns, b.rows, b.columns};
}

inline double conjugate(double x) { return x; }
inline C128 conjugate(C128 x) { return std::conj(x); }

// The lower factor in place; false where the matrix is not positive definite.
template <class T>
bool factor_cholesky(Matrix<T>& a) {
  const auto n = a.rows();
  for (Eigen::Index j = 0; j < n; ++j) {
    double diagonal = std::real(a(j, j));
    for (Eigen::Index k = 0; k < j; ++k) diagonal -= std::norm(a(j, k));
    if (!(diagonal > 0)) return false;
    diagonal = std::sqrt(diagonal);
    a(j, j) = diagonal;
    for (Eigen::Index i = j + 1; i < n; ++i) {
      T sum = a(i, j);
      for (Eigen::Index k = 0; k < j; ++k) sum -= a(i, k) * conjugate(a(j, k));
      a(i, j) = sum / diagonal;
    }
  }
  return true;
}

// What is done again and again until it converges takes on top of Work.
inline void charge_iterations(const EvaluationContext& context, const Batches& b) {
  constexpr std::int64_t kIterations = 40;
  context.spend({kIterations, b.count, b.rows, b.columns, std::min(b.rows, b.columns)});
}

// What a matrix of a batch costs by itself, also where it has no elements.
constexpr std::int64_t kEachMatrix = 50;

// Whether vectors of a tall or wide matrix are those of its own size, or fill a square.
enum class Vectors { kThin, kFull };

// What a factorization takes: steps, and memory for some matrices while it lives.
class Work {
 public:
  Work(const EvaluationContext& context, const Batches& b, Vectors vectors = Vectors::kThin)
      : Work(context, b, std::max(b.rows, b.columns),
             vectors == Vectors::kThin ? std::min(b.rows, b.columns)
                                       : std::max(b.rows, b.columns)) {}

 private:
  Work(const EvaluationContext& context, const Batches& b, std::int64_t rows, std::int64_t columns)
      : memory_(context, {kMatrices, rows, columns, sizeof(C128)}) {
    context.spend({kEachMatrix, b.count});
    context.spend({4, b.count, b.rows, b.columns, columns});
  }

  static constexpr std::int64_t kMatrices = 6;
  Workspace memory_;
};

}  // namespace jaxsmith::tensor::matrices
