"""`jaxsmith generate --like`: a run that is fitted to the functions of a dataset."""

import hashlib
import json
import os
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = os.environ.get("JAXSMITH", str(ROOT / "build" / "jaxsmith"))
COUNT = 80
PROGRAM = """
import jax, jax.numpy as jnp
key = jnp.float32(0.5)
for n in range(2, 8):
    x = jnp.linspace(0.0, 1.0, 4 * n).reshape(4, n)
    jax.jit(lambda x: jnp.sin(x) * jnp.cos(x) + jnp.sin(2.0 * x))(x)
    jax.jit(lambda x: jnp.cos(jnp.sin(x) * 3.0).sum())(x)
    jax.jit(lambda x: jnp.tanh(x @ x.T))(x)
"""


def jaxsmith(*arguments):
    return subprocess.run([JAXSMITH, *map(str, arguments)], capture_output=True, text=True)


# One large program would have most of the operations.
RUN = ("--seed", 5, "--size", "medium")


def generate(out, *arguments):
    command = ["generate", *RUN, "--count", COUNT, "--redo", 0, "--out", out]
    return jaxsmith(*command, *arguments)


@pytest.fixture(scope="module")
def captured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("waves")
    program = folder / "waves.py"
    program.write_text(PROGRAM)
    done = jaxsmith("capture", "--out", folder / "captured", "--", sys.executable, program)
    assert done.returncode == 0, done.stderr
    return folder / "captured"


@pytest.fixture(scope="module")
def fitted(captured, tmp_path_factory):
    out = tmp_path_factory.mktemp("fitted") / "one"
    done = generate(out, "--like", captured, "--workers", 1)
    assert done.returncode == 0, done.stderr
    return out, done.stderr


def distances(folder, against):
    done = jaxsmith("stats", folder, "--against", against, "--json")
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)["distances"]["divergence of jaxprs, bits"]


def digests(folder):
    return {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def test_shares_move_towards_those_of_the_dataset(fitted, captured, tmp_path):
    out, said = fitted
    line = next(line for line in said.splitlines() if line.startswith("fitted to "))
    before, after = line.split("operations ")[1].split(",")[0].split(" → ")
    assert float(after) < float(before)
    done = generate(tmp_path / "usual")
    assert done.returncode == 0, done.stderr
    near, far = distances(out, captured), distances(tmp_path / "usual", captured)
    assert near["operations"] < far["operations"]
    assert near["element types"] < 0.7 * far["element types"]


def test_two_workers_give_the_same_bytes(fitted, captured, tmp_path):
    done = generate(tmp_path / "two", "--like", captured, "--workers", 2)
    assert done.returncode == 0, done.stderr
    assert digests(tmp_path / "two") == digests(fitted[0])


def test_the_manifest_says_what_the_run_was_fitted_to(fitted):
    manifest = (fitted[0] / "manifest.json").read_text()
    assert len(json.loads(manifest)["run"]["options"]["fitted_to"]) == 32
    assert "waves" not in manifest  # nor where that lies


def test_resuming_refuses_another_dataset(fitted, captured):
    out, _ = fitted
    before = digests(out)
    other = generate(out, "--like", out, "--resume")
    assert other.returncode != 0
    assert "fitted_to" in other.stderr
    none = generate(out, "--resume")
    assert none.returncode != 0
    same = generate(out, "--like", captured, "--resume")
    assert same.returncode == 0, same.stderr
    assert digests(out) == before


def test_a_plan_is_that_of_the_run(fitted, captured):
    plans = jaxsmith("plan", *RUN, "--index", 0, "--count", 20, "--like", captured, "--json")
    sources = {p["id"]: p["source"] for p in map(json.loads, plans.stdout.splitlines())}
    rows = [
        row
        for file in fitted[0].glob("data/*.parquet")
        for row in pq.read_table(file, columns=["id", "source"]).to_pylist()
    ]
    known = [row for row in rows if row["id"] in sources]
    assert known
    assert all(sources[row["id"]] == row["source"] for row in known)


def test_what_is_no_dataset_is_refused(tmp_path):
    (tmp_path / "empty").mkdir()
    for folder in (tmp_path / "none", tmp_path / "empty"):
        done = generate(tmp_path / "out", "--like", folder)
        assert done.returncode != 0
        assert "--like: " in done.stderr and str(folder) in done.stderr
        assert len(done.stderr.strip().splitlines()) == 1
        assert not (tmp_path / "out" / "manifest.json").exists()
