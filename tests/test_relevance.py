"""The share of inert operations: what C++ measures agrees with a measure by JAX alone, is the same each time, stands in
rows, card and manifest, and refuses rows."""

import json
import os
import subprocess
from pathlib import Path

import jax
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from inert_operations import inert_operations
from replay import array, cases_of

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = os.environ.get("JAXSMITH", str(ROOT / "build" / "jaxsmith"))
RELEVANCE = str(Path(JAXSMITH).parent / "relevance_main")
# Each is done again by JAX, operation by operation.
ROWS, MOST_OPERATIONS = 24, 40


def generated(out, *options):
    command = [JAXSMITH, "generate", "--seed", "5", "--redo", "0", "--levels", "jaxpr"]
    subprocess.run([*command, "--out", str(out), *options], check=True, capture_output=True)
    return pa.concat_tables(
        map(pq.read_table, sorted((out / "data").glob("*.parquet")))
    ).to_pylist()


@pytest.fixture(scope="module")
def dataset(tmp_path_factory):
    out = tmp_path_factory.mktemp("relevance") / "rows"
    return out, generated(out, "--count", "120", "--max-inert", "1")


def measured(folder):
    run = subprocess.run([RELEVANCE, str(folder)], check=True, capture_output=True, text=True)
    return run.stdout


def by_jax(row):
    scope = {}
    exec(compile(row["source"], "<row>", "exec"), scope)
    tree = jax.tree.structure(eval(row["argument_tree"], scope))
    runs = [
        inert_operations(
            scope[row["entry"]], tree.unflatten([array(each) for each in case["inputs"]])
        )
        for case in cases_of(row)
    ]
    return runs[0][0], set.intersection(*(set(inert) for _, inert in runs))


def test_agrees_with_a_measure_by_jax(dataset):
    folder, rows = dataset
    found = {each["id"]: each for each in map(json.loads, measured(folder).splitlines())}
    compared = agreeing = operations = 0
    for row in rows:
        of_row = found[row["id"]]
        if row["x64"] or row["devices"] > 1 or compared == ROWS:
            continue
        count = of_row.get("operations", 0)
        if not 0 < count <= MOST_OPERATIONS or len(of_row["changed"]) < count:
            continue
        by_jax_count, inert = by_jax(row)
        jax.clear_caches()
        assert by_jax_count == count, row["source"]
        compared += 1
        operations += count
        agreeing += count - len(inert ^ set(of_row["inert"]))
    assert compared == ROWS
    assert agreeing >= 0.97 * operations


def test_is_the_same_each_time(dataset):
    assert measured(dataset[0]) == measured(dataset[0])


def test_stands_in_rows_card_and_manifest(dataset):
    folder, rows = dataset
    found = {each["id"]: each for each in map(json.loads, measured(folder).splitlines())}
    shares = []
    for row in rows:
        each = found[row["id"]]
        if row["devices"] > 1 or not each.get("changed"):
            assert row["inert"] is None
            continue
        shares.append(row["inert"])
        assert row["inert"] == len(each["inert"]) / len(each["changed"])
    # Of a fifth, which are large, some take more steps than there are for it.
    assert len(shares) > 0.8 * len(rows)
    others = [row["inert"] for row in rows if row["equations"] < 200]
    assert len([share for share in others if share is not None]) > 0.9 * len(others)
    figures = json.loads((folder / "manifest.json").read_text())["inert"]
    assert figures["rows"] == len(shares)
    assert figures["mean"] == pytest.approx(sum(shares) / len(shares))
    assert figures["rows_over_half"] == sum(share > 0.5 for share in shares) / len(shares)
    assert f"{100 * figures['mean']:.1f} % on average" in (folder / "README.md").read_text()


def test_the_card_shows_a_text_that_the_rows_have(dataset):
    folder, rows = dataset
    assert rows[0]["jaxpr"] and rows[0]["stablehlo"] is None
    card = (folder / "README.md").read_text()
    assert 'rows[0]["jaxpr"])' in card and 'rows[0]["stablehlo"]' not in card
    assert "- jax\n" in card and "- stablehlo\n" not in card and "- hlo\n" not in card


def test_rows_above_the_limit_are_refused(dataset, tmp_path):
    limit = 0.1
    rows = generated(tmp_path / "few", "--count", "40", "--max-inert", str(limit))
    assert all(row["inert"] is None or row["inert"] <= limit for row in rows)
    rejects = pq.read_table(tmp_path / "few" / "rejects.parquet").to_pylist()
    inert = [each for each in rejects if each["reason"] == "inert"]
    assert inert
    assert {each["stage"] for each in inert} == {"check"}
    assert all("% of its operations" in each["detail"] for each in inert)
    # Without the limit these are rows.
    ids = {row["id"]: row["inert"] for row in dataset[1]}
    assert any(ids.get(each["id"], 0) > limit for each in inert)
