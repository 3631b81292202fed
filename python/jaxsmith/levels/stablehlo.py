"""`lowered.as_text()`."""

from collections.abc import Sequence
from typing import Any

from jaxsmith import jax_private
from jaxsmith.levels.producing import Captured, Producer, Stages
from jaxsmith.provenance import alignment
from jaxsmith.provenance.source import SourceText


class _StableHlo(Producer):
    always = True

    def text(self, stages: Stages) -> str:
        return stages.lowered.as_text()

    def located(self, stages: Stages, text: str) -> Sequence[alignment.Located]:
        return self.locate(text, stages.lowered.as_text(debug_info=True))

    def locate(self, text: str, printed: str) -> Sequence[alignment.Located]:
        return alignment.locate_stablehlo(text, printed)

    def keep(self, stages: Stages, source: SourceText | None) -> dict[str, Any]:
        return {"printed": stages.lowered.as_text(debug_info=True)}

    def finish(self, kept: Any) -> Captured:
        # A context for each: it keeps all the texts and types that it has ever seen.
        module = self.parse(kept["printed"], jax_private.new_context())
        text = jax_private.stablehlo_text(module)
        return Captured(text, printed=lambda: kept["printed"], basis=module)

    def parse(self, text: str, context: Any) -> Any:
        return jax_private.parse_stablehlo(text, context)


PRODUCER = _StableHlo()
