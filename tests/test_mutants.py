"""The check can fail: changes of texts of all levels that JAX's outputs show are found. `make mutants`
makes thousands."""

import os
import subprocess
from pathlib import Path

import mutants
from hlo_text import Module
from mutant_worker import LEVELS, Outcome, Worker, rows_of
from optimized_hlo import compilable

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = os.environ.get("JAXSMITH", str(ROOT / "build" / "jaxsmith"))
COUNT = 96


def test_changes_are_found(generated):
    counts = mutants.judge(generated, COUNT, seed=0)
    whole = counts["all"]
    assert whole["shown"] >= 0.3 * COUNT
    assert whole["found"] >= 0.98 * whole["shown"]  # two of a hundred are few
    assert whole["endless or crashed, found"] == whole["endless"] + whole["crashed"]
    assert whole["refused by both"] >= 0.9 * whole["refused"]
    assert whole["agree with JAX"] >= 0.96 * whole["run"]
    for level in LEVELS:
        assert counts[level]["run"] > 0, level
        assert counts[level]["unusable"] == 0, level


def test_an_element_of_an_empty_slice_is_refused(tmp_path):
    """XLA gives whatever stands there."""
    file = tmp_path / "gather.hlo"
    text = """HloModule gather

ENTRY main {
  x = f32[5]{0} parameter(0)
  places = s32[2,1]{1,0} constant({ {1}, {2} })
  ROOT y = f32[2]{0} gather(x, places), offset_dims={}, collapsed_slice_dims={0}, start_index_map={0}, index_vector_dim=1, slice_sizes={SIZE}
}
"""
    said = []
    for size in ("1", "0"):
        file.write_text(text.replace("SIZE", size))
        done = subprocess.run([JAXSMITH, "check", file], capture_output=True, text=True)
        said.append((done.returncode, "a slice that has none" in done.stdout + done.stderr))
    assert said == [(0, False), (1, True)]


def test_hlo_is_written_as_it_was_read(generated):
    rows = rows_of(generated)
    assert all(str(Module(row[x])) == row[x] for row in rows for x in ("hlo", "hlo_optimized"))
    assert any("fusion(" in row["hlo_optimized"] for row in rows)
    assert not any("fusion(" in compilable(row["hlo_optimized"]) for row in rows)


def test_what_does_not_end_is_killed(generated, monkeypatch):
    """A loop without an end takes no more than the seconds that it has, and the next job runs."""
    import mutant_worker

    monkeypatch.setattr(mutant_worker, "_serve", _serve_a_loop)
    with Worker(generated) as worker:
        first = worker.run(mutant_worker.Job(0, "hlo", 0))
        second = worker.run(mutant_worker.Job(1, "hlo", 0))
    assert (first.state, second.state) == ("endless", "run")


def _serve_a_loop(connection, dataset):
    import resource

    connection.send("ready")
    while True:
        job = connection.recv()
        if job.row == 0:
            resource.setrlimit(resource.RLIMIT_CPU, (1, resource.RLIM_INFINITY))
            while True:
                pass
        connection.send((Outcome(job, "run"),))
