"""`jaxsmith.extract` and `jaxsmith extract`: texts are JAX's, whatever is extracted."""

import ast
import functools
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import extract_functions as functions
import jax
import jax.numpy as jnp
import jaxpr_sizes
import jaxsmith
import numpy as np
import pytest
from jaxsmith import jax_private

TESTS = Path(__file__).parent
LEVELS = ("jaxpr", "stablehlo", "hlo", "hlo_optimized")
X = np.linspace(-1, 1, 6, dtype=np.float32)
SQUARE = np.eye(3, dtype=np.float32) + X[:3]

# By jaxsmith's own readers.
READINGS = [
    f"{what}:{level}"
    for what in ("read", "execute")
    for level in ("jaxpr", "stablehlo", "hlo", "hlo_optimized")
]


def texts_of_jax(function, *args, **kwargs):
    traced = jax.jit(function).trace(*args, **kwargs)
    lowered = traced.lower()
    module = lowered.compile().runtime_executable().hlo_modules()[0]
    return {
        "jaxpr": str(traced.jaxpr),
        "stablehlo": lowered.as_text(),
        "hlo": lowered.as_text(dialect="hlo"),
        "hlo_optimized": module.to_string(jax_private.full_options()),
    }


def command(*arguments, cwd=TESTS, **environment):
    return subprocess.run(
        [os.environ["JAXSMITH"], "extract", *arguments],
        cwd=cwd,
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        timeout=300,
    )


CALLABLES = {
    "function": (functions.plain, (SQUARE, SQUARE), {}),
    "pytrees": (functions.trees, ({"w": X}, [X, None]), {"flag": X}),
    "closure": (lambda x: x + jnp.asarray(X), (X,), {}),
    "captured constant": (functions.lookup, (np.int32(2),), {}),
    "partial": (functools.partial(functions.power, n=2, y=1.0), (X,), {}),
    "method": (functions.model.times, (X,), {}),
    "callable object": (functions.model, (X,), {}),
    "lambda": (functions.short, (X,), {}),
    "jitted": (jax.jit(functions.helper), (X,), {}),
    "transformed": (jax.vmap(jax.grad(lambda v: v**3)), (X,), {}),
    "custom_vjp": (functions.doubled, (X,), {}),
    "key": (functions.normal, (jax.random.key(0),), {}),
    "f8": (lambda x: x.astype(jnp.float32), (jnp.ones(3, jnp.float8_e5m2),), {}),
    "int4": (lambda x: x + x, (jnp.ones(3, jnp.int4),), {}),
    "zero size": (lambda x: x * 2, (np.zeros((0, 4), np.float32),), {}),
    "no arguments": (functions.nothing, (), {}),
    "print": (functions.printing, (X,), {}),
    "scalar": (lambda x, y: x + y, (1.0, 2), {}),
    "unused argument": (lambda x, y: x, (X, X), {}),
}


@pytest.mark.parametrize("kind", CALLABLES)
def test_texts_are_those_of_jax(kind):
    function, args, kwargs = CALLABLES[kind]
    sample = jaxsmith.extract(function, *args, **kwargs)
    assert {name: sample.level(name) for name in LEVELS} == texts_of_jax(function, *args, **kwargs)


@pytest.mark.parametrize("kind", CALLABLES)
def test_case_is_what_the_function_gives(kind):
    function, args, kwargs = CALLABLES[kind]
    case = jaxsmith.extract(function, *args, levels=["jaxpr"], **kwargs).case
    leaves = jax.tree.leaves(jax.jit(function)(*args, **kwargs))
    assert len(case.outputs) == len(leaves)
    for found, expected in zip(case.outputs.values(), leaves, strict=True):
        np.testing.assert_array_equal(found, np.asarray(expected))
    assert len(case.inputs) == len(jax.tree.leaves((args, kwargs)))


def test_keywords_of_jit_keep_their_meaning():
    sample = jaxsmith.extract(functions.power, X, 3, X, static_argnums=1, donate_argnums=2)
    jitted = jax.jit(functions.power, static_argnums=1, donate_argnums=2)
    assert sample.stablehlo == jitted.trace(X, 3, X).lower().as_text()
    assert "integer_pow[y=3]" in sample.jaxpr
    assert list(sample.case.inputs) == ["x", "y"]
    assert sample.static_values() == {"n": 3}


def test_a_jitted_function_with_statics_of_its_own():
    sample = jaxsmith.extract(functions.jitted, X, 3)
    assert sample.jaxpr == str(functions.jitted.trace(X, 3).jaxpr)


def test_what_is_donated_is_still_there():
    given = jnp.asarray(X)
    sample = jaxsmith.extract(lambda x: x * 2, given, donate_argnums=0)
    sample.case  # noqa: B018  (runs the function)
    assert not given.is_deleted()


def test_levels_that_were_not_asked_for_are_none():
    sample = jaxsmith.extract(functions.helper, X, levels=["jaxpr"])
    assert sample.jaxpr and sample.stablehlo is None and sample.lowered is None
    assert sample.cost is None


def test_shapes_alone_are_enough():
    aval = jax.ShapeDtypeStruct((3,), jnp.float32)
    sample = jaxsmith.extract(functions.helper, aval)
    assert "f32[3]" in sample.jaxpr
    assert sample.case is None


TRANSFORMS = {
    "grad": (lambda f: jax.grad(f), lambda x: jnp.sum(x**2), (X,)),
    "value_and_grad": (lambda f: jax.value_and_grad(f), lambda x: jnp.sum(x**2), (X,)),
    "grad(argnums=(0, 1))": (
        lambda f: jax.grad(f, argnums=(0, 1)),
        lambda x, y: jnp.sum(x * y),
        (X, X),
    ),
    "vmap": (lambda f: jax.vmap(f), lambda x: x.sum(), (SQUARE,)),
    "vmap(in_axes=(0, None))": (
        lambda f: jax.vmap(f, in_axes=(0, None)),
        lambda x, y: x @ y,
        (SQUARE, SQUARE),
    ),
    "jacfwd": (lambda f: jax.jacfwd(f), jnp.sin, (X,)),
    "jacrev": (lambda f: jax.jacrev(f), jnp.sin, (X,)),
    "hessian": (lambda f: jax.hessian(f), lambda x: jnp.sum(x**3), (X,)),
    "checkpoint": (lambda f: jax.checkpoint(f), jnp.sin, (X,)),
}


@pytest.mark.parametrize("transform", TRANSFORMS)
def test_transforms_are_those_of_jax(transform):
    apply, function, args = TRANSFORMS[transform]
    sample = jaxsmith.extract(function, *args, transform=transform)
    expected = texts_of_jax(apply(function), *args)
    assert sample.jaxpr == expected["jaxpr"]
    assert sample.stablehlo == expected["stablehlo"]


def test_transforms_compose_in_order():
    def cube(x):
        return x**3

    by_name = jaxsmith.extract(cube, X, transform=["grad", "vmap"])
    by_function = jaxsmith.extract(cube, X, transform=[jax.grad, jax.vmap])
    assert (
        by_name.jaxpr == by_function.jaxpr == str(jax.jit(jax.vmap(jax.grad(cube))).trace(X).jaxpr)
    )
    assert by_name.transformation == "grad, vmap"


def test_jvp_and_vjp_bring_their_tangents():
    def product(x, n, y):
        return x * y + n

    args = X, np.int32(2), SQUARE[0, 0]
    jvp = jaxsmith.extract(product, *args, transform="jvp").case
    ones = (np.ones_like(X), np.float32(1))
    expected = jax.jvp(lambda x, y: product(x, args[1], y), (X, args[2]), ones)
    for found, wanted in zip(jvp.outputs.values(), expected, strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-6)
    vjp = jaxsmith.extract(product, *args, transform="vjp").case
    _, pull = jax.vjp(lambda x, y: product(x, args[1], y), X, args[2])
    for found, wanted in zip(list(vjp.outputs.values())[1:], pull(np.ones_like(X)), strict=True):
        np.testing.assert_allclose(found, wanted, rtol=1e-6)
    mapped = jaxsmith.extract(
        lambda x, y: x * y, SQUARE, 2.0, transform=["jvp", "vmap(in_axes=(0, None))"]
    )
    assert len(mapped.case.inputs) == 4
    jaxsmith.extract(lambda x: jnp.sin(x).sum(), SQUARE, transform=["vjp", "vmap"])


def test_errors_are_one_line_with_the_users_line():
    with pytest.raises(jaxsmith.ExtractionError) as caught:
        jaxsmith.extract(functions.branching, 1.0)
    message = str(caught.value)
    assert "\n" not in message
    assert "TracerBoolConversionError" in message
    assert re.search(r"extract_functions\.py:\d+: if x > 0:", message)
    assert caught.value.stage == "trace"
    assert isinstance(caught.value.__cause__, jax.errors.TracerBoolConversionError)


@pytest.mark.parametrize(
    "arguments, words",
    [
        ({"levels": ["hlo2"]}, "hlo2"),
        ({"levels": "jaxpr"}, "list"),
        ({"transform": "grid"}, "there is no grid"),
        ({"transform": "vmap(axes=0)"}, "vmap has no axes"),
        ({"transform": "vmap(0)"}, "not understood"),
        ({"transform": 3}, "give a name"),
    ],
)
def test_misuse_is_named(arguments, words):
    with pytest.raises((jaxsmith.JaxsmithError, TypeError), match=words):
        jaxsmith.extract(functions.helper, X, **arguments)


def test_source_has_what_the_function_needs():
    source = jaxsmith.extract(functions.plain, SQUARE, SQUARE, levels=["jaxpr"]).source
    namespace = {}
    exec(source, namespace)
    np.testing.assert_allclose(namespace["plain"](SQUARE, SQUARE), functions.plain(SQUARE, SQUARE))
    assert "TABLE" not in source and "import functools" not in source


def test_source_of_a_nested_function_is_dedented():
    def outer():
        def inner(x):
            return jnp.cos(x)

        return inner

    sample = jaxsmith.extract(outer(), X, levels=["jaxpr"])
    assert "\ndef inner(x):\n    return jnp.cos(x)\n" in sample.source
    assert sample.entry == "inner"


# ---- Alignment -----------------------------------------------------------------------------------


def aligned(sample, level):
    """Pairs of an IR line and the source texts that it is aligned to."""
    ir, source = sample.level(level).split("\n"), sample.source.split("\n")
    for span in sample.spans[level]:
        places = [source[p.line - 1][p.column : p.end_column] for p in span.sources]
        yield ir[span.line - 1], places, span


def test_lines_are_aligned_with_the_expressions_that_they_come_from():
    def steps(x, y):
        a = jnp.sin(x)
        b = a * y
        c = jax.lax.fori_loop(0, 3, lambda i, v: jnp.tanh(v), b)
        return jnp.where(c > 0, c, b)

    sample = jaxsmith.extract(steps, X, X)
    wanted = {
        "jaxpr": {"sin a": "jnp.sin(x)", "mul": "a * y", "tanh": "jnp.tanh(v)", "gt": "c > 0"},
        "stablehlo": {
            "stablehlo.sine": "jnp.sin(x)",
            "stablehlo.tanh": "jnp.tanh(v)",
            "stablehlo.select": "jnp.where(c > 0, c, b)",
        },
        "hlo": {
            " sine(": "jnp.sin(x)",
            " tanh(": "jnp.tanh(v)",
            " select(": "jnp.where(c > 0, c, b)",
        },
        "hlo_optimized": {" sine(": "jnp.sin(x)", " tanh(": "jnp.tanh(v)"},
    }
    for level, expressions in wanted.items():
        found = list(aligned(sample, level))
        for operation, expression in expressions.items():
            hits = [places for line, places, _ in found if operation in line]
            assert hits and all(places == [expression] for places in hits), (level, operation, hits)


def test_places_that_begin_together_are_told_apart_by_names():
    def steps(x, y):
        @jax.jit
        def helper(u, v):
            return u * v - u

        chain = x * y + y - x / 2.0
        called = jnp.sum(chain).astype(jnp.int32)
        inner = helper(chain, y) * helper(y, chain)
        looped = jax.lax.fori_loop(0, 3, lambda i, v: v * y + x, inner)
        return called, looped

    sample = jaxsmith.extract(steps, X, X)
    of_opcodes = {
        "multiply": {"x * y", "u * v", "v * y", "helper(chain, y) * helper(y, chain)", "x / 2.0"},
        "add": {"x * y + y", "v * y + x"},
        "subtract": {"x * y + y - x / 2.0", "u * v - u"},
        "reduce": {"jnp.sum(chain)"},
        "convert": {"jnp.sum(chain).astype(jnp.int32)"},
    }
    for level in ("stablehlo", "hlo", "hlo_optimized"):
        found = {opcode: set() for opcode in of_opcodes}
        for line, places, span in aligned(sample, level):
            opcode = re.search(r" (?:stablehlo\.)?(\w+)[( ](?=%|\w+\.\d)", line)
            # Counters and reducers are where the loop and the sum are.
            counts = re.search(r"s32\[\] add|add .*i32>", line)
            if opcode and opcode[1] in found and not counts:
                assert span.kind in ("exact", "none"), (level, line, places)
                found[opcode[1]].update(places)
        for opcode, wanted in of_opcodes.items():
            assert found[opcode] - {"jnp.sum(chain)"} <= wanted, (level, opcode, found[opcode])
            assert found[opcode] or level == "hlo_optimized", (level, opcode)


def test_places_that_names_do_not_tell_apart_are_all_named():
    def total(x, y):
        return x + y + x

    sample = jaxsmith.extract(total, X, X)
    for level, kind in (("stablehlo", "exact"), ("hlo", "merged"), ("hlo_optimized", "merged")):
        spans = [span for line, _, span in aligned(sample, level) if re.search(r"\badd[( ]", line)]
        assert spans and {span.kind for span in spans} == {kind}, (level, spans)


def test_what_is_factored_has_the_places_of_all_that_it_was():
    """XLA makes the product of a sum out of the sum of products, each with the place of the other."""

    def steps(x, y, z):
        blend = 0.5 * x + 0.5 * y
        lines = x * z - y * z
        return blend, lines, x / z[0] + y / z[0]

    sample = jaxsmith.extract(steps, X, X, X)
    of_opcodes = {"add": "+", "subtract": "-", "multiply": "*"}
    factored = 0
    for line, places, span in aligned(sample, "hlo_optimized"):
        opcode = re.search(r" (add|subtract|multiply)\(%", line)
        if opcode and span.kind == "exact":
            outermost = ast.parse(places[0], mode="eval").body
            # A product by the reciprocal stands for a quotient.
            wanted = (ast.Mult, ast.Div) if opcode[1] == "multiply" else (ast.Add, ast.Sub)
            assert isinstance(outermost.op, wanted), (line, places)
        elif opcode:
            factored += any(of_opcodes[opcode[1]] in place for place in places)
    assert factored >= 2


def test_a_fusion_of_several_lines_is_merged():
    def steps(x):
        a = jnp.sin(x)
        b = a * 3
        return b - x

    sample = jaxsmith.extract(steps, X)
    fusions = [(p, s) for line, p, s in aligned(sample, "hlo_optimized") if " fusion(" in line]
    assert fusions and fusions[0][1].kind == "merged"
    assert set(fusions[0][0]) == {"jnp.sin(x)", "a * 3", "b - x"}


def test_every_operation_is_aligned_or_says_why_not():
    for function, args, kwargs in CALLABLES.values():
        sample = jaxsmith.extract(function, *args, **kwargs)
        for level in LEVELS:
            for _, _, span in aligned(sample, level) if sample.source else ():
                assert span.kind in ("exact", "merged", "none")
                assert bool(span.sources) == (span.kind != "none") == (not span.reason)


# ---- The command line ----------------------------------------------------------------------------

PLAIN = ["extract_functions.py::plain", "--arg", "f32[3,3]", "--arg", "f32[3,3]"]
POWER = "extract_functions.py::power"
MADE = ["extract_functions.py::made", "--arg", "f32[3]"]


def test_without_options_it_prints_source_and_levels():
    done = command(*PLAIN)
    assert done.returncode == 0, done.stderr
    expected = texts_of_jax(functions.plain, SQUARE, SQUARE)
    for level in ("jaxpr", "stablehlo", "hlo"):
        assert expected[level].strip() in done.stdout
    assert "def helper(x):" in done.stdout and "def plain(x, y):" in done.stdout
    assert "\x1b[" not in done.stdout


def test_colours_can_be_taken_away_again():
    coloured = command(*PLAIN, "--color", "always", "--level", "stablehlo").stdout
    assert "\x1b[" in coloured
    assert re.sub(r"\x1b\[[\d;]*m", "", coloured) == command(*PLAIN, "--level", "stablehlo").stdout


@pytest.mark.parametrize("level", LEVELS)
def test_a_level_alone_is_jaxs_text(level):
    done = command(*PLAIN, "--level", level)
    assert done.stdout.rstrip("\n") == texts_of_jax(functions.plain, SQUARE, SQUARE)[level].rstrip(
        "\n"
    )


def test_json_has_everything():
    done = command(*PLAIN, "--format", "json", "--transform", "jacfwd")
    found = json.loads(done.stdout)
    assert found["transformation"] == "jacfwd"
    assert (
        found["stablehlo"] == texts_of_jax(jax.jacfwd(functions.plain), SQUARE, SQUARE)["stablehlo"]
    )
    assert [a["name"] for a in found["arguments"]] == ["x", "y"]
    assert found["outputs"][0]["shape"] == [3, 3, 3, 3]
    assert found["flops"] > 0 and found["spans"]["jaxpr"]


def test_a_module_by_its_name():
    done = command(
        "extract_functions:Model.times", "--example", "(model, jnp.ones(3))", "--level", "jaxpr"
    )
    assert done.returncode == 1 and "Model" in done.stderr  # an object is no array
    done = command(
        "extract_functions:model.times", "--arg", "f32[3]", "--static", "n=4", "--level", "jaxpr"
    )
    assert "mul b 4.0" in done.stdout, done.stderr
    done = command("jax.nn:softmax", "--arg", "f32[2,3]", "--static", "axis=0", "--level", "jaxpr")
    assert done.returncode == 0, done.stderr


def test_statics_take_their_place_among_the_arguments():
    done = command("extract_functions.py::power", "--arg", "f32[3]", "--arg", "f32[3]", "--static",
                   "n=5", "--level", "jaxpr")  # fmt: skip
    assert "integer_pow[y=5]" in done.stdout, done.stderr


def test_examples_give_trees_and_keywords():
    example = "(({'w': jnp.ones(3)}, [jnp.ones(3), None]), {'flag': jnp.zeros(2)})"
    done = command("extract_functions.py::trees", "--example", example, "--format", "json")
    found = json.loads(done.stdout)
    assert [a["name"] for a in found["arguments"]] == ["params['w']", "batch[0]", "flag"]


@pytest.mark.parametrize(
    ("pair", "names"),
    [("Pair", ["pair.first", "pair.second"]), ("", ["pair[0]", "pair[1]"])],
)
def test_a_tuple_and_a_dict_are_two_arguments_where_they_fit_as_such(pair, names):
    example = f"({pair}(jnp.ones(3), jnp.zeros(3)), {{'x': jnp.ones(3)}})"
    done = command("extract_functions.py::of_pair", "--example", example, "--format", "json")
    found = [a["name"] for a in json.loads(done.stdout)["arguments"]]
    assert found == [*names, "batch['x']"], done.stderr


def test_a_static_string_is_written_as_python_writes_it():
    given = ["jax.numpy:pad", "--arg", "f32[3]", "--static", "pad_width=1", "--level", "jaxpr"]
    done = command(*given, "--static", 'mode="edge"')
    assert done.returncode == 0, done.stderr
    done = command(*given, "--static", "mode=edge")
    assert done.returncode == 2 and "--static 'mode=" in done.stderr


# ---- Functions whose source cannot be found ------------------------------------------------------


def test_a_source_that_cannot_be_found_is_missing(tmp_path):
    sample = jaxsmith.extract(functions.made, X)
    assert sample.source is None and list(sample.missing) == ["source"]
    assert "<string>" in sample.missing["source"]
    assert "Python is missing: " in sample._repr_html_()
    (row,) = jaxsmith.save([sample], tmp_path / "saved")
    assert row.source is None and dict(row.missing) == dict(sample.missing)
    checks = {c["check"]: c["status"] for c in row.fields["checks"]}
    assert checks["source"] == "failed" and checks["execute:jaxpr"] == "passed"
    assert jaxsmith.extract(functions.plain, SQUARE, SQUARE).missing == {}


def test_the_command_names_a_missing_source(tmp_path):
    done = command(*MADE)
    assert done.returncode == 1 and "── jaxpr ──" in done.stdout
    assert done.stderr.startswith("jaxsmith extract: source is missing: it cannot be found: ")
    done = command(*MADE, "--level", "jaxpr")  # alone, it is printed without a source
    assert (done.returncode, done.stderr) == (0, "")
    found = json.loads(command(*MADE, "--level", "jaxpr", "--format", "json").stdout)
    assert found["source"] is None and "source" in found["missing"]


def test_a_captured_function_without_a_source_says_so(tmp_path):
    program = "import jax\nexec('def f(x):\\n    return x * 2 + 1')\njax.jit(f)(1.0)\n"
    (tmp_path / "program.py").write_text(program)
    done = subprocess.run(
        [os.environ["JAXSMITH"], "capture", "--out", "out", "--", sys.executable, "program.py"],
        cwd=tmp_path, capture_output=True, text=True, timeout=300,
    )  # fmt: skip
    assert done.returncode == 0 and "jit(f) has no source: it cannot be found" in done.stderr
    (row,) = jaxsmith.load(tmp_path / "out")
    assert row.source is None and list(row.missing) == ["source"]


def test_a_python_without_jax_is_named(tmp_path):
    bare = tmp_path / "python"
    bare.write_text(f'#!/bin/sh\nexec {sys.executable} -S "$@"\n')  # without its packages
    bare.chmod(0o755)
    done = command(*PLAIN, "--python", str(bare))
    assert done.returncode == 2 and "this Python has no jax; name a Python" in done.stderr
    assert done.stderr.startswith(f"jaxsmith extract: '{bare}' ")
    generate = [os.environ["JAXSMITH"], "generate", "--count", "1", "--out", str(tmp_path / "d")]
    for python, what in ((str(bare), "this Python has no jax"), ("/nowhere", "does not start")):
        done = subprocess.run([*generate, "--python", python], capture_output=True, text=True)
        assert done.returncode == 2 and f"'{python}'" in done.stderr and what in done.stderr


def test_several_devices():
    done = command(
        "extract_functions.py::sharded", "--arg", "f32[8]", "--devices", "4", "--level", "stablehlo"
    )
    assert "mhlo.num_partitions = 4" in done.stdout, done.stderr


def test_equal_parts_of_devices_are_a_whole(tmp_path):
    """The optimised HLO gives one part for each device; here they are the same."""
    out = tmp_path / "rows"
    target = ("extract_functions.py::repeated", "--arg", "f32[8]", "--devices", "4")
    done = command(*target, "--format", "parquet", "--out", str(out))
    assert done.returncode == 0, done.stderr
    (row,) = jaxsmith.load(out)
    checks = {c["check"]: c["status"] for c in row.fields["checks"]}
    assert {checks[name] for name in READINGS} == {"passed"}, row.fields["checks"]


def test_x64_keys_and_what_is_printed():
    done = command("extract_functions.py::printing", "--arg", "f64[3]", "--x64", "--level", "jaxpr")
    assert "a:f64[3]" in done.stdout and "traced" not in done.stdout and "traced" in done.stderr
    done = command("extract_functions.py::normal", "--arg", "key<fry>[]", "--level", "jaxpr")
    assert "key<fry>[]" in done.stdout


def test_parquet_is_a_dataset_with_checks(tmp_path):
    out = tmp_path / "rows"
    done = command(*PLAIN, "--format", "parquet", "--out", str(out))
    assert done.returncode == 0, done.stderr
    (row,) = jaxsmith.load(out)
    assert (
        row.fields["origin"] == "extracted"
        and row.fields["callable"] == "extract_functions.py::plain"
    )
    assert {c["check"]: c["status"] for c in row.fields["checks"]} == dict.fromkeys(
        [
            *["texts", "parse", "run", "repeat", "finite", "arguments", "stable", "case"],
            *["structure", *READINGS],
        ],
        "passed",
    )
    sizes = {name: row.fields[name] for name in ("depth", "nesting", "distinct_operations")}
    assert sizes == jaxpr_sizes.measures(row.jaxpr)
    assert row.fields["tokens"] == jaxpr_sizes.tokens(row.source)
    assert row.fields["difficulty"] == jaxpr_sizes.difficulty(row.fields)
    x, y = row.case.inputs.values()
    np.testing.assert_allclose(row.case.outputs["result"], functions.plain(x, y), rtol=1e-5)
    assert command(*PLAIN, "--format", "parquet", "--out", str(out)).returncode == 2


@pytest.mark.parametrize(
    "arguments, status, words",
    [
        (["extract_functions.py"], 2, "file.py::function"),
        (["extract_functions.py::plane", "--arg", "f32[3]"], 2, "did you mean plain?"),
        (["nowhere.py::f"], 2, "there is no such file"),
        (["no_such_module:f"], 2, "there is no module no_such_module"),
        (["extract_functions.py::SCALE"], 2, "not a function"),
        (["extract_functions.py::plain", "--arg", "f32[3"], 2, "f32[3 is no type"),
        (["extract_functions.py::plain", "--arg", f"f32[{10**20}]"], 2, "too large"),
        (["extract_functions.py::plain", "--arg", "f32[4611686018427387904,8]"], 2, "too large"),
        (
            ["extract_functions.py::helper", "--arg", f"f32[{10**12}]", "--format", "json"],
            2,
            "too large",
        ),
        (["extract_functions.py::plain", "--arg", "f31[3]"], 2, "there is no element type f31"),
        (["extract_functions.py::plain", "--arg", "f64[3]"], 2, "needs --x64"),
        (["extract_functions.py::plain", "--arg", "f32[3]"], 2, "missing a required argument: 'y'"),
        (["extract_functions.py::plain", "--example", "oops"], 2, "NameError"),
        (["extract_functions.py::plain", "--static", "n"], 2, "name=value"),
        (["extract_functions.py::plain", "--static", "n=1"], 2, "no such argument"),
        ([POWER, "--arg", "f32[3]", "--arg", "f32[3]"], 2, "what is static by --static NAME=VALUE"),
        ([POWER, "--arg", "f32[3]", "--static", "n=tre"], 2, "--static 'n=\"add\"'"),
        ([POWER, "--arg", "f32[3]", "--static", "n=a b"], 2, "SyntaxError"),
        ([POWER, "--static", "m=1"], 2, "no such argument"),
        (
            ["extract_functions.py::scaled", "--arg", "f32[3]", "--arg", "sclae=f32[3]"],
            2,
            "no argument sclae; did you mean scale?",
        ),
        (["extract_functions::plain"], 2, "of a module write extract_functions:plain"),
        (
            ["extract_functions.py::Model", "--arg", "f32[3]"],
            1,
            "extract_functions.py::model.METHOD",
        ),
        (
            ["extract_functions.py::Model.times", "--example", "(model, jnp.ones(3))"],
            1,
            "write extract_functions.py::model.times",
        ),
        ([*PLAIN, "--level", "stablehl"], 2, "did you mean 'stablehlo'?"),
        ([*PLAIN, "--format", "csv"], 2, "text, json, parquet"),
        ([*PLAIN, "--format", "parquet"], 2, "--out"),
        ([*PLAIN, "--transform", "grid"], 2, "there is no grid"),
        ([*PLAIN, "--python", "/no/such/python"], 2, "--python"),
        ([*PLAIN, "--python", "true"], 2, "'true' is no Python with JAX: exit status 0"),
        (["extract_functions.py::branching", "--arg", "f32[]"], 1, "if x > 0:"),
        ([*PLAIN, "--transform", "grad"], 1, "scalar-output"),
    ],
)
def test_mistakes_get_one_line(arguments, status, words):
    done = command(*arguments)
    assert done.returncode == status, done.stderr
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1 and words in done.stderr.replace("'f32[3' is", "f32[3 is")
    assert "0x" not in done.stderr


def test_a_file_that_fails_to_load_is_named(tmp_path):
    (tmp_path / "broken.py").write_text("import jax\n\nx = 1 / 0\n")
    done = command("broken.py::f", cwd=tmp_path)
    assert done.returncode == 1
    assert "ZeroDivisionError: division by zero (broken.py:3: x = 1 / 0)" in done.stderr
    # Of another length: Python takes a compiled file of the same second and length for its own.
    (tmp_path / "broken.py").write_text("def f(x:\n    return x + 1\n")
    done = command("broken.py::f", cwd=tmp_path)
    assert "SyntaxError" in done.stderr and "(broken.py:1: " in done.stderr


def test_a_function_that_ends_its_process_is_said(tmp_path):
    (tmp_path / "ends.py").write_text("import os\n\ndef f():\n    os.abort()\n")
    done = command("ends.py::f", cwd=tmp_path)
    assert done.returncode == 1 and "SIGABRT" in done.stderr


@pytest.mark.parametrize("raised", ["KeyboardInterrupt", "Odd('odd')"])
def test_what_a_function_raises_that_is_no_exception_is_one_line(tmp_path, raised):
    text = f"class Odd(BaseException):\n    pass\n\ndef f():\n    raise {raised}\n"
    (tmp_path / "raises.py").write_text(text)
    done = command("raises.py::f", cwd=tmp_path)
    assert done.returncode == 1 and done.stderr.count("\n") == 1
    assert f"(raises.py:5: raise {raised})" in done.stderr


def test_arguments_that_nothing_is_run_on_may_be_of_any_size():
    size = 10**12
    given = ["extract_functions.py::helper", "--arg", f"f32[{size}]", "--level", "jaxpr"]
    done = command(*given)
    assert done.returncode == 0 and f"f32[{size}]" in done.stdout, done.stderr
    shape = jax.ShapeDtypeStruct((size,), np.float32)
    assert done.stdout.rstrip("\n") == jaxsmith.extract(functions.helper, shape).jaxpr


def test_the_library_suite_in_part():
    """Every harness of JAX's own that it lowers, in a sample; `make extraction` takes all."""
    done = subprocess.run(
        [sys.executable, str(TESTS / "extraction_suite.py"), "--harnesses", "60"],
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(TESTS.parent / "python"), "JAX_PLATFORMS": "cpu"},
        timeout=900,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert "harness" in done.stdout and "optax" in done.stdout
