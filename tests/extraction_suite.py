#!/usr/bin/env python3
"""Extracts functions of JAX libraries and JAX's own test harnesses, compares every level with what
JAX itself prints, and prints a table.

usage: extraction_suite.py [--harnesses EVERY] [--group NAME …] [--save DIR] [--table FILE]

EVERY: one in so many of the 5,594 harnesses (default 1, 0 for none). With --save the extractions
become a dataset, which puts each to the checks, and the table says how many passed.
"""

import argparse
import shutil
import sys
import zlib
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import jaxsmith
import numpy as np
from jaxsmith import jax_private
from jaxsmith.errors import JaxsmithError
from jaxsmith.levels import LEVELS
from jaxsmith.records import extracted
from library_functions import Case, cases


def harnesses(every: int) -> Iterator[Case]:
    from jax._src.internal_test_util import test_harnesses

    for place, harness in enumerate(test_harnesses.all_harnesses):
        if every and place % every == 0:
            # A generator of its own for each, so that a part of them has the same arguments.
            rng = np.random.RandomState(zlib.crc32(harness.fullname.encode()))
            try:
                args = harness.dyn_args_maker(rng)
            except Exception as error:  # arguments that this NumPy does not make
                print(f"no arguments: {harness.fullname}: {error}", file=sys.stderr)
                continue
            yield Case(
                f"harness {harness.group_name}", harness.fullname, harness.dyn_fun, tuple(args)
            )


def by_jax(case: Case) -> dict[str, str | None] | None:
    """The texts that JAX gives; None where it does not lower the function."""
    try:
        traced = jax.jit(case.function, **case.jit).trace(*case.args, **case.kwargs)
        lowered = traced.lower()
        compiled = lowered.compile()
    except Exception:
        return None
    try:
        jaxpr = str(traced.jaxpr)
    except Exception:  # JAX's own printing rule fails: nothing to compare with
        jaxpr = None
    modules = compiled.runtime_executable().hlo_modules()
    options = jax_private.full_options()
    return {
        "jaxpr": jaxpr,
        "stablehlo": lowered.as_text(),
        "hlo": lowered.as_text(dialect="hlo"),
        "hlo_optimized": "\n\n".join(module.to_string(options) for module in modules),
    }


def try_case(case: Case, counts: Counter, kept: list[dict[str, Any]] | None) -> str | None:
    """Counts what became of the case; what went wrong, if anything."""
    counts["functions"] += 1
    expected = by_jax(case)
    try:
        sample = jaxsmith.extract(case.function, *case.args, **case.jit, **case.kwargs)
    except JaxsmithError as error:
        counts["refused by both" if expected is None else "missed"] += 1
        return None if expected is None else f"missed: {error}"
    if set(sample.missing) & set(LEVELS):
        counts["refused by both" if expected is None else "missed"] += 1
        return None if expected is None else f"missed: {dict(sample.missing)}"
    counts["extracted"] += 1
    if expected is not None:
        different = [name for name in LEVELS if expected[name] not in (None, sample.level(name))]
        counts["same text"] += not different
        if different:
            return f"differs: {', '.join(different)}"
    if kept is not None:
        kept.append(extracted.record_of(sample))
    try:
        counts["executed"] += sample.case is not None
    except JaxsmithError as error:
        return f"run: {error}"
    aligned = [span for spans in sample.spans.values() for span in spans]
    counts["operations"] += len(aligned)
    counts["aligned"] += sum(span.kind != "none" for span in aligned)
    return None


def checked(folder: str, records: list[dict[str, Any]]) -> Counter:
    """Puts the records to the checks; how many rows have passed each."""
    from jaxsmith import datasets

    shutil.rmtree(folder, ignore_errors=True)
    datasets.make(folder, records)
    out: Counter = Counter()
    for row in datasets.load(folder):
        out["rows"] += 1
        for check in row.fields["checks"]:
            out[f"{check['check']}: {check['status']}"] += 1
    return out


def markdown(groups: dict[str, Counter], checks: Counter) -> str:
    """docs/extraction.md."""
    out = [
        "# What extraction covers\n",
        "`make extraction` writes this page. It extracts functions of libraries "
        "(`tests/library_functions.py`) and JAX's own test harnesses, one primitive each, "
        "compares all four texts with what JAX prints, and runs every function.\n",
        f"jax {jax.__version__}, on CPU.\n",
        "- *same text*: all four levels are JAX's to the byte; where that is less than *extracted*, "
        "`jax.jit` itself refuses the function (modules that cannot be hashed) and there is nothing "
        "to compare with.",
        "- *refused by both*: JAX does not trace, lower or compile it on the CPU, and jaxsmith says so.",
        "- *missed*: JAX lowers it and jaxsmith does not extract it.",
        "- *lines aligned*: of the lines with an operation those that point at the function's source. "
        "The harnesses' functions stand in JAX's own files, which JAX takes for no user's.\n",
        "| group | functions | " + " | ".join(_COLUMNS[1:]) + " | lines aligned |",
        "| --- |" + " ---: |" * (len(_COLUMNS) + 1),
    ]
    for name, cells in _cells(groups):
        out.append(f"| {name} | " + " | ".join(cells) + " |")
    out += [
        "\n## The checks\n",
        "The extractions as a dataset: what every row was put to, and how it came out. Functions of "
        "the same structure and types are kept once.\n",
        "| check | passed | failed | not done |",
        "| --- | ---: | ---: | ---: |",
    ]
    for name in dict.fromkeys(key.rsplit(": ", 1)[0] for key in checks if ": " in key):
        numbers = [str(checks[f"{name}: {status}"]) for status in ("passed", "failed", "not done")]
        out.append(f"| {name} | " + " | ".join(numbers) + " |")
    out.append(f"\n{checks['rows']} rows.\n")
    return "\n".join(out)


_COLUMNS = ["functions", "extracted", "same text", "executed", "refused by both", "missed"]


def _cells(groups: dict[str, Counter]) -> Iterator[tuple[str, list[str]]]:
    total: Counter = Counter()
    for counts in groups.values():
        total.update(counts)
    for name, counts in [*sorted(groups.items()), ("all", total)]:
        share = counts["aligned"] / counts["operations"] if counts["operations"] else 0
        yield name, [str(counts[column]) for column in _COLUMNS] + [f"{100 * share:.0f} %"]


def print_table(groups: dict[str, Counter]) -> None:
    width = max(map(len, groups), default=5) + 2
    print("group".ljust(width) + "".join(name.rjust(17) for name in [*_COLUMNS, "lines aligned"]))
    for name, cells in _cells(groups):
        print(name.ljust(width) + "".join(cell.rjust(17) for cell in cells))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("--harnesses", type=int, default=1, metavar="EVERY")
    parser.add_argument("--group", nargs="*", default=[])
    parser.add_argument("--save", default="")
    parser.add_argument("--table", default="", help="Markdown file to write the table to")
    options = parser.parse_args()
    groups: dict[str, Counter] = defaultdict(Counter)
    kept: list[dict[str, Any]] | None = [] if options.save else None
    failures = 0
    jax.config.update("jax_threefry_partitionable", True)
    for number, case in enumerate([*cases(), *harnesses(options.harnesses)]):
        if options.group and case.group not in options.group:
            continue
        problem = try_case(case, groups[case.group.split(" ")[0]], kept)
        if problem is not None:
            failures += 1
            print(f"{case.group}: {case.name}: {problem}", file=sys.stderr)
        if number % 200 == 199:
            jax.clear_caches()
    print_table(groups)
    checks = checked(options.save, kept) if kept else Counter()
    for name, number in sorted(checks.items()):
        print(f"  {name:<24} {number}")
    if options.table:
        Path(options.table).write_text(markdown(groups, checks))
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
