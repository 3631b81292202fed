"""`lowered.as_text()`."""

from collections.abc import Sequence
from typing import Any

from jaxsmith import jax_private
from jaxsmith.levels.producing import Producer, Stages
from jaxsmith.provenance import alignment


class _StableHlo(Producer):
    always = True

    def text(self, stages: Stages) -> str:
        return stages.lowered.as_text()

    def located(self, stages: Stages, text: str) -> Sequence[alignment.Located]:
        return self.locate(text, stages.lowered.as_text(debug_info=True))

    def locate(self, text: str, printed: str) -> Sequence[alignment.Located]:
        return alignment.locate_stablehlo(text, printed)

    def parse(self, text: str, context: Any) -> Any:
        return jax_private.parse_stablehlo(text, context)


PRODUCER = _StableHlo()
