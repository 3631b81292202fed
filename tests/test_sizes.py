"""Sizes and difficulty of rows: columns agree with a reading of the jaxpr in Python, `--size` and `--difficulty` do
what they say, and figures of them stand in manifest, card, summary and `jaxsmith stats`."""

import json
import os
import re
import subprocess
from collections import Counter
from pathlib import Path
from statistics import median

import jax
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from jaxpr_sizes import THRESHOLDS, difficulty, measures, tokens
from jaxsmith.base import calls
from jaxsmith.base.arrays import DTYPES

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = os.environ.get("JAXSMITH", str(ROOT / "build" / "jaxsmith"))


def generate(out, *options, code=0):
    command = [JAXSMITH, "generate", "--seed", "31", "--redo", "0", "--levels", "jaxpr"]
    done = subprocess.run(
        [*command, "--out", str(out), *map(str, options)], capture_output=True, text=True
    )
    assert done.returncode == code, done.stderr
    return done


def rows_of(out):
    files = sorted((out / "data").glob("*.parquet"))
    return pa.concat_tables(map(pq.read_table, files)).to_pylist()


@pytest.fixture(scope="module")
def mix(tmp_path_factory):
    out = tmp_path_factory.mktemp("sizes") / "mix"
    return out, generate(out, "--count", "50"), rows_of(out)


def test_columns_agree_with_a_reading_of_the_texts(mix):
    assert set(THRESHOLDS) == {"equations", "depth", "nesting", "distinct_operations", "tokens"}
    compared = 0
    for row in mix[2]:
        assert row["tokens"] == tokens(row["source"]), row["id"]
        assert row["difficulty"] == difficulty(row), row["id"]
        # Reads and writes of references have forms of their own.
        if re.search(r" <- |\+= ", row["jaxpr"]):
            continue
        found = measures(row["jaxpr"])
        assert {name: row[name] for name in found} == found, row["id"]
        compared += 1
    assert compared >= 45


def test_figures_of_difficulty_are_those_of_the_rows(mix):
    out, done, rows = mix
    counts = Counter(row["difficulty"] for row in rows)
    manifest = json.loads((out / "manifest.json").read_text())
    assert manifest["difficulty"] == {str(d): counts[d] for d in range(1, 6)}
    card = (out / "README.md").read_text()
    assert all(f"\n| {d} | {counts[d]} |\n" in card for d in range(1, 6))
    share = 100 * counts[1] / len(rows)
    assert f"difficulty: 1 in {share:.1f} %" in done.stdout
    told = subprocess.run(
        [JAXSMITH, "stats", str(out), "--json"], capture_output=True, text=True, check=True
    )
    figures = json.loads(told.stdout)
    for d in range(1, 6):
        assert figures["difficulty"][str(d)] == pytest.approx(counts[d] / len(rows))
    assert figures["sizes"]["longest way through them, median"] == median(r["depth"] for r in rows)
    assert figures["sizes"]["tokens of the source, median"] == median(r["tokens"] for r in rows)


def planned(size):
    command = [JAXSMITH, "plan", "--seed", "4", "--index", "0", "--count", "8", "--member", "0"]
    done = subprocess.run(
        [*command, "--size", size, "--dtypes", "f32,i32,bool", "--json"],
        capture_output=True,
        text=True,
        check=True,
    )
    return [json.loads(line) for line in done.stdout.splitlines()]


def shaped(argument):
    dtype, dims = re.fullmatch(r"(\w+)\[([\d,]*)\]", argument["aval"]).groups()
    return jax.ShapeDtypeStruct([int(d) for d in dims.split(",") if d], DTYPES[dtype])


def equations_of(plan):
    namespace = {}
    exec(plan["source"], namespace)
    entry = namespace[plan["entry"]]
    given = calls.arguments(plan["argument_tree"], namespace, list(map(shaped, plan["arguments"])))
    return str(jax.make_jaxpr(entry)(*given)).count(" = ")


def test_large_programs_have_several_times_the_operations_of_small_ones():
    plans = {size: [p for p in planned(size) if p["devices"] == 1] for size in ("small", "large")}
    equations = {size: [equations_of(plan) for plan in some] for size, some in plans.items()}
    assert median(equations["large"]) > 4 * median(equations["small"])
    assert max(equations["large"]) > 200


def test_large_programs_are_functions_of_which_one_calls_the_others():
    functions, calls = [], []
    for source in (plan["source"] for plan in planned("large")):
        names = re.findall(r"^def (\w+)\(", source, re.MULTILINE)
        functions.append(len(names))
        # The entry is the last one.
        calls += [len(re.findall(rf"\b{name}\b", source)) - 1 for name in names[:-1]]
    assert median(functions) >= 3
    # Some are called more than once.
    assert min(calls) >= 1 and max(calls) > 1


def test_rows_of_other_difficulties_are_left_out_and_counted(tmp_path):
    out = tmp_path / "easy"
    done = generate(out, "--count", "25", "--difficulty", "1-2")
    rows = rows_of(out)
    assert len(rows) == 25
    assert {row["difficulty"] for row in rows} <= {1, 2}
    rejects = pq.read_table(out / "rejects.parquet").to_pylist()
    others = [each for each in rejects if each["reason"] == "difficulty"]
    assert others and {each["stage"] for each in others} == {"check"}
    assert all(re.search(r"is [345], 1-2 was asked for", each["detail"]) for each in others)
    assert f"{len(others)} functions left out for theirs" in done.stdout
    # A run that goes on is the same run.
    told = generate(out, "--count", "25", "--difficulty", "1-3", "--resume", code=2).stderr
    assert "difficulty" in told and '"1-2"' in told
    generate(out, "--count", "25", "--difficulty", "1-2", "--resume")


@pytest.mark.parametrize(
    ("options", "what"),
    [
        (["--difficulty", "6"], "'6' is no difficulty"),
        (["--difficulty", "4-2"], "'4-2' is no difficulty"),
        (["--size", "larg"], "did you mean 'large'"),
    ],
)
def test_misuse_is_named(tmp_path, options, what):
    assert what in generate(tmp_path / "none", *options, code=2).stderr
    assert not (tmp_path / "none").exists()


def test_help_says_what_happens():
    told = subprocess.run([JAXSMITH, "generate", "--help"], capture_output=True, text=True).stdout
    told = " ".join(told.split())
    assert "--size" in told and "--difficulty" in told
    assert "left out and kept in rejects.parquet" in told
