"""Makes texts in all ways that there are, and writes them to the file that is named: where JAX prints with
colours, and where it does not."""

import json
import sys

import jax
import jax.numpy as jnp
import jaxsmith
from jaxsmith import jax_private
from jaxsmith.levels import LEVELS
from jaxsmith.records import extracted
from jaxsmith.worker import function, plain

# The solver's parameters are a tuple of jaxprs with names, which JAX prints by its `str`.
SOURCE = """
import jax
import jax.numpy as jnp


def solved(a, b):
    return jax.vmap(jnp.linalg.solve)(a, jnp.cumsum(b, 1))
"""


def by_the_worker(x):
    work = function.Work(0, SOURCE, "solved", False, 1, [[jax.device_get(each) for each in x]] * 3)
    plain.run_chunk([work], LEVELS, lambda *_: None)
    assert work.alive, work.refusal
    return [work.levels[name] for name in LEVELS]


def message_of(closed, x):
    def fails(x):
        raise ValueError(f"of {closed}")

    try:
        jaxsmith.extract(fails, x)
    except jaxsmith.ExtractionError as error:
        return str(error).rpartition(" (")[0]  # the place is told from the working folder


def texts():
    x = jnp.stack([jnp.eye(3), 2 * jnp.eye(3)]), jnp.ones((2, 3, 1))
    namespace = {}
    exec(SOURCE, namespace)
    solved = namespace["solved"]
    before = dict(jax.config.values)
    closed = jax.jit(solved).trace(*x).jaxpr
    sample = jaxsmith.extract(solved, *x)
    jax.clear_caches()
    with jaxsmith.capture() as captured:
        jax.jit(solved)(*x)
    static = jaxsmith.extract(
        lambda x, jaxpr: x + 1, x[1], jaxpr=closed.jaxpr, static_argnames="jaxpr"
    )
    return {
        "by JAX": str(closed),
        "extracted": [sample.level(name) for name in LEVELS],
        "captured": [captured[-1].level(name) for name in LEVELS],
        "worker": by_the_worker(x),
        "with sources": jax_private.jaxpr_text_with_sources(closed)[0],
        "statics": extracted.record_of(static)["statics"],
        "shown": sample._repr_html_() + repr(sample),
        "message": message_of(closed, x[1]),
        "spans": sample.spans["jaxpr"],
        "config": before == dict(jax.config.values),
    }


def main(file):
    with open(file, "w") as out:
        json.dump(texts(), out)


if __name__ == "__main__":
    main(sys.argv[1])
