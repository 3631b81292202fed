#include "tensor/equivalent.h"

#include <algorithm>
#include <utility>

#include "tensor/closeness.h"
#include "tensor/elementwise.h"
#include "tensor/matrices.h"
#include "tensor/movement.h"

namespace jaxsmith::tensor {

using namespace matrices;

namespace {

// Backward errors of LAPACK's routines are a small multiple of the size times epsilon.
constexpr double kFactor = 30;
// Steps of a singular value decomposition, as a multiple of the size to the third.
constexpr std::int64_t kDecomposition = 40;

double limit_of(const Batches& b, DType dtype) {
  return kFactor * static_cast<double>(std::max<std::int64_t>({b.rows, b.columns, 1})) *
         epsilon(dtype);
}

// False for NaN.
bool within(double error, double limit) { return error <= limit; }

template <class M>
bool has_orthonormal_columns(const M& m, double limit) {
  using Full = Eigen::Matrix<typename M::Scalar, Eigen::Dynamic, Eigen::Dynamic>;
  return within((m.adjoint() * m - Full::Identity(m.cols(), m.cols())).norm(), limit);
}

// Whether it holds of each matrix of a batch.
template <class F>
bool of_all(std::int64_t count, F holds) {
  for (std::int64_t i = 0; i < count; ++i)
    if (!holds(i)) return false;
  return true;
}

template <class T>
Eigen::Map<const Eigen::Matrix<T, Eigen::Dynamic, 1>> column(const Array& a, std::int64_t size,
                                                             std::int64_t i) {
  return {a.data<T>().data() + i * size, size};
}

DType complex_of(DType dtype) {
  return dtype == DType::kF32 ? DType::kC64 : dtype == DType::kF64 ? DType::kC128 : dtype;
}

}  // namespace

std::vector<Array> candidates(const EvaluationContext& context, DType dtype, const Shape& shape) {
  std::vector<Array> out;
  if (!context.expected()) return out;
  const std::size_t rank = shape.size(), inner = std::min<std::size_t>(rank, 2);
  const auto tail = [&](const Shape& s) {
    return Shape(s.end() - static_cast<std::ptrdiff_t>(std::min(inner, s.size())), s.end());
  };
  for (const Array& expected : *context.expected()) {
    const Array a = expected.within(context);
    if (a.dtype() != dtype || a.size() != element_count(shape) || a.shape().size() < inner)
      continue;
    if (tail(a.shape()) == tail(shape)) out.push_back(a.reshaped(shape));
    Shape turned = shape;
    if (inner == 2) std::swap(turned[rank - 2], turned[rank - 1]);
    if (inner < 2 || tail(a.shape()) != tail(turned)) continue;
    Ints order;
    for (std::size_t d = 0; d < rank; ++d) order.push_back(static_cast<std::int64_t>(d));
    std::swap(order[rank - 2], order[rank - 1]);
    out.push_back(transpose(a.reshaped(turned), order));
    if (is_complex(dtype)) out.push_back(unary(Unary::conj, out.back()));
  }
  return out;
}

// ---- Hermitian eigenvectors

namespace {

template <class T>
bool are_eigenvectors(const Array& a, bool lower, const Array& values, const Array& vectors,
                      double limit) {
  const Batches b = batches_of(a);
  const Work work(a.context(), b);
  return of_all(b.count, [&](std::int64_t i) {
    const auto m = matrix<T>(a, b, i), v = matrix<T>(vectors, b, i);
    const Matrix<T> full = lower ? Matrix<T>(m.template selfadjointView<Eigen::Lower>())
                                 : Matrix<T>(m.template selfadjointView<Eigen::Upper>());
    const auto w = column<double>(values, b.rows, i);
    return has_orthonormal_columns(v, limit) &&
           within((full * v - v * w.template cast<T>().asDiagonal()).norm(), limit * full.norm());
  });
}

}  // namespace

void prefer_expected_eigh(const Array& a, bool lower, const Array& values, Array& vectors,
                          DType dtype) {
  const double limit = limit_of(batches_of(a), dtype);
  for (const Array& candidate : candidates(a.context(), dtype, vectors.shape())) {
    const Array v = convert(candidate, vectors.dtype());
    bool good = false;
    with_wide(a.dtype(),
              [&]<class T>(T) { good = are_eigenvectors<T>(a, lower, values, v, limit); });
    if (!good) continue;
    vectors = v;
    return;
  }
}

// ---- Singular vectors

namespace {

template <class T>
bool are_singular_vectors(const Array& a, const Array& values, const Array& u, const Array& vh,
                          double limit) {
  const Batches b = batches_of(a), ub = batches_of(u), vb = batches_of(vh);
  const std::int64_t n = std::min(b.rows, b.columns);
  const bool full = ub.columns > n || vb.rows > n;
  const Work work(a.context(), b, full ? Vectors::kFull : Vectors::kThin);
  return of_all(b.count, [&](std::int64_t i) {
    const auto m = matrix<T>(a, b, i), x = matrix<T>(u, ub, i), y = matrix<T>(vh, vb, i);
    const auto s = column<double>(values, n, i);
    return has_orthonormal_columns(x, limit) &&
           has_orthonormal_columns(Matrix<T>(y.adjoint()), limit) &&
           within((m - x.leftCols(n) * s.template cast<T>().asDiagonal() * y.topRows(n)).norm(),
                  limit * m.norm());
  });
}

}  // namespace

void prefer_expected_svd(const Array& a, const Array& values, Array& u, Array& vh, DType dtype) {
  const double limit = limit_of(batches_of(a), dtype);
  std::vector<Array> us = candidates(a.context(), dtype, u.shape()),
                     vhs = candidates(a.context(), dtype, vh.shape());
  for (auto* each : {&us, &vhs})
    for (Array& x : *each) x = convert(x, u.dtype());
  us.push_back(u);
  vhs.push_back(vh);
  for (const Array& x : us)
    for (const Array& y : vhs) {
      bool good = false;
      with_wide(a.dtype(),
                [&]<class T>(T) { good = are_singular_vectors<T>(a, values, x, y, limit); });
      if (!good) continue;
      u = x;
      vh = y;
      return;
    }
}

// ---- Eigenvectors of any matrix

namespace {

// Whether these are all eigenvalues: each of a matrix as near as rounding is, with the right sums
// of first and second powers.
bool are_eigenvalues(const Matrix<C128>& m,
                     const Eigen::Map<const Eigen::Matrix<C128, Eigen::Dynamic, 1>>& w,
                     double limit) {
  using Full = Eigen::MatrixXcd;
  const double norm = m.norm(), n = static_cast<double>(m.rows());
  if (!w.allFinite() || !within(std::abs(w.sum() - m.trace()), n * limit * norm)) return false;
  if (!within(std::abs(w.cwiseProduct(w).sum() - (m * m).trace()), 2 * n * limit * norm * norm))
    return false;
  for (Eigen::Index k = 0; k < w.size(); ++k) {
    const Full shifted = m - w(k) * Full::Identity(m.rows(), m.rows());
    const Eigen::JacobiSVD<Full> svd(shifted);
    if (!within(svd.singularValues()(m.rows() - 1), limit * norm)) return false;
  }
  return true;
}

bool are_unit_eigenvectors(const Matrix<C128>& m, const Eigen::VectorXcd& w, const Matrix<C128>& v,
                           double limit) {
  const Matrix<C128> error = m * v - v * w.asDiagonal();
  for (Eigen::Index k = 0; k < v.cols(); ++k)
    if (!within(std::abs(v.col(k).norm() - 1), limit)) return false;
  return within(error.norm(), limit * m.norm());
}

// Where each of `wanted` is in `own`, the nearest first.
std::vector<Eigen::Index> places(const Eigen::VectorXcd& own, const Eigen::VectorXcd& wanted) {
  std::vector<Eigen::Index> out;
  std::vector<bool> used(static_cast<std::size_t>(own.size()));  // bounded: a column, as is Work
  for (Eigen::Index k = 0; k < wanted.size(); ++k) {
    Eigen::Index best = -1;
    for (Eigen::Index i = 0; i < own.size(); ++i)
      if (!used[static_cast<std::size_t>(i)] &&
          (best < 0 || std::abs(own(i) - wanted(k)) < std::abs(own(best) - wanted(k))))
        best = i;
    used[static_cast<std::size_t>(best)] = true;
    out.push_back(best);
  }
  return out;
}

}  // namespace

void prefer_expected_eig(const Array& a, Array& values, Array* left, Array* right, DType dtype) {
  const Batches b = batches_of(a);
  const double limit = limit_of(b, dtype);
  const Array m = convert(a, DType::kC128);
  const auto at = [&](const Array& x, std::int64_t i) {
    return Matrix<C128>(matrix<C128>(x, b, i));
  };
  for (const Array& candidate : candidates(a.context(), complex_of(dtype), values.shape())) {
    const Array w = convert(candidate, DType::kC128);
    const Work work(a.context(), b);
    a.context().spend({kDecomposition, b.count, b.rows, b.rows, b.rows, b.rows});
    const bool good = of_all(b.count, [&](std::int64_t i) {
      return are_eigenvalues(at(m, i), column<C128>(w, b.rows, i), limit);
    });
    if (!good) continue;
    // Vectors keep to the values' order.
    for (Array* vectors : {left, right})
      for (std::int64_t i = 0; vectors && i < b.count; ++i) {
        const Matrix<C128> before = at(*vectors, i);
        const auto order = places(column<C128>(values, b.rows, i), column<C128>(w, b.rows, i));
        auto to = matrix<C128>(*vectors, b, i);
        for (std::size_t k = 0; k < order.size(); ++k)
          to.col(static_cast<Eigen::Index>(k)) = before.col(order[k]);
      }
    values = w;
    break;
  }
  for (Array* vectors : {left, right}) {
    if (!vectors) continue;
    const bool turned = vectors == left;
    for (const Array& candidate : candidates(a.context(), complex_of(dtype), vectors->shape())) {
      const Array v = convert(candidate, DType::kC128);
      const Work work(a.context(), b);
      const bool good = of_all(b.count, [&](std::int64_t i) {
        const Eigen::VectorXcd w = column<C128>(values, b.rows, i);
        return turned ? are_unit_eigenvectors(at(m, i).adjoint(), w.conjugate(), at(v, i), limit)
                      : are_unit_eigenvectors(at(m, i), w, at(v, i), limit);
      });
      if (!good) continue;
      *vectors = v;
      break;
    }
  }
}

// ---- Schur forms

namespace {

template <class T>
bool is_schur_form(const Array& a, const Array& t, const Array* z, double limit) {
  const Batches b = batches_of(a);
  const Work work(a.context(), b);
  if (!z) a.context().spend({kDecomposition, b.count, b.rows, b.rows, b.rows, b.rows});
  return of_all(b.count, [&](std::int64_t i) {
    const Matrix<T> m = matrix<T>(a, b, i), form = matrix<T>(t, b, i);
    const double norm = m.norm();
    const bool real = std::is_same_v<T, double>;
    for (Eigen::Index r = 0; r < form.rows(); ++r)
      for (Eigen::Index c = 0; c < r; ++c) {
        const bool block = real && c + 1 == r && (c == 0 || form(c, c - 1) == T(0)) &&
                           (r + 1 == form.rows() || form(r + 1, r) == T(0));
        if (!block && form(r, c) != T(0)) return false;
      }
    if (z) {
      const Matrix<T> q = matrix<T>(*z, b, i);
      return has_orthonormal_columns(q, limit) &&
             within((m - q * form * q.adjoint()).norm(), limit * norm);
    }
    // Without the vectors: a matrix of the same size with the same eigenvalues.
    const Eigen::MatrixXcd wide = form.template cast<C128>();
    const Eigen::VectorXcd w =
        Eigen::ComplexEigenSolver<Eigen::MatrixXcd>(wide, false).eigenvalues();
    return within(std::abs(form.norm() - norm), limit * norm) &&
           are_eigenvalues(m.template cast<C128>(), {w.data(), w.size()}, limit);
  });
}

}  // namespace

void prefer_expected_schur(const Array& a, Array& t, Array* z, DType dtype) {
  const double limit = limit_of(batches_of(a), dtype);
  std::vector<Array> zs;
  if (z) zs = candidates(a.context(), dtype, z->shape());
  for (const Array& form : candidates(a.context(), dtype, t.shape())) {
    const Array wide_form = convert(form, t.dtype());
    const std::size_t count = z ? zs.size() : 1;
    for (std::size_t i = 0; i < count; ++i) {
      const Array vectors = z ? convert(zs[i], z->dtype()) : Array();
      bool good = false;
      with_wide(a.dtype(), [&]<class T>(T) {
        good = is_schur_form<T>(a, wide_form, z ? &vectors : nullptr, limit);
      });
      if (!good) continue;
      t = wide_form;
      if (z) *z = vectors;
      return;
    }
  }
}

// ---- Ties

namespace {

bool same_element(const Array& a, std::int64_t i, const Array& b, std::int64_t j) {
  return with_lane(a.dtype(), [&]<class T>(T) {
    const T x = a.data<T>()[static_cast<std::size_t>(i)],
            y = b.data<T>()[static_cast<std::size_t>(j)];
    return x == y || (x != x && y != y);
  });
}

using Places = Scratch<std::int64_t>;

// A column, and what is expected of it: its first elements along the last dimension.
struct ExpectedColumn {
  const Array* column;
  Array expected;
};

// Elements that are in no order, between two places of a row.
struct Tie {
  std::int64_t row, first, last;
};

// The places in the order in which all columns are as expected; as they are where there is none.
bool arrange(Places& places, const Tie& tie, std::span<const ExpectedColumn> columns) {
  Places left = places, out(places.get_allocator());
  for (std::int64_t at = tie.first; at < tie.last; ++at) {
    const auto fits = [&](std::int64_t place) {
      return std::all_of(columns.begin(), columns.end(), [&](const ExpectedColumn& c) {
        const std::int64_t size = c.expected.shape().back();
        return at >= size || same_element(*c.column, place, c.expected, tie.row * size + at);
      });
    };
    places.get_allocator().context().spend(
        {static_cast<std::int64_t>(left.size()),
         static_cast<std::int64_t>(std::max<std::size_t>(columns.size(), 1))});
    const auto found = std::find_if(left.begin(), left.end(), fits);
    if (found == left.end()) return false;
    out.push_back(*found);
    left.erase(found);
  }
  places = std::move(out);
  return true;
}

// Where elements are tied that are not the same.
Scratch<Tie> ties_of(std::span<const Array> columns, const Scratch<bool>& tied,
                     const Places& order) {
  const std::int64_t n = columns[0].shape().back();
  const auto size = static_cast<std::int64_t>(order.size());
  Scratch<Tie> out(columns[0].context());
  for (std::int64_t i = 0, next = 0; i < size; i = next) {
    const auto place = [&](std::int64_t k) { return order[static_cast<std::size_t>(k)]; };
    bool differ = false;
    for (next = i + 1; next < size && next % n != 0 && tied[static_cast<std::size_t>(next)]; ++next)
      for (const Array& c : columns) differ |= !same_element(c, place(next), c, place(i));
    if (differ) out.push_back({i / n, i % n, next - i + i % n});
  }
  return out;
}

Places places_of(const Tie& tie, const Places& order, std::int64_t n) {
  const auto start = order.begin() + tie.row * n;
  return {start + tie.first, start + tie.last, order.get_allocator()};
}

}  // namespace

void settle_ties(std::span<const Array> columns, std::int64_t dim, const Scratch<bool>& tied,
                 Places& order) {
  const EvaluationContext& context = columns[0].context();
  const Scratch<Tie> ties = ties_of(columns, tied, order);
  if (ties.empty() || !context.note_ambiguous_operation()) return;
  const std::int64_t n = columns[0].shape().back();
  std::vector<ExpectedColumn> expected;
  for (const Array& column : columns)
    for (const Array& a : *context.expected()) {
      if (a.dtype() != column.dtype() || a.rank() != column.rank()) continue;
      ExpectedColumn candidate{&column, transpose(a.within(context), to_the_end(a.rank(), dim))};
      Shape shape = candidate.expected.shape();
      const std::int64_t size = std::exchange(shape.back(), n);
      if (shape != column.shape() || size > n) continue;
      const bool good = std::all_of(ties.begin(), ties.end(), [&](const Tie& tie) {
        Places places = places_of(tie, order, n);
        return arrange(places, tie, {&candidate, 1});
      });
      if (!good) continue;
      expected.push_back(std::move(candidate));
      break;
    }
  for (const Tie& tie : ties) {
    Places places = places_of(tie, order, n);
    if (arrange(places, tie, expected))
      std::copy(places.begin(), places.end(), order.begin() + tie.row * n + tie.first);
  }
}

}  // namespace jaxsmith::tensor
