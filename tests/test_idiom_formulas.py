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
    # Some families have no program: what needs more than 16 bits is none of theirs.
    done = subprocess.run(command, capture_output=True, text=True, check=False)
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


def test_lagrange_polynomials_go_through_their_nodes():
    random, held = np.random.default_rng(3), 0
    for plan, evaluate in entries("lagrange", {"lagrange", "polynomial_through"}, 40):
        if len(plan["arguments"]) != 2 or plan["source"].count("def ") > 1:
            continue
        [(size,), _], [queries, _] = avals(plan)
        values = random.normal(size=size).astype(np.float32)
        nodes = np.linspace(-1.0, 1.0, size)
        if "linspace" not in plan["source"]:
            nodes = np.cos(np.pi * (np.arange(size) + 0.5) / size)
        at = random.integers(0, size, queries)
        results = outputs(evaluate, [values, nodes[at].astype(np.float32)])
        assert any(x.shape == queries and np.allclose(x, values[at], atol=5e-3) for x in results), (
            plan["source"]
        )
        held += 1
    assert held > 2


def test_cubics_hold_at_the_ends():
    random, held = np.random.default_rng(4), 0
    for plan, evaluate in entries("cubic_interpolate", {"catmull_rom"}, 70):
        if len(plan["arguments"]) != 2 or plan["source"].count("def ") > 1:
            continue
        [(size,), _], [queries, _] = avals(plan)
        values = random.normal(size=size).astype(np.float32)
        # Half way within the first cell: the first sample stands for the neighbor that it lacks.
        given = [values, np.full(queries, 0.5, np.float32)]
        expected = np.array([-1, 9, 9, -1]) @ values[[0, 0, 1, 2]] / 16
        assert any(
            x.shape == queries and np.allclose(x, expected, atol=1e-3)
            for x in outputs(evaluate, given)
        ), plan["source"]
        held += 1
    assert held > 0


def test_rotations_do_not_mirror():
    random, held = np.random.default_rng(5), 0
    for plan, align in entries("procrustes", {"kabsch", "rotate_onto"}, 40):
        if len(plan["arguments"]) != 2 or "mean(" not in plan["source"].split("svd")[0]:
            continue
        shape, _ = next(avals(plan))
        points = random.normal(size=shape).astype(np.float32)
        centered = points - points.mean(axis=0)
        goal = centered * np.append(np.ones(shape[1] - 1), -1)  # mirrored
        aligned = [x for x in outputs(align, [points, goal.astype(np.float32)]) if x.shape == shape]
        turn = np.linalg.lstsq(centered, aligned[0], rcond=None)[0]
        assert np.isclose(np.linalg.det(turn), 1, atol=1e-2), plan["source"]
        held += 1
    assert held > 1


def test_check_digits_weigh_from_the_last_digit():
    random, held = np.random.default_rng(6), 0
    for plan, check in entries("base_digits", {"check_digit", "check_digits"}, 200):
        [(shape, dtype)] = avals(plan)
        numbers = random.integers(0, 1000, shape, dtype)
        digits = numbers[:, None] // [1, 10, 100] % 10
        expected = [-digits @ [3, 1, 3] % 10, -digits @ [2, 3, 4] % 11]
        results = outputs(check, [numbers])
        if results[0].shape != shape:  # their mean
            continue
        assert any(np.array_equal(x, y) for x in results for y in expected), plan["source"]
        held += 1
    assert held > 1


def coins_of(amount, coins):
    fewest = [0] + [amount] * amount
    for total in range(1, amount + 1):
        fewest[total] = 1 + min(fewest[total - c] for c in coins if c <= total)
    return fewest[amount]


def test_change_has_the_fewest_coins():
    random, held = np.random.default_rng(7), 0
    names = {"count_coins", "fewest_coins", "coins_needed"}
    for plan, count in entries("make_change", names, 40):
        coins = eval(plan["source"].split("jnp.array(")[1].split("]")[0] + "]")
        if len(plan["arguments"]) != 1 or min(coins) > 1:
            continue
        for amount in random.integers(1, 400, 2):
            found = outputs(count, [np.int32(amount)])
            assert coins_of(int(amount), coins) in found, plan["source"]
        held += 1
    assert held > 1


def test_searches_by_halves_find_the_last_that_fits():
    random, held = np.random.default_rng(8), 0
    figures = {
        "integer_cbrt": lambda m: m**3,
        "cube_root": lambda m: m**3,
        "triangular_root": lambda m: m * (m + 1) // 2,
        "full_rows": lambda m: m * (m + 1) // 2,
        "pyramid_layers": lambda m: m * (m + 1) * (2 * m + 1) // 6,
        "full_layers": lambda m: m * (m + 1) * (2 * m + 1) // 6,
    }
    for plan, search in entries("search_integer", set(figures), 40):
        figure = figures[plan["entry"]]
        for number in random.integers(1, 100000, 2):
            expected = max(m for m in range(600) if figure(m) <= number)
            assert expected in outputs(search, [np.int32(number)]), plan["source"]
        held += 1
    assert held > 1


def test_check_digits_of_codes():
    random, held = np.random.default_rng(9), 0
    for plan, check in entries("check_code", {"mod_97_digits", "mod_11_2_digit"}, 60):
        [(shape, dtype)] = avals(plan)
        code = random.integers(0, 10, shape, dtype)
        found = int(outputs(check, [code])[0])
        if plan["entry"] == "mod_97_digits":
            assert (int("".join(map(str, code)) + "00") + found) % 97 == 1, plan["source"]
        else:
            weighed = sum(int(d) * 2 ** (len(code) - k) for k, d in enumerate(code))
            assert (weighed + found) % 11 == 1, plan["source"]
        held += 1
    assert held > 1
