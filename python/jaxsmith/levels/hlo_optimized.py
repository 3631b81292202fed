"""The compiled module, large constants in full, without metadata."""

from collections.abc import Sequence
from typing import Any

from jaxsmith import jax_private
from jaxsmith.levels.producing import Producer, Stages
from jaxsmith.provenance import alignment


class _HloOptimized(Producer):
    always = True
    module_of_compile = "scheduled"

    def text(self, stages: Stages) -> str:
        return _module(stages).to_string(jax_private.full_options())

    def located(self, stages: Stages, text: str) -> Sequence[alignment.Located]:
        printed = _module(stages).to_string(jax_private.full_options(locations=True))
        return self.locate(text, printed)

    def locate(self, text: str, printed: str) -> Sequence[alignment.Located]:
        return alignment.locate_hlo(text, printed)

    def parse(self, text: str, context: Any) -> Any:
        return jax_private.parse_hlo(text)


def _module(stages: Stages) -> Any:
    return stages.compiled.runtime_executable().hlo_modules()[0]


PRODUCER = _HloOptimized()
