"""Operations that JAX hardly ever emits: of StableHLO and HLO as other compilers write them, and random
numbers of no stated generator."""

import jax
import jaxsmith
import numpy as np
import pytest
from jax._src.interpreters import mlir
from jaxsmith import jax_private

SHAPE, FEATURE = (4, 3, 5), 1
EPSILON = 0.002
KINDS = {
    "inference": ("scale offset mean variance", 1),
    "training": ("scale offset", 3),
    "grad": ("scale mean variance grad_output", 3),
}


def tensor(shape, dtype):
    return "tensor<" + "".join(f"{size}x" for size in shape) + dtype + ">"


def batch_norm(kind: str, dtype: str = "f32") -> str:
    x, each = tensor(SHAPE, dtype), tensor((SHAPE[FEATURE],), dtype)
    names, count = KINDS[kind]
    operands = [x] + [x if name == "grad_output" else each for name in names.split()]
    results = [x, each, each][:count]
    arguments = ", ".join(f"%arg{i}: {type_}" for i, type_ in enumerate(operands))
    used = ", ".join(f"%arg{i}" for i in range(len(operands)))
    values = ", ".join(f"%0#{i}" for i in range(count)) if count > 1 else "%0"
    return f"""module @m {{
  func.func public @main({arguments}) -> ({", ".join(results)}) {{
    %0{f":{count}" if count > 1 else ""} = "stablehlo.batch_norm_{kind}"({used}) <{{epsilon = {EPSILON} : f32, feature_index = {FEATURE} : i64}}> : ({", ".join(operands)}) -> {results[0] if count == 1 else "(" + ", ".join(results) + ")"}
    return {values} : {", ".join(results)}
  }}
}}
"""


def inputs(kind: str) -> list[np.ndarray]:
    random = np.random.default_rng(7)
    each = [np.float32(random.uniform(0.5, 2, SHAPE[FEATURE])) for _ in KINDS[kind][0].split()]
    out = [np.float32(random.normal(size=SHAPE)), *each]
    if kind == "grad":
        out[-1] = np.float32(random.normal(size=SHAPE))
    return out


def parsed(text: str):
    return jax_private.parse_stablehlo(text, mlir.make_ir_context())


def by_xla(text: str, arguments: list[np.ndarray], results: int) -> list[np.ndarray]:
    compiler = jax_private.Compiler({})
    executable = compiler.compile(parsed(text), len(arguments), results)
    return compiler.run(executable, [compiler.put(a) for a in arguments])


def official(text: str) -> str:
    return str(parsed(text))


@pytest.mark.parametrize("kind", KINDS)
def test_batch_norm_gives_what_xla_gives(kind):
    text, arguments = batch_norm(kind), inputs(kind)
    expected = by_xla(text, arguments, KINDS[kind][1])
    lowered = jax_private.hlo_of_stablehlo(parsed(text), locations=False)
    assert f"batch-norm-{kind}(" in lowered
    for level in (text, lowered):
        got = jaxsmith.evaluate(level, *arguments)
        assert len(got) == len(expected) == KINDS[kind][1]
        for a, b in zip(got, expected, strict=True):
            np.testing.assert_allclose(a, b, rtol=2e-5, atol=2e-5)
    assert str(jaxsmith.parse(lowered)) == lowered


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("dtype", ["f32", "f64", "bf16"])
def test_batch_norm_is_printed_as_mlir_prints_it(kind, dtype):
    text = batch_norm(kind, dtype)
    assert "epsilon = 2.000000e-03 : f32" in str(jaxsmith.parse(text))
    assert str(jaxsmith.parse(official(text))) == official(text)


@pytest.mark.parametrize(
    "change",
    [("feature_index = 1", "feature_index = 3"), ("tensor<3xf32>", "tensor<5xf32>")],
)
def test_batch_norm_of_wrong_types_is_refused(change):
    for kind in KINDS:
        with pytest.raises(jaxsmith.IRError, match="batch_norm"):
            jaxsmith.verify(batch_norm(kind).replace(*change))


CONSTANTS = """module @m {
  func.func public @main(%arg0: tensor<2xf32>) -> tensor<2xf32> {
    %0 = chlo.constant dense<[1.000000e+00, 2.000000e+00]> : tensor<2xf32>
    %1 = "chlo.constant_like"(%arg0) <{value = 2.500000e-01 : f32}> : (tensor<2xf32>) -> tensor<2xf32>
    %2 = stablehlo.add %0, %1 : tensor<2xf32>
    return %2 : tensor<2xf32>
  }
}
"""


def test_constants_of_chlo():
    assert str(jaxsmith.parse(CONSTANTS)) == official(CONSTANTS)
    assert jaxsmith.evaluate(CONSTANTS, np.zeros(2, np.float32))[0].tolist() == [1.25, 2.25]


@pytest.mark.parametrize("level", ["jaxpr", "stablehlo", "hlo", "hlo_optimized"])
def test_random_numbers_of_no_generator_are_verified_at_every_level(level):
    row = jaxsmith.extract(
        lambda a, b: jax.lax.rng_uniform(a, b, (2, 3)), np.float32(0), np.float32(1)
    )
    text = getattr(row, level)
    program = jaxsmith.parse(text)
    assert str(program) == text
    program.verify()
    with pytest.raises(jaxsmith.UnsupportedError, match="rng"):
        program.evaluate(np.float32(0), np.float32(1))


RNG = """module @m {
  func.func public @main(%arg0: tensor<f32>, %arg1: tensor<f32>) -> tensor<2x3xf32> {
    %c = stablehlo.constant dense<[2, 3]> : tensor<2xi64>
    %0 = stablehlo.rng %arg0, %arg1, %c, distribution =  UNIFORM : (tensor<f32>, tensor<f32>, tensor<2xi64>) -> tensor<2x3xf32>
    return %0 : tensor<2x3xf32>
  }
}
"""


def test_random_numbers_of_no_generator_are_verified_and_not_made_up():
    assert str(jaxsmith.parse(RNG)) == official(RNG)
    jaxsmith.verify(RNG)
    with pytest.raises(jaxsmith.IRError, match="rng"):
        jaxsmith.evaluate(RNG, np.float32(0), np.float32(1))
    with pytest.raises(jaxsmith.IRError, match="rng"):
        jaxsmith.verify(
            RNG.replace("%arg1: tensor<f32>", "%arg1: tensor<2xf32>").replace(
                "(tensor<f32>, tensor<f32>, tensor<2xi64>)",
                "(tensor<f32>, tensor<2xf32>, tensor<2xi64>)",
            )
        )
