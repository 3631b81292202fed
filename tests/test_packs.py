"""Functions that take several arguments as one: each source is called as a person would call it, and JAX
takes its arguments apart into those that are recorded."""

import ast
import collections
import inspect
import json
import os
import subprocess
from pathlib import Path

import jax
import jaxsmith
import numpy as np
import pytest
from jaxsmith.base import arrays, calls
from worker_client import Worker
from worker_functions import array

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = Path(os.environ.get("JAXSMITH", ROOT / "build" / "jaxsmith"))


@pytest.fixture(scope="module")
def plans():
    found = []
    for seed in (3, 8, 12, 13, 14, 15, 16, 17, 18, 19):
        command = [
            JAXSMITH,
            "plan",
            "--json",
            "--seed",
            str(seed),
            "--index",
            "0",
            "--count",
            "300",
        ]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
        found += map(json.loads, done.stdout.splitlines())
    found = [plan for plan in found if plan["devices"] == 1]  # as this process has
    assert len(found) > 2000
    return found


def scope_of(plan):
    scope = {"__name__": "function"}
    exec(compile(plan["source"], "<function>", "exec"), scope)
    return scope


def containers(plan):
    """The kinds of packs among the arguments: their syntax, or the base of their class."""
    classes = {
        node.name: "NamedTuple" if node.bases else "dataclass"
        for node in ast.parse(plan["source"]).body
        if isinstance(node, ast.ClassDef)
    }
    given = ast.parse(plan["argument_tree"], mode="eval").body.elts
    for each in given:
        if isinstance(each, ast.Call):
            yield classes[each.func.id]
        elif not isinstance(each, ast.Constant):
            yield type(each).__name__


def test_jax_takes_arguments_apart_in_the_order_that_is_recorded(plans):
    for plan in plans:
        scope = scope_of(plan)
        given = eval(plan["argument_tree"], scope)
        paths, _ = jax.tree_util.tree_flatten_with_path(given)
        assert [position for _, position in paths] == list(range(len(plan["arguments"])))
        entry = inspect.unwrap(scope[plan["entry"]])  # it may be compiled by itself
        code = entry.__code__
        assert code.co_argcount - len(entry.__defaults__ or ()) == len(given)
        names = [
            code.co_varnames[path[0].idx] + jax.tree_util.keystr(path[1:]) for path, _ in paths
        ]
        assert names == [argument["name"] for argument in plan["arguments"]], plan["source"]


def test_every_kind_of_pack_is_there_and_so_are_flat_functions(plans):
    kinds = collections.Counter(kind for plan in plans for kind in set(containers(plan)))
    assert kinds.keys() == {"Dict", "Tuple", "NamedTuple", "dataclass"}
    assert min(kinds.values()) > 10, kinds
    packed = sum(any(containers(plan)) for plan in plans)
    assert 0.22 < packed / len(plans) < 0.45


def depth(tree):
    """How many containers a leaf of a call's arguments is in."""
    if isinstance(tree, ast.Constant):
        return 0
    held = tree.values if isinstance(tree, ast.Dict) else getattr(tree, "elts", None)
    if held is None:
        held = [keyword.value for keyword in tree.keywords]
    return 1 + max(map(depth, held))


def test_some_packs_hold_containers(plans):
    """By what takes their members, by words of their names: dicts within all kinds, and more."""
    found = collections.Counter()
    for plan in plans:
        given = ast.parse(plan["argument_tree"], mode="eval").body
        found[depth(given) - 1] += 1
        for whole, kind in zip(
            [each for each in given.elts if not isinstance(each, ast.Constant)],
            containers(plan),
            strict=True,
        ):
            if depth(whole) > 1:
                found[kind] += 1
    assert 0.02 < (found[2] + found[3]) / len(plans) < 0.12, found
    assert found[3] > 0 and min(found[k] for k in ("Dict", "NamedTuple", "dataclass")) > 0, found


def test_shapes_and_types_come_out_as_planned(plans):
    """Traced with the packs that the tree says, without a run."""
    shapes = {name: np.dtype(dtype) for name, dtype in arrays.DTYPES.items()}

    def aval(text):
        dtype, dims = text.rstrip("]").split("[")
        return jax.ShapeDtypeStruct(tuple(map(int, filter(None, dims.split(",")))), shapes[dtype])

    packed = [p for p in plans if any(containers(p)) and not p["x64"] and p["devices"] == 1]
    for plan in packed[:120]:
        scope = scope_of(plan)
        given = calls.arguments(
            plan["argument_tree"], scope, [aval(a["aval"]) for a in plan["arguments"]]
        )
        results = jax.tree.leaves(jax.eval_shape(scope[plan["entry"]], *given))
        expected = [aval(result["aval"]) for result in plan["results"]]
        assert [(r.shape, r.dtype) for r in results] == [(e.shape, e.dtype) for e in expected]


def test_derivatives_in_a_pack_have_its_form(plans):
    """jax.grad(loss)(params, x) rather than one argument each: in many, and named by the pack."""
    derived = [p for p in plans if "grad" in p["transformation"] and any(containers(p))]
    whole = [p for p in derived if "grads = " in p["source"] and "argnums=(" not in p["source"]]
    assert len(whole) > len(derived) / 5
    assert any("jax.tree.map(lambda p, g:" in p["source"] for p in derived)


def test_loops_carry_packs(plans):
    """A step that takes the state and gives the next one, of the same class or with the same keys."""
    carried = collections.Counter()
    for plan in plans:
        tree = ast.parse(plan["source"])
        entry = next(n for n in tree.body if getattr(n, "name", "") == plan["entry"])
        taken = {argument.arg for argument in entry.args.args}
        for node in ast.walk(tree):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(
                ("lax.scan", "lax.fori_loop")
            ):
                state = node.args[3 if ast.unparse(node.func).endswith("fori_loop") else 1]
                if isinstance(state, ast.Name) and state.id in taken & {"state", "carry"}:
                    carried[plan["transformation"]] += 1
    assert carried["forward"] > 2 and len(carried) > 1, carried


def test_a_row_is_called_as_its_source_asks(tmp_path):
    command = [JAXSMITH, "generate", "--count", "45", "--seed", "27", "--workers", "1"]
    command += ["--redo", "1", "--out", tmp_path / "rows"]
    subprocess.run(command, check=True, capture_output=True)
    rows = list(jaxsmith.load(tmp_path / "rows"))
    packed = 0
    for row in rows:
        assert {check["status"] for check in row.fields["checks"]} <= {"passed", "not done"}, row.id
        if row.fields["devices"] > 1:
            continue
        function, given = row.load()
        packed += any(not isinstance(each, np.ndarray) for each in given)
        with jax.enable_x64(row.fields["x64"]):
            results = jax.tree.leaves(jax.jit(function)(*given))
        least = max(map(arrays.tolerance, map(np.asarray, jax.tree.leaves(given))))
        for expected, found in zip(row.case.outputs.values(), results, strict=True):
            assert arrays.close(expected, np.asarray(found), least), row.id
    assert packed > 7


def test_only_a_generated_row_is_called(tmp_path):
    sample = jaxsmith.extract(lambda params: params["w"] * 2, {"w": np.ones(3, np.float32)})
    jaxsmith.save([sample], tmp_path / "saved")
    (row,) = jaxsmith.load(tmp_path / "saved")
    assert row.fields["argument_tree"] == ""
    with pytest.raises(jaxsmith.JaxsmithError, match="only generated rows"):
        row.load()


SOURCE = """from typing import NamedTuple

import jax


class State(NamedTuple):
    x: jax.Array
    v: jax.Array


def f(params, state):
    return state.x + params["dt"] * state.v - params["drag"] * state.v
"""


def request(tree):
    avals = ("f32[4]", "f32[4]", "f32[4]", "f32[4]")
    inputs = [
        [arrays.encode(array(aval, 10 * case + i, case)) for i, aval in enumerate(avals)]
        for case in range(3)
    ]
    return {
        "source": SOURCE,
        "entry": "f",
        "argument_tree": tree,
        "x64": False,
        "devices": 1,
        "inputs": inputs,
    }


def test_both_routes_put_packs_together():
    tree = '({"dt": 1, "drag": 0}, State(x=2, v=3))'
    with Worker() as worker:
        for route in ("chunk", "plain"):
            (outcome,) = worker.run([request(tree)], route=route)
            assert outcome["ok"], outcome
            drag, dt, x, v = (arrays.decode(a) for a in request(tree)["inputs"][0])
            (output,) = (arrays.decode(a) for a in outcome["outputs"])
            np.testing.assert_allclose(output, x + dt * v - drag * v, rtol=1e-5, atol=1e-6)
            assert outcome["argument_matters"] == [True] * 4


@pytest.mark.parametrize(
    ("tree", "reason"),
    [
        ('({"dt": 0, "drag": 1}, State(x=2, v=3))', "arguments"),  # JAX sorts keys
        ('({"dt": 1, "drag": 0}, State(x=2, v=2))', "arguments"),
        ('({"dt": 1, "drag": 0}, State(x=2, v=4))', "IndexError"),
        ('({"dt": 1, "drag": 0}, Batch(x=2, v=3))', "NameError"),
    ],
)
def test_a_tree_that_is_not_of_the_inputs_is_refused(tree, reason):
    with Worker() as worker:
        (outcome,) = worker.run([request(tree)])
    assert (outcome["ok"], outcome["stage"], outcome["reason"]) == (False, "trace", reason)
