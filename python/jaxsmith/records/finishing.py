"""Makes records of what a process has recorded of itself, when that process is over: what can be
derived from its texts is derived here, so that recording costs the program little."""

import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from jaxsmith.base.words import Origin
from jaxsmith.levels import MADE, TABLE, producer, spans_column
from jaxsmith.provenance import alignment
from jaxsmith.provenance.source import SourceText
from jaxsmith.records import form
from jaxsmith.records.form import Type
from jaxsmith.records.scrub import Scrubber

# Is told of a stage before it is tried: it may end the process.
Announce = Callable[[str], None]

T = TypeVar("T")

_NOT_COMPILED = "compile: the process ended before it was compiled"


class Finisher:
    """Knows the header of a process, and finishes what it recorded."""

    def __init__(self, header: Mapping[str, Any]):
        self._scrubber = Scrubber(header["folders"])
        self._environment = header["environment"]

    def finish(
        self,
        raw: Mapping[str, Any],
        announce: Announce = lambda stage: None,
        refused: Mapping[str, str] | None = None,
    ) -> dict[str, Any]:
        """The record of a raw one: `missing` has what it lacks. `refused`: stages that are not to be
        tried, and why."""
        clean = self._scrubber.text
        text = SourceText.of(raw["source"]) if raw["source"] else None
        levels = _Levels(raw, announce, refused or {})
        located = {}
        for level, found in levels.located.items():
            by = producer(level).placed_by
            if by is None or by in levels.located:
                whole = levels.located[by] if by is not None else ()
                located[level] = alignment.as_json(alignment.spans(found, text, whole))
            else:
                levels.missing[spans_column(level)] = levels.why_not_located(by)
        return form.build(
            origin=Origin.CAPTURED,
            levels=levels.texts,
            spans={**levels.spans, **located},
            missing=levels.missing,
            source=text,
            facts=raw["facts"],
            cost=raw.get("cost") or form.cost({}),
            environment=self._environment,
            scrubber=self._scrubber,
            entry=clean(raw["entry"]),
            name=clean(raw["name"]),
            callable=clean(raw["callable"]),
            call_site=clean(raw["call_site"]),
            transformation="forward",
            statics=json.dumps(raw["statics"]),
            inputs=None,
            outputs=None,
        )


class _Levels:
    """The levels of a raw record, as far as they can be had."""

    def __init__(self, raw: Mapping[str, Any], announce: Announce, refused: Mapping[str, str]):
        self.texts: dict[str, str] = {}
        self.spans: dict[str, Sequence[Any]] = {}  # as JSON
        self.located: dict[str, list[alignment.Located]] = {}  # of the others
        self.missing: dict[str, str] = dict(raw["missing"])
        self._announce, self._refused = announce, refused
        self._bases: dict[str, Any] = {}
        kept = {**raw["levels"], **raw.get("compiled_levels", {})}
        for level in MADE:
            origin = producer(level).captured_from
            if origin is None and level in kept:
                self._finish(level, kept[level])
            elif origin is None:
                self.missing.setdefault(level, raw.get("reason", _NOT_COMPILED))
            elif origin in self._bases:
                self._finish(level, self._bases[origin])
            else:
                self.missing[level] = self.missing[origin]

    def _finish(self, level: str, kept: Any) -> None:
        how = producer(level)
        made = self._try(level, TABLE[level].stage, lambda: how.finish(kept))
        if made is None:
            return
        self.texts[level], self._bases[level] = made.text, made.basis
        if made.printed is None:
            self.spans[level] = made.spans
            return
        printed = made.printed
        part = spans_column(level)
        located = self._try(part, "lower", lambda: how.locate(made.text, printed()))
        if located is not None:
            self.located[level] = list(located)

    def why_not_located(self, level: str) -> str:
        """Of a level that is not `located`."""
        return self.missing.get(spans_column(level)) or self.missing[level]

    def _try(self, part: str, stage: str, act: Callable[[], T]) -> T | None:
        if part in self._refused:
            self.missing[part] = f"{stage}: {self._refused[part]}"
            return None
        self._announce(part)
        return form.attempt(self.missing, part, stage, act)


def records_of(
    path: str,
    first: int = 0,
    refused: Mapping[str, str] | None = None,
    announce: Callable[[int, str], None] = lambda number, stage: None,
) -> Iterator[dict[str, Any]]:
    """The records of a process's file and what in it cannot be read, from number `first` on;
    `refused` are the stages that are not to be tried of that one."""
    finisher = _finisher_of(path)
    for number, message in enumerate(_messages(path)):
        if number < first:
            continue
        if message["type"] != Type.RAW:
            yield message
            continue
        try:
            if finisher is None:
                raise ValueError("its process left no header, which says what in it is private")
            yield finisher.finish(
                message,
                lambda stage, number=number: announce(number, stage),  # type: ignore[misc]
                refused if number == first else {},
            )
        except Exception as error:
            yield _problem(str(message.get("name", path)), error)


def _finisher_of(path: str) -> Finisher | None:
    """By the file's header, wherever it stands: a thread may have been quicker with its record."""
    with open(path, "rb") as lines:
        for line in lines:
            message = _parsed(line)
            if message is not None and message["type"] == Type.PROCESS:
                try:
                    return Finisher(message)
                except Exception:  # a damaged one: it may stand there twice
                    continue
    return None


def _messages(path: str) -> Iterator[dict[str, Any]]:
    """Raw records with how their compilation went, records, and problems; those last that were
    never compiled."""
    name = os.path.basename(path)
    open_ones: dict[Any, dict[str, Any]] = {}
    with open(path, "rb") as lines:
        for place, line in enumerate(lines, start=1):
            message = _parsed(line)
            kind = None if message is None else message["type"]
            if message is None:
                cut_off = not line.endswith(b"\n")
                why = "it is cut off: its process was killed" if cut_off else "it is damaged"
                yield _problem(f"{name}, line {place}", ValueError(why))
            elif kind == Type.RAW:
                if "compiled_levels" in message or "reason" in message:
                    yield message
                else:
                    open_ones[str(message.get("number"))] = message
            elif kind in form.ENDINGS:
                raw = open_ones.pop(str(message.get("number")), None)
                if raw is None:
                    why = "the compilation of a function that is not recorded"
                    yield _problem(f"{name}, line {place}", ValueError(why))
                else:
                    yield completed(raw, message)
            elif kind in (Type.FUNCTION, Type.PROBLEM):
                yield message
            elif kind != Type.PROCESS:
                why = f"a record of an unknown type: {kind}"
                yield _problem(f"{name}, line {place}", ValueError(why))
    yield from open_ones.values()


def completed(raw: Mapping[str, Any], ending: Mapping[str, Any]) -> dict[str, Any]:
    """A raw record with how its compilation went."""
    return {**ending, **raw}


def _parsed(line: bytes) -> dict[str, Any] | None:
    """A line's message; None where it is none."""
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        return None
    return message if isinstance(message, dict) and isinstance(message.get("type"), str) else None


def _problem(name: str, error: Exception) -> dict[str, Any]:
    kind = "" if type(error) is ValueError else f"{type(error).__name__}: "
    return form.problem(name, f"{kind}{error}".split("\n")[0])
