"""Where a stage fails, or ends the process, the levels before it are kept with the reason for the
rest: by `jaxsmith extract`, `jaxsmith capture` and the Python package."""

import json
import os
import subprocess
import sys
from pathlib import Path

import jax
import jaxsmith
import numpy as np
import partial_functions as functions
import pytest

TESTS = Path(__file__).parent
LEVELS = ("jaxpr", "stablehlo", "hlo", "hlo_optimized")

# What each function lacks of the levels and the case, and words of the reason.
LACKS = {
    "works": ((), ""),
    "only_for_tpu": (("stablehlo", "hlo", "hlo_optimized", "case"), "lower: NotImplementedError"),
    "open_size": (("hlo",), "lower: JaxRuntimeError"),
    "unknown_target": (("hlo_optimized", "case"), "No FFI handler registered for no_such_target"),
    "raises": (("case",), "as it should"),
}
ENDS = {
    "ends_the_run": (("case",), "run: the process ended: SIGKILL"),
    "null_handler": (("case",), "run: the process ended: SIGSEGV"),
    "ends_the_compilation": (("hlo_optimized", "case"), "the process ended: SIGSEGV"),
}


def example(name):
    return "ROWS" if name == "open_size" else "X"


# A shell's words that give what follows a stack of a megabyte.
SMALL_STACK = ["sh", "-c", 'ulimit -s 1024; exec "$@"', "sh"]


def run(*arguments, within=()):
    return subprocess.run(
        [*within, os.environ["JAXSMITH"], *arguments],
        cwd=TESTS, capture_output=True, text=True, timeout=300,
    )  # fmt: skip


def extract(name, *arguments, within=()):
    target = f"partial_functions.py::{name}"
    return run("extract", target, "--example", example(name), *arguments, within=within)


@pytest.mark.parametrize("name", [*LACKS, *ENDS])
def test_json_has_what_there_is_and_why_the_rest_is_not(name):
    lacks, why = {**LACKS, **ENDS}[name]
    done = extract(name, "--format", "json")
    assert done.returncode == (1 if lacks else 0), done.stderr
    found = json.loads(done.stdout)
    assert set(found["missing"]) == set(lacks)
    assert {level for level in LEVELS if found[level] is None} == set(lacks) & set(LEVELS)
    assert ("outputs" in found) == ("case" not in lacks)
    assert "def " + name in found["source"] and "lambda" in found["jaxpr"]
    if lacks:
        assert any(why in reason for reason in found["missing"].values()), found["missing"]
        told = [line for line in done.stderr.splitlines() if line.startswith("jaxsmith extract: ")]
        for part in lacks:
            assert (
                sum(line.startswith(f"jaxsmith extract: {part} is missing: ") for line in told) == 1
            )


@pytest.mark.parametrize("name", ["only_for_tpu", "open_size"])
def test_texts_are_printed_as_far_as_they_go(name):
    done = extract(name)
    assert done.returncode == 1
    titles = {"jaxpr": "jaxpr", "stablehlo": "StableHLO", "hlo": "HLO"}
    for level, title in titles.items():
        assert (f"── {title} ──\n" in done.stdout) == (level not in LACKS[name][0])
    assert done.stderr.count("is missing: lower: ") == len(set(LACKS[name][0]) & set(titles))


@pytest.mark.parametrize(
    "name, level", [("only_for_tpu", "hlo"), ("open_size", "hlo"), ("ends_the_compilation", "hlo_optimized")]
)  # fmt: skip
def test_one_level_that_cannot_be_had_is_one_line(name, level):
    done = extract(name, "--level", level)
    assert done.returncode == 1 and done.stdout == ""
    (line,) = [line for line in done.stderr.splitlines() if line.startswith("jaxsmith ")]
    assert line.startswith(f"jaxsmith extract: {level} is missing: ")
    if name != "ends_the_compilation":  # there JAX says something of its own
        assert done.stderr.count("\n") == 1
    others = extract(name, "--level", "jaxpr")
    assert others.returncode == 0 and others.stderr == "" and "lambda" in others.stdout


@pytest.mark.parametrize("name", ["open_size", "unknown_target", "null_handler"])
def test_a_row_has_nulls_and_reasons(name, tmp_path):
    lacks, why = {**LACKS, **ENDS}[name]
    done = extract(name, "--format", "parquet", "--out", str(tmp_path / "rows"))
    assert done.returncode == 1 and "done: 1 function" in done.stdout, done.stderr
    (row,) = jaxsmith.load(tmp_path / "rows")
    assert {level for level in LEVELS if row.fields[level] is None} == set(lacks) & set(LEVELS)
    assert set(row.missing) == set(lacks) & set(LEVELS)
    checks = {c["check"]: c for c in row.fields["checks"]}
    assert checks["texts"]["status"] == checks["structure"]["status"] == "passed"
    for part in lacks:
        found = checks["case" if part == "case" else f"made:{part}"]
        assert found["status"] == "failed" and found["detail"]
    assert any(why in each["detail"] for each in checks.values())
    assert str(TESTS) not in json.dumps(row.fields, default=str)


def test_a_crash_at_hlo_leaves_what_came_before(tmp_path):
    done = extract("nested", "--format", "json", within=SMALL_STACK)
    found = json.loads(done.stdout)
    assert done.returncode == 1 and found["jaxpr"] and found["stablehlo"]
    assert found["missing"]["hlo"] == "lower: the process ended: SIGSEGV"
    assert "not tried" in found["missing"]["hlo_optimized"]


# ---- capture -------------------------------------------------------------------------------------


def test_a_program_goes_on_and_all_that_exists_is_recorded(tmp_path):
    program = [sys.executable, "partial_program.py"]
    alone = subprocess.run(program, cwd=TESTS, capture_output=True, text=True, timeout=300)
    done = run("capture", "--out", str(tmp_path / "out"), "--", *program)
    assert done.returncode == alone.returncode == 0, done.stderr
    assert done.stdout == alone.stdout
    rows = {row.entry: row for row in jaxsmith.load(tmp_path / "out")}
    assert set(rows) == set(LACKS)
    for name, (lacks, why) in LACKS.items():
        assert set(rows[name].missing) == set(lacks) - {"case"}
        assert {level for level in LEVELS if rows[name].level(level) is None} == set(lacks) - {
            "case"
        }
        if rows[name].missing:
            assert why in " ".join(rows[name].missing.values())
            assert f"jaxsmith capture: jit({name}) has no " in done.stderr


def test_functions_that_end_their_process_are_recorded(tmp_path):
    ended = ["null_handler", "ends_the_compilation"]
    names = [*ended, "nested"]
    command = ["--", sys.executable, "partial_program.py", *names]
    done = run("capture", "--out", str(tmp_path / "out"), *command, within=SMALL_STACK)
    assert done.returncode == 0, done.stderr
    for name in ended:
        assert f"{name} -11\n" in done.stdout
    rows = {row.entry: row for row in jaxsmith.load(tmp_path / "out")}
    assert set(rows) == {*LACKS, *names}
    assert rows["null_handler"].missing == {}
    assert rows["ends_the_compilation"].missing == {
        "hlo_optimized": "compile: the process ended before it was compiled"
    }
    # HLO as lowered is made when the program is over, and ends that process as well.
    assert rows["nested"].missing["hlo"] == "lower: the process ended: SIGSEGV"
    assert rows["nested"].stablehlo is not None


def test_a_function_that_is_compiled_in_the_end_has_all_levels(tmp_path):
    program = (
        "import jax\n"
        "f = jax.jit(lambda x: x * 4 + 2)\n"
        "try:\n    f.lower(1.0).compile({'xla_no_such_option': 1})\n"
        "except Exception as error:\n    print(type(error).__name__)\n"
        "print(f(1.0))\n"
    )
    (tmp_path / "program.py").write_text(program)
    command = ["--", sys.executable, str(tmp_path / "program.py")]
    done = run("capture", "--out", str(tmp_path / "out"), *command)
    assert done.returncode == 0 and done.stdout.endswith("6.0\n"), done.stderr
    (row,) = jaxsmith.load(tmp_path / "out")
    assert row.missing == {} and row.hlo_optimized


# ---- The Python package --------------------------------------------------------------------------


@pytest.mark.parametrize("name", LACKS)
def test_an_extraction_says_what_is_missing(name):
    lacks, why = LACKS[name]
    x = getattr(functions, example(name))
    sample = jaxsmith.extract(getattr(functions, name), x)
    assert set(sample.missing) == set(lacks) - {"case"}
    assert {level for level in LEVELS if sample.level(level) is None} == set(lacks) - {"case"}
    if sample.missing:
        assert all(why in each for each in sample.missing.values())
        (first, *_) = sample.missing
        with pytest.raises(jaxsmith.ExtractionError) as raised:
            jaxsmith.extract(getattr(functions, name), x, levels=[first])
        assert raised.value.stage == sample.missing[first].split(":")[0]
        assert " is missing: " in sample._repr_html_()
    if "case" in lacks:
        with pytest.raises(jaxsmith.ExtractionError):
            sample.case  # noqa: B018
    else:
        expected = jax.jit(getattr(functions, name))(x)
        np.testing.assert_array_equal(sample.case.outputs["result"], expected)


def test_saved_and_captured_samples_say_it_too(tmp_path):
    with jaxsmith.capture(out=tmp_path / "captured") as captured:
        for name in ("works", "unknown_target", "only_for_tpu"):
            # Of its own: what was lowered before is not seen again.
            function = getattr(functions, name)
            try:
                jax.jit(lambda x, f=function: f(x) + 0.5)(functions.X)
            except Exception:
                pass
    assert [sorted(each.missing) for each in captured] == [
        [],
        ["hlo_optimized"],
        ["hlo", "hlo_optimized", "stablehlo"],
    ]
    assert captured.problems == [] and captured[1].cost is None
    assert sorted(len(row.missing) for row in jaxsmith.load(tmp_path / "captured")) == [0, 1, 3]
    sample = jaxsmith.extract(functions.unknown_target, functions.X)
    (row,) = jaxsmith.save([sample], tmp_path / "saved")
    assert set(row.missing) == {"hlo_optimized"} and row.hlo == sample.hlo
