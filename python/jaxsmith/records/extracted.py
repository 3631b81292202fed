"""Records of extractions: what a dataset's rows are made of."""

import json
from collections.abc import Iterator
from typing import Any

from jaxsmith.base.words import SOURCE, Origin
from jaxsmith.errors import ExtractionError
from jaxsmith.extraction import Extraction
from jaxsmith.levels import TABLE, spans_column
from jaxsmith.provenance import alignment
from jaxsmith.records import form, scrub
from jaxsmith.sample import Row, Sample

_CASE = "case"  # the part of a record that is no level


def record_of(sample: Any, *, with_case: bool = True, with_spans: bool = True) -> dict[str, Any]:
    """The record of an extraction, with the levels that it was asked for. A case is recorded by
    running the function; `missing` says what could not be made or run. A captured function has its
    record. Raises TypeError for what is neither."""
    captured = sample._record if isinstance(sample, Sample) else None
    if captured is not None:
        return dict(captured)
    if not isinstance(sample, Extraction):
        raise TypeError(
            f"save: give what jaxsmith.extract or jaxsmith.capture gives, not {_kind_of(sample)}"
        )
    record: dict[str, Any] = {}
    for part in parts_of(sample, sample.wanted, with_case=with_case, with_spans=with_spans):
        for key, value in part.items():
            known = record.get(key)
            record[key] = {**known, **value} if isinstance(known, dict) else value
    del record["pending"]
    return record


def _kind_of(value: Any) -> str:
    return "a row of a dataset" if isinstance(value, Row) else type(value).__name__


def parts_of(
    sample: Extraction, levels: tuple[str, ...], *, with_case: bool = True, with_spans: bool = True
) -> Iterator[dict[str, Any]]:
    """The record of an extraction part by part, since a part that is made may end the process: each
    is an update of those before it, and `pending` says what is still to come."""
    pending = [*levels, *([_CASE] if with_case else [])]

    def rest() -> list[dict[str, str]]:
        return [{"part": part, "stage": _stage_of(part)} for part in pending]

    yield {**_beginning(sample), "pending": rest()}
    while pending:
        part = pending[0]
        update = _case(sample) if part == _CASE else _level(sample, part, with_spans)
        del pending[0]
        yield {**update, "pending": rest()}


def _stage_of(part: str) -> str:
    return "run" if part == _CASE else TABLE[part].stage


def _beginning(sample: Extraction) -> dict[str, Any]:
    clean = scrub.scrubber()
    statics = {k: scrub.value_text(v, clean.text) for k, v in sample.static_values().items()}
    return form.build(
        origin=Origin.EXTRACTED,
        levels={},
        spans={},
        missing={part: why for part, why in sample.missing.items() if part == SOURCE},
        source=sample.source_text,
        facts=form.facts(sample.traced.jaxpr, None),
        cost=form.cost({}),
        environment=form.environment(),
        scrubber=clean,
        entry=sample.entry,
        name=clean.text(str(sample.traced.fun_name)),
        callable=clean.text(sample.callable_name),
        call_site="",
        transformation=sample.transformation,
        statics=json.dumps(statics),
        inputs=None,
        outputs=None,
    )


def _level(sample: Extraction, level: str, with_spans: bool) -> dict[str, Any]:
    scrubber = scrub.scrubber()
    sample.make(level)
    update: dict[str, Any] = {}
    if sample.lowered is not None:
        update |= form.lowering_facts(sample.computation)
    if level in sample.levels:
        update["levels"] = {level: scrubber.text(sample.levels[level])}
        if with_spans:
            update["spans"] = {level: alignment.as_json(sample.spans_of(level))}
        if sample.compiled is not None:
            update |= form.cost(sample.computation.cost_analysis())
    failures = {part: sample.failure(part) for part in (level, spans_column(level))}
    update["missing"] = {
        part: scrubber.message(error.reason)
        for part, error in failures.items()
        if error is not None
    }
    return update


def _case(sample: Extraction) -> dict[str, Any]:
    inputs = form.array_list(sample.flat_inputs())
    if inputs is None:
        return {}
    try:
        outputs = form.array_list(sample.flat_outputs())
    except ExtractionError as error:
        return {"missing": {_CASE: scrub.scrubber().message(error.reason)}}
    return {} if outputs is None else {"inputs": inputs, "outputs": outputs}
