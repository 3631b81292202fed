// Numerical linear algebra as the sciences use it: iterations, factorisations, fits.
#include <fmt/format.h>

#include "plan/jax/idiom_forms.h"
#include "plan/jax/idioms.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;

// A symmetric matrix that is positive definite, made from a square or a tall one.
ValueId definite(Idiom& i, std::int64_t n) {
  if (i.chance(0.5)) {
    const ValueId m = i.input({"matrix", "m", "root"}, {n, n}, {-1, 1});
    const std::string shift = i.either({"1.0", "0.5", "2.0"});
    return i.let({"spd", "a"},
                 i.either({"$0 @ $0.T + " + shift + " * jnp.eye($0.shape[0], dtype=$0.dtype)",
                           "$0.T @ $0 + " + shift + " * jnp.eye($0.shape[1], dtype=$0.dtype)"}),
                 {m}, {n, n}, {-2, 6});
  }
  const ValueId d = i.input({"design", "samples", "features"}, {size_from(i, 3), n}, {-1, 1});
  const std::string ridge = i.either({"0.5", "0.1", "1.0"});
  return i.let({"gram", "a"}, "$0.T @ $0 + " + ridge + " * jnp.eye($0.shape[1], dtype=$0.dtype)",
               {d}, {n, n}, {-2, 6});
}

ValueId symmetric(Idiom& i, std::int64_t n) {
  const ValueId m = i.input({"matrix", "m", "operator_matrix"}, {n, n}, {-1, 1});
  return i.let({"sym", "a"}, i.either({"0.5 * ($0 + $0.T)", "($0 + $0.T) / 2.0", "$0 + $0.T"}), {m},
               {n, n}, {-1.5, 1.5});
}

ValueId unit(Idiom& i, ValueId v, Words names) {
  return i.let(std::move(names),
               i.either({"$0 / jnp.linalg.norm($0)", "$0 / jnp.sqrt($0 @ $0)",
                         "$0 / jnp.sqrt(jnp.sum($0**2))"}),
               {v}, i.shape(v), {-1, 1});
}

// The largest eigenvalue and its vector by repeated products; shifted or inverse by choice.
Op power_iteration() {
  return idiom("power_iteration", kLoop, 0.9, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = size_from(i, 3, 10);
    const ValueId a = definite(i, n);
    const ValueId start = i.input({"start", "v0", "guess"}, Shape{n}, {0.2, 1});
    const bool inverse = i.chance(0.3), traced = i.chance(0.4);
    i.called(
        {inverse ? "inverse_iteration" : "power_iteration", "dominant_mode", "leading_eigenpair"});
    i.summary(inverse ? "Find the smallest eigenvalue by inverse iteration."
                      : "Find the largest eigenvalue by power iteration.");
    const std::string product =
        inverse ? "jnp.linalg.solve($0, $1)"
                : i.either({"$0 @ $1", "jnp.dot($0, $1)", "jnp.matmul($0, $1)"});
    const auto step = [&](ValueId v) {
      const ValueId w = i.let({"w", "image"}, product, {a, v}, {n}, {-3, 3});
      return unit(i, w, {"v_next", "normalized"});
    };
    const auto rayleigh = [&](ValueId v) {
      return i.let({"eigenvalue", "rayleigh"},
                   i.either({"$0 @ $1 @ $0", "jnp.vdot($0, $1 @ $0)", "jnp.dot($0, $1 @ $0)"}),
                   {v, a}, Shape{}, {0.5, 8});
    };
    const std::int64_t steps = i.between(5, 20);
    if (traced) {
      i.scan(
          {"iterate", "step"}, {{{"v", "vec"}, start, {-1, 1}, {"mode", "vec"}}}, {},
          {{"estimates", "history"}},
          [&](const Ids& p) {
            const ValueId next = step(p[0]);
            return Ids{next, rayleigh(next)};
          },
          {}, steps);
      return;
    }
    const ValueId v =
        repeat(i, 0, steps, {"iterate", "step"}, {{{"v", "vec"}, start, {-1, 1}, {"mode", "vec"}}},
               [&](const Ids& p) { return Ids{step(p[0])}; })[0];
    rayleigh(v);
  });
}

// Conjugate gradients: a number of steps, or until the residual is small; plain or with the
// diagonal as a preconditioner.
Op conjugate_gradient(bool by_while) {
  return idiom(
      by_while ? "conjugate_gradient_converged" : "conjugate_gradient", kLoop, 0.7,
      by_while ? kForward : kSmooth, [by_while](Idiom& i) {
        if (half_precision(i)) return i.fail();
        const std::int64_t n = size_from(i, 3, 10);
        const ValueId a = definite(i, n);
        const ValueId b = i.input({"rhs", "b", "load"}, Shape{n}, {-2, 2});
        const ValueId x0 = i.let({"x0", "zeros"}, "jnp.zeros_like($0)", {b}, {n}, {-1, 1});
        const bool scaled = i.chance(0.35);
        i.called({"conjugate_gradient", "cg_solve", scaled ? "preconditioned_cg" : "solve_spd"});
        i.summary("Solve a symmetric system by conjugate gradients.");
        const ValueId d =
            scaled ? i.let({"diagonal", "scale"}, "jnp.diag($0)", {a}, {n}, {1, 6}) : kNoValue;
        const auto apply = [&](ValueId r) {
          return scaled ? i.let({"z", "scaled"}, "$0 / $1", {r, d}, {n}, {-2, 2}) : r;
        };
        const auto inner = [&](ValueId r, ValueId z, Words names) {
          return i.let(std::move(names),
                       i.either({"jnp.dot($0, $1)", "$0 @ $1", "jnp.vdot($0, $1)"}), {r, z},
                       Shape{}, {0.1, 10});
        };
        const ValueId p0 = apply(b);
        const ValueId rho0 = inner(b, p0, {"rho", "rs"});
        const auto step = [&](const Ids& c) {
          const ValueId ap = i.let({"ap", "image"}, "$0 @ $1", {a, c[2]}, {n}, {-6, 6});
          const ValueId alpha = i.let({"alpha", "stride"}, "$0 / jnp.dot($1, $2)", {c[3], c[2], ap},
                                      Shape{}, {0.1, 1});
          const ValueId x = i.let({"x_next"}, "$0 + $1 * $2", {c[0], alpha, c[2]}, {n}, {-2, 2});
          const ValueId r = i.let({"r_next"}, "$0 - $1 * $2", {c[1], alpha, ap}, {n}, {-2, 2});
          const ValueId z = apply(r);
          const ValueId rho = inner(r, z, {"rho_next", "rs_new"});
          const ValueId p = i.let({"p_next", "direction"}, "$0 + $1 / $2 * $3",
                                  {z, rho, c[3], c[2]}, {n}, {-2, 2});
          return Ids{x, r, p, rho};
        };
        std::vector<Idiom::Carry> carries = {{{"x"}, x0, {-2, 2}, {"solution", "x"}},
                                             {{"r", "residual"}, b, {-2, 2}, {}},
                                             {{"p", "direction"}, p0, {-2, 2}, {}},
                                             {{"rho", "rs"}, rho0, {0, 10}, {}}};
        if (!by_while) {
          // Fewer steps than unknowns: later ones would divide by what rounding leaves.
          repeat(i, 0, i.between(2, std::min<std::int64_t>(n - 1, 4)), {"cg_step", "step"}, carries,
                 step);
          return;
        }
        const std::string small = i.either({"1e-6", "1e-5", "1e-4"});
        carries.insert(carries.begin(),
                       {{"count", "k"}, i.builder().literal(0, i.integer()), {0, 20}, {}});
        i.while_loop(
            carries, {"unsolved", "keep_going"},
            [&](const Ids& c) {
              const std::string most = fmt::format("{}", n);
              return Ids{test(i, {"more", "going_on"},
                              both_hold(i, {"{k} < " + most, "{k} >= " + most},
                                        {"{r} > " + small, "{r} <= " + small}),
                              {{"k", c[0]}, {"r", c[4]}})};
            },
            {"cg_step", "step"},
            [&](const Ids& c) {
              Ids out = step({c[1], c[2], c[3], c[4]});
              out.insert(out.begin(),
                         i.let({"count"}, "$0 + 1", {c[0]}, Type{i.integer(), {}}, {1, 20}));
              return out;
            });
      });
}

// Orthonormal columns by Gram and Schmidt, classical or with a second pass, column after column.
Op gram_schmidt() {
  return idiom("gram_schmidt", kLoop, 0.7, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = size_from(i, 5), k = i.between(2, std::min<std::int64_t>(4, n - 2));
    const ValueId a = i.input({"vectors", "a", "columns"}, {n, k}, {-1, 1});
    const bool again = i.chance(0.35);
    const ValueId q0 = i.let({"q0", "zeros"}, "jnp.zeros_like($0)", {a}, {n, k}, {-1, 1});
    const ValueId q = i.fori(
        0, k, {"orthogonalize", "next_column"}, {{{"q", "basis"}, q0, {-1, 1}, {"basis", "q"}}},
        [&](const Ids& p) {
          const ValueId column = i.let(
              {"v", "column"},
              i.either({"$0[:, $1]", "lax.dynamic_index_in_dim($0, $1, axis=1, keepdims=False)"}),
              {a, p[0]}, {n}, {-1, 1});
          const auto strip = [&](ValueId v) {
            return i.let({"rest", "stripped"}, "$0 - $1 @ ($1.T @ $0)", {v, p[1]}, {n}, {-1, 1});
          };
          ValueId v = strip(column);
          if (again) {
            i.comment("Twice is enough.");
            v = strip(v);
          }
          const ValueId e = unit(i, v, {"unit", "e"});
          return Ids{i.let({"extended"}, "$0.at[:, $1].set($2)", {p[1], p[0], e}, {n, k}, {-1, 1})};
        })[0];
    if (!i.chance(0.4)) {
      i.called({"gram_schmidt", "orthonormalize", "orthogonal_basis"});
      i.summary("Make the columns of a matrix orthonormal, one after another.");
    } else {
      i.called({"project_onto_columns", "project_onto_span", "gram_schmidt_projection"});
      i.summary("Project a vector onto what the columns of a matrix span.");
      const ValueId x = i.input({"target", "x"}, Shape{n}, {-1, 1});
      i.let({"projection", "projected"}, "$0 @ ($0.T @ $1)", {q, x}, {n}, {-1, 1});
    }
  });
}

// Linear least squares with a ridge: normal equations by a Cholesky factor, a plain solve, or QR of
// the widened matrix; coefficients, residuals, prediction.
Op ridge_fit() {
  return idiom("ridge_fit", kLinearAlgebra, 1.0, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t k = size_from(i, 2, 6), n = size_from(i, k + 1);
    const bool polynomial = i.chance(0.4);
    ValueId x;
    if (polynomial) {
      const ValueId t = i.input({"t", "times", "x"}, Shape{n}, {-1, 1});
      x = i.let({"design", "vandermonde"},
                i.either({fmt::format("$0[:, None] ** jnp.arange({})", k),
                          fmt::format("jnp.vander($0, {})", k),
                          fmt::format("jnp.vander($0, {}, increasing=True)", k)}),
                {t}, {n, k}, {-1, 1});
    } else {
      x = i.input({"design", "features", "x"}, {n, k}, {-1, 1});
    }
    const std::int64_t outputs = i.chance(0.3) ? i.between(2, 3) : 0;
    const Shape wanted = outputs ? Shape{n, outputs} : Shape{n};
    const Shape solved = outputs ? Shape{k, outputs} : Shape{k};
    const ValueId y = i.input({"target", "y", "observed"}, wanted, {-2, 2});
    const Term ridge = constant(i, "ridge", {"ridge", "damping"}, {0.1, 0.01, 1});
    i.called({polynomial ? "fit_polynomial" : "ridge_fit", "least_squares", "fit"});
    i.summary(polynomial ? "Fit a polynomial by damped least squares."
                         : "Fit a linear model by damped least squares.");
    const Terms terms = {{"x", x}, {"y", y}, ridge};
    const std::string eye = "jnp.eye({x}.shape[1], dtype={x}.dtype)";
    ValueId w;
    const auto way = i.between(0, 3);
    if (way == 3) {
      const ValueId tall = let(i, {"stacked", "augmented"},
                               "jnp.concatenate([{x}, jnp.sqrt({ridge}) * " + eye + "])", terms,
                               {n + k, k}, {-1, 1});
      const Ids qr = i.unpack(
          "jnp.linalg.qr($0)", {tall}, {},
          {{{"q"}, {i.real(), {n + k, k}}, {-1, 1}}, {{"r"}, {i.real(), {k, k}}, {-3, 3}}});
      const ValueId rhs =
          i.let({"rotated", "qty"}, fmt::format("$0[:{}].T @ $1", n), {qr[0], y}, solved, {-4, 4});
      w = i.let({"coef", "weights"},
                i.either({"solve_triangular($0, $1)", "jnp.linalg.solve($0, $1)",
                          "solve_triangular($0, $1, lower=False)"}),
                {qr[1], rhs}, solved, {-3, 3});
    } else {
      const ValueId gram =
          let(i, {"gram", "normal"}, "{x}.T @ {x} + {ridge} * " + eye, terms, {k, k}, {-3, 9});
      const ValueId moment = i.let({"moment", "xty"}, "$0.T @ $1", {x, y}, solved, {-6, 6});
      if (way == 0) {
        w = i.let({"coef", "weights"}, "jnp.linalg.solve($0, $1)", {gram, moment}, solved, {-3, 3});
      } else if (way == 1) {
        const ValueId chol =
            i.let({"chol", "factor"}, "jnp.linalg.cholesky($0)", {gram}, {k, k}, {-2, 3});
        const ValueId low =
            i.let({"forward", "half_solved"}, "solve_triangular($0, $1, lower=True)",
                  {chol, moment}, solved, {-4, 4});
        w = i.let({"coef", "weights"},
                  i.either({"solve_triangular($0.T, $1, lower=False)",
                            "solve_triangular($0, $1, trans=1, lower=True)"}),
                  {chol, low}, solved, {-3, 3});
      } else {
        w = i.let({"coef", "weights"}, "cho_solve((jnp.linalg.cholesky($0), True), $1)",
                  {gram, moment}, solved, {-3, 3});
      }
    }
    const auto what = i.between(0, 3);
    if (what == 0) return;
    const ValueId fitted = i.let({"fitted", "predicted"}, "$0 @ $1", {x, w}, wanted, {-2, 2});
    if (what == 1) return;
    const ValueId rest = i.let({"residual", "misfit"}, "$0 - $1", {y, fitted}, wanted, {-2, 2});
    if (what == 3)
      i.let({"variance", "chi2"},
            i.either({fmt::format("jnp.sum($0**2, axis=0) / {}", n),
                      "jnp.mean(jnp.square($0), axis=0)"}),
            {rest}, outputs ? Shape{outputs} : Shape{}, {0.05, 2});
  });
}

// Principal components by the covariance's eigenvectors or by singular values; what does not depend
// on the signs of vectors: spectra, reconstructions, whitened rows.
Op principal_components() {
  return idiom("principal_components", kLinearAlgebra, 0.9, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t k = size_from(i, 3, 7), n = size_from(i, k + 2);
    const ValueId x = i.input({"data", "samples", "observations"}, {n, k}, {-2, 2});
    const auto what = i.between(0, 3);
    const ValueId c = i.let({"centered", "anomalies"},
                            i.either({"$0 - jnp.mean($0, axis=0)", "$0 - $0.mean(axis=0)",
                                      "$0 - jnp.mean($0, axis=0, keepdims=True)"}),
                            {x}, {n, k}, {-3, 3});
    i.called({what == 0   ? "explained_variance"
              : what == 1 ? "truncate_to_components"
              : what == 2 ? "whiten"
                          : "principal_spectrum",
              "pca", what == 2 ? "decorrelate" : "principal_components"});
    i.summary(what == 0   ? "Give the share of variance that principal axes explain."
              : what == 1 ? "Keep of data what lies along its leading principal axes."
              : what == 2 ? "Decorrelate the columns of a table."
                          : "Give the singular values of centered data.");
    if (what == 3 || (what == 0 && i.chance(0.5))) {
      const ValueId s =
          i.let({"singular", "s"},
                i.either({"jnp.linalg.svd($0, compute_uv=False)", "jnp.linalg.svdvals($0)"}), {c},
                {k}, {0.5, 6});
      if (what == 3) return;
      const ValueId power =
          i.let({"power", "variance"}, i.either({"$0**2", "jnp.square($0)"}), {s}, {k}, {0.3, 36});
      i.let({"ratio", "explained"},
            i.either({"$0 / jnp.sum($0)", "$0 / $0.sum()", "jnp.cumsum($0) / jnp.sum($0)"}),
            {power}, {k}, {0, 1});
      return;
    }
    const ValueId cov = i.let(
        {"cov", "covariance"},
        i.either({"$0.T @ $0 / ($0.shape[0] - 1)",
                  "jnp.einsum(\"ni,nj->ij\", $0, $0) / $0.shape[0]", "jnp.cov($0, rowvar=False)"}),
        {c}, {k, k}, {-1, 3});
    if (what == 0) {
      const ValueId values =
          i.let({"eigenvalues", "spectrum"}, "jnp.linalg.eigvalsh($0)", {cov}, {k}, {0.1, 4});
      i.let({"ratio", "explained"}, i.either({"$0 / jnp.trace($1)", "$0[::-1] / jnp.trace($1)"}),
            {values, cov}, {k}, {0, 1});
      return;
    }
    if (what == 2 && i.chance(0.45)) {
      const ValueId chol =
          i.let({"chol", "factor"}, "jnp.linalg.cholesky($0)", {cov}, {k, k}, {-1, 2});
      i.let({"whitened", "decorrelated"}, "solve_triangular($0, $1.T, lower=True).T", {chol, c},
            {n, k}, {-3, 3});
      return;
    }
    const Ids e =
        i.unpack("jnp.linalg.eigh($0)", {cov}, {},
                 {what == 2 ? Idiom::Part{{"values", "eigenvalues"}, {i.real(), {k}}, {0.1, 4}}
                            : Idiom::Part{{}, {i.real(), {k}}, {0.1, 4}},
                  {{"axes", "vectors"}, {i.real(), {k, k}}, {-1, 1}}});
    if (what == 2) {
      i.let({"whitened", "decorrelated"}, "$0 @ ($1 / jnp.sqrt($2)) @ $1.T", {c, e[1], e[0]},
            {n, k}, {-3, 3});
      return;
    }
    const std::int64_t kept = i.between(1, k - 1);
    const ValueId top =
        i.let({"leading", "basis"}, fmt::format("$0[:, -{}:]", kept), {e[1]}, {k, kept}, {-1, 1});
    const ValueId back =
        i.let({"reconstructed", "low_rank"}, i.either({"$0 @ $1 @ $1.T", "$0 @ ($1 @ $1.T)"}),
              {c, top}, {n, k}, {-3, 3});
    if (i.chance(0.4)) {
      i.summary("Measure what leading principal axes leave of data.");
      i.let({"lost", "error"}, "jnp.mean(($0 - $1) ** 2)", {c, back}, Shape{}, {0.1, 2});
      i.keep(back);
    }
  });
}

// The rotation that brings points closest to others (Kabsch, Procrustes), with scale by choice.
Op procrustes() {
  return idiom("procrustes", kLinearAlgebra, 0.6, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = size_from(i, 5), k = i.between(2, 3);
    const ValueId a = i.input({"source", "points", "mobile"}, {n, k}, {-2, 2});
    const ValueId b = i.input({"target", "reference", "fixed"}, {n, k}, {-2, 2});
    const bool centred = i.chance(0.7), scaled = i.chance(0.4), proper = i.chance(0.6);
    i.called(proper && !scaled ? Words{"kabsch", "superpose", "rotate_onto"}
                               : Words{"procrustes", "align_points", "superpose"});
    i.summary(proper ? "Rotate points onto others as closely as possible."
                     : "Rotate or mirror points so that they come as close to others as possible.");
    const auto centre = [&](ValueId x, Words names) {
      return centred ? i.let(std::move(names),
                             i.either({"$0 - jnp.mean($0, axis=0)", "$0 - $0.mean(0)"}), {x},
                             {n, k}, {-3, 3})
                     : x;
    };
    const ValueId x = centre(a, {"source_centered", "moved"}),
                  y = centre(b, {"target_centered", "goal"});
    const ValueId m = i.let({"correlation", "cross_cov"},
                            i.either({"$0.T @ $1", "jnp.einsum(\"ni,nj->ij\", $0, $1)"}), {x, y},
                            {k, k}, {-8, 8});
    const Ids svd = i.unpack("jnp.linalg.svd($0)", {m}, {},
                             {{{"u"}, {i.real(), {k, k}}, {-1, 1}},
                              scaled ? Idiom::Part{{"s"}, {i.real(), {k}}, {0.5, 9}}
                                     : Idiom::Part{{}, {i.real(), {k}}, {0.5, 9}},
                              {{"vt"}, {i.real(), {k, k}}, {-1, 1}}});
    // A mirroring is undone along the direction that matters least.
    ValueId flip = kNoValue;
    if (proper) {
      const ValueId sign = i.let({"handedness", "sign"}, "jnp.sign(jnp.linalg.det($0 @ $1))",
                                 {svd[0], svd[2]}, Shape{}, {-1, 1});
      flip = i.let({"flip", "signs"}, fmt::format("jnp.ones({}, dtype=$0.dtype).at[-1].set($0)", k),
                   {sign}, {k}, {-1, 1});
    }
    const ValueId r =
        proper ? i.let({"rotation", "r"}, i.either({"($0 * $1) @ $2", "$0 @ ($1[:, None] * $2)"}),
                       {svd[0], flip, svd[2]}, {k, k}, {-1, 1})
               : i.let({"turn", "r"}, "$0 @ $1", {svd[0], svd[2]}, {k, k}, {-1, 1});
    const ValueId fit = !scaled  ? i.let({"aligned"}, "$0 @ $1", {x, r}, {n, k}, {-3, 3})
                        : proper ? i.let({"aligned"}, "jnp.sum($0 * $3) / jnp.sum($1**2) * $1 @ $2",
                                         {svd[1], x, r, flip}, {n, k}, {-3, 3})
                                 : i.let({"aligned"}, "jnp.sum($0) / jnp.sum($1**2) * $1 @ $2",
                                         {svd[1], x, r}, {n, k}, {-3, 3});
    if (i.chance(0.5)) {
      i.summary("Align points with others and measure what is left between them.");
      i.let({"rmsd", "error"},
            i.either({"jnp.sqrt(jnp.mean(jnp.sum(($0 - $1) ** 2, axis=-1)))",
                      "jnp.linalg.norm($0 - $1) / $0.shape[0] ** 0.5"}),
            {fit, y}, Shape{}, {0.3, 6});
      i.keep(fit);
    }
  });
}

// The exponential of a matrix by scaling and squaring: Taylor's series by Horner's rule, or the
// rational function of Pade.
Op matrix_exponential() {
  return idiom("matrix_exponential", kLinearAlgebra, 0.8, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = size_from(i, 2, 8);
    const ValueId a = i.input({"generator", "rates", "a"}, {n, n}, {-0.5, 0.5});
    const std::int64_t squarings = i.between(2, 5);
    const std::string scale = fmt::format("{}", std::int64_t{1} << squarings);
    const ValueId b =
        i.let({"scaled", "b"},
              i.either({"$0 / " + scale + ".0", fmt::format("$0 * 2.0 ** -{}", squarings)}), {a},
              {n, n}, {-0.2, 0.2});
    const ValueId eye = i.let(
        {"eye", "identity"},
        i.either({"jnp.eye($0.shape[0], dtype=$0.dtype)", "jnp.identity($0.shape[0], $0.dtype)"}),
        {a}, {n, n}, {0, 1});
    ValueId e;
    if (i.chance(0.45)) {
      const ValueId b2 = i.let({"b2", "square"}, "$0 @ $0", {b}, {n, n}, {-0.2, 0.2});
      const ValueId even = i.let({"even", "v"}, "$0 + $1 / 12.0", {eye, b2}, {n, n}, {-0.2, 1.2});
      const ValueId odd = i.let({"odd", "u"}, "0.5 * $0", {b}, {n, n}, {-0.2, 0.2});
      e = i.let({"approximant", "pade"}, "jnp.linalg.solve($0 - $1, $0 + $1)", {even, odd}, {n, n},
                {-0.3, 1.3});
    } else {
      const auto order = i.between(3, 5);
      e = i.let({"series"}, fmt::format("$0 + $1 / {}.0", order), {eye, b}, {n, n}, {-0.2, 1.2});
      for (std::int64_t k = order - 1; k >= 1; --k)
        e = k == 1 ? i.let({"series", "taylor"}, "$0 + $1 @ $2", {eye, b, e}, {n, n}, {-0.3, 1.3})
                   : i.let({"series", "taylor"}, fmt::format("$0 + $1 @ $2 / {}.0", k), {eye, b, e},
                           {n, n}, {-0.3, 1.3});
    }
    const ValueId whole =
        repeat(i, 0, squarings, {"square", "double"},
               {{{"e", "power"}, e, {-0.5, 2}, {"exponential", "propagator"}}}, [&](const Ids& p) {
                 return Ids{i.let({"squared"}, "$0 @ $0", {p[0]}, {n, n}, {-0.5, 2})};
               })[0];
    if (!i.chance(0.5)) {
      i.called({"matrix_exponential", "propagator", "expm"});
      i.summary("Exponentiate a matrix by scaling and squaring.");
    } else {
      i.called({"evolve_state", "propagate", "exponential_action"});
      i.summary("Evolve a state by the exponential of a matrix.");
      const ValueId x = i.input({"state", "x", "populations"}, Shape{n}, {-1, 1});
      i.let({"evolved", "state_after"}, i.either({"$0 @ $1", "jnp.dot($0, $1)"}), {whole, x}, {n},
            {-3, 3});
    }
  });
}

// Lanczos' recursion: the diagonals of the tridiagonal matrix, and its spectrum by choice.
Op lanczos() {
  return idiom("lanczos", kLoop, 0.6, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = size_from(i, 5), steps = i.between(2, 3);
    const ValueId a = symmetric(i, n);
    const ValueId start = i.input({"start", "v0", "probe"}, Shape{n}, {-1, 1});
    i.called({"lanczos", "tridiagonalize", "krylov_spectrum"});
    i.summary("Run a few steps of Lanczos' recursion.");
    const ValueId v = unit(i, start, {"v", "q"});
    const ValueId rest = i.let({"previous", "zeros"}, "jnp.zeros_like($0)", {v}, {n}, {-1, 1});
    const ValueId none =
        i.let({"no_coupling", "beta0"}, "jnp.zeros((), $0.dtype)", {v}, Shape{}, {0, 2});
    const auto out = i.scan(
        {"lanczos_step", "step"},
        {{{"v", "q"}, v, {-1, 1}, {}},
         {{"last", "q_prev"}, rest, {-1, 1}, {}},
         {{"beta", "coupling"}, none, {0, 2}, {}}},
        {}, {{"alphas", "diagonal"}, {"betas", "couplings"}},
        [&](const Ids& p) {
          const ValueId w =
              i.let({"w", "image"}, "$0 @ $1 - $2 * $3", {a, p[0], p[2], p[1]}, {n}, {-2, 2});
          const ValueId alpha = i.let({"alpha"}, i.either({"jnp.dot($0, $1)", "$0 @ $1"}),
                                      {w, p[0]}, Shape{}, {-1.5, 1.5});
          const ValueId r = i.let({"rest", "r"}, "$0 - $1 * $2", {w, alpha, p[0]}, {n}, {-2, 2});
          const ValueId beta =
              i.let({"beta_next", "size"}, i.either({"jnp.linalg.norm($0)", "jnp.sqrt($0 @ $0)"}),
                    {r}, Shape{}, {0.3, 2});
          const ValueId next = i.let({"v_next"}, "$0 / $1", {r, beta}, {n}, {-1, 1});
          return Ids{next, p[0], beta, alpha, beta};
        },
        {}, steps);
    if (i.chance(0.5)) {
      const ValueId t =
          i.let({"tridiagonal", "t"}, "jnp.diag($0) + jnp.diag($1[:-1], 1) + jnp.diag($1[:-1], -1)",
                out.stacked, {steps, steps}, {-2, 2});
      i.let({"ritz_values", "spectrum"}, "jnp.linalg.eigvalsh($0)", {t}, {steps}, {-2, 2});
    }
  });
}

// Thomas' algorithm: a tridiagonal system by a sweep down and a sweep back.
Op tridiagonal_solve() {
  return idiom("tridiagonal_solve", kLoop, 0.8, kSmooth, [](Idiom& i) {
    const std::int64_t n = size_from(i, 4);
    const ValueId d = i.input({"diagonal", "d", "main"}, Shape{n}, {2.5, 4});
    const bool even = i.chance(0.5);
    const ValueId lower = even ? kNoValue : i.input({"lower", "below"}, Shape{n}, {-1, 1});
    const ValueId upper = even ? kNoValue : i.input({"upper", "above"}, Shape{n}, {-1, 1});
    const std::string off = i.either({"-1.0", "-0.5", "0.5"});
    const ValueId b = i.input({"rhs", "b"}, Shape{n}, {-2, 2});
    i.called({"thomas_solve", "tridiagonal_solve", "sweep_solve"});
    i.summary("Solve a tridiagonal system by Thomas' algorithm.");
    const ValueId zero = i.let({"start", "zero"}, "jnp.zeros((), $0.dtype)", {b}, Shape{}, {-1, 1});
    std::vector<Idiom::Slice> over = {{{"d_i", "diag"}, d}, {{"b_i", "load"}, b}};
    if (!even) over.insert(over.begin(), {{{"a_i", "low"}, lower}, {{"c_i", "up"}, upper}});
    const auto down = i.scan(
        {"eliminate", "forward"},
        {{{"c", "ratio"}, zero, {-1, 1}, {}}, {{"y", "part"}, zero, {-2, 2}, {}}}, over,
        {{"ratios", "cs"}, {"parts", "ys"}}, [&](const Ids& p) {
          const Term a{"a", even ? kNoValue : p[2], off}, c{"c", even ? kNoValue : p[3], off};
          const Terms terms = {a,           c,          {"d", p[even ? 2 : 4]}, {"b", p.back()},
                               {"r", p[0]}, {"y", p[1]}};
          const ValueId pivot =
              let(i, {"pivot", "denom"}, "{d} - {a} * {r}", terms, Shape{}, {1.5, 5});
          const Terms more = with(terms, {{"p", pivot}});
          const ValueId ratio =
              let(i, {"ratio", "c_next"}, "{c} / {p}", more, Shape{}, {-0.7, 0.7});
          const ValueId y = let(i, {"y_next"}, "({b} - {a} * {y}) / {p}", more, Shape{}, {-2, 2});
          return Ids{ratio, y, ratio, y};
        });
    i.scan(
        {"substitute", "backward"}, {{{"x", "following"}, zero, {-2, 2}, {}}},
        {{{"c", "ratio"}, down.stacked[0]}, {{"y", "part"}, down.stacked[1]}}, {{"solution", "x"}},
        [&](const Ids& p) {
          const ValueId x = i.let({"x_here"}, "$0 - $1 * $2", {p[2], p[1], p[0]}, Shape{}, {-2, 2});
          return Ids{x, x};
        },
        "reverse=True");
  });
}

// Energies of a particle in a potential well on a grid; the lowest, the gaps, or all.
Op bound_states() {
  return idiom("bound_states", kLinearAlgebra, 0.7, kSmooth, [](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = size_from(i, 5);
    const ValueId v = i.input({"potential", "well", "v"}, Shape{n}, {-1, 2});
    const Term hop = constant(i, "t", {"hopping", "t"}, {1, 0.5, 2});
    const bool ring = i.chance(0.35);
    const ValueId step = i.let({"shift", "neighbors"},
                               ring ? "jnp.roll(jnp.eye($0.shape[0], dtype=$0.dtype), 1, axis=1)"
                                    : "jnp.eye($0.shape[0], k=1, dtype=$0.dtype)",
                               {v}, {n, n}, {0, 1});
    const ValueId h = let(i, {"hamiltonian", "h"},
                          i.either({"jnp.diag({v}) - {t} * ({s} + {s}.T)",
                                    "jnp.diag({v} + 2.0 * {t}) - {t} * ({s} + {s}.T)"}),
                          {{"v", v}, hop, {"s", step}}, {n, n}, {-2, 4});
    const ValueId e = i.let({"energies", "levels"}, "jnp.linalg.eigvalsh($0)", {h}, {n}, {-2, 5});
    const auto what = i.between(0, 3);
    i.called({what == 0   ? "bound_states"
              : what == 1 ? "energy_gap"
              : what == 2 ? "level_spacings"
                          : "ground_state_energy",
              what == 0 ? "energy_levels" : "solve_chain", ring ? "ring_levels" : "tight_binding"});
    const std::string sites = ring ? "a ring of sites." : "a chain of sites.";
    i.summary((what == 0   ? "Give the energies of a particle on "
               : what == 1 ? "Give the gap between the lowest energies of a particle on "
               : what == 2 ? "Give the gaps between the energies of a particle on "
                           : "Fill the lowest levels of ") +
              sites);
    if (what == 1) i.let({"gap"}, "$0[1] - $0[0]", {e}, Shape{}, {0.1, 2});
    if (what == 2)
      i.let({"gaps", "spacings"}, i.either({"jnp.diff($0)", "$0[1:] - $0[:-1]"}), {e}, {n - 1},
            {0, 2});
    if (what == 3) {
      const std::int64_t filled = i.between(1, n - 1);
      i.let({"ground_energy", "total"}, fmt::format("2.0 * jnp.sum($0[:{}])", filled), {e}, Shape{},
            {-20, 20});
    }
  });
}

}  // namespace

std::vector<Op> numerics_idioms() {
  return {power_iteration(),
          conjugate_gradient(false),
          conjugate_gradient(true),
          gram_schmidt(),
          ridge_fit(),
          principal_components(),
          procrustes(),
          matrix_exponential(),
          lanczos(),
          tridiagonal_solve(),
          bound_states()};
}

}  // namespace jaxsmith::plan
