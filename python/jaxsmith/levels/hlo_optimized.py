"""The compiled module, large constants in full, without metadata."""

from collections.abc import Sequence
from typing import Any

from jaxsmith import jax_private
from jaxsmith.levels.producing import Captured, Producer, Stages
from jaxsmith.provenance import alignment
from jaxsmith.provenance.source import SourceText


class _HloOptimized(Producer):
    always = True
    module_of_compile = "scheduled"
    placed_by = "stablehlo"

    def text(self, stages: Stages) -> str:
        return _module(stages).to_string(jax_private.full_options())

    def located(self, stages: Stages, text: str) -> Sequence[alignment.Located]:
        printed = _module(stages).to_string(jax_private.full_options(locations=True))
        return self.locate(text, printed)

    def locate(self, text: str, printed: str) -> Sequence[alignment.Located]:
        return alignment.locate_hlo(text, printed)

    def keep(self, stages: Stages, source: SourceText | None) -> dict[str, Any]:
        return {"text": _all_modules(stages), "printed": _all_modules(stages, locations=True)}

    def finish(self, kept: Any) -> Captured:
        return Captured(kept["text"], printed=lambda: kept["printed"])

    def parse(self, text: str, context: Any) -> Any:
        return jax_private.parse_hlo(text)


def _module(stages: Stages) -> Any:
    return stages.compiled.runtime_executable().hlo_modules()[0]


def _all_modules(stages: Stages, locations: bool = False) -> str:
    """Where a computation has several, one behind another."""
    options = jax_private.full_options(locations)
    modules = stages.compiled.runtime_executable().hlo_modules()
    return "\n\n".join(module.to_string(options) for module in modules)


PRODUCER = _HloOptimized()
