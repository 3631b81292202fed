"""What a worker says of a function does not depend on what it has done before: in the same chunk, in
another one, in none."""

import random
import re
import subprocess
import sys

import pytest
from jax._src import core
from jaxsmith import jax_private
from jaxsmith.worker import stages
from jaxsmith.worker.function import work_of
from repeatability import (
    differences,
    differences_from_alone,
    fresh_outcomes,
    outcomes,
    planned,
)
from worker_client import Worker, environment
from worker_functions import SAMPLES, sample

# Functions of the same shape whose calls of one and the same thing of JAX's stand on the same line, with
# other extents. The lowering of a rule, a function of JAX's own, the jaxpr of a reduction within a
# derivative, what a derivative is linearised to: JAX keeps each for later callers.
SHORT_AND_LONG = {
    "integer_pow": ("a ** -2", "(jnp.sin(a) * 2) ** -2"),
    "derivative_of_a_quotient": (
        "jax.grad(lambda x: jnp.sum(x / (1.0 + jnp.abs(x))))(a)",
        "jax.grad(lambda x: jnp.sum(x / (1.0 + jnp.abs(x)) / x))(a)",
    ),
    "where": ("jnp.where(a > 0, a, 0)", "jnp.where(jnp.cos(a) > 0.5, jnp.tanh(a), 0)"),
    "argmin": ("lax.argmin(a, 0, jnp.int32)", "lax.argmin(jnp.cos(a) + 1, 0, jnp.int32)"),
    "top_k_in_a_derivative": (
        "jax.grad(lambda x: lax.top_k(x, 2)[0].sum())(a)",
        "jax.grad(lambda x: lax.top_k(jnp.sin(x), 2)[0].sum())(a)",
    ),
    "jacobian_of_a_reduction": (
        "jax.jacfwd(lambda x: jnp.min(x) * x)(a)",
        "jax.jacfwd(lambda x: jax.nn.softmax(x) * jnp.min(x))(a)",
    ),
    "scan": (
        "lax.scan(lambda c, x: (c + x**-2, c), 0.0, a)",
        "lax.scan(lambda c, x: (c * 0.5 + jnp.sin(x) ** -2, c), 0.0, a)",
    ),
    "rule_that_calls_a_reduction": (
        "lax.ragged_dot(a[:, None] + a, jnp.stack([a[:, None]]), jnp.array([5]))",
        "lax.ragged_dot(a[:, None] * jnp.sin(a), jnp.stack([a[:, None]]), jnp.array([5]))",
    ),
    "keys": (
        "jax.random.normal(jax.random.split(jax.random.key(3))[0], (5,)) + a",
        "jax.random.normal(jax.random.split(jax.random.key(3), 4)[2], (5,)) + a",
    ),
    # A rule's own function, mapped over keys for another rule; and a rule that is given a loop's body.
    "keys_of_samplers": (
        "jax.random.beta(jax.random.split(jax.random.key(3))[0], jnp.abs(a) + 1, 2.0, (5,))",
        "jax.random.t(jax.random.split(jax.random.key(3), 4)[2], jnp.abs(a) + 1, (5,)) + a",
    ),
    "samplers_in_loops": (
        "lax.scan(lambda c, k: (c + jax.random.t(k, 3.0, (5,)), c), a, "
        "jax.random.split(jax.random.key(3), 3))",
        "lax.fori_loop(0, 3, lambda i, c: c + jax.random.beta("
        "jax.random.fold_in(jax.random.key(3), i), jnp.exp(c), 2.0), a)",
    ),
    "checkpoint": (
        "jax.grad(lambda x: jax.checkpoint(jnp.logaddexp2)(x, 2.0).sum())(a)",
        "jax.grad(lambda x: jax.checkpoint(jnp.logaddexp2)(jnp.sin(x), 2.0).sum())(a)",
    ),
}
SOURCES = {
    f"{name}_{length}": sample(f"{name}_{length}", "f32[5]", f"return {expression}").request()
    for name, pair in SHORT_AND_LONG.items()
    for length, expression in zip(("short", "long"), pair, strict=True)
}


@pytest.mark.parametrize("route", ["chunk", "plain"])
def test_functions_that_share_what_jax_keeps(route):
    """One by one in both orders, and all together: each worker has seen something else before."""
    names = list(SOURCES)
    found = []
    for order in (names, names[::-1]):
        with Worker() as worker:
            found.append({name: worker.run([SOURCES[name]], route)[0] for name in order})
            together = worker.run([SOURCES[name] for name in order], route)
        for name, outcome in zip(order, together, strict=True):
            assert outcome["ok"], outcome
            assert outcome["spans"] == found[-1][name]["spans"], name
    for name in names:
        assert list(differences(found[0][name], found[1][name])) == [], name


def test_names_in_hlo_are_those_of_jax_alone():
    """XLA names what a rule passes on by the place of the equation that it lowers."""
    with Worker() as worker:
        outcomes_by_name = {name: worker.run([request])[0] for name, request in SOURCES.items()}
    for name, request in SOURCES.items():
        found = hlo_of_jax_alone(request["source"], request["entry"])
        assert outcomes_by_name[name]["levels"]["hlo"] == found, name


def hlo_of_jax_alone(source, entry):
    """The text that a process gives that holds nothing of jaxsmith and has traced nothing before."""
    script = (
        "import sys, jax, numpy\n"
        "scope = {}\n"
        "exec(compile(sys.argv[1], '<function>', 'exec'), scope)\n"
        "traced = jax.jit(scope[sys.argv[2]]).trace(numpy.ones(5, numpy.float32))\n"
        "print(traced.lower().as_text('hlo'), end='')"
    )
    command = [sys.executable, "-c", script, source, entry]
    return subprocess.run(
        command, capture_output=True, text=True, check=True, env=environment()
    ).stdout


def test_exact_places_are_those_of_the_expressions():
    """One rule's lowering is used for three equations, on one line and with the same beginning."""
    body = """
    def half(x):
        return x ** -2 * 0.5

    first = a ** -2
    return first ** -2 + first ** -2 * 3, half(a)
    """
    request = sample("places", "f32[5]", body).request()
    lines = request["source"].split("\n")
    with Worker() as worker:
        outcome = worker.run([request])[0]
    text = outcome["levels"]["stablehlo"].split("\n")
    places = [
        lines[line - 1][column:end]
        for number, kind, sources, _ in outcome["spans"]["stablehlo"]
        if "stablehlo.divide" in text[number - 1] and kind == "exact"
        for line, column, _, end in sources
    ]
    assert sorted(places) == ["a ** -2", "first ** -2", "first ** -2", "x ** -2"]


def test_nothing_of_an_earlier_function_stands_in_a_later_one():
    """Each function twice, so that the second finds in JAX's caches all that can be there: tracebacks and
    locations hold frames of its own alone."""
    requests = [*SOURCES.values(), *(each.request() for each in SAMPLES if each.devices == 1)]
    requests += planned(5, 0, 1)[0]
    context = {x64: jax_private.new_context(threads=False) for x64 in (False, True)}
    bodies: dict[bool, dict] = {False: {}, True: {}}
    for request in requests:
        for _ in range(2):
            work = work_of(0, request)
            stages.load(work)
            stages.trace(work)
            assert work.alive, work.refusal
            files = {
                code.co_filename
                for equation in equations(work.traced.jaxpr.jaxpr)
                for code in equation.source_info.traceback.raw_frames()[0]
            }
            with jax_private.lowering_into(context[work.x64], bodies[work.x64]):
                stages.lower(work)
            located = work.lowered.as_text(debug_info=True)
            files.update(re.findall(r'"(<function \d+>)":', located))
            assert {f for f in files if f.startswith("<function ")} <= {work.file}, work.source


def equations(jaxpr):
    for equation in jaxpr.eqns:
        yield equation
        for inner in core.jaxprs_in_params(equation.params):
            yield from equations(inner)


def test_chunks_in_another_order_and_on_fresh_workers():
    chunks = planned(11, 0, 4)
    expected = outcomes(chunks, [0, 1, 2, 3], 4)
    good = [outcome["ok"] for chunk in expected for outcome in chunk]
    assert len(good) > 100
    assert sum(good) > 0.95 * len(good)
    for order, renew_after in (([3, 2, 1, 0], 4), ([1], 1)):
        found = outcomes(chunks, order, renew_after)
        for chunk in order:
            for i, (a, b) in enumerate(zip(expected[chunk], found[chunk], strict=True)):
                assert list(differences(a, b)) == [], chunks[chunk][i]["source"]


def test_traced_alone_in_a_fresh_process():
    functions = planned(12, 0, 1)[0]
    with Worker() as worker:
        worker.run(planned(13, 0, 1)[0])
        chunk, plain = worker.run(functions), worker.run(functions, "plain")
    good = [i for i, outcome in enumerate(chunk) if outcome["ok"]]
    chosen = random.Random(0).sample(good, 16)
    alone = fresh_outcomes([functions[i] for i in chosen])
    for i, outcome in zip(chosen, alone, strict=True):
        assert list(differences(outcome, plain[i])) == [], functions[i]["source"]
        assert list(differences_from_alone(outcome, chunk[i])) == [], functions[i]["source"]
