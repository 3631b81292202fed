"""The plain route: one function at a time, by JAX's public interface at its default flags.

These texts are the definition; the chunk route gives the same ones. A script with nothing of
jaxsmith gets them byte for byte like this:

    from jaxlib import _hlo
    options = _hlo.HloPrintOptions()            # XLA's defaults, but
    options.print_large_constants = True        # constants in full
    options.print_metadata = False              # no paths, no line numbers

    traced = jax.jit(function).trace(*arguments)  # of NumPy arrays, with x64 as it is set
    lowered = traced.lower()
    compiled = lowered.compile()
    jaxpr = str(traced.jaxpr)
    stablehlo = lowered.as_text()
    hlo = lowered.as_text(dialect="hlo")
    hlo_optimized = compiled.runtime_executable().hlo_modules()[0].to_string(options)
"""

import functools
from collections.abc import Callable, Collection, Sequence
from typing import Any

import jax
import numpy as np
from jax import enable_x64

from jaxsmith import jax_private, levels
from jaxsmith.levels import Reach
from jaxsmith.worker import probe, stages
from jaxsmith.worker.function import Work
from jaxsmith.worker.stages import Progress


def run_chunk(works: Sequence[Work], wanted: Collection[str], progress: Progress) -> None:
    for work in stages.alive(works):
        for stage, act in (
            ("exec", stages.load),
            ("trace", stages.trace),
            ("text", lambda work: stages.make_texts(work, stages.of_stages(wanted, Reach.TRACED))),
            ("lower", stages.lower),
            ("text", lambda work: stages.make_texts(work, stages.of_stages(wanted, Reach.LOWERED))),
        ):
            if work.alive:
                progress(stage, [work.position])
                act(work)
        if work.alive:
            finish(work, wanted, progress)
        work.forget()


def finish(work: Work, wanted: Collection[str], progress: Progress) -> None:
    """From the lowered function on: HLO texts, compile, runs. The chunk route sends functions here
    that it cannot compile itself, such as those of several devices."""
    progress("compile", [work.position])
    reached = {name: levels.TABLE[name].reach for name in stages.of_compiles(wanted)}
    stages.make_texts(work, [name for name, reach in reached.items() if reach == Reach.LOWERED])
    if work.alive:
        stages.compile_lowered(work)
    stages.make_texts(work, [name for name, reach in reached.items() if reach == Reach.COMPILED])
    stages.make_texts(work, stages.of_stages(wanted, Reach.COMPILED))
    if work.alive:
        with work.stage("text"):
            keep_costs(work, work.compiled.cost_analysis())
    if work.alive:
        with work.stage("parse"):
            parse(work, jax_private.new_context())
    if work.alive:
        sign = functools.partial(progress, "run", [work.position])
        sign()
        _run(work, work.compiled, sign)


def keep_costs(work: Work, costs: dict[str, float]) -> None:
    work.flops = float(costs.get("flops", 0.0))
    work.bytes_accessed = float(costs.get("bytes accessed", 0.0))


def parse(work: Work, context: Any) -> Any:
    """Raises unless the parsers that jaxlib carries accept the texts; gives the module of the level
    that is run."""
    for name in [*(name for name in work.levels if name != levels.RUN), levels.RUN]:
        if levels.TABLE[name].official_parser:
            module = levels.producer(name).parse(work.levels[name], context)
    return module


def _run(work: Work, compiled: jax.stages.Compiled, sign: Callable[[], None]) -> None:
    def run(choices: Sequence[probe.Choice]) -> list[list[np.ndarray]]:
        chosen = [probe.chosen(work, j, choice) for j, choice in enumerate(choices[0])]
        arguments = chosen if work.treedef is None else work.treedef.unflatten(chosen)
        return [[np.asarray(leaf) for leaf in jax.tree_util.tree_leaves(compiled(*arguments))]]

    with work.stage("run"), enable_x64(work.x64):
        kept = jax_private.Lowering(work.lowered).kept
        probe.probe([work], [kept], probe.with_signs(run, sign))
