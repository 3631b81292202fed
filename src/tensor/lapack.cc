#include "tensor/lapack.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "tensor/elementwise.h"
#include "tensor/equivalent.h"
#include "tensor/linear_algebra.h"
#include "tensor/matrices.h"
#include "tensor/rounding_noise.h"

namespace jaxsmith::tensor {

using namespace matrices;

namespace {

struct LapackContext {
  std::span<const Array> operands;
  const LapackAttribute& attribute;
  DType dtype;             // of what is factored, before it was widened
  std::vector<Array> out;  // of the results' types, wide ones where they are floats
};

void set_info(Array& info, std::int64_t i, std::int64_t value) {
  info.mutate<std::int64_t>()[static_cast<std::size_t>(i)] = value;
}

// LAPACK's CABS1, by which pivots are chosen.
template <class T>
double pivot_size(T x) {
  return std::abs(std::real(x)) + std::abs(std::imag(x));
}

template <class T>
void potrf(LapackContext& c) {
  const Array& a = c.operands[0];
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
void getrf(LapackContext& c) {
  const Array& a = c.operands[0];
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
        const double s = pivot_size(m(r, j));
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

// xLARFG: H = I - tau v v^H with v(0) = 1 takes x to (beta, 0, …). x becomes v but for its first
// element, which becomes beta.
template <class X>
auto reflector_of(X&& x) {
  using T = typename std::decay_t<X>::Scalar;
  const T alpha = x(0);
  const double below = x.tail(x.size() - 1).squaredNorm();
  T tau(0);
  if (below != 0 || std::imag(alpha) != 0) {
    const double beta = -std::copysign(std::sqrt(std::norm(alpha) + below), std::real(alpha));
    tau = (T(beta) - alpha) / beta;
    x.tail(x.size() - 1) *= T(1) / (alpha - T(beta));
    x(0) = beta;
  }
  return tau;
}

// v of what reflector_of left.
template <class X>
auto vector_of(const X& x) {
  Eigen::Matrix<typename X::Scalar, Eigen::Dynamic, 1> v = x;
  v(0) = 1;
  return v;
}

// H^H m and m H.
template <class M, class V, class T>
void reflect_rows(M&& m, const V& v, T tau) {
  const auto sums = (v.adjoint() * m).eval();
  m -= conjugate(tau) * v * sums;
}
template <class M, class V, class T>
void reflect_columns(M&& m, const V& v, T tau) {
  const auto sums = (m * v).eval();
  m -= tau * sums * v.adjoint();
}

template <class T>
void geqrf(LapackContext& c) {
  const Array& a = c.operands[0];
  const Batches b = batches_of(a);
  const std::int64_t n = std::min(b.rows, b.columns);
  c.out[0] = a;
  auto taus = c.out[1].mutate<T>();
  for (std::int64_t i = 0; i < b.count; ++i) {
    auto m = matrix<T>(c.out[0], b, i);
    for (std::int64_t j = 0; j < n; ++j) {
      auto below = m.col(j).tail(b.rows - j);
      const T tau = reflector_of(below);
      reflect_rows(m.bottomRightCorner(b.rows - j, b.columns - j - 1), vector_of(below), tau);
      taus[static_cast<std::size_t>(i * n + j)] = tau;
    }
  }
}

// With pivoting: at each step the longest of the columns that are left, the first of several.
template <class T>
void geqp3(LapackContext& c) {
  const Array& a = c.operands[0];
  const Batches b = batches_of(a);
  const std::int64_t n = std::min(b.rows, b.columns);
  c.out[0] = a;
  auto order = c.out[1].mutate<std::int64_t>();
  auto taus = c.out[2].mutate<T>();
  for (const std::int64_t fixed : c.operands[1].ints())
    if (fixed != 0) unsupported("geqp3 with columns that stay in front");
  for (std::int64_t i = 0; i < b.count; ++i) {
    auto m = matrix<T>(c.out[0], b, i);
    const auto own =
        order.subspan(static_cast<std::size_t>(i * b.columns), static_cast<std::size_t>(b.columns));
    for (std::size_t k = 0; k < own.size(); ++k) own[k] = static_cast<std::int64_t>(k) + 1;
    for (std::int64_t j = 0; j < n; ++j) {
      std::int64_t longest = j;
      const auto length = [&](std::int64_t k) { return m.col(k).tail(b.rows - j).norm(); };
      for (std::int64_t k = j + 1; k < b.columns; ++k)
        if (length(k) > length(longest)) longest = k;
      if (longest != j) {
        m.col(j).swap(m.col(longest));
        std::swap(own[static_cast<std::size_t>(j)], own[static_cast<std::size_t>(longest)]);
      }
      auto below = m.col(j).tail(b.rows - j);
      const T tau = reflector_of(below);
      reflect_rows(m.bottomRightCorner(b.rows - j, b.columns - j - 1), vector_of(below), tau);
      taus[static_cast<std::size_t>(i * n + j)] = tau;
    }
  }
}

// Hessenberg form H^H a H, the reflectors below the subdiagonal.
template <class T>
void gehrd(LapackContext& c) {
  const Array& a = c.operands[0];
  const Batches b = batches_of(a);
  const std::int64_t n = b.rows, low = c.attribute("low"), high = c.attribute("high");
  if (low != 1 || high != n) unsupported("gehrd of a part of the matrix");
  c.out[0] = a;
  auto taus = c.out[1].mutate<T>();
  for (std::int64_t i = 0; i < b.count; ++i) {
    auto m = matrix<T>(c.out[0], b, i);
    for (std::int64_t j = 0; j + 1 < n; ++j) {
      auto below = m.col(j).tail(n - j - 1);
      const T tau = reflector_of(below);
      const auto v = vector_of(below);
      reflect_columns(m.rightCols(n - j - 1), v, tau);
      reflect_rows(m.bottomRightCorner(n - j - 1, n - j - 1), v, tau);
      taus[static_cast<std::size_t>(i * (n - 1) + j)] = tau;
    }
  }
}

// Tridiagonal form H^H a H of a Hermitian matrix, of which one triangle counts: the reflectors in
// it, the two diagonals besides.
template <class T>
void sytrd(LapackContext& c) {
  const Array& a = c.operands[0];
  const Batches b = batches_of(a);
  const std::int64_t n = b.rows;
  const bool lower = c.attribute("uplo") == 'L';
  c.out[0] = a;
  auto diagonal = c.out[1].mutate<double>(), beside = c.out[2].mutate<double>();
  auto taus = c.out[3].mutate<T>();
  for (std::int64_t i = 0; i < b.count; ++i) {
    auto m = matrix<T>(c.out[0], b, i);
    // The upper triangle read from the other corner is a lower one, conjugated twice.
    Matrix<T> work = lower ? Matrix<T>(m.template selfadjointView<Eigen::Lower>())
                           : Matrix<T>(m.template selfadjointView<Eigen::Upper>());
    if (!lower) work = Matrix<T>(work.reverse());
    for (std::int64_t j = 0; j + 1 < n; ++j) {
      auto below = work.col(j).tail(n - j - 1);
      const T tau = reflector_of(below);
      const auto v = vector_of(below);
      auto rest = work.bottomRightCorner(n - j - 1, n - j - 1);
      reflect_columns(rest, v, tau);
      reflect_rows(rest, v, tau);
      const std::int64_t at = i * (n - 1) + (lower ? j : n - 2 - j);
      beside[static_cast<std::size_t>(at)] = std::real(work(j + 1, j));
      taus[static_cast<std::size_t>(at)] = tau;
    }
    if (!lower) work = Matrix<T>(work.reverse());
    for (std::int64_t j = 0; j < n; ++j)
      diagonal[static_cast<std::size_t>(i * n + j)] = std::real(work(j, j));
    if (lower)
      m.template triangularView<Eigen::Lower>() = work;
    else
      m.template triangularView<Eigen::Upper>() = work;
    set_info(c.out[4], i, 0);
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
void orgqr(LapackContext& c) {
  const Array &a = c.operands[0], &tau = c.operands[1];
  const Batches b = batches_of(a);
  const std::int64_t n = batches_of(tau, 1).columns;
  if (b.rows < b.columns) invalid("orgqr of matrices with more columns than rows");
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
void ormqr(LapackContext& c) {
  const Array &a = c.operands[0], &tau = c.operands[1], &other = c.operands[2];
  const Batches b = batches_of(a), o = batches_of(other);
  const std::int64_t n = batches_of(tau, 1).columns;
  const bool left = c.attribute("left") != 0, turned = c.attribute("transpose") != 0;
  if (b.rows != (left ? o.rows : o.columns)) invalid("ormqr of matrices of other sizes");
  // What they are applied to may have any number of columns.
  const Workspace copies(a.context(),
                         {std::min<std::int64_t>(o.count, 1), 2, o.rows, o.columns, sizeof(T)});
  a.context().spend({4, o.count, o.rows, o.columns, n + 1});
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
void syevd(LapackContext& c) {
  const Array& a = c.operands[0];
  const Batches b = batches_of(a);
  charge_iterations(a.context(), b);
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
  if (a.context().note_ambiguous_operation())
    prefer_expected_eigh(a, lower, c.out[1], c.out[0], c.dtype);
}

template <class T>
void gesdd(LapackContext& c) {
  const Array& a = c.operands[0];
  const Batches b = batches_of(a);
  charge_iterations(a.context(), b);
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
  if (mode != 'N' && a.context().note_ambiguous_operation())
    prefer_expected_svd(a, c.out[1], c.out[2], c.out[3], c.dtype);
}

template <class T>
void geev(LapackContext& c) {
  const Array& a = c.operands[0];
  const Batches b = batches_of(a);
  charge_iterations(a.context(), b);
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
  if (!a.context().note_ambiguous_operation()) return;
  Array values = real ? binary(Binary::complex, c.out[0], c.out[1]) : c.out[0];
  prefer_expected_eig(a, values, left ? &c.out[real ? 2 : 1] : nullptr,
                      right ? &c.out[real ? 3 : 2] : nullptr, c.dtype);
  if (real) {
    c.out[0] = unary(Unary::real, values);
    c.out[1] = unary(Unary::imag, values);
  } else {
    c.out[0] = values;
  }
}

// Schur form T and vectors Z, a = Z T Z^H; then the eigenvalues, a count that is not asked for, and
// info.
template <class T>
void gees(LapackContext& c) {
  const Array& a = c.operands[0];
  const Batches b = batches_of(a);
  charge_iterations(a.context(), b);
  constexpr bool kReal = std::is_same_v<T, double>;
  const bool vectors = c.attribute("mode") == 'V';
  if (c.attribute("sort") != 'N') unsupported("gees that sorts");
  c.out[0] = a;
  for (std::int64_t i = 0; i < b.count && b.rows > 0; ++i) {
    using Dense = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic>;
    const Dense m = matrix<T>(a, b, i);
    const bool finite = m.allFinite();
    auto form = matrix<T>(c.out[0], b, i);
    auto own_vectors = matrix<T>(c.out[1], b, i);
    const auto take = [&](const auto& schur) {
      form = schur.matrixT().template triangularView<Eigen::Upper>();
      if (kReal && b.rows > 1) form.diagonal(-1) = schur.matrixT().diagonal(-1);
      if (vectors) own_vectors = schur.matrixU();
    };
    if (!finite) {
      form.setConstant(T(kNan));
      own_vectors.setConstant(T(kNan));
    } else if constexpr (kReal) {
      take(Eigen::RealSchur<Dense>(m));
    } else {
      take(Eigen::ComplexSchur<Dense>(m));
    }
    const Eigen::MatrixXcd wide = form.template cast<C128>();
    for (std::int64_t k = 0; finite && k < b.rows; ++k) {
      const auto at = static_cast<std::size_t>(i * b.rows + k);
      if constexpr (kReal) {
        // A block of two whose eigenvalues are no reals has both of them.
        const std::int64_t first = k > 0 && form(k, k - 1) != 0 ? k - 1 : k;
        C128 value = form(k, k);
        if (first + 1 < b.rows && form(first + 1, first) != 0) {
          const auto two = wide.block(first, first, 2, 2);
          const C128 half = two.trace() / 2.0, root = std::sqrt(half * half - two.determinant());
          value = k == first ? half + root : half - root;
        }
        c.out[2].mutate<double>()[at] = value.real();
        c.out[3].mutate<double>()[at] = value.imag();
      } else {
        c.out[2].mutate<C128>()[at] = form(k, k);
      }
    }
    set_info(c.out.back(), i, finite ? 0 : 1);
  }
  if (a.context().note_ambiguous_operation())
    prefer_expected_schur(a, c.out[0], vectors ? &c.out[1] : nullptr, c.dtype);
}

// Row k of a tridiagonal matrix: element k, what stands right of it, and left of the one below it.
template <class T>
struct TridiagonalRow {
  T diagonal, high, low;
};

// Solves the system in place, as xGTSV does: elimination with pivoting fills one diagonal more,
// which takes the place of the lower one.
template <class T, class X>
void solve_tridiagonal(std::span<TridiagonalRow<T>> rows, X&& x) {
  const auto n = static_cast<Eigen::Index>(rows.size());
  const auto row = [&](Eigen::Index k) -> auto& { return rows[static_cast<std::size_t>(k)]; };
  for (Eigen::Index k = 0; k + 1 < n; ++k) {
    auto &own = row(k), &next = row(k + 1);
    T factor(0);
    if (pivot_size(own.diagonal) >= pivot_size(own.low)) {
      if (own.diagonal != T(0)) factor = own.low / own.diagonal;
      next.diagonal -= factor * own.high;
      own.low = T(0);
    } else {
      factor = own.diagonal / own.low;
      own.diagonal = own.low;
      own.low = k + 2 < n ? next.high : T(0);
      next.high = -factor * own.low;
      const T above = std::exchange(own.high, next.diagonal);
      next.diagonal = above - factor * own.high;
      x.row(k).swap(x.row(k + 1));
    }
    x.row(k + 1) -= factor * x.row(k);
  }
  for (Eigen::Index k = n; k-- > 0;) {
    if (k + 1 < n) x.row(k) -= row(k).high * x.row(k + 1);
    if (k + 2 < n) x.row(k) -= row(k).low * x.row(k + 2);
    x.row(k) /= row(k).diagonal;
  }
}

// Tridiagonal systems; the diagonals come back as they went in, which no caller looks at.
template <class T>
void gtsv(LapackContext& c) {
  const Array &low = c.operands[0], &diagonal = c.operands[1], &high = c.operands[2],
              &right = c.operands[3];
  const Batches b = batches_of(diagonal, 1), r = batches_of(right);
  const std::int64_t n = b.columns, lows = low.shape().back(), highs = high.shape().back();
  right.context().spend({kEachMatrix, b.count});
  right.context().spend({b.count, n, 10 + 4 * r.columns});
  c.out = {low, diagonal, high, right, c.out[4]};
  Scratch<TridiagonalRow<T>> rows(static_cast<std::size_t>(b.count > 0 ? n : 0), right.context());
  for (std::int64_t i = 0; i < b.count; ++i) {
    const auto at = [i](const Array& a, std::int64_t size, std::int64_t k) {
      return a.data<T>()[static_cast<std::size_t>(i * size + k)];
    };
    for (std::int64_t k = 0; k < n; ++k) {
      auto& row = rows[static_cast<std::size_t>(k)] = {};
      row.diagonal = at(diagonal, n, k);
      if (k + 1 == n) continue;
      row.high = at(high, highs, k);
      // JAX's low and high have a first and a last element that do not count; LAPACK's have not.
      row.low = at(low, lows, lows == n ? k + 1 : k);
    }
    solve_tridiagonal<T>(rows, matrix<T>(c.out[3], r, i));
  }
}

template <class T>
void trsm(LapackContext& c) {
  TriangularSolve o;
  o.left = c.attribute("side") == 'L';
  o.lower = c.attribute("uplo") == 'L';
  o.unit_diagonal = c.attribute("diag") == 'U';
  o.transpose = c.attribute("trans_x") != 'N';
  o.conjugate = c.attribute("trans_x") == 'C';
  c.out[0] = triangular_solve(c.operands[0], c.operands[1], o);
}

// What a routine gives. A word for each result: its type, then its dimensions behind those of the
// batch. Types: a that of the first operand, r its real part's, c the complex one, i i32.
// Dimensions are those of the first operand: m rows, n columns, k the lesser of the two, h one less
// than n; u and v are the columns of U and the rows of V^H. A digit alone: as that operand; ?:
// anything.
struct Routine {
  std::string_view name;
  std::size_t operands;
  bool square;
  std::vector<std::string_view> attributes, of_real, of_complex;
  void (*run_real)(LapackContext&);
  void (*run_complex)(LapackContext&);

  const std::vector<std::string_view>& results(bool complex) const {
    return complex && !of_complex.empty() ? of_complex : of_real;
  }
};

#define JAXSMITH_ROUTINE(function) function<double>, function<C128>

const std::vector<Routine>& routines() {
  static const auto* all = new std::vector<Routine>{
      {"potrf", 1, true, {"uplo"}, {"amn", "i"}, {}, JAXSMITH_ROUTINE(potrf)},
      {"getrf", 1, false, {}, {"amn", "ik", "i"}, {}, JAXSMITH_ROUTINE(getrf)},
      {"geqrf", 1, false, {}, {"amn", "ak"}, {}, JAXSMITH_ROUTINE(geqrf)},
      {"geqp3", 2, false, {}, {"amn", "in", "ak"}, {}, JAXSMITH_ROUTINE(geqp3)},
      {"orgqr", 2, false, {}, {"amn"}, {}, JAXSMITH_ROUTINE(orgqr)},
      {"ungqr", 2, false, {}, {"amn"}, {}, JAXSMITH_ROUTINE(orgqr)},
      {"ormqr", 3, false, {"left", "transpose"}, {"2"}, {}, JAXSMITH_ROUTINE(ormqr)},
      {"unmqr", 3, false, {"left", "transpose"}, {"2"}, {}, JAXSMITH_ROUTINE(ormqr)},
      {"gehrd", 1, true, {"low", "high"}, {"amn", "ah", "i"}, {}, JAXSMITH_ROUTINE(gehrd)},
      {"sytrd", 1, true, {"uplo"}, {"amn", "rn", "rh", "ah", "i"}, {}, JAXSMITH_ROUTINE(sytrd)},
      {"hetrd", 1, true, {"uplo"}, {"amn", "rn", "rh", "ah", "i"}, {}, JAXSMITH_ROUTINE(sytrd)},
      {"trsm", 2, true, {"side", "uplo", "diag", "trans_x"}, {"1"}, {}, JAXSMITH_ROUTINE(trsm)},
      {"syevd", 1, true, {"uplo"}, {"amn", "rn", "i"}, {}, JAXSMITH_ROUTINE(syevd)},
      {"heevd", 1, true, {"uplo"}, {"amn", "rn", "i"}, {}, JAXSMITH_ROUTINE(syevd)},
      {"gesdd", 1, false, {"mode"}, {"amn", "rk", "amu", "avn", "i"}, {}, JAXSMITH_ROUTINE(gesdd)},
      {"gesvd", 1, false, {"mode"}, {"amn", "rk", "amu", "avn", "i"}, {}, JAXSMITH_ROUTINE(gesdd)},
      {"geev",
       1,
       true,
       {"compute_left", "compute_right"},
       {"rn", "rn", "cmn", "cmn", "i"},
       {"an", "amn", "amn", "i"},
       JAXSMITH_ROUTINE(geev)},
      {"gees",
       1,
       true,
       {"mode", "sort"},
       {"amn", "amn", "an", "an", "i", "i"},
       {"amn", "amn", "an", "i", "i"},
       JAXSMITH_ROUTINE(gees)},
      {"gtsv", 4, false, {}, {"0", "1", "2", "3", "?"}, {}, JAXSMITH_ROUTINE(gtsv)}};
  return *all;
}

#undef JAXSMITH_ROUTINE

DType part_type(DType dtype, char letter) {
  switch (letter) {
    case 'i':
      return DType::kI32;
    case 'r':
      return dtype == DType::kC64 ? DType::kF32 : dtype == DType::kC128 ? DType::kF64 : dtype;
    case 'c':
      return wide(dtype) == DType::kF64 && dtype != DType::kF64 ? DType::kC64
             : dtype == DType::kF64                             ? DType::kC128
                                                                : dtype;
    default:
      return dtype;
  }
}

// The type that a word of Routine says, or nothing for "?".
std::optional<Array> type_said(std::string_view word, std::span<const Array> operands,
                               const LapackAttribute& attribute) {
  if (word == "?") return std::nullopt;
  if (word[0] >= '0' && word[0] <= '9') {
    const Array& like = operands[static_cast<std::size_t>(word[0] - '0')];
    return Array::typed(like.dtype(), like.shape());
  }
  const Array& a = operands[0];
  const Batches b = batches_of(a);
  const std::int64_t least = std::min(b.rows, b.columns);
  Shape shape(a.shape().begin(), a.shape().end() - 2);
  for (const char letter : word.substr(1)) {
    const bool vectors = letter == 'u' || letter == 'v';
    // Where no vectors are computed, JAX's sizes of them are either.
    if (vectors && attribute("mode") == 'N') return std::nullopt;
    if (letter == 'm') shape.push_back(b.rows);
    if (letter == 'n') shape.push_back(b.columns);
    if (letter == 'k') shape.push_back(least);
    if (letter == 'h') shape.push_back(std::max<std::int64_t>(b.columns - 1, 0));
    if (vectors)
      shape.push_back(attribute("mode") == 'S' ? least : letter == 'u' ? b.rows : b.columns);
  }
  return Array::typed(part_type(a.dtype(), word[0]), shape);
}

void check_operands(const Routine& routine, std::string_view target,
                    std::span<const Array> operands) {
  for (std::size_t i = 0; i < operands.size(); ++i) {
    const bool pivots = routine.name == "geqp3" && i == 1;
    if (operands[i].dtype() != (pivots ? DType::kI32 : operands[0].dtype()) ||
        (i == 0 && !is_inexact(operands[0].dtype())))
      invalid(fmt::format("{} does not take {}", target, operands[i].type_text()));
  }
  const Array& a = operands[0];
  const auto batch = [](const Array& x, std::int64_t inner) {
    if (x.rank() < inner) invalid(fmt::format("{} is no array of matrices", x.type_text()));
    return Shape(x.shape().begin(), x.shape().end() - inner);
  };
  const auto want = [&](bool holds) {
    if (!holds) invalid(fmt::format("the operands of {} do not go together", target));
  };
  if (routine.name == "gtsv") {
    const std::int64_t n = batches_of(operands[3]).rows;
    for (std::size_t i = 0; i < 3; ++i) {
      want(batch(operands[i], 1) == batch(operands[3], 2));
      const std::int64_t own = operands[i].shape().back();
      want(own == n || (i != 1 && own == n - 1));
    }
    return;
  }
  const Batches b = batches_of(a);
  if (routine.square && b.rows != b.columns)
    invalid(fmt::format("{} has no square matrices", a.type_text()));
  if (routine.name == "geqp3") {
    want(batch(operands[1], 1) == batch(a, 2) && operands[1].shape().back() == b.columns);
  } else if (operands.size() > 1 && routine.name != "trsm") {
    want(batch(operands[1], 1) == batch(a, 2) &&
         operands[1].shape().back() <= std::min(b.rows, b.columns));
    if (operands.size() > 2) want(batch(operands[2], 2) == batch(a, 2));
  }
}

void check_results(const Routine& routine, std::string_view target, std::span<const Array> operands,
                   const LapackAttribute& attribute, std::span<const Array> results) {
  const auto& words = routine.results(is_complex(operands[0].dtype()));
  if (results.size() != words.size())
    invalid(fmt::format("{} gives {} results, not {}", target, words.size(), results.size()));
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto said = type_said(words[i], operands, attribute);
    if (said && !said->same_type(results[i]))
      invalid(fmt::format("{} gives {} as result {}, not {}", target, said->type_text(), i,
                          results[i].type_text()));
  }
}

// What Work goes by. gtsv has lines in the place of matrices, and charges them itself.
Batches factored(const Routine& routine, const Array& first) {
  return routine.name == "gtsv" ? Batches{} : batches_of(first);
}

Vectors vectors_of(const Routine& routine, const LapackAttribute& attribute) {
  const auto& keys = routine.attributes;
  const bool asked = std::find(keys.begin(), keys.end(), "mode") != keys.end();
  return asked && attribute("mode") == 'A' ? Vectors::kFull : Vectors::kThin;
}

}  // namespace

std::optional<std::vector<Array>> lapack_call(std::string_view target,
                                              std::span<const Array> operands,
                                              const LapackAttribute& attribute,
                                              std::span<const Array> results) {
  if (!target.starts_with("lapack_") || target.size() < 10) return std::nullopt;
  std::string_view name = target.substr(8);
  if (name.ends_with("_ffi")) name.remove_suffix(4);
  const Routine* routine = nullptr;
  for (const Routine& r : routines())
    if (r.name == name) routine = &r;
  if (!routine) return std::nullopt;
  if (operands.size() != routine->operands)
    invalid(
        fmt::format("{} takes {} operands, not {}", target, routine->operands, operands.size()));
  for (const std::string_view key : routine->attributes)
    attribute(key);  // throws where it is missing
  check_operands(*routine, target, operands);
  check_results(*routine, target, operands, attribute, results);
  std::vector<Array> declared(results.begin(), results.end());
  for (const Array& a : operands)
    if (a.abstract()) return declared;
  const Work work(operands[0].context(), factored(*routine, operands[0]),
                  vectors_of(*routine, attribute));
  std::vector<Array> in;
  for (const Array& a : operands)
    in.push_back(is_inexact(a.dtype()) ? convert(with_noise(a), wide(a.dtype())) : a);
  LapackContext c{in, attribute, operands[0].dtype(), {}};
  for (const Array& r : results)
    c.out.push_back(
        operands[0].zeros(is_inexact(r.dtype()) ? wide(r.dtype()) : r.dtype(), r.shape()));
  (is_complex(c.dtype) ? routine->run_complex : routine->run_real)(c);
  for (std::size_t i = 0; i < c.out.size(); ++i) c.out[i] = convert(c.out[i], results[i].dtype());
  return std::move(c.out);
}

}  // namespace jaxsmith::tensor
