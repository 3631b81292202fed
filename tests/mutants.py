#!/usr/bin/env python3
"""Changes IR texts of all levels in one place, lets JAX run what comes of it, and counts how many of
the changes that JAX's outputs show are found by `jaxsmith check` on the recorded case.

usage: mutants.py DATASET [--count N] [--seed S] [--escapes FILE]

A change is shown where an output differs from the recorded one by more than the tolerance of
python/jaxsmith/base/arrays.py, or the places of NaNs and infinities do. Found: the changed text does not
verify, or does not give the recorded outputs. A changed loop that does not end in JAX must be found
as well. Besides: whether changed texts that JAX refuses are refused, and whether those that it runs
give what JAX gives.

Jaxprs are traced and changed as JAX's objects, since JAX reads no jaxprs' text; StableHLO is
changed as MLIR's; HLO as text, the optimised one compiled again by optimized_hlo.py.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from mutant_worker import LEVELS, Job, Outcome, Worker, decoded, differ, rows_of

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = os.environ.get("JAXSMITH", str(ROOT / "build" / "jaxsmith"))
# Elementary operations: rows take far fewer, and loops that do not end are stopped soon.
_STEPS = 100_000_000
_PER_TEXT = 2


def checked(
    rows: list[dict[str, Any]], mutants: list[Outcome], against_jax: bool
) -> list[dict[str, Any]]:
    """What `jaxsmith check` says of each text, which stands in its row beside the row's others, with
    the recorded outputs or those of JAX."""
    verdicts: dict[int, dict[str, Any]] = {}
    for level in LEVELS:
        changed = []
        for number, mutant in enumerate(mutants):
            if mutant.job.level != level:
                continue
            row = {**rows[mutant.job.row], "id": f"{number:08}", "constants": mutant.constants}
            if against_jax:
                # Of further cases JAX has not run the change.
                row.update(outputs=mutant.outputs, further_cases=[])
            changed.append({**row, level: mutant.text})
        if changed:
            table = pa.Table.from_pylist(changed, rows[0]["schema"])
            verdicts |= {int(v["id"]): v for v in _verdicts(table, level)}
    return [verdicts[number] for number in range(len(mutants))]


def _verdicts(table: pa.Table, level: str) -> list[dict[str, Any]]:
    with tempfile.TemporaryDirectory() as folder:
        file, verdicts = Path(folder, "mutants.parquet"), Path(folder, "verdicts.jsonl")
        pq.write_table(table, file)
        command = [JAXSMITH, "check", file, "--level", level, "--verdicts", verdicts]
        command += ["--show", "0", "--steps", str(_STEPS)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode not in (0, 1):
            sys.exit(done.stderr)
        return [json.loads(line) for line in verdicts.read_text().splitlines()]


def draw(rows: list[dict[str, Any]], count: int, seed: int) -> list[Job]:
    """So many, of all levels alike. A few of each row that is drawn, since a row has to be traced and
    its own texts have to be compiled as well; a third of the rows have loops, if there are so many."""
    rng = random.Random(seed)
    loops = [i for i, row in enumerate(rows) if " while(" in row["hlo"]]
    drawn = -(-count // (len(LEVELS) * _PER_TEXT))
    chosen = rng.sample(loops, min(len(loops), drawn // 3))
    others = sorted(set(range(len(rows))) - set(chosen))
    chosen += rng.choices(others, k=drawn - len(chosen))
    return [
        Job(row, level, rng.randrange(2**31))
        for row in sorted(chosen)
        for level in LEVELS
        for _ in range(_PER_TEXT)
    ]


def judge(
    dataset: Path, count: int, seed: int, escapes: Path | None = None
) -> dict[str, Counter[str]]:
    rows = rows_of(dataset)
    with Worker(dataset) as worker:
        outcomes = []
        for job in draw(rows, count, seed):
            outcomes.append(worker.run(job))
            if len(outcomes) % 50 == 0 and sys.stderr.isatty():
                print(f"\r{len(outcomes)} of {count}", end="", file=sys.stderr, flush=True)
    mutants = [m for m in outcomes if m.text]
    against_recorded = checked(rows, mutants, False)
    ran = [m for m in mutants if m.state == "run"]
    against_jax = {id(m): v for m, v in zip(ran, checked(rows, ran, True), strict=True)}
    counts: dict[str, Counter[str]] = defaultdict(Counter)
    for outcome in outcomes:
        if outcome.state == "unusable":
            counts[outcome.job.level]["unusable"] += 1
    remarks = []
    for mutant, verdict in zip(mutants, against_recorded, strict=True):
        seen, remark = _judged(rows[mutant.job.row], mutant, verdict, against_jax.get(id(mutant)))
        level = mutant.job.level
        for name in (f"{level}: {mutant.kind}", level, "all"):
            counts[name].update(seen)
        if remark:
            remarks.append(remark)
    if escapes:
        escapes.write_text("".join(json.dumps(remark) + "\n" for remark in remarks))
    return counts


def _judged(
    row: dict[str, Any], mutant: Outcome, verdict: dict[str, Any], given: dict[str, Any] | None
) -> tuple[Counter[str], dict[str, Any] | None]:
    """What counts, and what there is to say where it is not as it should be."""
    found, seen = not verdict["agrees"], Counter({"mutants": 1, mutant.state: 1})
    wrong = ""
    if mutant.state == "refused":
        seen["refused by both"] = int(not verdict["verified"] or not verdict["executed"])
        wrong = "" if seen["refused by both"] else "accepted"
    elif given is not None:
        seen["agree with JAX"] = int(given["agrees"])
        wrong = "" if given["agrees"] else "disagrees"
        if differ(decoded(row["outputs"]), decoded(mutant.outputs)):
            seen["shown"], seen["found"] = 1, int(found)
            wrong = wrong if found else "escaped"
    else:
        seen["endless or crashed, found"] = int(found)
        wrong = "" if found else "escaped"
    if not wrong:
        return seen, None
    return seen, {
        "wrong": wrong,
        "id": row["id"],
        "job": mutant.job,
        "state": mutant.state,
        "kind": mutant.kind,
        "operation": mutant.operation,
        "jax": mutant.reason,
        "reason": (given or verdict).get("reason", ""),
        "before": row[mutant.job.level],
        "text": mutant.text,
    }


def print_table(counts: dict[str, Counter[str]]) -> None:
    columns = [
        "mutants",
        "shown",
        "found",
        "run",
        "agree with JAX",
        "refused",
        "refused by both",
        "endless",
        "crashed",
        "endless or crashed, found",
    ]
    width = max(map(len, counts)) + 2
    print("kind".ljust(width) + "  ".join(columns))
    for name in [*sorted(set(counts) - {"all"}), "all"]:
        cells = (str(counts[name][c]).rjust(len(c)) for c in columns)
        print(name.ljust(width) + "  ".join(cells))
    for level in LEVELS:
        unusable = counts[level]["unusable"]
        print(f"{level}: {unusable} draws of rows whose own text does not give the outputs in JAX")


def holds(counts: Counter[str]) -> bool:
    return (
        counts["found"] >= 0.99 * counts["shown"]
        and counts["endless or crashed, found"] >= 0.99 * (counts["endless"] + counts["crashed"])
        and counts["agree with JAX"] >= 0.97 * counts["run"]
        and counts["refused by both"] >= 0.95 * counts["refused"]
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--escapes", type=Path, help="file for what is not as it should be")
    options = parser.parse_args()
    counts = judge(options.dataset, options.count, options.seed, options.escapes)
    print_table(counts)
    return 0 if all(holds(counts[level]) for level in LEVELS) else 1


if __name__ == "__main__":
    sys.exit(main())
