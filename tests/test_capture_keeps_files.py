"""`jaxsmith capture` deletes nothing that it has not made, wherever the program writes."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import jaxsmith
import pytest

TESTS = Path(__file__).parent

# Writes a checkpoint into the folder of the capture, and more.
PROGRAM = """
import os, sys
out, compiles = sys.argv[1], sys.argv[2] == "compiles"
os.makedirs(os.path.join(out, "steps", "7"), exist_ok=True)
for name in ("checkpoint.bin", "steps/7/weights.npy", "notes.txt"):
    open(os.path.join(out, name), "w").write("mine: " + name)
if compiles:
    import jax
    jax.jit(lambda x: x * 3 + 1)(2.0)
"""
FILES = ("checkpoint.bin", "steps/7/weights.npy", "notes.txt")


def run(tmp_path, *arguments, **environment):
    return subprocess.run(
        [os.environ["JAXSMITH"], "capture", "--out", "out", *arguments],
        cwd=tmp_path, capture_output=True, text=True, timeout=300, env={**os.environ, **environment},
    )  # fmt: skip


def program(*arguments):
    return ["--", sys.executable, "-c", PROGRAM, "out", *arguments]


def assert_kept(out):
    for name in FILES:
        assert (out / name).read_text() == f"mine: {name}"


@pytest.mark.parametrize("existed", [False, True])
def test_a_program_that_compiles_nothing(tmp_path, existed):
    out = tmp_path / "out"
    if existed:
        out.mkdir()
    done = run(tmp_path, *program("nothing"))
    assert done.returncode == 0 and "nothing recorded" in done.stderr, done.stderr
    assert_kept(out)
    assert sorted(each.name for each in out.iterdir()) == ["checkpoint.bin", "notes.txt", "steps"]


@pytest.mark.parametrize("existed", [False, True])
def test_beside_a_dataset(tmp_path, existed):
    out = tmp_path / "out"
    if existed:
        out.mkdir()
    done = run(tmp_path, *program("compiles"))
    assert done.returncode == 0, done.stderr
    assert_kept(out)
    assert len(jaxsmith.load(out)) == 1


def test_where_finishing_fails_and_is_done_later(tmp_path):
    done = run(tmp_path, "--python", "/no/such/python", *program("compiles"))
    assert done.returncode == 1, done.stderr
    assert_kept(tmp_path / "out")
    again = run(tmp_path, "--resume")
    assert again.returncode == 0, again.stderr
    assert_kept(tmp_path / "out")
    assert len(jaxsmith.load(tmp_path / "out")) == 1


@pytest.mark.parametrize(
    "name", ["README.md", "manifest.json", "rejects.parquet", "data/train-0.csv"]
)
def test_files_that_have_the_names_of_a_datasets(tmp_path, name):
    out = tmp_path / "out"
    writes = (
        f"import os; os.makedirs(os.path.dirname('out/{name}'), exist_ok=True); "
        f"open('out/{name}', 'w').write('mine')\n"
        "import jax; jax.jit(lambda x: x * 3 + 1)(2.0)"
    )
    done = run(tmp_path, "--", sys.executable, "-c", writes)
    assert (out / name).read_text() == "mine", done.stderr
    if done.returncode != 0:  # it says so, and goes on once the file is out of the way
        assert name in done.stderr and "--resume" in done.stderr
        (out / name).rename(tmp_path / "elsewhere")
        done = run(tmp_path, "--resume")
    assert done.returncode == 0, done.stderr
    assert len(jaxsmith.load(out)) == 1


@pytest.mark.parametrize("existed", [False, True])
def test_a_program_that_does_not_start(tmp_path, existed):
    out = tmp_path / "out"
    if existed:
        out.mkdir()
    done = run(tmp_path, "--", "no-such-program")
    assert done.returncode == 2 and out.exists() == existed
    assert not existed or list(out.iterdir()) == []


def test_nothing_is_left_of_an_empty_capture(tmp_path):
    assert run(tmp_path, "--", "true").returncode == 0
    assert list(tmp_path.iterdir()) == []


def test_a_program_that_is_killed_while_it_writes(tmp_path):
    kills = PROGRAM + f"\nos.kill(os.getpid(), {int(signal.SIGKILL)})\n"
    done = run(tmp_path, "--", sys.executable, "-c", kills, "out", "nothing")
    assert done.returncode == -signal.SIGKILL
    assert_kept(tmp_path / "out")
