"""The readers from Python: what they give is what JAX gives, and they do not hold Python up."""

import functools
import os
import subprocess
import sys
import threading
from pathlib import Path

import jax
import jax.numpy as jnp
import jaxsmith
import ml_dtypes
import numpy as np
import pytest

PACKAGE = Path(__file__).resolve().parent.parent / "python"

SINE = "{ lambda ; a:f32[3]. let b:f32[3] = sin a in (b,) }"
ENDLESS = """
func.func @main(%a: tensor<i32>) -> tensor<i32> {
  %0 = stablehlo.while(%x = %a) : tensor<i32>
  cond {
    %t = stablehlo.constant dense<true> : tensor<i1>
    stablehlo.return %t : tensor<i1>
  } do {
    stablehlo.return %x : tensor<i32>
  }
  return %0 : tensor<i32>
}
"""


def texts_of(function, *arguments):
    traced = jax.jit(function).trace(*arguments)
    lowered = traced.lower()
    return [
        str(traced.jaxpr),
        lowered.as_text(),
        lowered.as_text(dialect="hlo"),
        lowered.compile().as_text(),
    ]


@pytest.mark.parametrize(
    "dtype",
    [
        np.bool_,
        np.int8,
        np.uint16,
        np.int32,
        np.float16,
        ml_dtypes.bfloat16,
        ml_dtypes.float8_e4m3fn,
        ml_dtypes.int4,
        np.float32,
        np.complex64,
    ],
)
@pytest.mark.parametrize("shape", [(), (0, 2), (2, 3)])
def test_results_are_those_of_jax(dtype, shape):
    x = np.arange(int(np.prod(shape))).reshape(shape).astype(dtype)

    def function(x):
        return jnp.concatenate([x.ravel(), x.ravel()]), jnp.where(x == x, x, 0 * x).T

    for text in texts_of(function, x):
        found = jaxsmith.evaluate(text, x)
        for a, b in zip(found, jax.jit(function)(x), strict=True):
            assert a.dtype == b.dtype and a.shape == b.shape
            assert a.tobytes() == np.asarray(b).tobytes()


def test_a_program_says_what_it_is():
    program = jaxsmith.parse(SINE)
    assert (program.level, program.arguments, program.results) == (
        "jaxpr",
        ["f32[3]"],
        ["f32[3]"],
    )
    assert "sin" in str(program)
    other = "{ lambda ; x:f32[3]. let y:f32[3] = sin x in (y,) }"
    assert program.structural_hash() == jaxsmith.structural_hash(other)
    assert jaxsmith.canonical(SINE) == jaxsmith.canonical(other)
    assert jaxsmith.structural_hash(SINE.replace("sin", "cos")) != program.structural_hash()


def test_errors_name_the_place():
    with pytest.raises(jaxsmith.IRError, match=r"(?s)jaxpr:1:26: .*f32\[4\].*\^"):
        jaxsmith.verify(SINE.replace("b:f32[3]", "b:f32[4]"))
    with pytest.raises(jaxsmith.IRError, match="level says which"):
        jaxsmith.parse("hello")
    with pytest.raises(jaxsmith.UnsupportedError, match="frobnicate"):
        jaxsmith.verify(SINE.replace("sin", "frobnicate"))
    with pytest.raises(jaxsmith.IRError, match="1 arguments, not 2"):
        jaxsmith.evaluate(SINE, 1, 2)
    with pytest.raises(jaxsmith.IRError):
        jaxsmith.evaluate(SINE, np.ones(4, np.float32))


def test_a_constant_of_more_elements_than_there_can_be_is_refused():
    text = "module attributes {a = dense<1.0> : tensor<4294967296x4294967296x8xf32>} {\n}\n"
    with pytest.raises(jaxsmith.IRError, match=r"(?s)mlir:1:30: .*more elements.*\^"):
        jaxsmith.parse(text, level="stablehlo", name="m.mlir")


def test_a_budget_ends_a_text():
    with pytest.raises(jaxsmith.BudgetError, match="100000 steps"):
        jaxsmith.evaluate(ENDLESS, np.int32(1), steps=100_000)


def in_threads(*acts):
    """Runs them side by side, to their ends; what they have raised."""
    failures: list[BaseException] = []

    def run(act):
        try:
            act()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=run, args=[act]) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return failures


def run_out_of_steps(program, steps):
    with pytest.raises(jaxsmith.BudgetError):
        program.evaluate(np.int32(1), steps=steps)


def test_each_thread_has_its_own_budget():
    programs = [jaxsmith.parse(ENDLESS) for _ in range(2)]
    acts = [functools.partial(run_out_of_steps, program, 1_000_000) for program in programs]
    assert in_threads(*acts) == []


# Ends by itself only if the interpreter is let on, again and again, within one call that does not end.
SIDE_BY_SIDE = f"""
import os, sys, threading, time
import jaxsmith, numpy as np
program, x = jaxsmith.parse({ENDLESS!r}), np.ones(3, np.float32)
sys.setswitchinterval(1000)  # no thread is made to give way
begun = threading.Event()
def endless():
    begun.set()
    program.evaluate(np.int32(1), steps=10**15)
threading.Thread(target=endless, daemon=True).start()
begun.wait()
for _ in range(20):
    np.testing.assert_allclose(jaxsmith.evaluate({SINE!r}, x)[0], np.sin(x), rtol=1e-6)
    time.sleep(0)  # gives way
os.write(1, b"20 turns")
os._exit(0)
"""


def test_python_goes_on_while_a_text_is_executed():
    done = subprocess.run(
        [sys.executable, "-c", SIDE_BY_SIDE],
        env={**os.environ, "PYTHONPATH": str(PACKAGE)},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert (done.returncode, done.stdout) == (0, "20 turns"), done.stderr
