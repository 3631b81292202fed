"""`jaxsmith plan`: what generate would write, without JAX."""

import json
import os
import subprocess
from pathlib import Path

import pyarrow.parquet as pq
import pytest

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = Path(os.environ.get("JAXSMITH", ROOT / "build" / "jaxsmith"))


def jaxsmith(*arguments):
    return subprocess.run([JAXSMITH, *map(str, arguments)], capture_output=True, text=True)


def planned(*options):
    done = jaxsmith("plan", "--json", *options)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_plans_are_those_of_a_dataset(tmp_path):
    out = tmp_path / "dataset"
    options = ["--seed", "9", "--idioms", "attention,recurrent_cell"]
    done = jaxsmith(
        "generate", "--count", "12", "--workers", "1", "--redo", "0", *options, "--out", out
    )
    assert done.returncode == 0, done.stderr
    columns = ["id", "source", "entry", "category", "transformation"]
    rows = [
        row
        for file in out.glob("data/*.parquet")
        for row in pq.read_table(file, columns=columns).to_pylist()
    ]
    plans = {plan["id"]: plan for plan in planned("--index", "0", "--count", "20", *options)}
    assert len(rows) == 12
    for row in rows:
        assert {name: plans[row["id"]][name] for name in columns} == row


def test_a_member_is_one_of_its_family():
    family = planned("--index", "3")
    assert [plan["id"] for plan in family] == sorted(plan["id"] for plan in family)
    assert planned("--index", "3", "--member", "0") == family[:1]


@pytest.mark.parametrize(
    ("options", "status", "words"),
    [
        ([], 2, "--index"),
        (["--index", "1", "--idioms", "atention"], 2, "did you mean 'attention'"),
        (["--index", "1", "--max-rank", "9"], 2, "ranks go from 0 to 4"),
        (["--index", "1", "--member", "70"], 1, "members, from 0 on"),
    ],
)
def test_misuse_gets_one_line(options, status, words):
    done = jaxsmith("plan", *options)
    assert done.returncode == status
    assert len(done.stderr.splitlines()) == 1 and words in done.stderr, done.stderr
