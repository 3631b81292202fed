#!/usr/bin/env python3
"""jaxsmith's readers beside the official ones, on the same texts in one process.

usage: bench/reading.py DATASET [--most N]

Parsers: MLIR's with StableHLO's dialects, which verifies what it parses, and XLA's of HLO text. Execution:
StableHLO's reference interpreter. Grading has no official peer: of each row its own text in other
words, its text with an operation changed, and zeros. All figures are CPU time of this process's one
thread.
"""

import argparse
import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import jaxsmith
import numpy as np
import pyarrow.parquet as pq
from jaxsmith import jax_private
from jaxsmith.base import arrays

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "tests"))
import degenerate  # noqa: E402

LEVELS = ("stablehlo", "hlo", "hlo_optimized")


def seconds(work: Callable[[Any], Any], items: Iterable[Any]) -> tuple[float, int]:
    """CPU time, and how many items went through."""
    done, begin = 0, time.thread_time()
    for item in items:
        try:
            work(item)
            done += 1
        except Exception:
            pass
    return time.thread_time() - begin, done


def rows_of(dataset: Path, most: int) -> list[dict[str, Any]]:
    columns = ["id", *LEVELS, "jaxpr", "constants", "inputs", "outputs", "kept_arguments"]
    columns += ["equations", "devices"]
    rows = []
    for file in sorted((dataset / "data").glob("*.parquet")):
        rows += pq.read_table(file, columns=columns).to_pylist()
    return [row for row in rows if row["devices"] == 1][:most]


def line(name: str, ours: tuple[float, int], theirs: tuple[float, int] | None, size: int) -> None:
    a, n = ours
    print(f"{name:<28}{n / a:10.0f}/s{size / a / 1e6:8.1f} MB/s", end="")
    if theirs:
        b, m = theirs
        print(f"{m / b:12.0f}/s{size / b / 1e6:8.1f} MB/s{(n / a) / (m / b):8.1f}", end="")
    print()


def interpreter(context: Any) -> Callable[[dict[str, Any]], Any]:
    from jaxlib.mlir import ir
    from jaxlib.mlir.dialects import stablehlo

    def run(row: dict[str, Any]) -> Any:
        module = jax_private.parse_stablehlo(row["stablehlo"], context)
        with context:
            values = [ir.DenseElementsAttr.get(np.asarray(arrays.decode(x))) for x in row["inputs"]]
        return stablehlo.eval_module(module, values)

    return run


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--most", type=int, default=1000)
    options = parser.parse_args()
    rows = rows_of(options.dataset, options.most)
    context = jax_private.new_context(threads=False)
    official = {
        "stablehlo": lambda text: jax_private.parse_stablehlo(text, context),
        "hlo": jax_private.parse_hlo,
        "hlo_optimized": jax_private.parse_hlo,
    }
    print(f"{'':<28}{'jaxsmith':>24}{'official':>25}{'ratio':>8}")
    for level in ("jaxpr", *LEVELS):
        texts = [row[level] for row in rows]
        size = sum(map(len, texts))
        ours = seconds(lambda text, level=level: jaxsmith.parse(text, level), texts)
        theirs = seconds(official[level], texts) if level in official else None
        line(f"parse {level}", ours, theirs, size)
        ours = seconds(lambda text, level=level: jaxsmith.verify(text, level), texts)
        line(f"parse, verify {level}", ours, theirs, size)
    # The interpreter ends the process at operations of other dialects and at custom calls.
    simple = [
        row
        for row in rows
        if all(x["dtype"] in ("f32", "i32") for x in row["inputs"])
        and not any(
            word in row["stablehlo"]
            for word in ("chlo.", "custom_call", "f16", "complex", "rng_", "sort", "ui")
        )
    ]
    size = sum(len(row["stablehlo"]) for row in simple)

    def evaluate(row: dict[str, Any]) -> Any:
        inputs = [arrays.decode(x) for x in row["inputs"]]
        return jaxsmith.evaluate(row["stablehlo"], *inputs, level="stablehlo")

    theirs = seconds(interpreter(context), simple)
    line("parse and execute stablehlo", seconds(evaluate, simple), theirs, size)
    print(
        f"the interpreter executes {theirs[1]} of {len(simple)} modules, jaxsmith all but those it names"
    )
    for level in ("jaxpr", *LEVELS):

        def check(row: dict[str, Any], level: str = level) -> Any:
            constants = row["constants"] if level == "jaxpr" else []
            inputs = [arrays.decode(x) for x in (*constants, *row["inputs"])]
            return jaxsmith.evaluate(row[level], *inputs, level=level)

        took, done = seconds(check, rows)
        print(f"parse, verify and execute {level:<15}{done / took:8.0f}/s ({done} of {len(rows)})")
    grading(rows)


def predictions(row: dict[str, Any]) -> list[str]:
    text = row["stablehlo"]
    changed = text.replace("stablehlo.multiply", "stablehlo.add", 1)
    return [text.replace("%arg", "%input_"), changed, *(t for _, t in degenerate.modules(row))]


def grading(rows: list[dict[str, Any]]) -> None:
    """What rows cost once, and what a prediction costs besides."""
    graders: list[tuple[jaxsmith.Grader, list[str]]] = []
    took, done = seconds(
        lambda row: graders.append((jaxsmith.Grader(row, "stablehlo"), predictions(row))), rows
    )
    print(f"prepare the grading of a row {done / took:20.0f}/s")
    pairs = [(grader, text) for grader, texts in graders for text in texts]
    took, done = seconds(lambda pair: pair[0](pair[1]), pairs)
    print(f"grade a prediction {done / took:30.0f}/s ({done} predictions)")


if __name__ == "__main__":
    main()
