"""Uses of the package as a type checker sees them: test_api.py runs one over this file."""

from collections.abc import Iterator, Mapping
from typing import assert_type

import jax.numpy as jnp
import jaxsmith


def function(x: jnp.ndarray, n: int) -> jnp.ndarray:
    return x * n


sample = jaxsmith.extract(function, jnp.ones(3), 2, static_argnums=1, transform=["grad", "vmap"])
assert_type(sample, jaxsmith.Extraction)
assert_type(sample.stablehlo, str | None)
assert_type(sample.case, jaxsmith.Case | None)
assert_type(sample.cost, jaxsmith.Cost | None)
assert_type(sample.spans, Mapping[str, list[jaxsmith.Span]])
assert_type(jaxsmith.generate(3), Iterator[jaxsmith.Row])
assert_type(jaxsmith.load("dataset")[0], jaxsmith.Row)
with jaxsmith.capture(all=True) as captured:
    pass
assert_type(captured[0].call_site, str)
jaxsmith.generate("many")  # type: ignore[arg-type]
jaxsmith.extract(3)  # type: ignore[arg-type]
program = jaxsmith.parse("{ lambda ; a:f32[3]. let b:f32[3] = sin a in (b,) }")
assert_type(program, jaxsmith.Program)
assert_type(program.arguments, list[str])
assert_type(jaxsmith.structural_hash("…"), str)
jaxsmith.verify(3)  # type: ignore[arg-type]
