"""The text route: functions that came with their texts, which are parsed and run in the source's
place."""

from collections.abc import Sequence

from jaxsmith import jax_private
from jaxsmith.worker import merged, plain, stages
from jaxsmith.worker.function import Work
from jaxsmith.worker.stages import Progress


def run_chunk(works: Sequence[Work], progress: Progress) -> None:
    """Fills outputs, argument_matters and stable of those that are to run. Each function is compiled on its own: it is
    anybody's, and one that does not compile is no surprise."""
    jax_private.initialize_lapack()
    context = jax_private.new_context(threads=False)
    runner = merged.GroupRunner()
    for work in stages.alive(works):
        progress("parse", [work.position])
        module = None
        with work.stage("parse"):
            module = plain.parse(work, context)
        if work.alive and work.runs:
            runner.run([merged.Member(work, work.kept, module)], context, progress)
