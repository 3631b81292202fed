"""What the module of a level gives: how its text is made, located in the source, and parsed."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from jaxsmith.provenance import alignment
from jaxsmith.provenance.alignment import Located
from jaxsmith.provenance.source import SourceText


class Stages(Protocol):
    """JAX's stages of a function, as far as the level needs them: the others may be None."""

    traced: Any  # jax.stages.Traced
    lowered: Any  # jax.stages.Lowered
    compiled: Any  # jax.stages.Compiled


class Captured(NamedTuple):
    """A level out of what capture has kept of it."""

    text: str
    # Where its lines come from, as JSON; where that is not kept, what `locate` takes.
    spans: Sequence[Any] = ()
    printed: Callable[[], str] | None = None
    # What those levels are made of that are `captured_from` this one.
    basis: Any = None


class Producer:
    """Of one level."""

    # It is made and looked at whether it is wanted or not: it costs nothing beside what has to be
    # done in any case.
    always = False
    # Where the chunk route's compiles, which stop before code generation, give the module that is
    # printed: "initial" or "scheduled" (worker/hlo_texts.py). Others are made of the stages.
    module_of_compile: str | None = None
    # Its lines may have the right beginning of a place and another's end: the level that it is made
    # of, which has both, comes before it and is `always` made. Where that cannot be located, this
    # one is not either.
    placed_by: str | None = None

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

    # The level whose `basis` capture makes it of; where that is none, of what `keep` gives.
    captured_from: str | None = None

    def keep(self, stages: Stages, source: SourceText | None) -> dict[str, Any]:
        """What capture takes, as JSON, in the process that compiles the function, as soon as the
        level can be had. What can be left to `finish` costs the program nothing."""
        text, located = self.made(stages)
        assert self.placed_by is None  # such a level is located when it is finished
        return {"text": text, "spans": alignment.as_json(alignment.spans(located, source))}

    def finish(self, kept: Any) -> Captured:
        """The level, in another process, when the program is over. `kept`: or the basis."""
        return Captured(kept["text"], spans=kept["spans"])

    def parse(self, text: str, context: Any) -> Any:
        """What the official parser makes of a text, for levels that have one. Raises where it
        refuses it. `context`: of MLIR."""
        raise NotImplementedError
