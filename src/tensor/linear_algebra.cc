#include "tensor/linear_algebra.h"

#include <fmt/format.h>

#include <Eigen/Dense>
#include <cmath>
#include <limits>

#include "tensor/elementwise.h"
#include "tensor/movement.h"

namespace jaxsmith {
namespace {

using C128 = std::complex<double>;
template <class T>
using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();

DType wide(DType dtype) { return is_complex(dtype) ? DType::kC128 : DType::kF64; }

// Batches of matrices, or of vectors where `rank` is 1.
struct Batches {
  std::int64_t count = 1, rows = 1, columns = 1;
};

Batches batches_of(const Array& a, std::int64_t rank = 2) {
  if (a.rank() < rank) invalid(fmt::format("{} is no array of matrices", a.type_text()));
  Batches b;
  const auto n = static_cast<std::size_t>(a.rank());
  for (std::size_t d = 0; d + static_cast<std::size_t>(rank) < n; ++d) b.count *= a.shape()[d];
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

double conjugate(double x) { return x; }
C128 conjugate(C128 x) { return std::conj(x); }

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

void check_square(const Array& a) {
  const Batches b = batches_of(a);
  if (b.rows != b.columns) invalid(fmt::format("{} has no square matrices", a.type_text()));
  if (!is_inexact(a.dtype())) invalid(fmt::format("{} has no floats", a.type_text()));
}

void charge(const Batches& b) {
  const double n = static_cast<double>(b.count) * static_cast<double>(b.rows) *
                   static_cast<double>(b.columns) *
                   static_cast<double>(std::max(b.rows, b.columns));
  spend(n > 1e18 ? std::numeric_limits<std::int64_t>::max() / 4 : static_cast<std::int64_t>(4 * n));
}

}  // namespace

Array cholesky(const Array& a, bool lower) {
  check_square(a);
  if (a.abstract()) return a;
  const Batches b = batches_of(a);
  charge(b);
  Array out = convert(a, wide(a.dtype()));
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
  if (any_abstract({&a, &b})) return Array(b.dtype(), b.shape(), true);
  charge(right);
  charge(left);
  const Array coefficients = convert(a, wide(a.dtype()));
  Array out = convert(b, wide(b.dtype()));
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

// ---- LAPACK
// --------------------------------------------------------------------------------------

namespace {

struct LapackContext {
  std::span<const Array> operands;
  const LapackAttribute& attribute;
  std::vector<Array> out;  // of the results' types, wide ones where they are floats

  const Array& in(std::size_t i) const { return operands[i]; }
};

void set_info(Array& info, std::int64_t i, std::int64_t value) {
  info.mutate<std::int64_t>()[static_cast<std::size_t>(i)] = value;
}

template <class T>
void potrf(LapackContext& c, const Array& a) {
  const Batches b = batches_of(a);
  const bool lower = c.attribute("uplo") == 'L';
  c.out[0] = a;
  for (std::int64_t i = 0; i < b.count; ++i) {
    auto m = matrix<T>(c.out[0], b, i);
    Matrix<T> factor = lower ? Matrix<T>(m) : Matrix<T>(m.adjoint());
    const bool fine = factor_cholesky(factor);
    if (lower)
      m.template triangularView<Eigen::Lower>() = factor;
    else
      m.template triangularView<Eigen::Upper>() = factor.adjoint();
    set_info(c.out[1], i, fine ? 0 : 1);
  }
}

template <class T>
void getrf(LapackContext& c, const Array& a) {
  const Batches b = batches_of(a);
  const std::int64_t n = std::min(b.rows, b.columns);
  c.out[0] = a;
  auto pivots = c.out[1].mutate<std::int64_t>();
  for (std::int64_t i = 0; i < b.count; ++i) {
    auto m = matrix<T>(c.out[0], b, i);
    std::int64_t info = 0;
    for (std::int64_t j = 0; j < n; ++j) {
      std::int64_t best = j;
      double size = -1;
      for (std::int64_t r = j; r < b.rows; ++r) {
        const double s = std::abs(std::real(m(r, j))) + std::abs(std::imag(m(r, j)));
        if (s > size) {
          size = s;
          best = r;
        }
      }
      pivots[static_cast<std::size_t>(i * n + j)] = best + 1;
      if (m(best, j) == T(0)) {
        if (info == 0) info = j + 1;
        continue;
      }
      if (best != j) m.row(best).swap(m.row(j));
      for (std::int64_t r = j + 1; r < b.rows; ++r) {
        m(r, j) /= m(j, j);
        for (std::int64_t k = j + 1; k < b.columns; ++k) m(r, k) -= m(r, j) * m(j, k);
      }
    }
    set_info(c.out[2], i, info);
  }
}

template <class T>
void geqrf(LapackContext& c, const Array& a) {
  const Batches b = batches_of(a);
  const std::int64_t n = std::min(b.rows, b.columns);
  c.out[0] = a;
  auto taus = c.out[1].mutate<T>();
  for (std::int64_t i = 0; i < b.count; ++i) {
    auto m = matrix<T>(c.out[0], b, i);
    for (std::int64_t j = 0; j < n; ++j) {
      // xLARFG: H = I - tau v v^H with v(0) = 1 takes the column to (beta, 0, …).
      const T alpha = m(j, j);
      double below = 0;
      for (std::int64_t r = j + 1; r < b.rows; ++r) below += std::norm(m(r, j));
      T tau(0);
      if (below != 0 || std::imag(alpha) != 0) {
        const double beta = -std::copysign(std::sqrt(std::norm(alpha) + below), std::real(alpha));
        tau = (T(beta) - alpha) / beta;
        const T scale = T(1) / (alpha - T(beta));
        for (std::int64_t r = j + 1; r < b.rows; ++r) m(r, j) *= scale;
        m(j, j) = beta;
        for (std::int64_t k = j + 1; k < b.columns; ++k) {
          T sum = m(j, k);
          for (std::int64_t r = j + 1; r < b.rows; ++r) sum += conjugate(m(r, j)) * m(r, k);
          sum *= conjugate(tau);
          m(j, k) -= sum;
          for (std::int64_t r = j + 1; r < b.rows; ++r) m(r, k) -= m(r, j) * sum;
        }
      }
      taus[static_cast<std::size_t>(i * n + j)] = tau;
    }
  }
}

// Applies H(j) = I - tau v v^H, or its adjoint, to the rows of `to`.
template <class M, class A, class T>
void reflect(M& to, const A& a, std::int64_t j, T tau) {
  const auto rows = a.rows();
  for (Eigen::Index k = 0; k < to.cols(); ++k) {
    T sum = to(j, k);
    for (Eigen::Index r = j + 1; r < rows; ++r) sum += conjugate(a(r, j)) * to(r, k);
    sum *= tau;
    to(j, k) -= sum;
    for (Eigen::Index r = j + 1; r < rows; ++r) to(r, k) -= a(r, j) * sum;
  }
}

template <class T>
void orgqr(LapackContext& c, const Array& a, const Array& tau) {
  const Batches b = batches_of(a);
  const std::int64_t n = batches_of(tau, 1).columns;
  c.out[0] = a;
  for (std::int64_t i = 0; i < b.count; ++i) {
    const auto m = matrix<T>(a, b, i);
    Matrix<T> q = Matrix<T>::Identity(b.rows, b.columns);
    for (std::int64_t j = n; j-- > 0;)
      reflect(q, m, j, tau.data<T>()[static_cast<std::size_t>(i * n + j)]);
    matrix<T>(c.out[0], b, i) = q;
  }
}

template <class T>
void ormqr(LapackContext& c, const Array& a, const Array& tau, const Array& other) {
  const Batches b = batches_of(a), o = batches_of(other);
  const std::int64_t n = batches_of(tau, 1).columns;
  const bool left = c.attribute("left") != 0, turned = c.attribute("transpose") != 0;
  c.out[0] = other;
  for (std::int64_t i = 0; i < b.count; ++i) {
    const auto m = matrix<T>(a, b, i);
    auto x = matrix<T>(c.out[0], o, i);
    // x Q = (Q^H x^H)^H
    Matrix<T> work = left ? Matrix<T>(x) : Matrix<T>(x.adjoint());
    const bool adjoint = left ? turned : !turned;
    for (std::int64_t k = 0; k < n; ++k) {
      const std::int64_t j = adjoint ? k : n - 1 - k;
      const T t = tau.data<T>()[static_cast<std::size_t>(i * n + j)];
      reflect(work, m, j, adjoint ? conjugate(t) : t);
    }
    if (left)
      x = work;
    else
      x = work.adjoint();
  }
}

template <class T>
void syevd(LapackContext& c, const Array& a) {
  const Batches b = batches_of(a);
  const bool lower = c.attribute("uplo") == 'L';
  c.out[0] = a;
  for (std::int64_t i = 0; i < b.count; ++i) {
    Matrix<T> m = matrix<T>(a, b, i);
    if (b.rows == 0) continue;
    if (!lower) m = Matrix<T>(m.adjoint());
    const bool finite = m.allFinite();
    Eigen::SelfAdjointEigenSolver<Matrix<T>> solver;
    if (finite) solver.compute(m);
    auto values = c.out[1].mutate<double>();
    for (std::int64_t k = 0; k < b.rows; ++k)
      values[static_cast<std::size_t>(i * b.rows + k)] = finite ? solver.eigenvalues()(k) : kNan;
    auto to = matrix<T>(c.out[0], b, i);
    if (finite)
      to = solver.eigenvectors();
    else
      to.setConstant(T(kNan));
    set_info(c.out[2], i, finite ? 0 : 1);
  }
}

template <class T>
void gesdd(LapackContext& c, const Array& a) {
  const Batches b = batches_of(a);
  const std::int64_t n = std::min(b.rows, b.columns);
  const std::int64_t mode = c.attribute("mode");
  c.out[0] = a;
  const Batches u = batches_of(c.out[2]), v = batches_of(c.out[3]);
  for (std::int64_t i = 0; i < b.count && n > 0; ++i) {
    const Matrix<T> m = matrix<T>(a, b, i);
    using Dense = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
    unsigned options = 0;
    if (mode == 'A') options = Eigen::ComputeFullU | Eigen::ComputeFullV;
    if (mode == 'S') options = Eigen::ComputeThinU | Eigen::ComputeThinV;
    const bool finite = m.allFinite();
    Eigen::JacobiSVD<Dense> svd;
    if (finite) svd.compute(m, options);
    auto values = c.out[1].mutate<double>();
    for (std::int64_t k = 0; k < n; ++k)
      values[static_cast<std::size_t>(i * n + k)] = finite ? svd.singularValues()(k) : kNan;
    if (options && finite) {
      matrix<T>(c.out[2], u, i) = svd.matrixU();
      matrix<T>(c.out[3], v, i) = svd.matrixV().adjoint();
    }
    set_info(c.out[4], i, finite ? 0 : 1);
  }
}

template <class T>
void geev(LapackContext& c, const Array& a) {
  const Batches b = batches_of(a);
  const bool real = std::is_same_v<T, double>;
  const bool left = c.attribute("compute_left") == 'V', right = c.attribute("compute_right") == 'V';
  for (std::int64_t i = 0; i < b.count && b.rows > 0; ++i) {
    const Matrix<C128> m = matrix<T>(a, b, i).template cast<C128>();
    Eigen::ComplexEigenSolver<Eigen::MatrixXcd> solver(m, left || right);
    for (std::int64_t k = 0; k < b.rows; ++k) {
      const C128 value = solver.eigenvalues()(k);
      const auto at = static_cast<std::size_t>(i * b.rows + k);
      if (real) {
        c.out[0].mutate<double>()[at] = value.real();
        c.out[1].mutate<double>()[at] = value.imag();
      } else {
        c.out[0].mutate<C128>()[at] = value;
      }
    }
    if (right) matrix<C128>(c.out[real ? 3 : 2], b, i) = solver.eigenvectors();
    if (left)  // u^H a = w u^H: the inverse's rows, as columns of length 1
      matrix<C128>(c.out[real ? 2 : 1], b, i) =
          solver.eigenvectors().inverse().adjoint().colwise().normalized();
  }
}

// Tridiagonal systems by Gaussian elimination with pivoting; the diagonals come back as they went
// in, which no caller looks at.
template <class T>
void gtsv(LapackContext& c, const Array& low, const Array& diagonal, const Array& high,
          const Array& right) {
  const Batches b = batches_of(diagonal, 1), r = batches_of(right);
  c.out = {low, diagonal, high, right, c.out[4]};
  for (std::int64_t i = 0; i < b.count; ++i) {
    Matrix<T> m = Matrix<T>::Zero(b.columns, b.columns);
    for (std::int64_t k = 0; k < b.columns; ++k) {
      const auto at = [&](const Array& a, std::int64_t j) {
        return a.data<T>()[static_cast<std::size_t>(i * batches_of(a, 1).columns + j)];
      };
      m(k, k) = at(diagonal, k);
      if (k > 0) m(k, k - 1) = at(low, low.shape().back() == b.columns ? k : k - 1);
      if (k + 1 < b.columns) m(k, k + 1) = at(high, k);
    }
    auto x = matrix<T>(c.out[3], r, i);
    const Matrix<T> solved = m.partialPivLu().solve(Matrix<T>(x));
    x = solved;
  }
}

}  // namespace

bool lapack_is_ambiguous(std::string_view target) {
  for (std::string_view name : {"syevd", "heevd", "gesdd", "gesvd", "geev", "gees"})
    if (target.find(name) != std::string_view::npos) return true;
  return false;
}

std::optional<std::vector<Array>> lapack_call(std::string_view target,
                                              std::span<const Array> operands,
                                              const LapackAttribute& attribute,
                                              std::span<const Array> results) {
  if (!target.starts_with("lapack_") || target.size() < 10) return std::nullopt;
  std::string_view routine = target.substr(8);
  if (routine.ends_with("_ffi")) routine.remove_suffix(4);
  struct Known {
    std::string_view name;
    std::size_t operands, results;
    std::vector<std::string_view> attributes;
  };
  static const auto* routines =
      new std::vector<Known>{{"potrf", 1, 2, {"uplo"}},
                             {"getrf", 1, 3, {}},
                             {"geqrf", 1, 2, {}},
                             {"orgqr", 2, 1, {}},
                             {"ungqr", 2, 1, {}},
                             {"ormqr", 3, 1, {"left", "transpose"}},
                             {"unmqr", 3, 1, {"left", "transpose"}},
                             {"trsm", 2, 1, {"side", "uplo", "diag", "trans_x"}},
                             {"syevd", 1, 3, {"uplo"}},
                             {"heevd", 1, 3, {"uplo"}},
                             {"gesdd", 1, 5, {"mode"}},
                             {"geev", 1, 0, {"compute_left", "compute_right"}},
                             {"gtsv", 4, 5, {}}};
  const Known* known = nullptr;
  for (const Known& k : *routines)
    if (k.name == routine) known = &k;
  if (!known) return std::nullopt;
  const std::size_t wanted = known->results
                                 ? known->results
                                 : (operands.empty() || !is_complex(operands[0].dtype()) ? 5 : 4);
  if (operands.size() != known->operands || results.size() != wanted)
    invalid(
        fmt::format("{} takes {} operands and gives {} results", target, known->operands, wanted));
  for (const Array& a : operands)
    if (!is_inexact(a.dtype()) || a.dtype() != operands[0].dtype())
      invalid(fmt::format("{} does not take {}", target, a.type_text()));
  for (const std::string_view key : known->attributes)
    attribute(key);  // throws where it is missing
  std::vector<Array> declared(results.begin(), results.end());
  for (const Array& a : operands)
    if (a.abstract()) return declared;
  charge(batches_of(operands[0], std::min<std::int64_t>(2, operands[0].rank())));
  std::vector<Array> in;
  for (const Array& a : operands) in.push_back(convert(a, wide(a.dtype())));
  LapackContext c{in, attribute, {}};
  for (const Array& r : results)
    c.out.emplace_back(is_inexact(r.dtype()) ? wide(r.dtype()) : r.dtype(), r.shape());
  with_wide(operands[0].dtype(), [&]<class T>(T) {
    if (routine == "potrf") potrf<T>(c, in[0]);
    if (routine == "getrf") getrf<T>(c, in[0]);
    if (routine == "geqrf") geqrf<T>(c, in[0]);
    if (routine == "orgqr" || routine == "ungqr") orgqr<T>(c, in[0], in[1]);
    if (routine == "ormqr" || routine == "unmqr") ormqr<T>(c, in[0], in[1], in[2]);
    if (routine == "syevd" || routine == "heevd") syevd<T>(c, in[0]);
    if (routine == "gesdd") gesdd<T>(c, in[0]);
    if (routine == "geev") geev<T>(c, in[0]);
    if (routine == "gtsv") gtsv<T>(c, in[0], in[1], in[2], in[3]);
  });
  if (routine == "trsm") {
    TriangularSolve o;
    o.left = attribute("side") == 'L';
    o.lower = attribute("uplo") == 'L';
    o.unit_diagonal = attribute("diag") == 'U';
    o.transpose = attribute("trans_x") != 'N';
    o.conjugate = attribute("trans_x") == 'C';
    c.out[0] = triangular_solve(in[0], in[1], o);
  }
  for (std::size_t i = 0; i < c.out.size(); ++i) {
    c.out[i] = convert(c.out[i], results[i].dtype());
    if (c.out[i].shape() != results[i].shape())
      invalid(fmt::format("{} gives {} as result {}, not {}", target, c.out[i].type_text(), i,
                          results[i].type_text()));
  }
  return std::move(c.out);
}

}  // namespace jaxsmith
