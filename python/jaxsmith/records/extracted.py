"""Records of extractions: what a dataset's rows are made of."""

import json
from typing import Any

from jaxsmith.errors import ExtractionError
from jaxsmith.extraction import Extraction
from jaxsmith.provenance import alignment
from jaxsmith.records import form, scrub


def record_of(
    sample: Extraction, *, with_case: bool = True, with_spans: bool = True
) -> dict[str, Any]:
    """The record of an extraction. A case is recorded by running the function; one that fails to run
    is a function without a case."""
    clean = scrub.scrubber()
    inputs = outputs = None
    if with_case:
        try:
            inputs = form.array_list(sample.flat_inputs())
            outputs = form.array_list(sample.flat_outputs()) if inputs is not None else None
        except ExtractionError:
            pass
    computation = sample.computation if sample.lowered else None
    statics = {k: scrub.value_text(v, clean.text) for k, v in sample.static_values().items()}
    return form.build(
        origin="extracted",
        levels=sample.levels,
        spans=alignment.levels_as_json(sample.spans) if with_spans else {},
        source=sample.source_text,
        facts=form.facts(sample.traced.jaxpr, computation),
        cost=form.cost(computation.cost_analysis() if computation and sample.compiled else {}),
        environment=form.environment(),
        scrubber=clean,
        entry=sample.entry,
        name=clean.text(str(sample.traced.fun_name)),
        callable=clean.text(sample.callable_name),
        call_site="",
        transformation=sample.transformation,
        statics=json.dumps(statics),
        inputs=inputs if outputs is not None else None,
        outputs=outputs,
    )
