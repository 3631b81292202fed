"""`jaxsmith.capture`: what JAX compiles in a piece of a Python program."""

import os
from collections.abc import Iterator, Mapping, Sequence
from types import TracebackType
from typing import Any, overload

from jaxsmith import datasets
from jaxsmith.errors import JaxsmithError
from jaxsmith.levels import LEVELS
from jaxsmith.records import finishing, form
from jaxsmith.records.form import Type
from jaxsmith.sample import Case, Cost, Sample
from jaxsmith.spans import Range, Span
from jaxsmith.watching.recorder import Recorder
from jaxsmith.watching.sink import header


class CapturedFunction(Sample):
    """A function that JAX compiled. `fields` is its record: call site, avals, static values."""

    def __init__(self, fields: Mapping[str, Any]):
        self.fields = fields

    @property
    def name(self) -> str:
        """What JAX calls the computation, as in its compilation log: "jit(step)"."""
        return self.fields["name"]

    @property
    def call_site(self) -> str:
        """File and line that called it."""
        return self.fields["call_site"]

    @property
    def source(self) -> str | None:
        return self.fields["source"] or None

    @property
    def entry(self) -> str:
        return self.fields["entry"]

    def level(self, name: str) -> str | None:
        if name not in LEVELS:
            raise KeyError(f"there is no level {name!r}; there are {', '.join(LEVELS)}")
        return self.fields["levels"].get(name)

    @property
    def missing(self) -> Mapping[str, str]:
        return self.fields["missing"]

    @property
    def _record(self) -> Mapping[str, Any]:
        return self.fields

    @property
    def case(self) -> Case | None:
        """None: what a program computes with is its own. Rows of a saved dataset have a case on
        inputs that were made up."""
        return None

    @property
    def cost(self) -> Cost | None:
        if not self._has_compiled_level():
            return None
        return Cost(self.fields["flops"], self.fields["bytes_accessed"])

    @property
    def spans(self) -> Mapping[str, list[Span]]:
        return {
            level: [Span(n, kind, tuple(Range(*r) for r in at), why) for n, kind, at, why in found]
            for level, found in self.fields["spans"].items()
        }


class Captured(Sequence[CapturedFunction]):
    """What a `jaxsmith.capture()` has recorded so far, in the order of compilation. `problems` are
    functions that could not be recorded, and why."""

    def __init__(self, out: str | None, everything: bool):
        self._raw: list[dict[str, Any]] = []
        self._begun: dict[int, dict[str, Any]] = {}  # what is being compiled
        self._finished: list[CapturedFunction] = []
        self._header: dict[str, Any] | None = None
        self._out = out
        self._recorder = Recorder(self._take, everything)
        self.problems: list[str] = []

    def _take(self, message: dict[str, Any]) -> None:
        if message["type"] == Type.RAW:
            self._begun[message["number"]] = message
        elif message["type"] in form.ENDINGS:
            raw = self._begun.pop(message["number"])
            self._raw.append(finishing.completed(raw, message))
        else:
            self.problems.append(f"{message['name']}: {message['message']}")

    def __enter__(self) -> "Captured":
        self._recorder.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._recorder.stop()
        if self._out is not None:
            self._save(self._out)

    def _finish(self) -> list[CapturedFunction]:
        finisher = finishing.Finisher(header())
        while len(self._finished) < len(self._raw):
            raw = self._raw[len(self._finished)]
            self._finished.append(CapturedFunction(finisher.finish(raw)))
        return self._finished

    def _save(self, out: str) -> None:
        if not self._raw:
            return
        try:
            self.problems += datasets.make(out, (header(), *self._raw))
        except (JaxsmithError, OSError) as error:
            raise JaxsmithError(
                f"out {out!r}: the dataset could not be written: {error}; the context manager's value"
                " still has the functions"
            ) from error

    def __len__(self) -> int:
        return len(self._raw)

    def __iter__(self) -> Iterator[CapturedFunction]:
        return iter(self._finish())

    @overload
    def __getitem__(self, place: int) -> CapturedFunction: ...
    @overload
    def __getitem__(self, place: slice) -> list[CapturedFunction]: ...
    def __getitem__(self, place: int | slice) -> CapturedFunction | list[CapturedFunction]:
        return self._finish()[place]

    def __repr__(self) -> str:
        names = ", ".join(raw["name"] for raw in self._raw[:5])
        return f"<Captured: {len(self)} functions{': ' if names else ''}{names}{', …' if len(self) > 5 else ''}>"


def capture(*, all: bool = False, out: str | os.PathLike[str] | None = None) -> Captured:
    """A context manager that records every function that JAX compiles within it.

    `all`: also the single primitives that JAX compiles when it runs eagerly. `out`: a new folder
    that a dataset is written to at the end, beside what the program has put there itself; the records
    go through a file in the folder for temporary files (TMPDIR). The functions are those of all
    threads; what has been compiled before is in JAX's caches and not seen again
    (`jax.clear_caches()` empties them).

    Raises JaxsmithError where `out` is not new or empty, or cannot be written to; at the end, where
    the dataset cannot be made: then the file of records stays, and is named.

        >>> import jax, jax.numpy as jnp, jaxsmith
        >>> with jaxsmith.capture() as captured:
        ...     _ = jax.jit(lambda x: jnp.sin(x) * 2)(jnp.arange(3.0))
        >>> captured[0].name
        'jit(<lambda>)'
        >>> print(captured[0].jaxpr)
        { lambda ; a:f32[3]. let b:f32[3] = sin a; c:f32[3] = mul b 2.0:f32[] in (c,) }
    """
    folder = None if out is None else os.fspath(out)
    if folder is not None:
        datasets.check_new(folder)  # before the program has worked for it
    return Captured(folder, all)
