"""The chunk route: many functions at a time, stage by stage, at a quarter of the plain route's
cost.

The texts are those of the plain route byte for byte; outputs come from other code generation and
agree within the dtype's tolerance. What makes it cheap:
- stage by stage over the chunk, with the garbage collector off: code and caches stay warm;
- lowering into one MLIR context, with the bodies of inlined rules shared
  (`jax_private.lowering_into`);
- HLO texts from compiles that stop before code generation (`hlo_texts`);
- compiling and running as merged modules (`merged`).
"""

import gc
from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any

import jax

from jaxsmith import jax_private, levels
from jaxsmith.levels import Reach
from jaxsmith.provenance import alignment
from jaxsmith.worker import merged, plain, stages
from jaxsmith.worker.function import Work
from jaxsmith.worker.hlo_texts import HloTexts
from jaxsmith.worker.stages import Progress

# JAX's caches and the MLIR contexts grow with each function; after so many they are given up.
_RENEW_AFTER = 960
# Functions between two runs of the garbage collector, which is off within a chunk.
_COLLECT_AFTER = 480


class ChunkRoute:
    """What lives longer than a chunk. None of it shows in the results."""

    def __init__(self) -> None:
        self._hlo = HloTexts()
        self._runner = merged.GroupRunner()
        self._contexts: dict[bool, Any] = {}
        self._bodies: dict[bool, dict] = {}
        self._done = self._uncollected = 0
        self._renew()
        gc.collect()
        gc.freeze()

    def run_chunk(
        self, works: Sequence[Work], wanted: Collection[str], isolate: bool, progress: Progress
    ) -> None:
        with _collector_off():
            self._trace(works, wanted, progress)
            self._lower(works, wanted, progress)
            lowerings = self._hlo_texts(works, wanted, progress)
            members = self._parse(works, lowerings)
            self._run(members, isolate, progress)
            del lowerings, members
            for work in works:
                work.forget()
        self._done += len(works)
        self._uncollected += len(works)
        if self._done >= _RENEW_AFTER:
            self._renew()
        if self._uncollected >= _COLLECT_AFTER:
            gc.collect()
            self._uncollected = 0

    def _trace(self, works: Sequence[Work], wanted: Collection[str], progress: Progress) -> None:
        for work in stages.alive(works):
            progress("exec", [work.position])
            stages.load(work)
            if work.alive:
                progress("trace", [work.position])
                stages.trace(work)
        for work in stages.alive(works):
            progress("text", [work.position])
            stages.make_texts(work, stages.of_stages(wanted, Reach.TRACED))

    def _lower(self, works: Sequence[Work], wanted: Collection[str], progress: Progress) -> None:
        for work in stages.alive(works):
            progress("lower", [work.position])
            if work.devices > 1:
                stages.lower(work)
                continue
            with jax_private.lowering_into(self._contexts[work.x64], self._bodies[work.x64]):
                stages.lower(work)
        for work in stages.alive(works):
            progress("text", [work.position])
            stages.make_texts(work, stages.of_stages(wanted, Reach.LOWERED))

    def _hlo_texts(
        self, works: Sequence[Work], wanted: Collection[str], progress: Progress
    ) -> dict[int, jax_private.Lowering]:
        """Also finishes the functions that only the plain route can compile; gives the others'
        lowerings."""
        lowerings = {
            work.position: jax_private.Lowering(work.lowered) for work in stages.alive(works)
        }
        modules = {
            name: str(levels.producer(name).module_of_compile)
            for name in stages.of_compiles(wanted)
        }
        # These need code, which those compiles do not generate.
        further = stages.of_stages(wanted, Reach.COMPILED)
        with self._hlo.hooked():
            for work in stages.alive(works):
                lowering = lowerings[work.position]
                if not lowering.simple:
                    continue
                progress("compile", [work.position])
                with work.stage("compile"):
                    texts = self._hlo.texts(lowering, modules.values())
                    plain.keep_costs(work, texts.costs)
                if work.alive:
                    with work.stage("text"):
                        for name, module in modules.items():
                            text, printed = texts.of_modules[module]
                            stages.keep(work, name, text, alignment.locate_hlo(text, printed))
        for work in stages.alive(works) if further else ():
            if lowerings[work.position].simple:
                progress("compile", [work.position])
                stages.compile_lowered(work)
                stages.make_texts(work, further)
        for work in stages.alive(works):
            if not lowerings[work.position].simple:
                del lowerings[work.position]
                plain.finish(work, wanted, progress)
        return lowerings

    def _parse(
        self, works: Sequence[Work], lowerings: dict[int, jax_private.Lowering]
    ) -> list[merged.Member]:
        members = []
        for work in stages.alive(works):
            if work.position in lowerings:
                member = merged.Member(work, lowerings[work.position].kept)
                with work.stage("parse"):
                    member.module = plain.parse(work, self._contexts[False])
                if work.alive:
                    members.append(member)
        return members

    def _run(self, members: Sequence[merged.Member], isolate: bool, progress: Progress) -> None:
        def group_of(member: merged.Member) -> tuple[bool, int]:
            alone = merged.is_large(member)
            size = 1 if alone or isolate else merged.GROUP_SIZE
            return alone, member.work.position // size

        for _, group in groupby(sorted(members, key=group_of), group_of):
            self._runner.run(list(group), self._contexts[False], progress)

    def _renew(self) -> None:
        # Bodies of lowering rules may depend on jax_enable_x64, so each setting has its own.
        self._contexts = {x64: jax_private.new_context(threads=False) for x64 in (False, True)}
        self._bodies = {False: {}, True: {}}
        self._done = 0
        jax.clear_caches()


@contextmanager
def _collector_off() -> Iterator[None]:
    gc.disable()
    try:
        yield
    finally:
        gc.enable()
