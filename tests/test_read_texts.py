"""What C++ reads off the texts of real JAX: structures, and counts as JAX's own objects give them."""

import json
import os
import random
import re
import subprocess
from collections import Counter
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend.core import jaxprs_in_params
from jaxlib import _hlo
from worker_functions import SAMPLES, array

ROOT = Path(__file__).resolve().parent.parent
BINARIES = Path(os.environ.get("JAXSMITH", ROOT / "build" / "jaxsmith")).parent


def read(texts):
    """What the reader says of each."""
    lines = "".join(json.dumps(t) + "\n" for t in texts)
    done = subprocess.run(
        [BINARIES / "read_texts_main"], input=lines, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    found = [json.loads(line) for line in done.stdout.splitlines()]
    assert len(found) == len(texts)
    return found


def read_jaxprs(functions):
    found = read([{"jaxpr": str(jax.make_jaxpr(f)(*arguments))} for f, *arguments in functions])
    assert [f.get("error") for f in found] == [None] * len(found)
    return [(f["structure"], f["signature"]) for f in found]


# ---- Counts --------------------------------------------------------------------------------------


def printed_equations(jaxpr):
    """Of a jaxpr as JAX prints it: an inner one that is used more than once, or is long, stands in the
    text once; those of a linear solve are printed by themselves."""
    uses, waiting = Counter(), [jaxpr]
    while waiting:
        current = waiting.pop()
        uses[current] += 2 if current is not jaxpr and len(current.eqns) > 10 else 1
        for equation in current.eqns:
            waiting += jaxprs_in_params(equation.params)
    counts, shared = Counter(), [j for j, n in uses.items() if n > 1]
    for start in [jaxpr, *shared]:
        waiting = [start]
        while waiting:
            for equation in waiting.pop().eqns:
                counts[equation.primitive.name] += 1
                inner = list(jaxprs_in_params(equation.params))
                if equation.primitive.name == "custom_linear_solve":
                    for each in inner:
                        counts += printed_equations(each)
                else:
                    waiting += [each for each in inner if uses[each] == 1]
    return counts


def count_operations(operation, counts):
    for region in operation.regions:
        for block in region:
            for inner in block:
                counts[inner.operation.name] += 1
                count_operations(inner.operation, counts)


def count_instructions(module):
    """By opcode: what stands behind the type of "%name = f32[3]{0} add(…)"."""
    lines = [i.to_string() for c in module.computations() for i in c.instructions()]
    return Counter(re.search(r"[\]})] ([a-z][a-z0-9-]*)\(", line)[1] for line in lines)


def lowered_samples():
    for sample in SAMPLES:
        if sample.devices > 1:
            continue
        namespace = {}
        with jax.enable_x64(sample.x64):
            exec(sample.source, namespace)
            arguments = [array(spec, i) for i, spec in enumerate(sample.arguments)]
            traced = jax.jit(namespace["f"]).trace(*arguments)
            yield sample.name, traced, traced.lower()


@pytest.fixture(scope="module")
def samples():
    return list(lowered_samples())


def test_counts_are_those_of_the_objects(samples):
    texts = [
        {
            "jaxpr": str(traced.jaxpr),
            "stablehlo": lowered.as_text(),
            "hlo": lowered.as_text(dialect="hlo"),
        }
        for _, traced, lowered in samples
    ]
    assert len(texts) > 60
    for (name, traced, lowered), text, found in zip(samples, texts, read(texts), strict=True):
        assert "error" not in found, (name, found)
        equations = printed_equations(traced.jaxpr.jaxpr)
        assert found["jaxpr"] == dict(equations), name
        assert found["equations"] == sum(equations.values()), name
        operations = Counter()
        count_operations(lowered.compiler_ir().operation, operations)
        assert found["stablehlo"] == dict(operations), name
        instructions = count_instructions(_hlo.hlo_module_from_text(text["hlo"]))
        assert found["hlo"] == dict(instructions), name


# ---- Structure -----------------------------------------------------------------------------------

X, Y = jnp.ones((3, 4)), jnp.ones((5, 2))


def test_literals_and_names_make_no_difference():
    def f(x):
        return jnp.sin(x) * 2.5 + jax.nn.relu(x)

    def g(rows):
        sine = jnp.sin(rows)
        scaled = sine * -1e-9
        return scaled + jax.nn.relu(rows)

    first, second = read_jaxprs([(f, X), (g, X)])
    assert first == second


@pytest.mark.parametrize(
    "other", [Y, X[0], X.astype(jnp.bfloat16), X.astype(jnp.float16)], ids=lambda o: str(o.aval)
)
def test_shapes_and_dtypes_make_another_signature_of_the_same_structure(other):
    def f(x):
        def step(carry, _):
            return jnp.tanh(carry) * x, None

        return jax.lax.scan(step, x, None, length=3)[0] + jnp.where(x > 0, x, -x)

    (structure, signature), (same, another) = read_jaxprs([(f, X), (f, other)])
    # Sizes are left out, the rank of a value is not part of what an equation says.
    if other.ndim == X.ndim:
        assert structure == same
    assert signature != another


def test_different_programs_differ():
    functions = [
        lambda x: jnp.sin(x),
        lambda x: jnp.cos(x),
        lambda x: jnp.sin(jnp.sin(x)),
        lambda x: x + x,
        lambda x: x * x,
        lambda x: (x, x),
        lambda x: jnp.sin(x).T,
        lambda x: jnp.sum(x, axis=0),
        lambda x: jnp.sum(x, axis=1),
        lambda x: jnp.max(x, axis=0),
        lambda x: jax.lax.cond(x[0, 0] > 0, jnp.sin, jnp.cos, x),
        lambda x: jax.lax.cond(x[0, 0] > 0, jnp.cos, jnp.sin, x),
        lambda x: jax.lax.scan(lambda c, r: (c + r, c), x[0], x)[0],
        lambda x: jax.lax.scan(lambda c, r: (c + r, r), x[0], x)[0],
        lambda x: jax.lax.scan(lambda c, r: (c + r, c), x[0], x, reverse=True)[0],
        lambda x: jnp.sin(x) - jnp.cos(x),
        lambda x: jnp.cos(x) - jnp.sin(x),
        lambda x: (jnp.sin(x), jnp.cos(x)),
        lambda x: (jnp.cos(x), jnp.sin(x)),
    ]
    signatures = [signature for _, signature in read_jaxprs([(f, X) for f in functions])]
    assert len(set(signatures)) == len(functions)


def test_operands_are_told_apart():
    functions = [
        lambda a, b: a - b,
        lambda a, b: b - a,
        lambda a, b: a - a,
        lambda a, b: (a + b) - a,
        lambda a, b: (a + b) - b,
    ]
    signatures = [signature for _, signature in read_jaxprs([(f, X, X) for f in functions])]
    assert len(set(signatures)) == len(functions)


def test_the_same_text_always_reads_the_same(samples):
    texts = [{"jaxpr": str(traced.jaxpr)} for _, traced, _ in samples]
    assert read(texts) == read(texts)


def test_variables_may_be_called_like_keywords():
    """After a few thousand variables JAX names them `in`, `let`, `inf`, `nan`."""

    def f(x):
        for _ in range(9000):
            x = x + 1.0
        return x

    text = str(jax.make_jaxpr(f)(1.0))
    assert all(re.search(rf"\b{name}:f32", text) for name in ("in", "let", "inf", "nan"))
    (found,) = read([{"jaxpr": text}])
    assert found["equations"] == 9000


def test_any_bytes_are_read_or_refused(samples):
    """Real texts, cut and mixed: the reader says where it stops, and goes on with the next."""
    rng = random.Random(5)
    texts = [str(traced.jaxpr) for _, traced, _ in samples]
    texts += [
        lowered.as_text(dialect=dialect)
        for _, _, lowered in samples[::4]
        for dialect in ("stablehlo", "hlo")
    ]
    broken = [
        "",
        "{",
        "{ lambda",
        "let " * 1000,
        "{" * 100_000,
        "(" * 100_000,
        '"',
        "\x00\xff" * 50,
    ]
    for _ in range(3000):
        text = list(rng.choice(texts)[:4000])
        for _ in range(rng.randint(1, 8)):
            at = rng.randrange(len(text))
            action = rng.randrange(4)
            if action == 0:
                del text[at : at + rng.randint(1, 30)]
            elif action == 1:
                text.insert(at, rng.choice(list("{}[]()<>=:;,\"'\\lambda in let 0x-.") + ["\n"]))
            elif action == 2:
                text[at] = chr(rng.randrange(1, 400))
            else:
                other = rng.randrange(len(text))
                text[at:at] = text[other : other + rng.randint(1, 60)]
            text = text or ["x"]
        broken.append("".join(text))
    found = read([{"jaxpr": t, "stablehlo": t, "hlo": t} for t in broken])
    refused = [f["error"] for f in found if "error" in f]
    assert len(refused) > 1000
    assert all(error.startswith("jaxpr:") and "\n" not in error for error in refused)


def test_arrays_in_text_do_not_confuse_the_counts():
    constant = jnp.asarray(np.arange(2000, dtype=np.float32).reshape(40, 50))
    lowered = jax.jit(lambda x: x + constant).lower(jnp.ones((40, 50)))
    (found,) = read([{"stablehlo": lowered.as_text(), "hlo": lowered.as_text(dialect="hlo")}])
    assert found["stablehlo"]["stablehlo.constant"] == 1
    assert found["stablehlo"]["stablehlo.add"] == 1
