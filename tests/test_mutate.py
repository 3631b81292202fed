"""`jaxsmith mutate`: what is said to differ differs when it is run, and nothing is left behind where a run
fails."""

import json
import os
import signal
import subprocess
from pathlib import Path

import dataset_rows
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from jaxsmith.base import arrays
from test_generate import wait_until

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = os.environ.get("JAXSMITH", str(ROOT / "build" / "jaxsmith"))
LEVELS = ["jaxpr", "stablehlo", "hlo", "hlo_optimized"]
KINDS = {"operation", "operand", "constant", "attribute", "result"}


def jaxsmith(*arguments):
    return subprocess.run(
        [JAXSMITH, *map(str, arguments)], capture_output=True, text=True, timeout=600
    )


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    out = tmp_path_factory.mktemp("mutate") / "dataset"
    done = jaxsmith("generate", "--count", 40, "--seed", 18, "--redo", 0, "--out", out)
    assert done.returncode == 0, done.stderr
    return out


@pytest.fixture(scope="module")
def rows(dataset):
    files = sorted((dataset / "data").glob("*.parquet"))
    return {row["id"]: row for file in files for row in pq.read_table(file).to_pylist()}


@pytest.fixture(scope="module")
def made(dataset, tmp_path_factory):
    out = tmp_path_factory.mktemp("mutate") / "mutants"
    done = jaxsmith("mutate", dataset, "--out", out, "--per-row", 3, "--seed", 5)
    assert done.returncode == 0, done.stderr
    return out, done.stdout


@pytest.fixture(scope="module")
def mutants(made):
    return mutants_in(made[0])


def mutants_in(folder):
    files = sorted(folder.glob("*/*.parquet"))
    return [row for file in files for row in pq.read_table(file).to_pylist()]


def test_there_are_many_of_each_level_and_kind(mutants, rows):
    different = [m for m in mutants if m["verdict"] == "different"]
    assert len(different) >= 0.5 * 3 * len(LEVELS) * len(rows)
    for level in LEVELS:
        assert {m["kind"] for m in different if m["level"] == level} == KINDS
    assert len({(m["id"], m["level"], m["text"]) for m in mutants}) == len(mutants)


def test_files_are_by_verdict_and_split(made, rows):
    folder, _ = made
    for file in folder.glob("*/*.parquet"):
        for m in pq.read_table(file).to_pylist():
            assert m["verdict"] == file.parent.name
            assert file.name.startswith(m["split"] + "-")
            row = rows[m["id"]]
            assert (m["split"], m["family"]) == (row["split"], row["family"])
    manifest = json.loads((folder / "manifest.json").read_text())
    listed = {entry["path"] for entry in manifest["files"]}
    assert listed == {str(p.relative_to(folder)) for p in folder.glob("*/*.parquet")}
    left = {p.name for p in folder.iterdir()}
    assert left == {"README.md", "manifest.json", "different", "equal"}


def test_a_mutant_is_its_original_but_for_one_place(mutants, rows):
    for m in mutants:
        assert m["original"] == rows[m["id"]][m["level"]] != m["text"]
        before, after = m["original"].split("\n"), m["text"].split("\n")
        lines = m["before"].split("\n")
        assert before[m["line"] - 1 :][: len(lines)] == lines
        assert before[: m["line"] - 1] == after[: m["line"] - 1]
        differ = sum(a != b for a, b in zip(before, after, strict=False))
        # Branches that change places are longer than a line.
        if len(before) == len(after) and m["kind"] != "attribute":
            assert differ <= 2, (m["before"], m["after"])


def test_what_differs_is_refused_by_check(mutants, rows, tmp_path):
    shown = [m for m in mutants if m["shown_by"] == 0]
    assert shown
    for level in LEVELS:
        changed = [
            {**rows[m["id"]], "id": f"{i:06}", level: m["text"]}
            for i, m in enumerate(shown)
            if m["level"] == level
        ]
        file, verdicts = tmp_path / f"{level}.parquet", tmp_path / f"{level}.jsonl"
        pq.write_table(pa.Table.from_pylist(changed), file)
        jaxsmith("check", file, "--level", level, "--verdicts", verdicts, "--show", 0)
        found = [json.loads(line) for line in verdicts.read_text().splitlines()]
        assert len(found) == len(changed)
        for verdict in found:
            assert verdict["verified"] and verdict["executed"] and not verdict["agrees"], verdict


def run_text(text, level, inputs, folder):
    folder.mkdir()
    (folder / "text").write_text(text)
    arguments = []
    for i, each in enumerate(inputs):
        np.save(folder / f"in{i}.npy", arrays.decode(each))
        arguments += ["--input", folder / f"in{i}.npy"]
    done = jaxsmith("eval", folder / "text", "--level", level, *arguments, "--out", folder / "out")
    assert done.returncode == 0, done.stderr
    return {p.name: p.read_bytes() for p in (folder / "out").iterdir()}


def test_what_differs_gives_something_else_in_eval(mutants, rows, tmp_path):
    different = [m for m in mutants if m["verdict"] == "different"]
    further = [m for m in different if m["shown_by"] > 0]
    for i, m in enumerate(different[::4] + further):
        row, inputs = rows[m["id"]], m["inputs"]
        if m["shown_by"] == 0:
            assert not inputs
            inputs = row["inputs"]
            if m["level"] == "jaxpr":
                inputs = row["constants"] + inputs
            else:
                inputs = [inputs[k] for k in row["kept_arguments"]]
        first = run_text(m["original"], m["level"], inputs, tmp_path / f"{i}a")
        second = run_text(m["text"], m["level"], inputs, tmp_path / f"{i}b")
        assert first.keys() == second.keys()
        number = str(m["result"])
        assert any(first[k] != second[k] for k in first if k.split(".")[0].split("-")[0] == number)


def test_what_is_equal_is_a_right_prediction(dataset, mutants, tmp_path):
    equal = [m for m in mutants if m["verdict"] == "equal"]
    for m in equal:
        assert m["shown_by"] is m["result"] is m["error"] is None and not m["inputs"]
        assert m["canonical"] or m["cases"] >= 5
    predictions, out = tmp_path / "equal.jsonl", tmp_path / "verdicts.parquet"
    lines = [json.dumps({key: m[key] for key in ("id", "level", "text")}) for m in equal]
    predictions.write_text("".join(line + "\n" for line in lines))
    done = jaxsmith("score", predictions, "--dataset", dataset, "--seed", 5, "--out", out)
    assert done.returncode == 0, done.stderr
    assert all(verdict["agrees"] for verdict in pq.read_table(out).to_pylist())


def test_the_same_bytes_for_any_number_of_workers(dataset, made, tmp_path):
    out = tmp_path / "again"
    options = ["--per-row", 3, "--seed", 5, "--workers", 3]
    assert jaxsmith("mutate", dataset, "--out", out, *options).returncode == 0
    for file in sorted(made[0].rglob("*")):
        if file.is_file():
            assert (out / file.relative_to(made[0])).read_bytes() == file.read_bytes(), file


def test_levels_rows_and_seeds_are_chosen(dataset, tmp_path):
    texts = []
    for seed in (1, 2):
        out = tmp_path / str(seed)
        options = ["--levels", "hlo,jaxpr", "--limit-rows", 5, "--seed", seed]
        assert jaxsmith("mutate", dataset, "--out", out, *options).returncode == 0
        found = mutants_in(out)
        assert {m["level"] for m in found} == {"hlo", "jaxpr"}
        assert len({m["id"] for m in found}) <= 5
        texts.append([m["text"] for m in found])
    assert texts[0] != texts[1]


def test_what_was_dropped_is_counted(made):
    folder, printed = made
    manifest = json.loads((folder / "manifest.json").read_text())
    dropped = [level["dropped"] for level in manifest["levels"].values() if "dropped" in level]
    assert sum(sum(d.values()) for d in dropped) > 0
    for reason in {reason for d in dropped for reason in d}:
        assert reason in printed
    assert sum(manifest["splits"]["different"].values()) > 0


def test_nothing_stays_of_a_run_that_fails(dataset, tmp_path):
    out = tmp_path / "out"
    for arguments, words in (
        ([tmp_path / "missing", "--out", out], "missing"),
        ([dataset, "--out", out, "--levels", "hlo,xla"], "--levels"),
        ([dataset, "--out", out, "--per-row", "0"], "--per-row"),
    ):
        done = jaxsmith("mutate", *arguments)
        assert done.returncode == 2 and words in done.stderr, done.stderr
        assert done.stderr.count("\n") == 1
        assert not out.exists()
    empty = tmp_path / "empty.parquet"
    dataset_rows.write(empty, [])
    done = jaxsmith("mutate", empty, "--out", out)
    assert done.returncode == 2 and "no rows" in done.stderr and not out.exists()


def test_a_folder_that_holds_something_stays_as_it_is(dataset, made, tmp_path):
    for folder in (made[0], dataset):
        before = {p: p.stat().st_mtime_ns for p in folder.rglob("*")}
        done = jaxsmith("mutate", dataset, "--out", folder)
        assert done.returncode == 2 and "another folder" in done.stderr
        assert {p: p.stat().st_mtime_ns for p in folder.rglob("*")} == before
    own = tmp_path / "own"
    own.mkdir()
    (own / "notes").write_text("mine")
    assert jaxsmith("mutate", dataset, "--out", own).returncode == 2
    assert [p.name for p in own.iterdir()] == ["notes"]


def test_rows_that_cannot_be_read_are_counted(tmp_path):
    file, out = tmp_path / "rows.parquet", tmp_path / "out"
    broken = dataset_rows.row("broken", inputs=[dataset_rows.array("f32", [2], b"123")])
    dataset_rows.write(file, [dataset_rows.row("whole"), broken])
    done = jaxsmith("mutate", file, "--out", out, "--per-row", 4)
    assert done.returncode == 0, done.stderr
    manifest = json.loads((out / "manifest.json").read_text())
    assert sum(manifest["unreadable"].values()) == 1 and manifest["rows_read"] == 1
    assert {m["id"] for m in mutants_in(out)} == {"whole"}


def test_an_interrupted_run_leaves_nothing(dataset, tmp_path):
    out = tmp_path / "out"
    run = subprocess.Popen(
        [JAXSMITH, "mutate", dataset, "--out", out, "--per-row", "100", "--workers", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    wait_until(run, (out / ".jaxsmith").exists)
    run.send_signal(signal.SIGINT)
    _, errors = run.communicate(timeout=120)
    assert run.returncode == 130 and b"interrupted" in errors
    assert not out.exists()
