"""What the module of a level gives: how its text is made, located in the source, and parsed."""

from collections.abc import Sequence
from typing import Any, Protocol

from jaxsmith.provenance.alignment import Located


class Stages(Protocol):
    """JAX's stages of a function, as far as the level needs them: the others may be None."""

    traced: Any  # jax.stages.Traced
    lowered: Any  # jax.stages.Lowered
    compiled: Any  # jax.stages.Compiled


class Producer:
    """Of one level."""

    # It is made and looked at whether it is wanted or not: it costs nothing beside what has to be
    # done in any case.
    always = False
    # Where the chunk route's compiles, which stop before code generation, give the module that is
    # printed: "initial" or "scheduled" (worker/hlo_texts.py). Others are made of the stages.
    module_of_compile: str | None = None

    def text(self, stages: Stages) -> str:
        """As JAX prints it."""
        raise NotImplementedError

    def located(self, stages: Stages, text: str) -> Sequence[Located]:
        """Where its lines come from; nothing where that cannot be told."""
        return []

    def locate(self, text: str, printed: str) -> Sequence[Located]:
        """The same of a text without its stages, by what is printed of it with its places."""
        return []

    def made(self, stages: Stages) -> tuple[str, Sequence[Located]]:
        """Both."""
        text = self.text(stages)
        return text, self.located(stages, text)

    def parse(self, text: str, context: Any) -> Any:
        """What the official parser makes of a text, for levels that have one. Raises where it
        refuses it. `context`: of MLIR."""
        raise NotImplementedError
