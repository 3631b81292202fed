"""Modules that check themselves, in the forms in which such modules have been written: LAPACK's
routines by their older interface, results that are not unique, and results that hang on the order and
precision of the steps."""

import os
import subprocess
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
import scipy.linalg
from jax import lax

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = os.environ.get("JAXSMITH", str(ROOT / "build" / "jaxsmith"))
MLIR = {
    "bool": "i1",
    "int32": "i32",
    "uint8": "ui8",
    "bfloat16": "bf16",
    "float16": "f16",
    "float32": "f32",
    "float64": "f64",
    "complex64": "complex<f32>",
    "complex128": "complex<f64>",
}


def check(text):
    return subprocess.run(
        [JAXSMITH, "check", "-"], capture_output=True, text=True, input=text, timeout=120
    )


def holds(text):
    done = check(text)
    assert done.returncode in (0, 1), done.stderr
    return done.returncode == 0


def type_of(array):
    dims = "".join(f"{d}x" for d in array.shape)
    return f"tensor<{dims}{MLIR[array.dtype.name]}>"


def constant(name, array):
    array = np.asarray(array)
    return f'  %{name} = stablehlo.constant dense<"0x{array.tobytes().hex()}"> : {type_of(array)}\n'


def moved(array):
    """One element far from where it was."""
    out = np.array(array, order="C")
    out.reshape(-1)[-1] += 1
    return out


# ---- LAPACK by its older interface: options and sizes in front, room to work in among the results

RNG = np.random.default_rng(5)


def matrix(dtype, *shape):
    out = RNG.standard_normal(shape)
    if np.issubdtype(dtype, np.complexfloating):
        out = out + 1j * RNG.standard_normal(shape)
    return out.astype(dtype)


def older_call(target, scalars, arrays, results, tupled):
    """The call and the names of its results."""
    lines, operands, types = "", [], []
    for i, scalar in enumerate(scalars):
        lines += constant(f"s{i}", scalar)
        operands.append(f"%s{i}")
        types.append(type_of(np.asarray(scalar)))
    for i, array in enumerate(arrays):
        lines += constant(f"a{i}", array)
        operands.append(f"%a{i}")
        types.append(type_of(array))
    kinds = [type_of(r) for r in results]
    call = f"stablehlo.custom_call @{target}({', '.join(operands)}) {{api_version = 2 : i32}} : ({', '.join(types)}) -> "
    if len(kinds) == 1:
        return lines + f"  %r = {call}{kinds[0]}\n", ["%r"]
    if not tupled:
        return lines + f"  %r:{len(kinds)} = {call}({', '.join(kinds)})\n", [
            f"%r#{i}" for i in range(len(kinds))
        ]
    pack = f"tuple<{', '.join(kinds)}>"
    lines += f"  %r = {call}{pack}\n"
    for i, kind in enumerate(kinds):
        lines += f"  %r{i} = stablehlo.get_tuple_element %r[{i}] : ({pack}) -> {kind}\n"
    return lines, [f"%r{i}" for i in range(len(kinds))]


def older_case(target, scalars, arrays, results, known, tupled=False):
    """`known`: the numbers of results that are checked; the others are room."""

    def text(change):
        call, names = older_call(target, scalars, arrays, results, tupled)
        checks = ""
        for n, i in enumerate(known):
            wanted = results[i] if n or not change else moved(results[i])
            exact = "eq" if wanted.dtype == np.int32 else "almost_eq"
            checks += constant(f"e{i}", wanted)
            checks += (
                f"  stablehlo.custom_call @check.expect_{exact}({names[i]}, %e{i})"
                f" : ({type_of(wanted)}, {type_of(wanted)}) -> ()\n"
            )
        return f"func.func @main() {{\n{call}{checks}  return\n}}\n"

    done = check(text(False))
    assert done.returncode == 0, done.stderr
    assert not holds(text(True))


ALL = [("s", np.float32), ("d", np.float64), ("c", np.complex64), ("z", np.complex128)]
INT = np.int32
NO_INFO = np.int32(0).reshape(())
ROOM = np.zeros(3, np.float32)


@pytest.mark.parametrize("letter,dtype", ALL)
@pytest.mark.parametrize("tupled", [False, True])
def test_older_factorizations(letter, dtype, tupled):
    a = matrix(dtype, 4, 4)
    lu, pivots = scipy.linalg.lu_factor(a)
    results = [lu, (pivots + 1).astype(INT), NO_INFO]
    older_case(f"lapack_{letter}getrf", [INT(1), INT(4), INT(4)], [a], results, [0, 1, 2], tupled)
    positive = (a @ a.conj().T + 4 * np.eye(4)).astype(dtype)
    factor = np.tril(scipy.linalg.cholesky(positive, lower=True)) + np.triu(positive, 1)
    scalars = [INT(1), INT(1), INT(4)]
    older_case(f"lapack_{letter}potrf", scalars, [positive], [factor, NO_INFO], [0, 1], tupled)
    (qr, tau), _ = scipy.linalg.qr(a, mode="raw")
    qr = np.ascontiguousarray(qr)
    scalars = [INT(1), INT(4), INT(4), INT(3)]
    results = [qr, tau, NO_INFO, ROOM]
    older_case(f"lapack_{letter}geqrf", scalars, [a], results, [0, 1, 2], tupled)
    q = scipy.linalg.qr(a)[0]
    target = f"lapack_{letter}{'un' if letter in 'cz' else 'or'}gqr"
    scalars = [INT(1), INT(4), INT(4), INT(4), INT(3)]
    older_case(target, scalars, [qr, tau], [q, NO_INFO, ROOM], [0, 1], tupled)


@pytest.mark.parametrize("letter,dtype", ALL)
@pytest.mark.parametrize("transpose", [0, 1, 2])
def test_older_triangular_solve(letter, dtype, transpose):
    a, b = matrix(dtype, 2, 3, 3) + 3 * np.eye(3).astype(dtype), matrix(dtype, 2, 3, 2)
    x = np.stack(
        [
            scipy.linalg.solve_triangular(m, 2 * r, trans=transpose, lower=True)
            for m, r in zip(a, b, strict=True)
        ]
    )
    scalars = [INT(1), INT(1), INT(transpose), INT(0), INT(3), INT(2), INT(2), dtype(2)]
    older_case(f"blas_{letter}trsm", scalars, [a, b], [x], [0])


@pytest.mark.parametrize("letter,dtype", ALL)
@pytest.mark.parametrize("tupled", [False, True])
def test_older_decompositions_whose_vectors_are_not_unique(letter, dtype, tupled):
    """Vectors turned the other way are as good; others are not."""
    a = matrix(dtype, 5, 5)
    room = [ROOM] * 3
    hermitian = a + a.conj().T
    w, v = np.linalg.eigh(hermitian)
    name = "heevd" if letter in "cz" else "syevd"
    scalars = [INT(1), INT(1), INT(5)]
    results = [-v, w, NO_INFO, *room]
    older_case(f"lapack_{letter}{name}", scalars, [hermitian], results, [0, 1, 2], tupled)
    u, s, vh = np.linalg.svd(a)
    scalars = [INT(1), INT(1), INT(1), INT(5), INT(5), INT(9)]
    results = [a, s, -u, -vh, NO_INFO, *room]
    older_case(f"lapack_{letter}gesdd", scalars, [a], results, [2, 1, 3, 4], tupled)
    w, v = np.linalg.eig(a)
    complex_type = np.result_type(dtype, np.complex64)
    w, v = w.astype(complex_type), v.astype(complex_type)
    square, left = np.zeros((5, 5), dtype), np.zeros((5, 5), complex_type)
    scalars = [INT(1), INT(5), np.uint8(ord("N")), np.uint8(ord("V"))]
    if letter in "cz":
        results, known = [square, np.zeros(10, np.abs(a).dtype), w, left, -v, NO_INFO], [4, 2, 5]
    else:  # its eigenvalues come in two parts, of which no expected array is made
        results = [square, square, square, w.real.copy(), w.imag.copy(), left, -v, NO_INFO]
        known = [7]
    older_case(f"lapack_{letter}geev", scalars, [a], results, known, tupled)


def test_older_calls_that_are_wrong_say_so():
    text = "func.func @main() {{\n  %a = stablehlo.constant dense<1.0> : tensor<2x2xf32>\n  {}\n  return\n}}\n"
    few = "%0:3 = stablehlo.custom_call @lapack_sgetrf(%a) : (tensor<2x2xf32>) -> (tensor<2x2xf32>, tensor<2xi32>, tensor<i32>)"
    done = check(text.format(few))
    assert done.returncode == 1 and "takes more than 3 operands" in done.stderr
    unknown = "%0 = stablehlo.custom_call @blas_sgemm(%a) : (tensor<2x2xf32>) -> tensor<2x2xf32>"
    done = check(text.format(unknown))
    assert done.returncode == 1 and "blas_sgemm is not known" in done.stderr


# ---- What the order and the precision of the steps decide


def self_check(body, inputs, expected, kind="expect_close"):
    """`body` makes %out of %x0, %x1 …"""
    lines = "".join(constant(f"x{i}", x) for i, x in enumerate(inputs))
    end = f"  stablehlo.custom_call @check.{kind}(%out, %e) {{has_side_effect = true}} : ({type_of(expected)}, {type_of(expected)}) -> ()\n"
    return f"func.func @main() {{\n{lines}{body}{constant('e', expected)}{end}  return\n}}\n"


def test_sums_in_the_order_of_the_text():
    """Where much cancels, f32 rounded at each step differs from f32 rounded once: both are right."""
    a = np.array([[1e8, 1, -1e8, 1]], np.float32)
    b = np.ones((4, 1), np.float32)
    body = "  %out = stablehlo.dot_general %x0, %x1, contracting_dims = [1] x [0] : (tensor<1x4xf32>, tensor<4x1xf32>) -> tensor<1x1xf32>\n"
    for sum_of in (1, 2):
        assert holds(self_check(body, [a, b], np.array([[sum_of]], np.float32)))
    assert not holds(self_check(body, [a, b], np.array([[3]], np.float32)))
    body = "  %i = stablehlo.constant dense<0.0> : tensor<f32>\n  %out = stablehlo.reduce(%x0 init: %i) applies stablehlo.add across dimensions = [0] : (tensor<4xf32>, tensor<f32>) -> tensor<f32>\n"
    for sum_of in (1, 2):
        assert holds(self_check(body, [a[0]], np.float32(sum_of).reshape(())))
    assert not holds(self_check(body, [a[0]], np.float32(0).reshape(())))
    body = "  %out = stablehlo.convolution(%x0, %x1) dim_numbers = [b, 0, f]x[0, i, o]->[b, 0, f], window = {} {batch_group_count = 1 : i64, feature_group_count = 1 : i64} : (tensor<1x4x1xf32>, tensor<4x1x1xf32>) -> tensor<1x1x1xf32>\n"
    inputs = [a.reshape(1, 4, 1), b.reshape(4, 1, 1)]
    for sum_of in (1, 2):
        assert holds(self_check(body, inputs, np.full((1, 1, 1), sum_of, np.float32)))
    assert not holds(self_check(body, inputs, np.full((1, 1, 1), 3, np.float32)))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize(
    "name", ["sinh", "cosh", "digamma", "erf_inv", "erfc", "acosh", "asinh", "tan"]
)
def test_functions_by_their_formulas(name, dtype):
    """What XLA's own expansions give of the functions of CHLO is within three units in the last
    place of one of ours."""
    with jax.enable_x64(True):
        x = np.linspace(0.6, 7.9, 60).astype(dtype)
        if name == "acosh":
            x = 2 + x
        if name == "erf_inv":
            x = x / dtype(9)
        expected = np.asarray(jax.jit(getattr(lax, name))(x))
    kind = type_of(x)
    body = f"  %out = chlo.{name} %x0 : {kind} -> {kind}\n"
    text = self_check(body, [x], expected, "expect_almost_eq")
    assert holds(text)
    near = expected if name not in ("digamma", "erfc") else expected[3:20]
    body = f"  %out = chlo.{name} %x0 : {type_of(near)} -> {type_of(near)}\n"
    x = x if near.size == x.size else x[3:20]
    if name != "digamma":  # its zero lies there
        assert holds(self_check(body, [x], near).replace("{has", "{max_ulp_difference = 8, has"))
    assert not holds(self_check(body, [x], moved(near)))


def test_16_bits_between_steps_may_be_kept_in_32():
    x = np.linspace(1, 3, 50).astype(jnp.bfloat16)

    def f(v):
        return (v * v + v) * v - v

    kept = f(x.astype(np.float32)).astype(jnp.bfloat16)
    rounded = f(x)
    assert (kept != rounded).any()
    kind = type_of(x)
    body = f"""  %0 = stablehlo.multiply %x0, %x0 : {kind}
  %1 = stablehlo.add %0, %x0 : {kind}
  %2 = stablehlo.multiply %1, %x0 : {kind}
  %out = stablehlo.subtract %2, %x0 : {kind}
"""
    assert holds(self_check(body, [x], kept, "expect_eq"))
    assert holds(self_check(body, [x], rounded, "expect_eq"))
    assert not holds(self_check(body, [x], moved(kept), "expect_eq"))


# ---- Sorts that are not stable


@pytest.mark.parametrize("size", [10, 16, 17, 40, 300])
def test_equal_elements_lie_as_xla_leaves_them(size):
    keys = RNG.integers(0, 4, size).astype(INT)
    places = np.arange(size, dtype=INT)
    sort = jax.jit(lambda k, p: lax.sort((k, p), num_keys=1, is_stable=False))
    text = sort.lower(keys, places).as_text()
    expected = sort(keys, places)
    text = text.replace("@main(", "@body(").replace("func public @body", "func private @body")
    kinds = ", ".join([type_of(keys)] * 2)
    checks = "".join(
        constant(f"e{i}", np.asarray(e))
        + f"  stablehlo.custom_call @check.expect_eq(%r#{i}, %e{i}) : ({kinds}) -> ()\n"
        for i, e in enumerate(expected)
    )
    main = (
        f"func.func public @main() {{\n{constant('k', keys)}{constant('p', places)}"
        f"  %r:2 = call @body(%k, %p) : ({kinds}) -> ({kinds})\n{checks}  return\n}}\n"
    )
    done = check(text.rstrip()[:-1] + main + "}\n")
    assert done.returncode == 0, done.stderr


def test_a_loop_whose_regions_have_names_of_their_own():
    text = """func.func @main() {
  %n = stablehlo.constant dense<5> : tensor<i32>
  %one = stablehlo.constant dense<1> : tensor<i32>
  %zero = stablehlo.constant dense<0> : tensor<i32>
  %r:2 = "stablehlo.while"(%zero, %one) ({
  ^bb0(%i: tensor<i32>, %p: tensor<i32>):
    %c = stablehlo.compare LT, %i, %n : (tensor<i32>, tensor<i32>) -> tensor<i1>
    "stablehlo.return"(%c) : (tensor<i1>) -> ()
  }, {
  ^bb0(%j: tensor<i32>, %iterArg: tensor<i32>):
    %k = stablehlo.add %j, %one : tensor<i32>
    %i = stablehlo.multiply %iterArg, %k : tensor<i32>
    "stablehlo.return"(%k, %i) : (tensor<i32>, tensor<i32>) -> ()
  }) : (tensor<i32>, tensor<i32>) -> (tensor<i32>, tensor<i32>)
  check.expect_eq_const %r#1, dense<120> : tensor<i32>
  return
}
"""
    done = check(text)
    assert done.returncode == 0, done.stderr
    assert not holds(text.replace("dense<120>", "dense<121>"))
