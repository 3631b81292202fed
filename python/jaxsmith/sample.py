"""What is known of one function: the face that extracted, captured, generated and loaded ones
share."""

import html
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from jaxsmith.base import calls
from jaxsmith.base.words import SOURCE, CheckStatus, LevelCheck, Origin
from jaxsmith.errors import JaxsmithError
from jaxsmith.levels import LEVELS, STRUCTURE, TABLE, Reach, spans_column
from jaxsmith.spans import Range, Span


class Case(NamedTuple):
    """Recorded inputs and outputs: NumPy arrays by the paths of their leaves, such as "x",
    "params['w']", "result[0]". Keys of random numbers stand as the words that they are made of."""

    inputs: dict[str, np.ndarray]
    outputs: dict[str, np.ndarray]


class Cost(NamedTuple):
    """XLA's cost analysis of the optimised module, for one call."""

    flops: float  # floating-point operations
    bytes_accessed: float  # bytes read and written


class Sample:
    """A function with its levels. Levels that were not asked for are None, and so are those that could
    not be made: `missing` says why."""

    @property
    def source(self) -> str | None:
        """The Python source: the function with what it needs of its module; None where it cannot be
        found, and then `missing` says why."""
        raise NotImplementedError

    @property
    def entry(self) -> str:
        """Name of the function in the source."""
        raise NotImplementedError

    def level(self, name: str) -> str | None:
        """The text of a level, by its name: one of `jaxsmith.levels.LEVELS`."""
        raise NotImplementedError

    @property
    def jaxpr(self) -> str | None:
        """`str(jax.jit(f).trace(*args).jaxpr)`."""
        return self.level("jaxpr")

    @property
    def stablehlo(self) -> str | None:
        """`lowered.as_text()`."""
        return self.level("stablehlo")

    @property
    def hlo(self) -> str | None:
        """`lowered.as_text(dialect="hlo")`."""
        return self.level("hlo")

    @property
    def hlo_optimized(self) -> str | None:
        """The compiled module, large constants in full, without metadata."""
        return self.level("hlo_optimized")

    @property
    def missing(self) -> Mapping[str, str]:
        """What could not be made, such as "hlo_optimized", and why: the stage that failed, one of
        "trace", "lower", "compile", "run", and JAX's reason; "source" where that cannot be found."""
        return {}

    @property
    def _record(self) -> Mapping[str, Any] | None:
        """Of a captured function the record that it is made of (docs/records.md)."""
        return None

    @property
    def case(self) -> Case | None:
        """A recorded call; None where there is none."""
        raise NotImplementedError

    @property
    def further_cases(self) -> list[Case]:
        """Further recorded calls, on which more of the function shows than in `case`."""
        return []

    @property
    def cost(self) -> Cost | None:
        """XLA's cost analysis; None where the function was not compiled."""
        raise NotImplementedError

    def _has_compiled_level(self) -> bool:
        compiled = (name for name in LEVELS if TABLE[name].reach == Reach.COMPILED)
        return any(self.level(name) is not None for name in compiled)

    @property
    def spans(self) -> Mapping[str, list[Span]]:
        """For each level, which source lines its operations come from."""
        raise NotImplementedError

    def _repr_html_(self) -> str:
        """Source and levels one under another, for notebooks; a line of IR shows the source lines
        that it comes from when it is pointed at."""
        parts = [f"<h4><code>{html.escape(self.entry)}</code></h4>"]
        missing = self.missing
        if self.source:
            parts.append(_section("Python", _lines(self.source, {}), True))
        elif SOURCE in missing:
            parts.append(_lack("Python", missing[SOURCE]))
        for name in LEVELS:
            text = self.level(name)
            if text is not None:
                spans = {span.line: span for span in self.spans.get(name, [])}
                title = TABLE[name].title
                parts.append(_section(title, _lines(text, spans), name == STRUCTURE))
            elif name in missing:
                parts.append(_lack(TABLE[name].title, missing[name]))
        return "<div class='jaxsmith'>" + "".join(parts) + "</div>"

    def __repr__(self) -> str:
        levels = ", ".join(name for name in LEVELS if self.level(name) is not None)
        return f"<{type(self).__name__} {self.entry}: {levels}>"


_PRE = "margin:0;padding:.4em;overflow:auto;max-height:28em;line-height:1.35"


def _section(title: str, body: str, is_open: bool) -> str:
    opened = " open" if is_open else ""
    return f"<details{opened}><summary>{title}</summary><pre style='{_PRE}'>{body}</pre></details>"


def _lack(title: str, why: str) -> str:
    return f"<div>{title} is missing: <code>{html.escape(why)}</code></div>"


def _lines(text: str, spans: Mapping[int, Span]) -> str:
    out = []
    for number, line in enumerate(text.rstrip("\n").split("\n"), start=1):
        span = spans.get(number)
        title = "" if span is None else html.escape(_where(span), quote=True)
        out.append(
            f"<span title='{title}'>{html.escape(line)}</span>" if title else html.escape(line)
        )
    return "\n".join(out)


def _where(span: Span) -> str:
    if not span.sources:
        return span.reason
    places = ", ".join(
        str(r.line) if r.line == r.end_line else f"{r.line}–{r.end_line}" for r in span.sources
    )
    return f"source line {places}" + (" (merged)" if span.kind == "merged" else "")


class Row(Sample):
    """A row of a dataset. `fields` holds all of its columns as Python values."""

    def __init__(self, fields: dict[str, Any]):
        self.fields = fields

    @property
    def id(self) -> str:
        """The row's name, in this dataset and any other."""
        return self.fields["id"]

    @property
    def source(self) -> str | None:
        return self.fields["source"] or None

    @property
    def entry(self) -> str:
        return self.fields["entry"]

    def load(self) -> tuple[Callable[..., Any], tuple[Any, ...]]:
        """The entry of a generated row's source, which is executed, and the recorded inputs as it takes
        them: with tuples, dicts and classes of the source where it asks for these.

            f, arguments = row.load()
            with jax.enable_x64(row.fields["x64"]):
                jax.jit(f)(*arguments)
        """
        case = self.case
        if self.fields["origin"] != Origin.GENERATED or case is None:
            raise JaxsmithError(
                f"{self.id}: only generated rows say how their function is called; this one was "
                f"{self.fields['origin']}: run one of its levels"
            )
        scope: dict[str, Any] = {"__name__": "function"}
        exec(compile(self.fields["source"], "<function>", "exec"), scope)
        tree = self.fields.get("argument_tree", "")  # a dataset may be older than the column
        return scope[self.entry], calls.arguments(tree, scope, list(case.inputs.values()))

    def level(self, name: str) -> str | None:
        if name not in LEVELS:
            raise KeyError(f"there is no level {name!r}; there are {', '.join(LEVELS)}")
        return self.fields.get(name) or None  # a dataset may be older than the level

    @property
    def missing(self) -> Mapping[str, str]:
        made: dict[str, str] = {}
        spans: dict[str, str] = {}
        source: dict[str, str] = {}
        for check in self.fields["checks"]:
            kind, _, level = check["check"].partition(":")
            if check["status"] != CheckStatus.FAILED:
                continue
            if kind == LevelCheck.MADE:
                made[level] = check["detail"]
            elif kind == LevelCheck.SPANS:
                spans[spans_column(level)] = check["detail"]
            elif kind == SOURCE:
                source[SOURCE] = check["detail"]
        return made | spans | source

    @property
    def case(self) -> Case | None:
        inputs, outputs = self.fields["inputs"], self.fields["outputs"]
        if not outputs and self.fields["results"]:
            return None
        return self._case_of(inputs, outputs)

    @property
    def further_cases(self) -> list[Case]:
        further = self.fields.get("further_cases") or []  # a dataset may be older than these
        return [self._case_of(each["inputs"], each["outputs"]) for each in further]

    def _case_of(self, inputs: list[dict[str, Any]], outputs: list[dict[str, Any]]) -> Case:
        names = [argument["name"] for argument in self.fields["arguments"]]
        return Case(_named(inputs, names, "argument"), _named(outputs, [], "result"))

    @property
    def cost(self) -> Cost | None:
        if not self._has_compiled_level():
            return None
        return Cost(self.fields["flops"], self.fields["bytes_accessed"])

    @property
    def spans(self) -> Mapping[str, list[Span]]:
        out = {}
        for name in LEVELS:
            out[name] = [
                Span(
                    span["line"],
                    span["kind"],
                    tuple(Range(**place) for place in span["sources"]),
                    span["reason"],
                )
                for span in self.fields.get(spans_column(name)) or []
            ]
        return out


def _named(arrays: list[dict[str, Any]], names: list[str], what: str) -> dict[str, np.ndarray]:
    from jaxsmith.base.arrays import DTYPES

    out = {}
    for i, array in enumerate(arrays):
        name = array["name"] or (names[i] if i < len(names) else "") or f"{what}{i}"
        values = np.frombuffer(array["data"], DTYPES[array["dtype"]])
        out[name] = values.reshape(array["shape"])
    return out
