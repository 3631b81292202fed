"""Modules of jax.export whose sizes are open: read, verified, printed back and executed at sizes
that they were not written for."""

import jax
import jax.numpy as jnp
import jaxsmith
import numpy as np
import pytest
from jax import export, lax


def f32(*shape):
    return np.random.default_rng(7).normal(size=shape).astype(np.float32)


def spd(*batch):
    a = f32(*batch, 3, 3)
    return a @ a.swapaxes(-1, -2) + 3 * np.eye(3, dtype=np.float32)


def loop(x):
    return lax.fori_loop(0, x.shape[0], lambda i, s: s + x[i] * jnp.sin(s), jnp.zeros(4))


FUNCTIONS = {
    "elementwise": (lambda x: jnp.tanh(x * 2 + 1), ["b, 4"], lambda b: [f32(b, 4)]),
    "iota": (lambda x: x + jnp.arange(x.shape[0]), ["b"], lambda b: [f32(b)]),
    "reshape": (lambda x: x.reshape(-1, 2).T, ["b, 4"], lambda b: [f32(b, 4)]),
    "concatenate": (lambda x, y: jnp.concatenate([x, y]), ["b", "b"], lambda b: [f32(b), f32(b)]),
    "mean": (lambda x: x.mean(0) + x.shape[0], ["b, 4"], lambda b: [f32(b, 4)]),
    "softmax": (lambda x: jax.nn.softmax(x, axis=0), ["b, 4"], lambda b: [f32(b, 4)]),
    "matmul": (lambda x, y: x @ y, ["b, 4", "4, b"], lambda b: [f32(b, 4), f32(4, b)]),
    "slice": (lambda x: x[1:-1:2], ["b + 3"], lambda b: [f32(b + 3)]),
    "pad": (lambda x: jnp.pad(x, (2, x.shape[0])), ["b"], lambda b: [f32(b)]),
    "gather": (
        lambda x, i: x[jnp.round(i).astype(int)],
        ["b, 4", "c"],
        lambda b: [f32(b, 4), f32(b + 1)],
    ),
    "scatter": (
        lambda x, y: x.at[jnp.arange(y.shape[0]) % 3].add(y),
        ["b + 3, 2", "b, 2"],
        lambda b: [f32(b + 3, 2), f32(b, 2)],
    ),
    "sort": (lambda x: jnp.sort(x, axis=0), ["b, 4"], lambda b: [f32(b, 4)]),
    "cumsum": (lambda x: lax.cumsum(x, reverse=True), ["b"], lambda b: [f32(b)]),
    "cummax": (lax.cummax, ["b"], lambda b: [f32(b)]),
    "window": (
        lambda x: lax.reduce_window(x, 0.0, lax.add, (2, 2), (1, 2), "SAME"),
        ["b + 1, 4"],
        lambda b: [f32(b + 1, 4)],
    ),
    "window of all": (
        lambda x: lax.reduce_window(x, 0.0, lax.add, (x.shape[0],), (1,), "VALID"),
        ["b"],
        lambda b: [f32(b)],
    ),
    "convolution": (
        lambda x: lax.conv(x, jnp.ones((2, 3, 2, 2)), (1, 2), "SAME"),
        ["b, 3, 5, 4"],
        lambda b: [f32(b, 3, 5, 4)],
    ),
    "top_k": (lambda x: lax.top_k(x, 2), ["b, 4"], lambda b: [f32(b, 4)]),
    "top_k of all": (lambda x: lax.top_k(x, x.shape[0] - 1), ["b + 1"], lambda b: [f32(b + 1)]),
    "approx_max_k": (lambda x: lax.approx_max_k(x, 2), ["b, 4"], lambda b: [f32(b, 4)]),
    "random": (
        lambda x: jax.random.normal(jax.random.key(3), x.shape),
        ["b, 4"],
        lambda b: [f32(b, 4)],
    ),
    "random bits": (
        lambda x: lax.rng_bit_generator(jnp.arange(4, dtype=jnp.uint32), x.shape),
        ["b, 4"],
        lambda b: [f32(b, 4)],
    ),
    "cholesky": (jnp.linalg.cholesky, ["b, 3, 3"], lambda b: [spd(b)]),
    "solve": (jnp.linalg.solve, ["b, 3, 3", "b, 3, 2"], lambda b: [spd(b), f32(b, 3, 2)]),
    "lu": (lax.linalg.lu, ["b, 3, 3"], lambda b: [spd(b)]),
    "eigvalsh": (jnp.linalg.eigvalsh, ["b, 3, 3"], lambda b: [spd(b)]),
    "scan": (lambda x: lax.scan(lambda c, v: (c + v, c * v), 0.0, x), ["b"], lambda b: [f32(b)]),
    "loop": (loop, ["b, 4"], lambda b: [f32(b, 4)]),
    "branches": (
        lambda x: lax.cond(x.sum() > 0, jnp.sin, lambda v: v + v.shape[0], x),
        ["b"],
        lambda b: [f32(b)],
    ),
    "gradient": (jax.grad(lambda x: (jnp.sin(x) ** 2).sum()), ["b, 4"], lambda b: [f32(b, 4)]),
}


@pytest.mark.parametrize("name", FUNCTIONS)
def test_what_is_exported_is_executed_at_any_size(name):
    function, shapes, inputs = FUNCTIONS[name]
    scope = export.SymbolicScope()
    arguments = [
        jax.ShapeDtypeStruct(export.symbolic_shape(s, scope=scope), np.float32) for s in shapes
    ]
    text = export.export(jax.jit(function))(*arguments).mlir_module()
    program = jaxsmith.parse(text)
    program.verify()
    assert "?" in program.arguments[0]
    assert str(jaxsmith.parse(str(program))) == str(program)
    for b in (1, 2, 5):
        given = inputs(b)
        expected = jax.tree.leaves(jax.jit(function)(*given))
        found = program.evaluate(*given)
        assert [f.shape for f in found] == [e.shape for e in expected]
        for f, e in zip(found, expected, strict=True):
            np.testing.assert_allclose(f, e, rtol=2e-4, atol=2e-5)


def test_sizes_that_the_module_refuses_are_named():
    scope = export.SymbolicScope()
    argument = jax.ShapeDtypeStruct(export.symbolic_shape("2*b", scope=scope), np.float32)
    text = export.export(jax.jit(jnp.sin))(argument).mlir_module()
    with pytest.raises(jaxsmith.errors.IRError, match="polymorphic shapes"):
        jaxsmith.evaluate(text, np.zeros(3, np.float32))
    with pytest.raises(jaxsmith.errors.IRError, match=r"f32\[\?\]|tensor<\?xf32>"):
        jaxsmith.evaluate(text, np.zeros((2, 2), np.float32))


def test_a_result_that_breaks_its_declared_sizes_is_found_when_it_is_run():
    text = """
func.func @main(%a: tensor<?xf32>, %n: tensor<1xi32>) -> tensor<?x2xf32> {
  %0 = stablehlo.dynamic_broadcast_in_dim %a, %n, dims = [0] : (tensor<?xf32>, tensor<1xi32>) -> tensor<?xf32>
  %1 = stablehlo.broadcast_in_dim %0, dims = [0] : (tensor<?xf32>) -> tensor<3x2xf32>
  %2 = stablehlo.abs %1 : (tensor<3x2xf32>) -> tensor<?x2xf32>
  return %2 : tensor<?x2xf32>
}
"""
    program = jaxsmith.parse(text)
    program.verify()
    found = program.evaluate(np.float32([1, -2, 3]), np.int32([3]))[0]
    np.testing.assert_array_equal(found, [[1, 1], [2, 2], [3, 3]])
    with pytest.raises(jaxsmith.errors.IRError):
        program.evaluate(np.float32([1, -2]), np.int32([2]))
