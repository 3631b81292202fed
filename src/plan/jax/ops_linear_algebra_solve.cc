// Linear algebra: factorisations, solves, functions of the spectrum. Each first makes the matrix
// that it needs, by entries of the catalogue: a Gram matrix with something added to its diagonal is
// well conditioned.
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/portable_math.h"
#include "plan/builder.h"
#include "plan/jax/catalogue.h"
#include "plan/jax/op_helpers.h"
#include "plan/jax/ops_linear_algebra.h"

namespace jaxsmith::plan {
namespace {

bool factorisable(DType dtype) { return dtype == DType::kF32 || dtype == DType::kF64; }

// A matrix or a stack of one: [n, n], or any matrix to make one from.
std::optional<ValueId> draw_matrix(Builder& b) {
  return b.draw([](const Value& v) {
    return factorisable(v.type.dtype) && v.type.rank() == 2 && v.type.shape[0] >= 2 &&
           v.type.shape[1] >= 2 && v.type.shape[0] <= 10 && v.type.shape[1] <= 10 &&
           magnitude(v.stats) <= 30;
  });
}

// x @ x.T + c * eye(n): symmetric, smallest eigenvalue at least c.
std::optional<ValueId> positive_definite(Builder& b) {
  const auto ready = b.draw([](const Value& v) { return (v.facts & kPositiveDefinite) != 0; });
  if (ready && b.random().chance(0.6)) return ready;
  const auto x = draw_matrix(b);
  if (!x) return std::nullopt;
  const auto transposed = b.apply("matrix_transpose", {*x});
  if (!transposed) return std::nullopt;
  const bool rows = b.random().chance(0.5);
  const auto gram =
      rows ? b.apply("matmul", {*x, *transposed}) : b.apply("matmul", {*transposed, *x});
  return gram ? b.apply("add_ridge", {*gram}) : std::nullopt;
}

// The diagonal raised: the step that makes a Gram matrix safe to factorise.
Op add_ridge() {
  Op op{
      "add_ridge", kLinearAlgebra, 0, Derivative::kSmooth, {"regularized", "damped", "covariance"}};
  op.infer = [](Builder& b, Draft& draft) {
    const Value& x = b[draft.operands[0]];
    if (!factorisable(x.type.dtype) || x.type.rank() != 2 || x.type.shape[0] != x.type.shape[1])
      return false;
    const double ridge = b.nice_number(0.5, 4, false);
    Value result;
    result.type = x.type;
    result.stats = x.stats;
    result.stats.lo -= 0.01 * magnitude(x.stats);
    result.stats.hi += ridge;
    result.facts = kPositiveDefinite | kWellConditioned;
    result.floor = ridge;
    draft.attributes["ridge"] = number_text(ridge, false);
    draft.attributes["size"] = fmt::format("{}", x.type.shape[0]);
    const std::string dtype =
        x.type.dtype == DType::kF64 ? "" : ", dtype=" + dtype_text(x.type.dtype);
    draft.spelling = fmt::format("$0 + $ridge * jnp.eye($size{})",
                                 b.settings().x64 && !dtype.empty() ? dtype : "");
    draft.results = {result};
    return true;
  };
  op.draw = [](Builder&, Draft&) { return false; };
  return op;
}

// Bounds of what comes out of an inverse whose norm is at most 1 / floor.
Stats through_inverse(const Stats& right, double floor, double n) {
  Stats out = scale_stats(right, 1 / floor);
  const double reach = std::sqrt(n) * magnitude(right) / floor;
  out.lo = -reach;
  out.hi = reach;
  for (double& p : out.probe) p *= 0.4;
  return out;
}

// A right-hand side for a matrix of n rows: a vector or a matrix.
std::optional<ValueId> draw_right(Builder& b, std::int64_t n, DType dtype) {
  return b.draw([&](const Value& v) {
    return v.type.dtype == dtype && v.type.rank() >= 1 && v.type.rank() <= 2 &&
           v.type.shape[0] == n && !(v.facts & kPositiveDefinite);
  });
}

Op solve() {
  Op op{"solve",
        kLinearAlgebra,
        1.4,
        Derivative::kSmooth,
        {"solution", "coefficients"},
        {"jnp.linalg.solve($0, $1)", "jax.scipy.linalg.solve($0, $1, assume_a=\"pos\")",
         "jnp.linalg.inv($0) @ $1", "cho_solve((jnp.linalg.cholesky($0), True), $1)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto a = positive_definite(b);
    if (!a) return false;
    const auto n = b[*a].type.shape[0];
    const auto right = draw_right(b, n, b[*a].type.dtype);
    if (!right) return false;
    Value result;
    result.type = b[*right].type;
    result.stats = through_inverse(b[*right].stats, b[*a].floor, static_cast<double>(n));
    draft.operands = {*a, *right};
    draft.results = {result};
    return true;
  };
  return op;
}

Op cholesky() {
  Op op{"cholesky",
        kLinearAlgebra,
        1.0,
        Derivative::kSmooth,
        {"chol", "factor"},
        {"jnp.linalg.cholesky($0)", "lax.linalg.cholesky($0)"}};
  op.infer = [](Builder& b, Draft& draft) {
    const Value& a = b[draft.operands[0]];
    if (!(a.facts & kPositiveDefinite)) return false;
    const double reach = std::sqrt(magnitude(a.stats));
    Value result;
    result.type = a.type;
    result.stats = uniform_stats(b.random(), -0.3 * reach, reach, false);
    result.stats.lo = -reach;
    if (a.type.shape.back() > 1)
      result.stats.probe[3] = result.stats.probe[8] = 0;  // above the diagonal
    result.facts = kLowerTriangular;
    result.floor = std::sqrt(a.floor);
    draft.results = {result};
    return true;
  };
  op.draw = [infer = op.infer](Builder& b, Draft& draft) {
    const auto a = positive_definite(b);
    if (!a) return false;
    draft.operands = {*a};
    return infer(b, draft);
  };
  return op;
}

Op solve_triangular() {
  Op op{"solve_triangular",
        kLinearAlgebra,
        0.9,
        Derivative::kSmooth,
        {"whitened", "half"},
        {"solve_triangular($0, $1, lower=True)",
         "lax.linalg.triangular_solve($0, $1, left_side=True, lower=True)"}};
  op.draw = [](Builder& b, Draft& draft) {
    auto factor = b.draw([](const Value& v) { return (v.facts & kLowerTriangular) != 0; });
    if (!factor) {
      const auto a = positive_definite(b);
      factor = a ? b.apply("cholesky", {*a}) : std::nullopt;
    }
    if (!factor) return false;
    const auto n = b[*factor].type.shape[0];
    const auto right = draw_right(b, n, b[*factor].type.dtype);
    if (!right || *right == *factor) return false;
    // lax takes matrices only.
    if (b[*right].type.rank() == 1) draft.spelling = "solve_triangular($0, $1, lower=True)";
    Value result;
    result.type = b[*right].type;
    result.stats = through_inverse(b[*right].stats, b[*factor].floor, static_cast<double>(n));
    draft.operands = {*factor, *right};
    draft.results = {result};
    return true;
  };
  return op;
}

Op inverse() {
  Op op{"inv",
        kLinearAlgebra,
        0.8,
        Derivative::kSmooth,
        {"precision", "inverse"},
        {"jnp.linalg.inv($0)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto a = positive_definite(b);
    if (!a) return false;
    Value result;
    result.type = b[*a].type;
    result.stats = uniform_stats(b.random(), -0.2 / b[*a].floor, 0.6 / b[*a].floor, false);
    result.stats.lo = -1 / b[*a].floor;
    result.stats.hi = 1 / b[*a].floor;
    result.facts = kWellConditioned;
    draft.operands = {*a};
    draft.results = {result};
    return true;
  };
  return op;
}

Op determinant() {
  Op op{"slogdet",   kLinearAlgebra,
        0.9,         Derivative::kSmooth,
        {"log_det"}, {"jnp.linalg.slogdet($0)[1]", "jnp.log(jnp.linalg.det($0))"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto a = positive_definite(b);
    if (!a) return false;
    const auto n = static_cast<double>(b[*a].type.shape[0]);
    if (n > 6)
      draft.spelling = "jnp.linalg.slogdet($0)[1]";  // a determinant grows with the power of n
    const double low = n * portable::log(b[*a].floor),
                 high = n * portable::log(b[*a].floor + n * magnitude(b[*a].stats));
    Value result;
    result.type = {b[*a].type.dtype, {}};
    result.stats =
        uniform_stats(b.random(), low + 0.1 * (high - low), low + 0.6 * (high - low), false);
    result.stats.lo = low - 0.01;
    result.stats.hi = high;
    draft.operands = {*a};
    draft.results = {result};
    return true;
  };
  return op;
}

// R of a QR factorisation, with the signs taken out: they are the library's choice.
Op qr() {
  Op op{"qr",         kLinearAlgebra,
        0.7,          Derivative::kNone,
        {"triangle"}, {"jnp.abs(jnp.linalg.qr($0, mode=\"r\"))", "jnp.abs(jnp.linalg.qr($0)[1])"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto x = draw_matrix(b);
    if (!x || (b[*x].facts & kPositiveDefinite)) return false;
    const auto m = b[*x].type.shape[0], n = b[*x].type.shape[1];
    if (m < n) return false;
    const double reach = std::sqrt(static_cast<double>(m)) * magnitude(b[*x].stats);
    Value result;
    result.type = {b[*x].type.dtype, {n, n}};
    result.stats = uniform_stats(b.random(), 0, 0.5 * reach, false);
    result.stats.hi = reach;
    draft.operands = {*x};
    draft.results = {result};
    return true;
  };
  return op;
}

// Singular values, or eigenvalues of a symmetric matrix: they do not hang on the library's choice
// of vectors.
Op spectrum(std::string name, double weight, bool symmetric, std::vector<std::string> hints,
            std::vector<std::string> spellings) {
  Op op{std::move(name),   kLinearAlgebra,   weight,
        Derivative::kNone, std::move(hints), std::move(spellings)};
  op.draw = [symmetric](Builder& b, Draft& draft) {
    const auto x = symmetric ? positive_definite(b) : draw_matrix(b);
    if (!x) return false;
    const auto m = b[*x].type.shape[0], n = b[*x].type.shape[1];
    const double reach = std::sqrt(static_cast<double>(m * n)) * magnitude(b[*x].stats);
    Value result;
    result.type = {b[*x].type.dtype, {std::min(m, n)}};
    result.stats = uniform_stats(b.random(), symmetric ? b[*x].floor : 0, 0.5 * reach, false);
    result.stats.hi = std::max(reach, result.stats.hi);
    draft.operands = {*x};
    draft.results = {result};
    return true;
  };
  return op;
}

// For a matrix that can be inverted it is the inverse.
Op pseudo_inverse() {
  Op op{
      "pinv", kLinearAlgebra, 0.4, Derivative::kNone, {"pseudo_inverse"}, {"jnp.linalg.pinv($0)"}};
  op.draw = [](Builder& b, Draft& draft) {
    const auto a = positive_definite(b);
    if (!a) return false;
    Value result;
    result.type = b[*a].type;
    result.stats = uniform_stats(b.random(), -0.2 / b[*a].floor, 0.6 / b[*a].floor, false);
    result.stats.lo = -1 / b[*a].floor;
    result.stats.hi = 1 / b[*a].floor;
    draft.operands = {*a};
    draft.results = {result};
    return true;
  };
  return op;
}

}  // namespace

std::vector<Op> solving_ops() {
  return {add_ridge(),
          solve(),
          cholesky(),
          solve_triangular(),
          inverse(),
          determinant(),
          qr(),
          spectrum("svdvals", 0.8, false, {"singular_values"},
                   {"jnp.linalg.svd($0, compute_uv=False)", "jnp.linalg.svdvals($0)"}),
          spectrum("eigvalsh", 0.8, true, {"eigenvalues", "spectrum"},
                   {"jnp.linalg.eigvalsh($0)", "jnp.linalg.eigh($0)[0]"}),
          pseudo_inverse()};
}

}  // namespace jaxsmith::plan
