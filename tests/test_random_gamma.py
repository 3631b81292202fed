"""Gamma variates in jaxprs are those of JAX's lowering: every draw is accepted or refused as there."""

import conformance
import jax
import jaxsmith
import numpy as np
import pytest
from test_ambiguous_results import verdicts

SHAPES = np.linspace(0.05, 5, 60).reshape(3, 20)
CASES = [("threefry2x32", dtype) for dtype in ("float32", "float16", "bfloat16", "float64")]
CASES += [("rbg", "float32"), ("unsafe_rbg", "float32")]


def row_of(impl, dtype):
    def function(seed, shapes):
        key = jax.random.key(seed, impl=impl)
        plain = jax.random.gamma(key, shapes, dtype=dtype)
        return plain, jax.random.loggamma(key, shapes, dtype=dtype)

    with jax.enable_x64(dtype == "float64"):
        shapes = jax.numpy.asarray(SHAPES, dtype)
        extraction = jaxsmith.extract(function, np.int32(7), shapes)
        return conformance.row_of(f"{impl} {dtype}", extraction)


def test_variates_are_those_of_jax(tmp_path):
    rows = [row_of(*case) for case in CASES]
    assert all("random_gamma[" in row["jaxpr"] for row in rows)
    assert [v for v in verdicts(tmp_path, rows) if not v["agrees"]] == []


def test_keys_stand_beside_shapes(tmp_path):
    def mapped(seed, shapes):
        return jax.vmap(jax.random.gamma)(jax.random.split(jax.random.key(seed), 3), shapes)

    row = conformance.row_of("mapped", jaxsmith.extract(mapped, np.int32(7), SHAPES))
    assert [v for v in verdicts(tmp_path, [row]) if not v["agrees"]] == []


def test_other_shapes_of_keys_are_refused():
    text = str(jax.make_jaxpr(jax.random.gamma)(jax.random.key(0), np.ones(3, np.float32)))
    with pytest.raises(jaxsmith.IRError, match="key"):
        jaxsmith.verify(text.replace("key<fry>[]", "key<fry>[2]"))
