"""Parameters that steer how a function works: what they say is what its steps said before, so that JAX
traces the same, and other values of them give what their names promise."""

import ast
import collections
import inspect
import json
import os
import subprocess
from pathlib import Path

import jax
import pytest
from jaxsmith.base import arrays, calls

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = Path(os.environ.get("JAXSMITH", ROOT / "build" / "jaxsmith"))


@pytest.fixture(scope="module")
def plans():
    command = [JAXSMITH, "plan", "--json", "--seed", "6", "--index", "0", "--count", "900"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found = [json.loads(line) for line in done.stdout.splitlines()]
    return [plan for plan in found if plan["devices"] == 1]  # as this process has


def functions(plan):
    return [n for n in ast.parse(plan["source"]).body if isinstance(n, ast.FunctionDef)]


def static(function):
    """The static parameters that its decorator names, or says by their places."""
    for decorator in function.decorator_list:
        for keyword in getattr(decorator, "keywords", []):
            if keyword.arg in ("static_argnames", "static_argnums"):
                given = ast.literal_eval(keyword.value)
                given = given if isinstance(given, tuple) else (given,)
                return [function.args.args[g].arg if isinstance(g, int) else g for g in given]
    return []


def defaults(function):
    """Parameters with their defaults."""
    both = function.args
    named = zip(both.args[len(both.args) - len(both.defaults) :], both.defaults, strict=True)
    return {
        a.arg: ast.literal_eval(d)
        for a, d in [*named, *zip(both.kwonlyargs, both.kw_defaults, strict=True)]
    }


def test_static_arguments_are_settings_of_python(plans):
    forms, types, rows = collections.Counter(), collections.Counter(), 0
    for plan in plans:
        rows += "static_arg" in plan["source"]
        for function in functions(plan):
            given = defaults(function)
            for word in static(function):
                types[type(given[word])] += 1
            for text in ("static_argnames", "static_argnums"):
                forms[text] += any(text in ast.unparse(d) for d in function.decorator_list)
    assert 0.025 < rows / len(plans) < 0.1, rows / len(plans)
    assert forms["static_argnames"] > forms["static_argnums"] > 0, forms
    assert types.keys() >= {int, bool, str}, types


def test_callers_say_some_of_them(plans):
    said = 0
    for plan in plans:
        words = {f.name: set(static(f)) for f in functions(plan)}
        for node in ast.walk(ast.parse(plan["source"])):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                said += bool(words.get(node.func.id, set()) & {k.arg for k in node.keywords})
    assert said > 0


def settled(plans):
    """Functions with settings of their entry, traced with the values that these have, and others."""
    for plan in plans:
        entry = next(f for f in functions(plan) if f.name == plan["entry"])
        if "lax.composite" in plan["source"]:  # JAX has no rule for it under vmap
            continue
        if given := defaults(entry):
            yield plan, given


def traced(plan, **settings):
    scope = {"__name__": "function"}
    exec(compile(plan["source"], "<function>", "exec"), scope)
    avals = [
        jax.ShapeDtypeStruct(
            tuple(map(int, filter(None, a["aval"].split("[")[1].rstrip("]").split(",")))),
            arrays.DTYPES[a["aval"].split("[")[0]],
        )
        for a in plan["arguments"]
    ]
    function = inspect.unwrap(scope[plan["entry"]])
    with jax.enable_x64(plan["x64"]):
        given = calls.arguments(plan["argument_tree"], scope, avals)
        return jax.make_jaxpr(lambda *a: function(*a, **settings))(*given)


def test_what_a_setting_switches_can_be_switched(plans):
    """Booleans and ways: the other branch is Python that JAX traces too, and gives something else."""
    turned = 0
    for plan, given in settled(plans):
        for word, value in given.items():
            if isinstance(value, bool) and f"if {word}:" in plan["source"]:
                turned += 1
                assert str(traced(plan)) != str(traced(plan, **{word: not value})), plan["source"]
    assert turned > 2


def test_steps_that_are_written_again_and_again_are_loops(plans):
    loops = [p for p in plans if "    for _ in range(" in p["source"]]
    loops = [p for p in loops if "lax.composite" not in p["source"]]
    assert 0.005 < len(loops) / len(plans) < 0.08
    for plan in loops[:10]:
        traced(plan)
