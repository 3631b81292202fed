"""Further cases of rows: JAX gives their outputs, operations count in them that are inert in the recorded one, every reader
and grader goes through them, and the bytes are the same with any number of workers."""

import copy
import json
import multiprocessing
import os
import subprocess
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import jaxsmith
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from replay import listed

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = os.environ.get("JAXSMITH", str(ROOT / "build" / "jaxsmith"))
RELEVANCE = str(Path(JAXSMITH).parent / "relevance_main")
LEVELS = ("jaxpr", "stablehlo", "hlo", "hlo_optimized")
MOST, LITTLE, LEAST_GAIN = 3, 0.1, 0.05


def generate(out, *options):
    command = [JAXSMITH, "generate", "--seed", "11", "--count", "48", "--out", str(out)]
    command += ["--categories", "conditional", "--max-inert", "1", *options]
    subprocess.run(command, check=True, capture_output=True)


def files(folder):
    return sorted((folder / "data").glob("*.parquet"))


def measured(path):
    """By id, the share of inert operations in the cases that a dataset has."""
    run = subprocess.run([RELEVANCE, str(path)], check=True, capture_output=True, text=True)
    found = map(json.loads, run.stdout.splitlines())
    return {
        each["id"]: len(each["inert"]) / len(each["changed"])
        for each in found
        if each.get("changed")
    }


def run_check(path):
    return subprocess.run([JAXSMITH, "check", str(path)], capture_output=True, text=True)


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    out = tmp_path_factory.mktemp("cases") / "rows"
    generate(out, "--workers", "1", "--redo", "10")
    return out, pa.concat_tables(map(pq.read_table, files(out)))


@pytest.fixture(scope="module")
def of_several(dataset):
    rows = [row for row in dataset[1].to_pylist() if row["further_cases"]]
    assert len(rows) >= 5
    return rows


def test_jax_gives_the_outputs_of_each_case(of_several):
    # Names in HLO are those of who traced a function of JAX's first: in this process, other tests.
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as fresh:
        for row, found in zip(of_several[:10], fresh.map(listed, of_several[:10]), strict=True):
            assert found == [], row["id"]


def test_cases_are_calls_of_the_function_with_other_inputs(of_several):
    def types(arrays):
        return [(array["name"], array["dtype"], array["shape"]) for array in arrays]

    def content(case):
        return [array["data"] for array in case["inputs"]]

    for row in of_several:
        cases = [row, *row["further_cases"]]
        assert len(cases) <= 1 + MOST
        for case in cases:
            assert types(case["inputs"]) == types(row["inputs"])
            assert types(case["outputs"]) == types(row["outputs"])
        assert all(content(a) != content(b) for a in cases for b in cases if a is not b)


def test_fewer_operations_are_inert_in_all_cases(dataset, tmp_path):
    _, table = dataset
    pq.write_table(table.drop_columns(["further_cases"]), tmp_path / "one.parquet")
    pq.write_table(table, tmp_path / "all.parquet")
    first, together = measured(tmp_path / "one.parquet"), measured(tmp_path / "all.parquet")
    switches = 0
    for row in table.to_pylist():
        if row["inert"] is None:
            assert not row["further_cases"]
            continue
        before, after = first[row["id"]], together[row["id"]]
        assert row["inert"] == after
        gain = LEAST_GAIN * len(row["further_cases"])
        assert before - after >= gain - 1e-9 if gain else before == after
        assert before > LITTLE or not gain
        switches += "lax.switch" in row["source"] and bool(gain)
    assert switches


def test_every_level_is_executed_in_each_case(dataset, of_several, tmp_path):
    folder, table = dataset
    assert run_check(folder).returncode == 0
    row = of_several[0]
    passed = {check["check"]: check["status"] for check in row["checks"]}
    assert all(passed[f"execute:{level}"] == "passed" for level in LEVELS)
    # Another output in the last case alone is found, at each level.
    wrong = copy.deepcopy(row)
    last = wrong["further_cases"][-1]["outputs"]
    last[0]["data"] = bytes(byte ^ 0x41 for byte in last[0]["data"])
    pq.write_table(pa.Table.from_pylist([wrong], table.schema), tmp_path / "wrong.parquet")
    found = run_check(tmp_path / "wrong.parquet")
    assert found.returncode == 1, found.stdout + found.stderr
    assert f"case {len(row['further_cases'])}: " in found.stdout + found.stderr


def test_datasets_without_the_column_are_read(dataset, tmp_path):
    _, table = dataset
    path = tmp_path / "older.parquet"
    pq.write_table(table.slice(0, 12).drop_columns(["further_cases"]), path)
    assert run_check(path).returncode == 0


def test_samples_have_them_and_predictions_are_held_against_them(dataset, of_several):
    folder, _ = dataset
    rows = [jaxsmith.load(str(folder))[row["id"]] for row in of_several[:5]]
    row = next(row for row in rows if not jaxsmith.Grader(row, "jaxpr").not_gradable)
    recorded = next(each for each in of_several if each["id"] == row.id)["further_cases"]
    assert len(row.further_cases) == len(recorded)
    for case in row.further_cases:
        assert case.inputs.keys() == row.case.inputs.keys()
        assert case.outputs.keys() == row.case.outputs.keys()
    assert jaxsmith.score(row, row.jaxpr, "jaxpr")
    # A row in whose further case the text gives something else cannot be graded by.
    fields = dict(row.fields)
    fields["further_cases"] = [{"inputs": fields["inputs"], "outputs": recorded[0]["outputs"]}]
    assert "does not give what JAX gave" in jaxsmith.Grader(fields, "jaxpr").not_gradable


def test_the_same_bytes_with_two_workers(dataset, tmp_path):
    generate(tmp_path / "again", "--workers", "2", "--redo", "10")
    first = [path.read_bytes() for path in files(dataset[0])]
    assert first == [path.read_bytes() for path in files(tmp_path / "again")]
