#!/usr/bin/env python3
"""Changes texts of StableHLO and HLO in one place, lets XLA run them, and counts how many of the changes
that XLA's outputs show are found by `jaxsmith check` on the recorded case.

usage: mutants.py DATASET [--count N] [--seed S]

A change is shown where an output differs from the recorded one by more than the tolerance of
python/jaxsmith/arrays.py, or the places of NaNs and infinities do. Found: the changed text does not
verify, or does not give the recorded outputs. Besides: whether changed texts that XLA refuses are
refused, and whether those that it runs give what XLA gives.
"""

import argparse
import json
import os
import random
import re
import subprocess
import sys
import tempfile
from collections import Counter, defaultdict
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxsmith import arrays, jax_private

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = os.environ.get("JAXSMITH", str(ROOT / "build" / "jaxsmith"))

# Operations of the same type, by the words that name them in StableHLO and HLO.
_ALIKE = [
    ["add", "subtract", "multiply", "maximum", "minimum"],
    ["sine", "cosine", "tanh", "exponential", "logistic", "negate", "abs"],
    ["floor", "ceil"],
    ["and", "or", "xor"],
    ["shift_left", "shift_right_logical", "shift_right_arithmetic"],
]
_DIRECTIONS = ["EQ", "NE", "LT", "LE", "GT", "GE"]


class Mutant(NamedTuple):
    kind: str
    level: str
    text: str
    row: dict[str, Any]


def replaced(text: str, match: re.Match, new: str, group: int = 0) -> str:
    return text[: match.start(group)] + new + text[match.end(group) :]


def mutations(level: str, text: str, rng: random.Random) -> Iterator[tuple[str, str]]:
    """One change of each kind that the text has a place for."""
    stablehlo = level == "stablehlo"
    pick = rng.choice

    def places(pattern: str) -> list[re.Match]:
        return list(re.finditer(pattern, text))

    prefix, mark = ("stablehlo.", "%") if stablehlo else (" ", "")
    swappable = "subtract|divide|power|atan2|remainder|shift_left"
    operands = rf"{re.escape(prefix)}(?:{swappable})[ (](%?[\w.#-]+), (%?[\w.#-]+)"
    if found := places(operands):
        m = pick(found)
        if m[1] != m[2]:
            first, second = m.span(1), m.span(2)
            yield (
                "operands swapped",
                text[: first[0]] + m[2] + text[first[1] : second[0]] + m[1] + text[second[1] :],
            )
    constant = r"dense<(-?\d[\d.e+-]*)>" if stablehlo else r" constant\((-?\d[\d.e+-]*)\)"
    if found := places(constant):
        m = pick(found)
        number = float(m[1])
        new = number * 2 + 1 if number < 1e6 else number / 2
        whole = "." not in m[1] and "e" not in m[1]
        yield "another constant", replaced(text, m, str(int(new)) if whole else f"{new:e}", 1)
    for group in _ALIKE:
        names = "|".join(group)
        if found := places(rf"{re.escape(prefix)}({names})(?=[ (])"):
            m = pick(found)
            other = pick([name for name in group if name != m[1]])
            yield "another operation", replaced(text, m, other, 1)
    if found := places(r"(?:compare +|direction=)(EQ|NE|LT|LE|GT|GE)"):
        m = pick(found)
        yield "another direction", replaced(text, m, pick([d for d in _DIRECTIONS if d != m[1]]), 1)
    attribute = r"(?:dims?(?:ensions)? = |dimensions=|permutation=)[\[{]?(\d+)"
    if found := places(attribute):
        m = pick(found)
        yield "another dimension", replaced(text, m, str((int(m[1]) + 1) % 3), 1)
    if found := places(r"\[(\d+):(\d+)"):
        m = pick(found)
        start, limit = int(m[1]) + 1, int(m[2]) + 1
        yield "another slice", text[: m.start()] + f"[{start}:{limit}" + text[m.end() :]
    if stablehlo:  # an operation on two values whose result becomes the first of them
        binary = r"%\w+ = (stablehlo\.(?:add|multiply|subtract)) (%[\w#]+), (%[\w#]+) : (\S+)\n"
        if found := places(binary):
            m = pick(found)
            dropped = m[0].replace(f"{m[1]} {m[2]}, {m[3]}", f"stablehlo.maximum {m[2]}, {m[2]}")
            yield "a dropped update", text[: m.start()] + dropped + text[m.end() :]


def mutants_of(rows: list[dict[str, Any]], count: int, rng: random.Random) -> list[Mutant]:
    out: list[Mutant] = []
    while len(out) < count:
        row, level = rng.choice(rows), rng.choice(["stablehlo", "hlo"])
        choices = list(mutations(level, row[level], rng))
        if choices:
            kind, text = rng.choice(choices)
            if text != row[level]:
                out.append(Mutant(kind, level, text, row))
    return out


def decoded(columns: list[dict[str, Any]]) -> list[np.ndarray]:
    return [arrays.decode(column) for column in columns]


class Xla:
    """Compiles and runs texts on the CPU."""

    def __init__(self) -> None:
        jax_private.initialize_lapack()
        self.context = jax_private.new_context(threads=False)
        self.compiler = jax_private.Compiler({})

    def run(self, mutant: Mutant) -> list[np.ndarray] | None:
        """The outputs; None where XLA refuses the text."""
        try:
            text = mutant.text
            if mutant.level == "hlo":
                module = jax_private.stablehlo_of_hlo(text, self.context)
            else:
                module = jax_private.parse_stablehlo(text, self.context)
            inputs = [self.compiler.put(x) for x in decoded(mutant.row["inputs"])]
            results = len(mutant.row["outputs"])
            executable = self.compiler.compile(module, len(inputs), results)
            return self.compiler.run(executable, inputs)
        except Exception:
            return None


def differ(expected: list[np.ndarray], found: list[np.ndarray]) -> bool:
    return len(expected) != len(found) or not all(
        arrays.close(a, b) for a, b in zip(expected, found, strict=True)
    )


def checked(mutants: list[Mutant], outputs: list[list[dict[str, Any]]]) -> list[dict[str, Any]]:
    """What `jaxsmith check` says of each text with these outputs as the recorded ones."""
    rows = []
    for number, (mutant, recorded) in enumerate(zip(mutants, outputs, strict=True)):
        row = {**mutant.row, "id": f"{number:08}", "outputs": recorded}
        row.update({level: "" for level in ("jaxpr", "stablehlo", "hlo", "hlo_optimized")})
        rows.append({**row, mutant.level: mutant.text})
    with tempfile.TemporaryDirectory() as folder:
        file, verdicts = Path(folder, "mutants.parquet"), Path(folder, "verdicts.jsonl")
        pq.write_table(pa.Table.from_pylist(rows, mutants[0].row["schema"]), file)
        command = [JAXSMITH, "check", file, "--verdicts", verdicts, "--show", "0"]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode not in (0, 1):
            sys.exit(done.stderr)
        return [json.loads(line) for line in verdicts.read_text().splitlines()]


def encoded(outputs: list[np.ndarray]) -> list[dict[str, Any]]:
    return [{"name": "", **arrays.encode(np.asarray(x, order="C"))} for x in outputs]


def judge(mutants: list[Mutant]) -> dict[str, Counter]:
    xla = Xla()
    found = [xla.run(mutant) for mutant in mutants]
    against_recorded = checked(mutants, [mutant.row["outputs"] for mutant in mutants])
    ran = [i for i, outputs in enumerate(found) if outputs is not None]
    against_xla = dict(
        zip(
            ran,
            checked([mutants[i] for i in ran], [encoded(found[i] or []) for i in ran]),
            strict=True,
        )
    )
    counts: dict[str, Counter] = defaultdict(Counter)
    for i, mutant in enumerate(mutants):
        outputs = found[i]
        for name in (f"{mutant.level}: {mutant.kind}", "all"):
            c, verdict = counts[name], against_recorded[i]
            c["mutants"] += 1
            if outputs is None:
                c["refused by XLA"] += 1
                c["refused by both"] += not verdict["verified"]
                continue
            c["run by XLA"] += 1
            c["agree with XLA"] += against_xla[i]["agrees"]
            if differ(decoded(mutant.row["outputs"]), outputs):
                c["shown"] += 1
                c["found"] += not verdict["agrees"]
    return counts


def rows_of(dataset: Path, most: int = 20_000) -> list[dict[str, Any]]:
    rows = []
    for file in sorted((dataset / "data").glob("*.parquet")):
        table = pq.read_table(file)
        for row in table.to_pylist():
            # A changed loop may go on for ever, and XLA cannot be stopped.
            if row["devices"] == 1 and len(row["hlo"]) <= most and " while(" not in row["hlo"]:
                rows.append({**row, "schema": table.schema})
    return rows


def print_table(counts: dict[str, Counter]) -> None:
    columns = ["mutants", "shown", "found", "run by XLA", "agree with XLA", "refused by XLA"]
    columns.append("refused by both")
    width = max(map(len, counts)) + 2
    print("kind".ljust(width) + "".join(name.rjust(17) for name in columns))
    for name in [*sorted(set(counts) - {"all"}), "all"]:
        print(name.ljust(width) + "".join(str(counts[name][c]).rjust(17) for c in columns))


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--count", type=int, default=2000)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    rng = random.Random(options.seed)
    counts = judge(mutants_of(rows_of(options.dataset), options.count, rng))
    print_table(counts)
    return 0 if counts["all"]["found"] >= 0.99 * counts["all"]["shown"] else 1


if __name__ == "__main__":
    sys.exit(main())
