// jax.scipy.linalg and jax.scipy.sparse.linalg: matrices of a structure, factorisations, functions
// of matrices, solvers.
#include <fmt/format.h>

#include <algorithm>

#include "plan/jax/call_forms.h"
#include "plan/jax/catalogue.h"
#include "plan/jax/op_helpers.h"

namespace jaxsmith::plan {
namespace {
using enum Derivative;
using Ids = Idiom::Ids;
using Words = Idiom::Words;

std::string linalg(Idiom& i, const std::string& call) { return scipy_prefix(i) + "linalg." + call; }

Op entry(const std::string& function, Derivative derivative, std::function<void(Idiom&)> write) {
  // Those that few programs can hold are drawn the oftener.
  const bool rare = function == "qr_multiply" || function == "rsf2csf" || function == "qr" ||
                    function == "cholesky" || function == "solve_sylvester";
  return written("linalg_" + function, kLinearAlgebra, rare ? 1.0 : 0.55, derivative,
                 std::move(write));
}

// One that has no half precision.
Op full(const std::string& function, Derivative derivative, std::function<void(Idiom&)> write) {
  return entry(function, derivative, [write = std::move(write)](Idiom& i) {
    if (half_precision(i)) return i.fail();
    write(i);
  });
}

std::int64_t small_size(Idiom& i, std::int64_t most) { return std::min(i.size(), most); }

ValueId positive_definite(Idiom& i, std::int64_t n) {
  const ValueId x = i.input({"factor", "features", "x"}, {n, n}, {-1, 1});
  const std::string gram = i.either({"$0 @ $0.T", "$0.T @ $0", "jnp.dot($0, $0.T)"});
  return with_ridge(i, {"gram", "covariance", "precision"}, gram, i.either({"1.0", "0.5", "2.0"}),
                    x);
}

// A square matrix far enough from a singular one.
ValueId well_conditioned(Idiom& i, std::int64_t n) {
  if (i.chance(0.5)) return positive_definite(i, n);
  const ValueId x = i.input({"matrix", "operator_matrix", "a"}, {n, n}, {-1, 1});
  return i.let({"shifted", "system", "damped"},
               fmt::format("$0 + {}.0 * jnp.eye({}, dtype=$0.dtype)", n, n), {x}, {n, n},
               {-1, static_cast<double>(n) + 1});
}

// ---- Matrices of a structure ----

Op of_vector(const std::string& function) {
  return entry(function, kSmooth, [=](Idiom& i) {
    const ValueId c = i.anchor({"c", "column", "coefficients", "taps"}, 1, 1, {-4, 4});
    const std::int64_t n = i.dim(c, 0);
    i.let({function == "fiedler" ? "distances" : function, "matrix"}, linalg(i, function + "($0)"),
          {c}, {n, n}, {function == "fiedler" ? 0.0 : -4.0, function == "fiedler" ? 6.0 : 4.0});
  });
}

// toeplitz(c, r) and hankel(c, r): of a column, and a row by choice.
Op of_column_and_row(const std::string& function) {
  return entry(function, kSmooth, [=](Idiom& i) {
    const ValueId c = i.anchor({"column", "c", "autocorrelation"}, 1, 1, {-4, 4});
    const std::int64_t n = i.dim(c, 0);
    Ids operands = {c};
    Shape shape = {n, n};
    std::string text = "$0";
    if (i.chance(0.5)) {
      shape[1] = i.chance(0.5) ? n : i.size();
      operands.push_back(i.input({"row", "r"}, {shape[1]}, {-4, 4}));
      text += i.chance(0.3) ? ", r=$1" : ", $1";
    }
    const ValueId y = i.let({function, "matrix"}, linalg(i, function + "(" + text + ")"), operands,
                            shape, {-4, 4});
    // The first element of the row is not used.
    if (operands.size() == 2 && shape[1] < 3) i.may_hide(y);
  });
}

// companion, fiedler_companion
Op companion_of(const std::string& function) {
  return full(function, kSmooth, [=](Idiom& i) {
    const std::int64_t n = i.between(3, 8);
    const ValueId a = i.input({"coefficients", "polynomial"}, {n}, {0.5, 3});
    i.let({"companion_matrix", "companion"}, linalg(i, function + "($0)"), {a}, {n - 1, n - 1},
          {-4, 1});
  });
}

Op convolution_matrix() {
  return entry("convolution_matrix", kSmooth, [](Idiom& i) {
    const std::int64_t taps = i.between(2, 4), n = taps + i.between(1, 6);
    const ValueId a = i.input({"taps", "kernel", "impulse_response"}, {taps}, {-2, 2});
    const std::string mode = i.either({"full", "same", "valid"});
    const std::int64_t rows = convolved_length(mode, n, taps);
    const std::string option = mode == "full" && i.chance(0.6)
                                   ? ""
                                   : fmt::format(", {}\"{}\"", i.either({"", "mode="}), mode);
    const ValueId matrix = i.let({"toeplitz", "smoothing_matrix"},
                                 linalg(i, fmt::format("convolution_matrix($0, {}{})", n, option)),
                                 {a}, {rows, n}, {-2, 2});
    if (i.chance(0.5)) return;
    const ValueId x = i.input({"signal", "x"}, {n}, {-3, 3});
    i.let({"filtered", "smoothed"}, i.either({"$0 @ $1", "jnp.dot($0, $1)"}), {matrix, x}, {rows},
          {-8, 8});
  });
}

// A fixed matrix of a size, which is applied to data.
Op of_size(const std::string& function, double largest) {
  return full(function, kSmooth, [=](Idiom& i) {
    const bool of_default = function != "hadamard" && function != "pascal";
    if (of_default && i.real() != i.builder().default_real()) return i.fail();
    const bool grows = function.find("pascal") != std::string::npos || function == "invhilbert";
    const std::int64_t n =
        function == "hadamard" ? std::int64_t{1} << i.between(1, 4) : i.between(2, grows ? 5 : 9);
    const std::int64_t columns = i.size();
    const bool vector = i.chance(0.5);
    std::string options;
    std::int64_t rows = n;
    if (function == "helmert") {
      const bool whole = i.chance(0.4);
      if (whole)
        options = ", full=True";
      else
        rows = n - 1;
      if (rows < 2) return i.fail();
    } else if (grows && function != "invhilbert" && i.chance(0.5)) {
      options = fmt::format(", kind=\"{}\"", i.either({"lower", "upper", "symmetric"}));
    } else if (function == "hadamard" && i.chance(0.3)) {
      options = ", dtype=$0.dtype";
    }
    const ValueId x =
        i.input({"x", "signal", "coefficients"}, vector ? Shape{n} : Shape{n, columns}, {-2, 2});
    const std::string matrix = linalg(i, fmt::format("{}({}{})", function, n, options));
    i.let({"transformed", "contrast", "combined"}, matrix + " @ $0", {x},
          vector ? Shape{rows} : Shape{rows, columns}, {-largest, largest});
  });
}

Op dft() {
  return full("dft", kSmooth, [](Idiom& i) {
    if (!single_precision(i) || !i.builder().allowed(DType::kC64)) return i.fail();
    const ValueId x = i.anchor({"signal", "samples"}, 1, 2, {-3, 3});
    const std::string scale = i.either({"", "", ", scale=\"sqrtn\"", ", scale=\"n\""});
    const std::string product = linalg(i, fmt::format("dft({}{}) @ $0", i.dim(x, 0), scale));
    if (i.chance(0.5)) {
      i.let({"spectrum", "frequencies"}, product, {x}, Type{DType::kC64, i.shape(x)}, {0, 8});
    } else {
      i.let({"magnitude", "amplitude"}, "jnp.abs(" + product + ")", {x}, i.shape(x), {0.1, 8});
    }
  });
}

Op leslie() {
  return entry("leslie", kSmooth, [](Idiom& i) {
    const std::int64_t n = std::max<std::int64_t>(3, i.size());
    const ValueId births = i.input({"fecundity", "births"}, {n}, {0.1, 2});
    const ValueId survival = i.input({"survival", "survival_rates"}, {n - 1}, {0.2, 0.9});
    const ValueId matrix = i.let({"projection", "leslie_matrix"}, linalg(i, "leslie($0, $1)"),
                                 {births, survival}, {n, n}, {0, 2});
    if (i.chance(0.4)) return;
    const ValueId ages = i.input({"population", "ages"}, {n}, {0.5, 5});
    i.let({"next_population", "projected"}, i.either({"$0 @ $1", "jnp.matmul($0, $1)"}),
          {matrix, ages}, {n}, {0.1, 12});
  });
}

// ---- Factorisations ----

Op cho_factor() {
  return full("cho_factor", kSmooth, [](Idiom& i) {
    const std::int64_t n = small_size(i, 8);
    const ValueId a = positive_definite(i, n);
    const bool matrix = i.chance(0.4);
    const ValueId b = i.input({"rhs", "targets", "b"}, matrix ? Shape{n, 2} : Shape{n}, {-2, 2});
    const std::string lower = i.either({"", ", lower=True", ", True"});
    i.let({"solution", "weights", "coefficients"},
          linalg(i, "cho_solve(") + linalg(i, "cho_factor($0" + lower + "), $1)"), {a, b},
          i.shape(b), {-3, 3});
  });
}

Op lu_solve() {
  return full("lu_solve", kSmooth, [](Idiom& i) {
    const std::int64_t n = small_size(i, 8);
    const ValueId a = well_conditioned(i, n);
    const ValueId b = i.input({"rhs", "targets", "b"}, {n}, {-2, 2});
    const std::string trans = i.either({"", "", ", trans=1", ", trans=0"});
    i.let({"solution", "weights"},
          linalg(i, "lu_solve(") + linalg(i, "lu_factor($0), $1" + trans + ")"), {a, b}, {n},
          {-3, 3});
  });
}

Op lu_factor() {
  return full("lu_factor", kSmooth, [](Idiom& i) {
    const std::int64_t n = small_size(i, 8);
    const ValueId a = well_conditioned(i, n);
    const Type pivots{DType::kI32, {n}};
    const Interval reach = {-1, static_cast<double>(n) + 1};
    if (i.chance(0.3) && i.builder().allowed(DType::kI32)) {
      i.unpack(linalg(i, "lu_factor($0)"), {a}, {},
               {{{"factors", "lu"}, i.type(a), reach},
                {{"pivots", "piv"}, pivots, {0, static_cast<double>(n - 1)}}});
      return;
    }
    const ValueId factors =
        i.let({"factors", "packed"}, linalg(i, "lu_factor($0)[0]"), {a}, {n, n}, reach);
    i.let({"log_det", "log_volume"}, "jnp.sum(jnp.log(jnp.abs(jnp.diag($0))))", {factors}, Shape{},
          {0, 14});
  });
}

Op lu() {
  return full("lu", kSmooth, [](Idiom& i) {
    const std::int64_t n = small_size(i, 8);
    const ValueId a = well_conditioned(i, n);
    const double top = static_cast<double>(n) + 1;
    const Type square = i.type(a);
    if (i.chance(0.4)) {
      i.unpack(linalg(i, "lu($0, permute_l=True)"), {a}, {},
               {{{"pl", "permuted_lower"}, square, {-1, 1}}, {{"u", "upper"}, square, {-1, top}}});
      return;
    }
    i.unpack(linalg(i, "lu($0)"), {a}, {},
             {{i.chance(0.3) ? Words{"p", "perm"} : Words{}, square, {0, 1}},
              {{"lower", "low"}, square, {-1, 1}},
              {{"u", "upper"}, square, {-1, top}}});
  });
}

Op qr_multiply() {
  return full("qr_multiply", kNone, [](Idiom& i) {
    const std::int64_t n = small_size(i, 6), m = n + i.between(0, 3);
    const ValueId a = i.input({"design", "a"}, {m, n}, {-2, 2});
    const bool right = i.chance(0.5);
    const std::int64_t k = i.between(2, 4);
    const ValueId c = i.input({"targets", "c"}, right ? Shape{k, m} : Shape{n, k}, {-2, 2});
    const std::string mode = right ? i.either({"", ", mode=\"right\""}) : ", mode=\"left\"";
    i.unpack(linalg(i, "qr_multiply($0, $1" + mode + ")"), {a, c}, {},
             {{{"product", "rotated"}, {i.real(), right ? Shape{k, n} : Shape{m, k}}, {-4, 4}},
              {{"r", "triangular"}, {i.real(), {n, n}}, {-5, 5}}});
  });
}

Op hessenberg() {
  return full("hessenberg", kNone, [](Idiom& i) {
    const std::int64_t n = std::clamp<std::int64_t>(i.size(), 3, 7);
    const ValueId a = i.input({"a", "matrix"}, {n, n}, {-2, 2});
    if (i.chance(0.5)) {
      i.let({"hessenberg", "reduced"}, linalg(i, "hessenberg($0)"), {a}, {n, n}, {-5, 5});
      return;
    }
    i.unpack(linalg(i, "hessenberg($0, calc_q=True)"), {a}, {},
             {{{"h", "reduced"}, i.type(a), {-5, 5}}, {{"q", "basis"}, i.type(a), {-1, 1}}});
  });
}

// Schur's form; its vectors have no sign of their own, so that what does not hang on signs is
// taken: the diagonal, magnitudes.
Op schur(bool complex_form) {
  return full(complex_form ? "rsf2csf" : "schur", kNone, [=](Idiom& i) {
    const std::int64_t n = std::clamp<std::int64_t>(i.size(), 2, 6);
    if (complex_form) {
      if (i.real() != DType::kF32) return i.fail();
      // That of a symmetric matrix is complex as it is; pairs of eigenvalues give work to do.
      const ValueId any = i.input({"a", "matrix", "transition"}, {n, n}, {-2, 2});
      i.let({"moduli", "spectrum"},
            "jnp.sort(jnp.abs(jnp.diag(" + linalg(i, "rsf2csf(*") + linalg(i, "schur($0))[0])))"),
            {any}, {n}, {0.1, 5});
      return;
    }
    const ValueId a = positive_definite(i, n);
    const ValueId t = i.let({"t", "schur_form"}, linalg(i, "schur($0)[0]"), {a}, {n, n}, {-2, 9});
    i.let({"eigenvalues", "diagonal"},
          i.either({"jnp.diag($0)", "jnp.diagonal($0)", "$0.diagonal()"}), {t}, {n}, {0.4, 9});
  });
}

// ---- Functions of matrices ----

Op expm() {
  return full("expm", kSmooth, [](Idiom& i) {
    const std::int64_t n = small_size(i, 6);
    const ValueId a = i.input({"generator", "rates", "a"}, {n, n}, {-0.7, 0.7});
    const std::string step = i.either({"", "", "0.5 * ", "0.1 * "});
    const std::string options = i.either({"", "", "", ", max_squarings=8", ", max_squarings=4"});
    i.let({"propagator", "transition", "flow"}, linalg(i, "expm(" + step + "$0" + options + ")"),
          {a}, {n, n}, {-2, 4});
  });
}

Op expm_frechet() {
  return full("expm_frechet", kSmooth, [](Idiom& i) {
    const std::int64_t n = small_size(i, 5);
    const ValueId a = i.input({"generator", "a"}, {n, n}, {-0.6, 0.6});
    const ValueId e = i.input({"direction", "tangent", "e"}, {n, n}, {-1, 1});
    if (i.chance(0.5)) {
      i.let({"derivative", "sensitivity"}, linalg(i, "expm_frechet($0, $1, compute_expm=False)"),
            {a, e}, {n, n}, {-3, 3});
      return;
    }
    i.unpack(linalg(i, "expm_frechet($0, $1)"), {a, e}, {},
             {{{"propagator", "exponential"}, i.type(a), {-2, 3}},
              {{"derivative", "sensitivity"}, i.type(a), {-3, 3}}});
  });
}

Op sqrtm(const std::string& function) {
  return full(function, kNone, [=](Idiom& i) {
    if (i.real() != DType::kF32) return i.fail();
    const std::int64_t n = small_size(i, 5);
    const ValueId a = positive_definite(i, n);
    const std::string call =
        function == "sqrtm"
            ? "sqrtm($0)"
            : "funm($0, " + i.either({"jnp.exp", "jnp.sin", "jnp.sqrt", "jnp.log"}) + ")";
    i.let({function == "sqrtm" ? "root" : "mapped", "matrix_function"},
          "jnp.real(" + linalg(i, call) + ")", {a}, {n, n}, {-2, 4});
  });
}

Op solve_sylvester() {
  return full("solve_sylvester", kNone, [](Idiom& i) {
    const std::int64_t n = small_size(i, 5), m = small_size(i, 4);
    const ValueId a = positive_definite(i, n);
    const ValueId b = positive_definite(i, m);
    const ValueId q = i.input({"q", "c", "source"}, {n, m}, {-2, 2});
    i.let({"solution", "x"}, linalg(i, "solve_sylvester($0, $1, $2)"), {a, b, q}, {n, m}, {-1, 1});
  });
}

// By bisection, of which the last turns are those that show.
Op eigh_tridiagonal() {
  return full("eigh_tridiagonal", kNone, [](Idiom& i) {
    const std::int64_t n = std::clamp<std::int64_t>(i.size(), 3, 10);
    const ValueId d = i.input({"diagonal", "d"}, {n}, {-2, 2});
    const ValueId e = i.input({"off_diagonal", "e", "couplings"}, {n - 1}, {0.3, 1.5});
    i.let({"eigenvalues", "energies", "spectrum"},
          linalg(i, "eigh_tridiagonal($0, $1, eigvals_only=True)"), {d, e}, {n}, {-4, 4});
  });
}

// What jax.numpy has too, by its other name.
Op by_other_name(const std::string& function) {
  return full(function, function == "polar" ? kNone : kSmooth, [=](Idiom& i) {
    const std::int64_t n = small_size(i, 6);
    if (function == "block_diag") {
      const std::int64_t m = small_size(i, 4), k = small_size(i, 4);
      const ValueId a = i.input({"block", "a"}, {n, m}, {-3, 3});
      const ValueId b = i.input({"other_block", "b"}, {k, k}, {-3, 3});
      i.let({"blocks", "combined"}, linalg(i, "block_diag($0, $1)"), {a, b}, {n + k, m + k},
            {-3, 3});
      return;
    }
    const ValueId a = well_conditioned(i, n);
    if (function == "det")
      i.let({"determinant", "volume"}, linalg(i, "det($0)"), {a}, Shape{}, {0.2, 300});
    else if (function == "inv")
      i.let({"inverse", "precision"}, linalg(i, "inv($0)"), {a}, {n, n}, {-1, 1});
    else if (function == "svd")
      i.let({"singular_values", "spectrum"}, linalg(i, "svd($0, compute_uv=False)"), {a}, {n},
            {0.4, 9});
    else if (function == "solve")
      i.let({"solution", "weights"}, linalg(i, "solve($0, $1)"),
            {a, i.input({"rhs", "b"}, {n}, {-2, 2})}, {n}, {-3, 3});
    else if (function == "qr")
      i.let({"r", "triangular"}, linalg(i, "qr($0, mode=\"r\")[0]"), {a}, {n, n}, {-9, 9});
    else
      i.let({"orthogonal_factor", "rotation"}, linalg(i, "polar($0)[0]"), {a}, {n, n}, {-1, 1});
  });
}

Op of_symmetric(const std::string& function) {
  return full(function, kSmooth, [=](Idiom& i) {
    const std::int64_t n = small_size(i, 6);
    const ValueId a = positive_definite(i, n);
    if (function == "cholesky") {
      // SciPy gives the upper factor where the lower one is not asked for.
      const bool lower = i.chance(0.6);
      i.let(lower ? Words{"chol", "factor"} : Words{"upper", "upper_factor"},
            linalg(i, lower ? "cholesky($0, lower=True)" : "cholesky($0)"), {a}, {n, n}, {-2, 3});
    } else if (function == "eigh") {
      i.let({"eigenvalues", "spectrum"}, linalg(i, "eigh($0, eigvals_only=True)"), {a}, {n},
            {0.4, 9});
    } else {
      const ValueId b = i.input({"rhs", "b"}, {n}, {-2, 2});
      const ValueId lower = i.let({"chol", "low"}, "jnp.linalg.cholesky($0)", {a}, {n, n}, {-2, 3});
      const std::string trans =
          i.either({", lower=True", ", trans=1, lower=True", ", trans=\"T\", lower=True"});
      i.let({"solution", "coefficients"}, linalg(i, "solve_triangular($0, $1" + trans + ")"),
            {lower, b}, {n}, {-3, 3});
    }
  });
}

// Krylov methods: of a matrix or of a function that applies it.
Op krylov(const std::string& method) {
  return written("sparse_" + method, kLinearAlgebra, 0.5, kNone, [=](Idiom& i) {
    if (half_precision(i)) return i.fail();
    const std::int64_t n = small_size(i, 8);
    const ValueId a = positive_definite(i, n);
    const ValueId b = i.input({"rhs", "b", "residual"}, {n}, {-2, 2});
    const bool function = i.chance(0.4);
    std::string options = fmt::format(", maxiter={}", i.between(3, 8));
    if (i.chance(0.3)) options += ", tol=1e-6";
    Ids operands = {a, b};
    const bool guessed = i.chance(0.3);
    if (guessed) operands.push_back(i.input({"guess", "x0"}, {n}, {-1, 1}));
    const std::string f = scipy_prefix(i) + "sparse.linalg." + method;
    std::vector<BodyId> bodies;
    if (function) {
      bodies.push_back(i.function(
          {"matvec", "apply"}, {{{"v", "direction"}, i.type(b), {-3, 3}}}, [&](const Ids& p) {
            return Ids{i.let({"product", "image"}, "$0 @ $1", {a, p[0]}, {n}, {-9, 9})};
          }));
      operands.erase(operands.begin());  // captured
    }
    const std::string rhs = function ? "$f0, $0" : "$0, $1";
    if (guessed) options = (function ? ", x0=$1" : ", x0=$2") + options;
    const std::string call = f + "(" + rhs + options + ")";
    const Type type{i.real(), {n}};
    if (i.chance(0.5)) {
      i.let({"solution", "x"}, call + "[0]", operands, bodies, type, {-3, 3});
    } else {
      i.unpack(call, operands, bodies,
               {{{"solution", "x"}, type, {-3, 3}}, {{}, {i.real(), {}}, {0, 1}}});
    }
  });
}

}  // namespace

std::vector<Op> scipy_linalg_ops() {
  std::vector<Op> out = {of_vector("circulant"),
                         of_vector("fiedler"),
                         of_column_and_row("toeplitz"),
                         of_column_and_row("hankel"),
                         companion_of("fiedler_companion"),
                         convolution_matrix(),
                         dft(),
                         leslie(),
                         cho_factor(),
                         lu_solve(),
                         lu_factor(),
                         lu(),
                         qr_multiply(),
                         hessenberg(),
                         schur(false),
                         schur(true),
                         expm(),
                         expm_frechet(),
                         sqrtm("sqrtm"),
                         sqrtm("funm"),
                         solve_sylvester(),
                         with_traits(kManyInstructions | kMostlyHidden, eigh_tridiagonal()),
                         companion_of("companion")};
  for (const char* f : {"hilbert", "hadamard", "helmert"}) out.push_back(of_size(f, 5));
  out.push_back(of_size("invhilbert", 2000));
  for (const char* f : {"pascal", "invpascal"}) out.push_back(of_size(f, 60));
  for (const char* f : {"block_diag", "det", "inv", "svd", "solve", "qr", "polar"})
    out.push_back(by_other_name(f));
  for (const char* f : {"cholesky", "eigh", "solve_triangular"}) out.push_back(of_symmetric(f));
  for (const char* f : {"cg", "gmres", "bicgstab"}) out.push_back(krylov(f));
  return out;
}

}  // namespace jaxsmith::plan
