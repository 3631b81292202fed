"""The check can fail: changes of texts that XLA's outputs show are found. `make mutants` makes thousands."""

import os
import random
import subprocess
from pathlib import Path

import mutants

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = os.environ.get("JAXSMITH", str(ROOT / "build" / "jaxsmith"))
COUNT = 200


def test_changes_are_found(tmp_path):
    dataset = tmp_path / "dataset"
    command = [
        JAXSMITH,
        "generate",
        "--count",
        "150",
        "--seed",
        "41",
        "--redo",
        "0",
        "--out",
        dataset,
    ]
    subprocess.run(command, check=True, capture_output=True)
    counts = mutants.judge(mutants.mutants_of(mutants.rows_of(dataset), COUNT, random.Random(0)))[
        "all"
    ]
    assert counts["shown"] >= 0.3 * COUNT
    assert counts["found"] >= 0.98 * counts["shown"]  # two of a hundred are few
    assert counts["refused by both"] >= 0.95 * counts["refused by XLA"]
    assert counts["agree with XLA"] >= 0.97 * counts["run by XLA"]
