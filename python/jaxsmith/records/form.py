"""A function as it travels from Python to the C++ side: one JSON object on a line.

`docs/records.md` describes the fields; `src/extract/record.cc` reads them.
"""

import base64
import json
import os
from collections.abc import Callable, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar

import jax
import numpy as np

from jaxsmith import jax_private, versions
from jaxsmith.base import arrays
from jaxsmith.errors import from_jax
from jaxsmith.provenance.source import SourceText
from jaxsmith.records.scrub import Scrubber

T = TypeVar("T")


class Type(StrEnum):
    """What a line holds: its `type`."""

    FUNCTION = "function"  # a record
    PROBLEM = "problem"  # what could not be recorded, and why
    # What a watched process writes: what all its lines share, a function before XLA has it, and how
    # its compilation went.
    PROCESS = "process"
    RAW = "raw"
    COMPILED = "compiled"
    FAILED = "failed"
    AT = "at"  # what is tried next, which may end the process


ENDINGS = (Type.COMPILED, Type.FAILED)

# Beyond so many bytes a case or a constant is left out of the record.
MOST_BYTES = 16 << 20


def aval(value: Any, name: str) -> dict[str, Any]:
    """An argument or result: name, dtype as JAX prints it, shape."""
    dtype = getattr(value, "dtype", None)
    short = arrays.dtype_name(dtype) if dtype is not None else None
    text = value.str_short(short_dtypes=True) if hasattr(value, "str_short") else str(value)
    return {
        "name": name,
        "dtype": short or text.split("[")[0],
        "shape": [size if isinstance(size, int) else -1 for size in getattr(value, "shape", ())],
    }


def array(values: np.ndarray) -> dict[str, Any]:
    return {
        "dtype": arrays.dtype_name(values.dtype),
        "shape": list(values.shape),
        "data": base64.b64encode(np.ascontiguousarray(values).tobytes()).decode(),
    }


def array_list(values: Sequence[Any] | None) -> list[dict[str, Any]] | None:
    """Arrays of a row; None where one cannot be held, or all are too large."""
    if values is None:
        return None
    try:
        words = [_words(value) for value in values]
        if sum(int(getattr(each, "nbytes", 0)) for each in words) > MOST_BYTES:
            return None
        held = [np.asarray(each) for each in words]
    except Exception:  # a value that is no array: a token, a reference
        return None
    if any(arrays.dtype_name(each.dtype) is None for each in held):
        return None
    return (
        [array(each) for each in held] if sum(each.nbytes for each in held) <= MOST_BYTES else None
    )


def _words(value: Any) -> Any:
    """Keys of random numbers as the words that they are made of."""
    if hasattr(value, "dtype") and jax.dtypes.issubdtype(value.dtype, jax.dtypes.prng_key):
        return jax_private.key_words(value)
    return value


def facts(closed: Any, computation: jax_private.Computation | None) -> dict[str, Any]:
    """What a jaxpr and its lowering say of arguments and results."""
    names, results = jax_private.argument_names(closed), jax_private.result_names(closed)
    return {
        "arguments": [aval(a, n) for a, n in zip(closed.in_avals, names, strict=True)],
        "results": [aval(a, n) for a, n in zip(closed.out_avals, results, strict=True)],
        "constants": array_list(jax_private.constants(closed)),
        "kept": list(range(len(closed.in_avals))),
        "devices": 1,
        "bound": "it was not lowered",
        "x64": bool(jax.config.read("jax_enable_x64")),
        **(lowering_facts(computation) if computation else {}),
    }


def lowering_facts(computation: jax_private.Computation) -> dict[str, Any]:
    """What only a lowering says."""
    return {
        "kept": computation.kept,
        "devices": computation.devices,
        "bound": computation.bound,
    }


def attempt(missing: dict[str, str], part: str, stage: str, act: Callable[[], T]) -> T | None:
    """What `act` gives; where it fails, None, and the reason in `missing`."""
    try:
        return act()
    except Exception as error:
        missing[part] = from_jax(stage, error).reason
        return None


def cost(figures: Mapping[str, float]) -> dict[str, float]:
    return {
        "flops": float(figures.get("flops", 0.0)),
        "bytes_accessed": float(figures.get("bytes accessed", 0.0)),
    }


def environment() -> dict[str, Any]:
    """What texts depend on besides the function."""
    return {
        "platform": jax.default_backend(),
        "xla_flags": os.environ.get("XLA_FLAGS", ""),
        "versions": versions.versions(),
    }


def build(
    *,
    origin: str,
    levels: Mapping[str, str],
    spans: Mapping[str, Sequence[Any]],
    missing: Mapping[str, str],
    source: SourceText | None,
    facts: Mapping[str, Any],
    cost: Mapping[str, float],
    environment: Mapping[str, Any],
    scrubber: Scrubber,
    **more: Any,
) -> dict[str, Any]:
    """The record of a function; `spans` as JSON; `more` is what only one origin has, clean."""
    clean = scrubber.text

    def named(avals: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
        return [{**each, "name": clean(each["name"])} for each in avals]

    return {
        "type": Type.FUNCTION,
        "origin": origin,
        "source": clean(source.text) if source else "",
        "file": scrubber.file(source.file) if source else "",
        "line": source.line if source else 0,
        "levels": {level: clean(text) for level, text in levels.items()},
        "spans": spans,
        "missing": {part: scrubber.message(why) for part, why in missing.items()},
        **facts,
        "arguments": named(facts["arguments"]),
        "results": named(facts["results"]),
        **cost,
        **environment,
        "xla_flags": clean(environment["xla_flags"]),
        **more,
    }


def problem(name: str, message: str) -> dict[str, Any]:
    return {"type": Type.PROBLEM, "name": name, "message": message}


def dumps(record: Mapping[str, Any]) -> bytes:
    """One line of UTF-8; what is no Unicode in a text becomes a question mark."""
    return json.dumps(record, ensure_ascii=False).encode("utf-8", "replace") + b"\n"
