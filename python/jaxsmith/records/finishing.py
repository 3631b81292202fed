"""Makes records of what a process has recorded of itself, when that process is over: what can be
derived from its texts is derived here, so that recording costs the program little."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from jaxsmith import jax_private
from jaxsmith.provenance import alignment
from jaxsmith.provenance.source import SourceText
from jaxsmith.records import form
from jaxsmith.records.scrub import Scrubber


class Finisher:
    """Knows the header of a process, and finishes what it recorded."""

    def __init__(self, header: Mapping[str, Any]):
        self._scrubber = Scrubber(header["folders"])
        self._environment = header["environment"]

    def finish(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        """The record of a raw one."""
        clean = self._scrubber.text
        text = SourceText.of(raw["source"]) if raw["source"] else None
        # A context for each: it keeps all the texts and types that it has ever seen.
        module = jax_private.parse_stablehlo(raw["stablehlo"], jax_private.new_context())
        levels = {
            "jaxpr": raw["jaxpr"],
            "stablehlo": jax_private.stablehlo_text(module),
            "hlo": jax_private.hlo_of_stablehlo(module, locations=False),
            "hlo_optimized": raw["hlo_optimized"],
        }
        located = {
            "stablehlo": alignment.locate_stablehlo(levels["stablehlo"], raw["stablehlo"]),
            "hlo": alignment.locate_hlo(
                levels["hlo"], jax_private.hlo_of_stablehlo(module, locations=True)
            ),
            "hlo_optimized": alignment.locate_hlo(levels["hlo_optimized"], raw["hlo_located"]),
        }
        spans = {level: alignment.as_json(alignment.spans(x, text)) for level, x in located.items()}
        return form.build(
            origin="captured",
            levels=levels,
            spans={"jaxpr": raw["jaxpr_spans"], **spans},
            source=text,
            facts=raw["facts"],
            cost=raw["cost"],
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


def records_of(lines: Iterator[bytes]) -> Iterator[dict[str, Any]]:
    """The records of a process's file; a line that was cut off when the process died ends it."""
    finisher: Finisher | None = None
    for line in lines:
        try:
            message = json.loads(line)
        except ValueError:
            return
        if message["type"] == "process":
            finisher = Finisher(message)
        elif message["type"] == "raw" and finisher is not None:
            try:
                yield finisher.finish(message)
            except Exception as error:
                reason = f"{type(error).__name__}: {error}".split("\n")[0]
                yield {"type": "problem", "name": message["name"], "message": reason}
        else:
            yield message
