"""`jaxsmith shrink`: the smallest program that a stage refuses, or that a command finds something in."""

import functools
import json
import os
import re
import subprocess
from pathlib import Path

import jax
import pyarrow.parquet as pq
import pytest
from jaxsmith.base import calls

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = Path(os.environ.get("JAXSMITH", ROOT / "build" / "jaxsmith"))
DTYPES = {"f": "float", "i": "int", "u": "uint", "c": "complex"}
TRY = "sh -c 'n=$(ls {kept} | wc -l); d={kept}/$n; mkdir $d; cp \"${{0%.py}}\".* $d; {test}'"


def jaxsmith(*arguments):
    return subprocess.run([JAXSMITH, *map(str, arguments)], capture_output=True, text=True)


def shrunk(*options):
    done = jaxsmith("shrink", "--json", *options)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def aval(text):
    dtype, _, shape = text.rstrip("]").partition("[")
    name = {"bool": "bool", "bf16": "bfloat16"}.get(dtype) or DTYPES[dtype[0]] + dtype[1:]
    return jax.ShapeDtypeStruct([int(n) for n in shape.split(",") if n], name)


def takes_what_is_said(folder):
    """What `function.json` in the folder says of `function.py` beside it, after JAX has traced it so."""
    said = json.loads((folder / "function.json").read_text())
    module = {"__name__": "function"}
    exec(compile((folder / "function.py").read_text(), "function.py", "exec"), module)
    tree = eval(said["argument_tree"], module)
    assert jax.tree.leaves(tree) == list(range(len(said["arguments"]))), said["source"]
    avals = [aval(a["aval"]) for a in said["arguments"]]
    given = jax.eval_shape(
        module[said["entry"]], *calls.arguments(said["argument_tree"], module, avals)
    )
    for leaf, planned in zip(jax.tree.leaves(given), said["results"], strict=True):
        expected = aval(planned["aval"])
        assert (leaf.shape, leaf.dtype) == (expected.shape, expected.dtype), said["source"]
    # Of "params['w']" the parameter's name: an element may be read by no name.
    names = {re.match(r"\w+", a["name"]).group() for a in said["arguments"]}
    assert names <= set(re.findall(r"\w+", said["source"])), said["source"]
    return said


def with_call(call, count=60):
    """Index and member of a function, of no few lines, whose source has the call."""
    plans = jaxsmith("plan", "--json", "--seed", "7", "--index", "0", "--count", count)
    for plan in map(json.loads, plans.stdout.splitlines()):
        lines = len(plan["source"].splitlines())
        if call in plan["source"] and lines > 30 and not plan["x64"] and plan["devices"] == 1:
            _, index, member = plan["id"].split("-")
            return ["--seed", "7", "--index", int(index), "--member", int(member)], plan
    raise AssertionError(f"no plan has {call}")


@pytest.mark.parametrize("agree", ["types", "values"])
def test_a_command_decides_and_all_that_it_is_given_is_what_jax_takes(tmp_path, agree):
    options, plan = with_call("lax.scan(")
    kept = tmp_path / "kept"
    kept.mkdir()
    command = TRY.format(kept=kept, test='grep -q "lax.scan(" "$0"')
    out = shrunk(*options, "--agree", agree, "--tries", 60, "--while-command", command)
    assert "lax.scan(" in out["source"]
    assert len(out["source"].splitlines()) < len(plan["source"].splitlines())
    report = out["shrunk"]
    assert report["to"]["steps"] < report["from"]["steps"]
    assert report["moves"] < report["tries"] <= 60
    # What the command is given first is the program as it is, before the search asks for it again.
    tried = [kept / str(n) for n in range(report["tries"] + 1)]
    assert len(list(kept.iterdir())) == len(tried)
    assert (tried[0] / "function.py").read_text() == plan["source"]
    assert any((t / "function.py").read_text() == out["source"] for t in tried)
    for each in tried:
        takes_what_is_said(each)


@functools.cache
def plans_of_seed_3():
    plans = jaxsmith("plan", "--json", "--seed", "3", "--index", "0", "--count", 400)
    return [json.loads(line) for line in plans.stdout.splitlines()]


def with_packs(transformation, call):
    """Index and member of a function that takes packs, and whose source has the call."""
    for plan in plans_of_seed_3():
        packed = any(c in plan["argument_tree"][1:-1] for c in "({")
        fits = packed and not plan["x64"] and plan["devices"] == 1
        if fits and plan["transformation"] == transformation and re.search(call, plan["source"]):
            _, index, member = plan["id"].split("-")
            return ["--seed", "3", "--index", int(index), "--member", int(member)], plan
    raise AssertionError(f"no {transformation} plan has packs and {call}")


@pytest.mark.parametrize(
    ("transformation", "call"),
    [
        ("forward", r"lax\.(scan|fori_loop|while_loop)\("),
        ("grad", r"jax\.grad\("),
        ("value_and_grad", r"jax\.tree\.map\(lambda p, g"),
        ("value_and_grad", r"argnums="),
        ("vmap", r"in_axes="),
    ],
)
@pytest.mark.parametrize("packed", [False, True])
def test_packs_are_taken_apart_unless_they_are_wanted(tmp_path, transformation, call, packed):
    """First all at once: each argument comes by itself, and results have the types they had."""
    options, plan = with_packs(transformation, call)
    kept = tmp_path / "kept"
    kept.mkdir()
    # The tree of arguments that come one by one has the brackets of one tuple.
    wanted = r'grep -Eq "argument_tree\": *\"\([^\"]*[({]" "${0%.py}.json"'
    command = TRY.format(kept=kept, test=wanted if packed else "true")
    out = shrunk(*options, "--tries", 12, "--while-command", command)
    tried = [takes_what_is_said(kept / str(n)) for n in range(out["shrunk"]["tries"] + 1)]
    packs = [any(c in said["argument_tree"][1:-1] for c in "({") for said in tried]
    assert packs[:3] == [True, True, False]
    assert tried[0]["argument_tree"] == plan["argument_tree"]
    given = [sorted(result["aval"] for result in said["results"]) for said in (tried[0], tried[2])]
    assert given[0] == given[1]
    assert (out["shrunk"]["to"]["packs"] > 0) == packed
    assert any(c in out["argument_tree"][1:-1] for c in "({") == packed
    if not packed:
        assert not any(packs[2:])


def test_the_same_command_gives_the_same(tmp_path):
    options, _ = with_call("jnp.")
    command = ["--tries", 25, "--while-command", "grep -q jnp."]
    first, second = (jaxsmith("shrink", *options, *command) for _ in range(2))
    assert first.returncode == 0, first.stderr
    assert first.stdout == second.stdout and first.stdout.startswith("# out of ")
    assert "moves in" in first.stderr


def test_a_refusal_of_a_dataset_is_refused_for_the_same_reason(tmp_path):
    run = ["--seed", "3", "--max-inert", "0"]
    out = tmp_path / "dataset"
    done = jaxsmith("generate", "--count", 12, "--workers", 1, "--redo", 0, *run, "--out", out)
    assert done.returncode == 0, done.stderr
    rejects = [
        r for r in pq.read_table(out / "rejects.parquet").to_pylist() if r["stage"] == "check"
    ]
    reject = max(rejects, key=lambda r: len(r["source"]))
    _, index, member = reject["id"].split("-")
    at = [*run, "--index", int(index), "--member", int(member)]
    out = shrunk(*at, "--tries", 20)
    assert out["shrunk"]["while"] == f"check:{reject['reason']}"
    assert len(out["source"]) < len(reject["source"])
    refused = jaxsmith("shrink", *at, "--while", "compile:timeout")
    assert refused.returncode == 1
    assert f"refused at check:{reject['reason']}, not at compile:timeout" in refused.stderr


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        ([], 2, "--index"),
        (["--index", 1, "--member", 70], 1, "members, from 0 on"),
        (["--index", 1, "--while", "chek"], 2, "did you mean 'check'"),
        (["--index", 1, "--while", "select:duplicate"], 2, "because of other functions"),
        (["--index", 1, "--while", "check", "--while-command", "true"], 2, "--while"),
        (["--index", 1, "--agree", "shapes", "--while-command", "true"], 2, "--agree"),
        (["--index", 1, "--while-command", "false"], 2, "exit with 0 for the program as it is"),
        (["--index", 1, "--while-command", "no-such-program"], 2, "no-such-program: not found"),
        (["--index", 1, "--while-command", "kill -9 $$;"], 2, "SIGKILL"),
        (["--index", 1, "--while-command", "sleep 60;", "--time-limit", 0.2], 2, "not done after"),
    ],
)
def test_misuse_gets_one_line(options, status, words):
    done = jaxsmith("shrink", *options)
    assert done.returncode == status, done.stderr
    assert len(done.stderr.splitlines()) == 1 and words in done.stderr, done.stderr
