#!/usr/bin/env python3
"""Reads and executes the texts of all of JAX's own test harnesses with jaxsmith's readers, and prints
a table by group of harnesses.

usage: conformance.py [--harnesses EVERY] [--save FILE] [--table FILE]

EVERY: one in so many of the 5,594 harnesses (default 1). FILE of --save keeps the texts and cases. Exit status 1 where fewer than 99 % of the texts
are printed back byte for byte or fewer than 95 % are executed and agree.
"""

import argparse
import base64
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import jax
import jaxsmith
import pyarrow as pa
import pyarrow.parquet as pq
from extraction_suite import by_jax, harnesses
from jaxsmith.errors import JaxsmithError
from jaxsmith.levels import LEVELS
from jaxsmith.records import extracted

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = os.environ.get("JAXSMITH", str(ROOT / "build" / "jaxsmith"))
PRINTED_BACK, AGREES = 0.99, 0.95

_ARRAYS = pa.list_(
    pa.struct(
        [
            ("name", pa.string()),
            ("dtype", pa.string()),
            ("shape", pa.list_(pa.int64())),
            ("data", pa.binary()),
        ]
    )
)
SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("origin", pa.string()),
        ("category", pa.string()),
        *((level, pa.string()) for level in LEVELS),
        ("constants", _ARRAYS),
        ("inputs", _ARRAYS),
        ("outputs", _ARRAYS),
        ("kept_arguments", pa.list_(pa.int64())),
        ("equations", pa.int64()),
        ("devices", pa.int64()),
        ("x64", pa.bool_()),
    ]
)


def _arrays(arrays: list[dict[str, Any]] | None) -> list[dict[str, Any]]:
    return [{**each, "name": "", "data": base64.b64decode(each["data"])} for each in arrays or []]


def row_of(name: str, sample: Any) -> dict[str, Any]:
    """The columns of a dataset that the readers want. Nothing is left out for being alike."""
    record = extracted.record_of(sample, with_spans=False)
    return {
        "id": name,
        "origin": "extracted",
        "category": "",
        **{level: record["levels"].get(level, "") for level in LEVELS},
        "constants": _arrays(record["constants"]),
        "inputs": _arrays(record["inputs"]),
        "outputs": _arrays(record["outputs"]),
        "kept_arguments": record["kept"],
        "equations": record["levels"]["jaxpr"].count(" = "),
        "devices": record["devices"],
        "x64": record["x64"],
    }


def make(every: int, file: str) -> Counter:
    """Has JAX lower and run the harnesses; how many, and how many of them it refuses."""
    counts: Counter = Counter()
    jax.config.update("jax_threefry_partitionable", True)
    with pq.ParquetWriter(file, SCHEMA, compression="zstd") as writer:
        rows: list[dict[str, Any]] = []
        for number, case in enumerate(harnesses(every)):
            counts["harnesses"] += 1
            try:
                sample = jaxsmith.extract(case.function, *case.args, **case.jit, **case.kwargs)
                if set(sample.missing) & set(LEVELS):
                    raise JaxsmithError(str(dict(sample.missing)))
                rows.append(row_of(f"{case.group}|{case.name}", sample))
            except JaxsmithError as error:
                counts["refused by JAX"] += 1
                if by_jax(case) is not None:
                    sys.exit(f"{case.name}: JAX lowers it, and it was not extracted: {error}")
            if number % 200 == 199:
                jax.clear_caches()
                writer.write_table(pa.Table.from_pylist(rows, SCHEMA))
                rows.clear()
        writer.write_table(pa.Table.from_pylist(rows, SCHEMA))
    return counts


def verdicts_of(file: str) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        verdicts = os.path.join(folder, "verdicts.jsonl")
        done = subprocess.run(
            [JAXSMITH, "check", file, "--verdicts", verdicts], capture_output=True, text=True
        )
        if done.returncode not in (0, 1):
            sys.exit(done.stderr)
        with open(verdicts) as lines:
            return [json.loads(line) for line in lines]


def tabulate(verdicts: list[dict[str, Any]]) -> dict[str, Counter]:
    groups: dict[str, Counter] = defaultdict(Counter)
    for verdict in verdicts:
        group = verdict["id"].split("|")[0].removeprefix("harness ")
        for name in (group, "all"):
            counts, level = groups[name], verdict["level"]
            counts[level, "texts"] += 1
            counts[level, "printed"] += verdict["printed_back"] and verdict["verified"]
            counts[level, "cases"] += verdict["has_case"]
            counts[level, "agrees"] += verdict["agrees"]
    return groups


def cell(counts: Counter, level: str) -> str:
    numbers = [counts[level, what] for what in ("texts", "printed", "cases", "agrees")]
    return "/".join(map(str, numbers))


def markdown(groups: dict[str, Counter], counts: Counter, failed: list[dict[str, Any]]) -> str:
    """docs/conformance.md."""
    out = [
        "# What the readers cover of JAX's own test harnesses\n",
        "`make conformance` writes this page: each harness of "
        "`jax._src.internal_test_util.test_harnesses` that JAX lowers on the CPU, its four texts read "
        "and executed on the harness's own arguments, and compared with what JAX gives.\n",
        f"jax {jax.__version__}. {counts['harnesses']} harnesses, {counts['refused by JAX']} of which "
        "JAX itself refuses on the CPU.\n",
        "Cells: texts / verified and printed back byte for byte / with a recorded case / executed and "
        "agreeing with it.\n",
        "| group | " + " | ".join(LEVELS) + " |",
        "| --- |" + " ---: |" * len(LEVELS),
    ]
    for name in [*sorted(set(groups) - {"all"}), "all"]:
        out.append(f"| {name} | " + " | ".join(cell(groups[name], each) for each in LEVELS) + " |")
    out += ["\n## What does not hold\n", "| harness | level | why |", "| --- | --- | --- |"]
    for verdict in failed:
        name, why = verdict["id"].split("|")[1], verdict["reason"].split("\n")[0]
        out.append(f"| `{name}` | {verdict['level']} | {why.replace('|', '¦')} |")
    return "\n".join(out) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--harnesses", type=int, default=1, metavar="EVERY")
    parser.add_argument("--save", default="", metavar="FILE")
    parser.add_argument("--table", default="", metavar="FILE")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        file = options.save or os.path.join(folder, "conformance.parquet")
        counts = make(options.harnesses, file)
        verdicts = verdicts_of(file)
    groups = tabulate(verdicts)
    width = max(map(len, groups)) + 2
    print("group".ljust(width) + "".join(level.rjust(26) for level in LEVELS))
    for name in [*sorted(set(groups) - {"all"}), "all"]:
        print(name.ljust(width) + "".join(cell(groups[name], each).rjust(26) for each in LEVELS))
    failed = [v for v in verdicts if not v["printed_back"] or (v["has_case"] and not v["agrees"])]
    for verdict in failed:
        print(f"{verdict['id']} {verdict['level']}: {verdict['reason'].splitlines()[:1]}")
    if options.table:
        Path(options.table).write_text(markdown(groups, counts, failed))
    total = groups["all"]
    good = True
    for level in LEVELS:
        texts, cases = total[level, "texts"], total[level, "cases"]
        good = good and total[level, "printed"] >= PRINTED_BACK * texts
        good = good and total[level, "agrees"] >= AGREES * texts and cases > 0
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
