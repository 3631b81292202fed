"""`lowered.as_text(dialect="hlo")`."""

from collections.abc import Sequence
from typing import Any

from jaxsmith import jax_private
from jaxsmith.levels.producing import Captured, Producer, Stages
from jaxsmith.provenance import alignment

_DIALECT = "hlo"


class _Hlo(Producer):
    module_of_compile = "initial"
    placed_by = "stablehlo"
    captured_from = "stablehlo"

    def text(self, stages: Stages) -> str:
        return stages.lowered.as_text(dialect=_DIALECT)

    def located(self, stages: Stages, text: str) -> Sequence[alignment.Located]:
        printed = stages.lowered.as_text(dialect=_DIALECT, debug_info=True)
        return self.locate(text, printed)

    def locate(self, text: str, printed: str) -> Sequence[alignment.Located]:
        return alignment.locate_hlo(text, printed)

    def finish(self, kept: Any) -> Captured:
        text = jax_private.hlo_of_stablehlo(kept, locations=False)
        return Captured(text, printed=lambda: jax_private.hlo_of_stablehlo(kept, locations=True))

    def parse(self, text: str, context: Any) -> Any:
        return jax_private.parse_hlo(text)


PRODUCER = _Hlo()
