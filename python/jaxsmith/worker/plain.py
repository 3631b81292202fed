"""The plain route: one function at a time, by JAX's public interface at its default flags.

These texts are the definition; the chunk route gives the same ones. A script with nothing of
jaxsmith gets them byte for byte like this:

    from jaxlib import _hlo
    options = _hlo.HloPrintOptions()            # XLA's defaults, but
    options.print_large_constants = True        # constants in full
    options.print_metadata = False              # no paths, no line numbers

    traced = jax.jit(function).trace(*inputs)   # NumPy arrays, with x64 as it is set
    lowered = traced.lower()
    compiled = lowered.compile()
    jaxpr = str(traced.jaxpr)
    stablehlo = lowered.as_text()
    hlo = lowered.as_text(dialect="hlo")
    hlo_optimized = compiled.runtime_executable().hlo_modules()[0].to_string(options)
"""

from collections.abc import Collection, Sequence
from typing import Any

import jax
import numpy as np
from jax import enable_x64

from jaxsmith import jax_private
from jaxsmith.worker import probe, stages
from jaxsmith.worker.function import Work
from jaxsmith.worker.stages import Progress


def run_chunk(works: Sequence[Work], levels: Collection[str], progress: Progress) -> None:
    for work in stages.alive(works):
        for stage, act in (
            ("exec", stages.load),
            ("trace", stages.trace),
            ("text", stages.jaxpr_text),
            ("lower", stages.lower),
            ("text", stages.stablehlo_text),
        ):
            if work.alive:
                progress(stage, [work.position])
                act(work)
        if work.alive:
            finish(work, levels, progress)
        work.forget()


def finish(work: Work, levels: Collection[str], progress: Progress) -> None:
    """From the lowered function on: HLO texts, compile, runs. The chunk route sends functions here
    that it cannot compile itself, such as those of several devices."""
    progress("compile", [work.position])
    if "hlo" in levels:
        with work.stage("text"):
            text = work.lowered.as_text(dialect="hlo")
            stages.keep_hlo(work, "hlo", text, work.lowered.as_text(dialect="hlo", debug_info=True))
    compiled: Any = None
    if work.alive:
        with work.stage("compile"), enable_x64(work.x64):
            compiled = work.lowered.compile()
    if work.alive:
        with work.stage("text"):
            module = compiled.runtime_executable().hlo_modules()[0]
            text = module.to_string(jax_private.full_options())
            printed = module.to_string(jax_private.full_options(locations=True))
            stages.keep_hlo(work, "hlo_optimized", text, printed)
            keep_costs(work, compiled.cost_analysis())
    if work.alive:
        with work.stage("parse"):
            parse(work, jax_private.new_context())
    if work.alive:
        progress("run", [work.position])
        _run(work, compiled)


def keep_costs(work: Work, costs: dict[str, float]) -> None:
    work.flops = float(costs.get("flops", 0.0))
    work.bytes_accessed = float(costs.get("bytes accessed", 0.0))


def parse(work: Work, context: Any) -> Any:
    """Raises unless the parsers that jaxlib carries accept the texts; gives the StableHLO
    module."""
    for level in ("hlo", "hlo_optimized"):
        if level in work.levels:
            jax_private.parse_hlo(work.levels[level])
    return jax_private.parse_stablehlo(work.levels["stablehlo"], context)


def _run(work: Work, compiled: jax.stages.Compiled) -> None:
    def run(choices: Sequence[probe.Choice]) -> list[list[np.ndarray]]:
        arguments = [probe.chosen(work, j, choice) for j, choice in enumerate(choices[0])]
        return [[np.asarray(leaf) for leaf in jax.tree_util.tree_leaves(compiled(*arguments))]]

    with work.stage("run"), enable_x64(work.x64):
        kept = jax_private.Lowering(work.lowered).kept
        probe.probe([work], [kept], run)
