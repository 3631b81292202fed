"""`str(jax.jit(f).trace(*arguments).jaxpr)`."""

from collections.abc import Sequence

from jaxsmith import jax_private
from jaxsmith.levels.producing import Producer, Stages
from jaxsmith.provenance import alignment


class _Jaxpr(Producer):
    always = True

    def text(self, stages: Stages) -> str:
        return jax_private.jaxpr_text(stages.traced.jaxpr)

    def located(self, stages: Stages, text: str) -> Sequence[alignment.Located]:
        return alignment.locate_jaxpr(stages.traced.jaxpr)[1]

    def made(self, stages: Stages) -> tuple[str, Sequence[alignment.Located]]:
        return alignment.locate_jaxpr(stages.traced.jaxpr)


PRODUCER = _Jaxpr()
