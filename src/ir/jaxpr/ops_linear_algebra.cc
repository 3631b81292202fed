// Matrix factorizations: what JAX makes of LAPACK's routines on the CPU (jax/_src/lax/linalg.py).
#include <fmt/format.h>

#include <initializer_list>
#include <limits>

#include "ir/jaxpr/op_table.h"
#include "tensor/contraction.h"
#include "tensor/lapack.h"
#include "tensor/linear_algebra.h"
#include "tensor/movement.h"

namespace jaxsmith::jaxpr {
namespace {

using Attributes = std::initializer_list<std::pair<std::string_view, std::int64_t>>;

// Shapes of the matrices that `a` is made of.
struct Matrices {
  Shape batch;
  std::int64_t rows = 0, columns = 0;

  Shape with(std::initializer_list<std::int64_t> sizes) const {
    Shape out = batch;
    out.insert(out.end(), sizes);
    return out;
  }
};

Matrices matrices_of(const Array& a) {
  if (a.rank() < 2) invalid(fmt::format("{} is no array of matrices", a.type_text()));
  Matrices m{a.shape(), 0, a.shape().back()};
  m.batch.pop_back();
  m.rows = m.batch.back();
  m.batch.pop_back();
  return m;
}

Matrices square_matrices(const Array& a) {
  const Matrices m = matrices_of(a);
  if (m.rows != m.columns) invalid(fmt::format("{} has no square matrices", a.type_text()));
  return m;
}

DType complex_type(DType dtype) {
  return tensor::real_part_type(dtype) == DType::kF64 ? DType::kC128 : DType::kC64;
}

void require_lapack_type(const Array& a) {
  for (DType d : {DType::kF32, DType::kF64, DType::kC64, DType::kC128})
    if (a.dtype() == d) return;
  invalid(fmt::format("LAPACK does not take {}", a.type_text()));
}

std::vector<Array> lapack(std::string_view routine, std::span<const Array> operands,
                          Attributes attributes, std::initializer_list<Array> results) {
  require_lapack_type(operands[0]);
  const tensor::LapackAttribute attribute = [&](std::string_view key) {
    for (const auto& [name, value] : attributes)
      if (name == key) return value;
    invalid(fmt::format("{} has no attribute {}", routine, key));
  };
  const std::vector<Array> types(results);
  // LAPACK's names have a letter for the type, which jaxsmith's routines do not look at.
  auto out =
      tensor::lapack_call(fmt::format("lapack_x{}_ffi", routine), operands, attribute, types);
  if (!out) unsupported(fmt::format("LAPACK's routine {} is not known", routine));
  return std::move(*out);
}

Array typed(DType dtype, Shape shape) { return Array::typed(dtype, std::move(shape)); }

// NaN where the routine failed: `info` says of each matrix that it did by a number that is not 0,
// or is less where `positive_is_fine`.
Array nan_where_failed(const Array& x, const Array& info, bool positive_is_fine = false) {
  if (x.abstract()) return x;
  const Array ok = tensor::compare(positive_is_fine ? Direction::kGe : Direction::kEq, false, info,
                                   info.zeros(DType::kI32, {}));
  Ints batch;
  for (std::int64_t d = 0; d < info.rank(); ++d) batch.push_back(d);
  const Array nan =
      tensor::convert(x.scalar(DType::kF64, std::numeric_limits<double>::quiet_NaN()), x.dtype());
  return tensor::select(tensor::broadcast_in_dim(ok, x.shape(), batch), x, nan);
}

Array cholesky_of(const Array& a) {
  const Matrices m = square_matrices(a);
  const auto out = lapack("potrf", std::span(&a, 1), {{"uplo", 'L'}},
                          {typed(a.dtype(), a.shape()), typed(DType::kI32, m.batch)});
  return nan_where_failed(out[0], out[1]);
}

Values cholesky_rule(const Call& c) {
  c.want(1);
  return {cholesky_of(c.array(0))};
}

Array less_one(const Array& counted_from_one) {
  if (counted_from_one.abstract()) return counted_from_one;
  return tensor::binary(Binary::subtract, counted_from_one,
                        counted_from_one.scalar_int(DType::kI32, 1));
}

// ---- LU

// Rows change places one after another: the order that they are in afterwards.
Array permutation_of(const Array& pivots, std::int64_t size) {
  if (pivots.dtype() != DType::kI32 || pivots.rank() < 1)
    invalid(fmt::format("pivots are i32 vectors, not {}", pivots.type_text()));
  const std::int64_t n = pivots.shape().back();
  if (size < n) invalid(fmt::format("a permutation of {} rows by {} pivots", size, n));
  Shape shape = pivots.shape();
  shape.back() = size;
  if (pivots.abstract()) return typed(DType::kI32, shape);
  Array out = tensor::iota(pivots, DType::kI32, shape, static_cast<std::int64_t>(shape.size()) - 1);
  auto to = out.mutate<std::int64_t>();
  for (std::size_t i = 0; i < pivots.ints().size(); ++i) {
    const auto own = static_cast<std::size_t>(n), all = static_cast<std::size_t>(size);
    const std::int64_t other = pivots.ints()[i];
    require(other >= 0 && other < size, "a pivot is no row");
    const std::size_t row = i / own * all;
    std::swap(to[row + i % own], to[row + static_cast<std::size_t>(other)]);
  }
  return out;
}

Values lu_rule(const Call& c) {
  c.want(1);
  const Array& a = c.array(0);
  const Matrices m = matrices_of(a);
  const auto out = lapack(
      "getrf", std::span(&a, 1), {},
      {typed(a.dtype(), a.shape()), typed(DType::kI32, m.with({std::min(m.rows, m.columns)})),
       typed(DType::kI32, m.batch)});
  const Array pivots = less_one(out[1]);
  return {nan_where_failed(out[0], out[2], true), pivots, permutation_of(pivots, m.rows)};
}

Values permutation_rule(const Call& c) {
  c.want(1);
  return {permutation_of(c.array(0), c.integer("permutation_size"))};
}

// ---- QR

std::vector<Array> geqrf_of(const Array& a) {
  const Matrices m = matrices_of(a);
  return lapack(
      "geqrf", std::span(&a, 1), {},
      {typed(a.dtype(), a.shape()), typed(a.dtype(), m.with({std::min(m.rows, m.columns)}))});
}

Values geqrf_rule(const Call& c) {
  c.want(1);
  return values_of(geqrf_of(c.array(0)));
}

void require_reflectors(const Array& a, const Array& taus) {
  const Matrices m = matrices_of(a);
  Shape batch = taus.shape();
  const bool fits = !batch.empty() && batch.back() <= std::min(m.rows, m.columns);
  if (!batch.empty()) batch.pop_back();
  if (!fits || batch != m.batch || taus.dtype() != a.dtype())
    invalid(
        fmt::format("{} are no factors of the reflectors in {}", taus.type_text(), a.type_text()));
}

Array product_of(const Array& a, const Array& taus) {
  require_reflectors(a, taus);
  const Array operands[] = {a, taus};
  return lapack("orgqr", operands, {}, {typed(a.dtype(), a.shape())})[0];
}

Values householder_product_rule(const Call& c) {
  c.want(2);
  const Matrices m = matrices_of(c.array(0));
  require(m.rows >= m.columns, "there are more columns than rows");
  return {product_of(c.array(0), c.array(1))};
}

Values ormqr_rule(const Call& c) {
  c.want(3);
  const Array &a = c.array(0), &x = c.array(2);
  require_reflectors(a, c.array(1));
  const bool left = c.flag("left", true);
  const Matrices m = matrices_of(a), other = matrices_of(x);
  require(other.batch == m.batch && m.rows == (left ? other.rows : other.columns),
          "the matrices do not go together");
  const auto operands = c.arrays(0, 3);
  return {lapack("ormqr", operands, {{"left", left}, {"transpose", c.flag("transpose")}},
                 {typed(x.dtype(), x.shape())})[0]};
}

// Columns and rows up to given numbers.
Array corner(const Array& a, std::int64_t rows, std::int64_t columns) {
  const auto n = a.shape().size();
  Ints limit = a.shape();
  limit[n - 2] = rows;
  limit[n - 1] = columns;
  return tensor::slice(a, Ints(n, 0), limit, Ints(n, 1));
}

Array upper_triangle(const Array& a) {
  const std::int64_t n = a.rank();
  const Array row = tensor::iota(a, DType::kI32, a.shape(), n - 2),
              column = tensor::iota(a, DType::kI32, a.shape(), n - 1);
  return tensor::select(tensor::compare(Direction::kLe, false, row, column), a,
                        a.zeros(a.dtype(), {}));
}

// Q and R of Householder's vectors.
Values q_and_r(const Array& r, const Array& taus, bool full) {
  const Matrices m = matrices_of(r);
  if (m.rows < m.columns) return {product_of(corner(r, m.rows, m.rows), taus), upper_triangle(r)};
  if (!full) return {product_of(r, taus), upper_triangle(corner(r, m.columns, m.columns))};
  Ints zeros(r.shape().size(), 0), high = zeros;
  high.back() = m.rows - m.columns;
  return {product_of(tensor::pad(r, r.zeros(r.dtype(), {}), zeros, high, zeros), taus),
          upper_triangle(r)};
}

Values qr_rule(const Call& c) {
  c.want(1);
  const Array& a = c.array(0);
  const bool full = c.flag("full_matrices", true);
  if (!c.flag("pivoting")) {
    const auto factors = geqrf_of(a);
    return q_and_r(factors[0], factors[1], full);
  }
  const Matrices m = matrices_of(a);
  const Shape columns = m.with({m.columns});
  const Array operands[] = {a, a.zeros(DType::kI32, columns)};
  const auto out = lapack("geqp3", operands, {},
                          {typed(a.dtype(), a.shape()), typed(DType::kI32, columns),
                           typed(a.dtype(), m.with({std::min(m.rows, m.columns)}))});
  Values results = q_and_r(out[0], out[2], full);
  results.emplace_back(less_one(out[1]));
  return results;
}

// ---- Similar matrices of simpler forms

Values hessenberg_rule(const Call& c) {
  c.want(1);
  const Array& a = c.array(0);
  const Matrices m = square_matrices(a);
  const auto out = lapack("gehrd", std::span(&a, 1), {{"low", 1}, {"high", m.rows}},
                          {typed(a.dtype(), a.shape()),
                           typed(a.dtype(), m.with({std::max<std::int64_t>(m.rows - 1, 0)})),
                           typed(DType::kI32, m.batch)});
  return {nan_where_failed(out[0], out[2]), nan_where_failed(out[1], out[2])};
}

Values tridiagonal_rule(const Call& c) {
  c.want(1);
  const Array& a = c.array(0);
  const Matrices m = square_matrices(a);
  const Shape beside = m.with({std::max<std::int64_t>(m.rows - 1, 0)});
  const DType real = tensor::real_part_type(a.dtype());
  const auto out =
      lapack(tensor::is_complex(a.dtype()) ? "hetrd" : "sytrd", std::span(&a, 1),
             {{"uplo", c.flag("lower", true) ? 'L' : 'U'}},
             {typed(a.dtype(), a.shape()), typed(real, m.with({m.rows})), typed(real, beside),
              typed(a.dtype(), beside), typed(DType::kI32, m.batch)});
  Values results;
  for (std::size_t i = 0; i < 4; ++i) results.emplace_back(nan_where_failed(out[i], out[4]));
  return results;
}

Values schur_rule(const Call& c) {
  c.want(1);
  const Array& a = c.array(0);
  const Matrices m = square_matrices(a);
  if (c.flag("sort_eig_vals")) unsupported("schur that sorts");
  const bool vectors = c.flag("compute_schur_vectors", true);
  const Attributes attributes = {{"mode", vectors ? 'V' : 'N'}, {"sort", 'N'}};
  const Array form = typed(a.dtype(), a.shape()), values = typed(a.dtype(), m.with({m.rows})),
              info = typed(DType::kI32, m.batch);
  const auto out =
      tensor::is_complex(a.dtype())
          ? lapack("gees", std::span(&a, 1), attributes, {form, form, values, info, info})
          : lapack("gees", std::span(&a, 1), attributes, {form, form, values, values, info, info});
  Values results = {nan_where_failed(out[0], out.back())};
  if (vectors) results.emplace_back(nan_where_failed(out[1], out.back()));
  return results;
}

// ---- Eigenvalues and singular values

Values eigh_rule(const Call& c) {
  c.want(1);
  const Array& a = c.array(0);
  const Matrices m = square_matrices(a);
  if (c.attribute("subset_by_index")) unsupported("eigh of some of the eigenvalues");
  const auto out = lapack(
      tensor::is_complex(a.dtype()) ? "heevd" : "syevd", std::span(&a, 1),
      {{"mode", 'V'}, {"uplo", c.flag("lower", true) ? 'L' : 'U'}},
      {typed(a.dtype(), a.shape()), typed(tensor::real_part_type(a.dtype()), m.with({m.rows})),
       typed(DType::kI32, m.batch)});
  return {nan_where_failed(out[0], out[2]), nan_where_failed(out[1], out[2])};
}

Values eig_rule(const Call& c) {
  c.want(1);
  const Array& a = c.array(0);
  const Matrices m = square_matrices(a);
  const bool left = c.flag("compute_left_eigenvectors"),
             right = c.flag("compute_right_eigenvectors");
  const DType to = complex_type(a.dtype());
  const Array values = typed(a.dtype(), m.with({m.rows})), vectors = typed(to, a.shape()),
              info = typed(DType::kI32, m.batch);
  const auto compute = [](bool wanted) { return wanted ? 'V' : 'N'; };
  const Attributes attributes = {{"compute_left", compute(left)},
                                 {"compute_right", compute(right)}};
  auto out =
      tensor::is_complex(a.dtype())
          ? lapack("geev", std::span(&a, 1), attributes, {values, vectors, vectors, info})
          : lapack("geev", std::span(&a, 1), attributes, {values, values, vectors, vectors, info});
  const std::size_t n = out.size();
  const Array w = n == 5 ? tensor::binary(Binary::complex, out[0], out[1]) : out[0];
  Values results = {nan_where_failed(w, out[n - 1])};
  if (left) results.emplace_back(nan_where_failed(out[n - 3], out[n - 1]));
  if (right) results.emplace_back(nan_where_failed(out[n - 2], out[n - 1]));
  return results;
}

Values svd_rule(const Call& c) {
  c.want(1);
  const Array& a = c.array(0);
  const Matrices m = matrices_of(a);
  if (c.attribute("subset_by_index")) unsupported("svd of some of the singular values");
  const bool full = c.flag("full_matrices"), vectors = c.flag("compute_uv", true);
  const std::int64_t least = std::min(m.rows, m.columns);
  const auto out = lapack(
      "gesdd", std::span(&a, 1),
      {{"mode", !vectors ? 'N'
                : full   ? 'A'
                         : 'S'}},
      {typed(a.dtype(), a.shape()), typed(tensor::real_part_type(a.dtype()), m.with({least})),
       typed(a.dtype(), m.with({m.rows, full ? m.rows : least})),
       typed(a.dtype(), m.with({full ? m.columns : least, m.columns})),
       typed(DType::kI32, m.batch)});
  if (!vectors) return {nan_where_failed(out[1], out[4])};
  return {nan_where_failed(out[1], out[4]), nan_where_failed(out[2], out[4]),
          nan_where_failed(out[3], out[4])};
}

// ---- Systems of equations

Values triangular_solve_rule(const Call& c) {
  c.want(2);
  tensor::TriangularSolve options;
  options.left = c.flag("left_side");
  options.lower = c.flag("lower");
  options.transpose = c.flag("transpose_a");
  options.conjugate = c.flag("conjugate_a");
  options.unit_diagonal = c.flag("unit_diagonal");
  return {tensor::triangular_solve(c.array(0), c.array(1), options)};
}

Values tridiagonal_solve_rule(const Call& c) {
  c.want(4);
  if (c.flag("perturb_singular")) unsupported("tridiagonal_solve that perturbs what is singular");
  const Array &diagonal = c.array(1), &b = c.array(3);
  Shape outer = b.shape();
  require(outer.size() >= 2, "the right side is no matrix");
  outer.pop_back();
  for (std::size_t i = 0; i < 3; ++i)
    if (c.array(i).shape() != outer)
      invalid(fmt::format("a diagonal is {}, the right side {}", c.array(i).type_text(),
                          b.type_text()));
  outer.pop_back();
  const auto operands = c.arrays(0, 4);
  const Array d = typed(diagonal.dtype(), diagonal.shape());
  const auto out = lapack("gtsv", operands, {},
                          {d, d, d, typed(b.dtype(), b.shape()), typed(DType::kI32, outer)});
  return {nan_where_failed(out[3], out[4])};
}

// ---- Products

Array times_transposed(const Array& a, const Array& b, std::int64_t summed) {
  tensor::DotDims dims;
  for (std::int64_t d = 0; d + 2 < a.rank(); ++d) {
    dims.lhs_batch.push_back(d);
    dims.rhs_batch.push_back(d);
  }
  dims.lhs_contracting = {a.rank() - 2 + summed};
  dims.rhs_contracting = {b.rank() - 2 + summed};
  return tensor::dot_general(a, b, dims, a.dtype());
}

// alpha a a^T + beta c
Values symmetric_product_rule(const Call& c) {
  c.want(2);
  const Array &a = c.array(0), &other = c.array(1);
  matrices_of(a);
  const auto number = [&](const char* key) {
    const auto value = c.need(key).as_real();
    if (!value) invalid(fmt::format("parameter {} is no number", key));
    return tensor::convert(a.scalar(DType::kF64, *value), a.dtype());
  };
  return {tensor::binary(
      Binary::add, tensor::binary(Binary::multiply, number("alpha"), times_transposed(a, a, 1)),
      tensor::binary(Binary::multiply, number("beta"), other))};
}

// The factor R of R^T R + w w^T.
Values cholesky_update_rule(const Call& c) {
  c.want(2);
  const Array &r = c.array(0), &w = c.array(1);
  const Matrices m = square_matrices(r);
  require(m.batch.empty() && w.shape() == Shape{m.rows},
          "a matrix and a vector of its size are wanted");
  const Array row = w.reshaped({1, m.rows});
  const Array sum =
      tensor::binary(Binary::add, times_transposed(r, r, 0), times_transposed(row, row, 0));
  return {upper_triangle(tensor::transpose(cholesky_of(sum), {1, 0}))};
}

}  // namespace

void add_linear_algebra_rules(OpRules& rules) {
  const OpRules own = {
      {"cholesky", cholesky_rule},
      {"cholesky_update", cholesky_update_rule},
      {"eig", eig_rule},
      {"eigh", eigh_rule},
      {"geqrf", geqrf_rule},
      {"hessenberg", hessenberg_rule},
      {"householder_product", householder_product_rule},
      {"lu", lu_rule},
      {"lu_pivots_to_permutation", permutation_rule},
      {"ormqr", ormqr_rule},
      {"qr", qr_rule},
      {"schur", schur_rule},
      {"svd", svd_rule},
      {"symmetric_product", symmetric_product_rule},
      {"triangular_solve", triangular_solve_rule},
      {"tridiagonal", tridiagonal_rule},
      {"tridiagonal_solve", tridiagonal_solve_rule},
  };
  rules.insert(rules.end(), own.begin(), own.end());
}

}  // namespace jaxsmith::jaxpr
