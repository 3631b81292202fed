"""Idioms whose results have closed forms or references give these."""

import datetime
import json
import os
import subprocess
from pathlib import Path

import jax
import numpy as np
from jaxsmith.base import arrays

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = Path(os.environ.get("JAXSMITH", ROOT / "build" / "jaxsmith"))


def entries(idiom, names, count=150):
    """Functions under one of the names, with inputs of their argument types."""
    options = ["--idioms", idiom, "--seed", "5", "--index", "0", "--count", str(count)]
    command = [JAXSMITH, "plan", "--json", *options]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    for plan in map(json.loads, done.stdout.splitlines()):
        if plan["entry"] not in names or plan["transformation"] != "forward":
            continue
        places = range(len(plan["arguments"]))
        if plan["variant"] != "base" or plan["x64"] or plan["argument_tree"] != str((*places,)):
            continue
        scope = {"__name__": "function"}
        exec(compile(plan["source"], "<function>", "exec"), scope)
        yield plan, scope[plan["entry"]]


def avals(plan):
    for argument in plan["arguments"]:
        dtype, shape = argument["aval"].rstrip("]").split("[")
        yield tuple(map(int, filter(None, shape.split(",")))), np.dtype(arrays.DTYPES[dtype])


def outputs(function, given):
    return [np.asarray(x) for x in jax.tree.leaves(function(*given))]


def test_gray_codes_decode():
    random, held = np.random.default_rng(1), 0
    for plan, decode in entries("gray_code", {"gray_decode", "from_gray", "gray_to_binary"}):
        [(shape, dtype)] = avals(plan)
        numbers = random.integers(0, 2 ** (8 * dtype.itemsize), shape, dtype)
        results = outputs(decode, [numbers ^ (numbers >> 1)])
        if len(results) == 1 and results[0].shape == shape:
            held += 1
            np.testing.assert_array_equal(results[0], numbers, plan["source"])
    assert held > 5


def test_days_between_dates():
    random, held = np.random.default_rng(2), 0
    names = {"days_between", "date_difference", "days_until"}
    for plan, count in entries("calendar_date", names, 600):  # most take dates as one
        if "weeks" in plan["source"] or len(plan["arguments"]) != 6:
            continue
        held += 1
        for _ in range(20):
            a, b = (datetime.date.fromordinal(int(n)) for n in random.integers(600000, 870000, 2))
            given = np.array([a.year, a.month, a.day, b.year, b.month, b.day], np.int32)
            found = [abs(int(x)) for x in outputs(count, given)]
            assert abs((b - a).days) in found, plan["source"]
    assert held > 2
