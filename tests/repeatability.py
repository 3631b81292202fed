#!/usr/bin/env python3
"""Whether what a worker says of a function depends on what it has done before.

usage: repeatability.py [--rows 2000] [--spans 500] [--seed 0]

Chunks of planned functions go through one worker in order, and through another in a random order,
which a fresh one replaces now and then; all fields of all outcomes must be the same. A sample is
traced by the plain route in a process that has traced nothing before, one function each: alignment,
texts, constants, names and costs must be the same, outputs within the tolerance of their type.
Prints each difference, and a closing line; exit status 1 where there is one.
"""

import argparse
import json
import multiprocessing
import os
import random
import re
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from jaxsmith.base import arrays
from worker_client import LEVELS, ROOT, Worker, environment
from worker_functions import array

Chunk = list[dict[str, Any]]
JAXSMITH = Path(os.environ.get("JAXSMITH", ROOT / "build" / "jaxsmith"))


def planned(seed: int, first: int, chunks: int) -> list[Chunk]:
    """Requests for the functions of planned chunks, on inputs that are made up for their types."""
    out: list[Chunk] = []
    for chunk in range(first, first + chunks):
        command = [str(JAXSMITH.parent / "print_functions_main"), str(seed), str(chunk), "1"]
        printed = subprocess.run(command, capture_output=True, text=True, check=True).stdout
        functions = [json.loads(line) for line in printed.splitlines()]
        out.append([request(f) for f in functions if not ends_by_its_data(f)])
    return out


def ends_by_its_data(function: dict[str, Any]) -> bool:
    """Whether it may go on for ever on made-up inputs; jax.scipy.special.expn has such a loop."""
    return re.search(r"while_loop|\bexpn\(", function["source"]) is not None


def request(function: dict[str, Any]) -> dict[str, Any]:
    avals = [argument["aval"] for argument in function.get("arguments", [])]
    kept = {key: function[key] for key in ("source", "entry", "argument_tree", "x64", "devices")}
    return kept | {
        "inputs": [
            [arrays.encode(array(aval, 10 * case + i, case)) for i, aval in enumerate(avals)]
            for case in range(3)
        ],
        "cases": [1, 2],
    }


# ---- In another order, on another worker ---------------------------------------------------------


def outcomes(chunks: list[Chunk], order: list[int], renew_after: int) -> list[list[dict]]:
    """The outcomes by chunk, from workers that are given them in this order."""
    found: list[list[dict]] = [[] for _ in chunks]
    for start in range(0, len(order), renew_after):
        with Worker() as worker:
            for chunk in order[start : start + renew_after]:
                found[chunk] = worker.run(chunks[chunk])
    return found


def differences(expected: dict, found: dict) -> Iterator[str]:
    """Names of the fields that differ, the levels of texts and spans by themselves."""
    for field in sorted(expected.keys() | found.keys()):
        a, b = expected.get(field), found.get(field)
        if a != b and isinstance(a, dict) and isinstance(b, dict):
            yield from (f"{field} of {level}" for level in a if a[level] != b.get(level))
        elif a != b:
            yield field


# ---- Alone in a fresh process --------------------------------------------------------------------


def traced_alone(function: dict[str, Any]) -> dict[str, Any]:
    """The plain route's outcome; to be called once in a process."""
    from jaxsmith.worker import plain, stages
    from jaxsmith.worker.function import work_of

    stages._PROCESS = os.getpid()  # this fork is no function's doing
    work = work_of(0, function)
    plain.run_chunk([work], LEVELS, lambda stage, positions: None)
    return work.outcome()


@contextmanager
def workers_environment() -> Iterator[None]:
    """What is started within it has the environment of a worker."""
    before = dict(os.environ)
    os.environ.update(environment())
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)


def fresh_outcomes(functions: list[dict[str, Any]], processes: int = 2) -> Iterator[dict]:
    """Outcomes of functions each of which has a process for itself. Processes are forks of one that
    has imported JAX and has traced nothing: starting Python and importing JAX takes longer than all
    the rest."""
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["jaxsmith.worker.plain"])
    with (
        workers_environment(),
        ProcessPoolExecutor(processes, mp_context=context, max_tasks_per_child=1) as pool,
    ):
        yield from pool.map(traced_alone, functions)


def differences_from_alone(alone: dict, found: dict) -> Iterator[str]:
    """As `differences`; what depends on the code that a route generates may differ: outputs by the
    tolerance of the least precise type, and what is found by comparing them (src/check/redo.h)."""
    if alone["ok"] and found["ok"]:
        pairs = [[arrays.decode(x) for x in outcome["outputs"]] for outcome in (alone, found)]
        least = max((arrays.tolerance(x) for x in pairs[0] if arrays.inexact(x)), default=0.0)
        if len(pairs[0]) == len(pairs[1]) and all(
            arrays.close(a, b, least) for a, b in zip(*pairs, strict=True)
        ):
            judged = ("outputs", "argument_matters", "stable", "recorded", "cases")
            found = found | {field: alone[field] for field in judged}
    yield from differences(alone, found)


# ---- The command ---------------------------------------------------------------------------------


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rows", type=int, default=2000)
    parser.add_argument("--spans", type=int, default=500)
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args()
    chunks: list[Chunk] = []
    while sum(map(len, chunks)) < options.rows:
        chunks += planned(options.seed, len(chunks), 1)
    rng = random.Random(options.seed)
    order = list(range(len(chunks)))
    first = outcomes(chunks, order, len(order))
    rng.shuffle(order)
    second = outcomes(chunks, order, 7)
    different = 0
    places = [(c, i) for c, chunk in enumerate(chunks) for i in range(len(chunk))]
    for c, i in places:
        found = list(differences(first[c][i], second[c][i]))
        different += bool(found)
        if found:
            print(f"function {i} of chunk {c}, in another order: {', '.join(found)}", flush=True)
    print(
        f"{len(places)} functions in another order on other workers: {different} differ", flush=True
    )
    sample = rng.sample([(c, i) for c, i in places if first[c][i]["ok"]], options.spans)
    exact = unlike = 0
    alone = fresh_outcomes([chunks[c][i] for c, i in sample])
    for (c, i), outcome in zip(sample, alone, strict=True):
        found = list(differences_from_alone(outcome, first[c][i]))
        unlike += bool(found)
        exact += sum(
            span[1] == "exact" for spans in first[c][i]["spans"].values() for span in spans
        )
        if found:
            print(f"function {i} of chunk {c}, alone: {', '.join(found)}", flush=True)
    print(f"{len(sample)} functions alone, with {exact} exact spans: {unlike} differ")
    return 1 if different or unlike or not places else 0


if __name__ == "__main__":
    sys.exit(main())
