"""What a command is asked to write takes nothing away: no input, no part of a dataset; and how a command ends that
is interrupted."""

import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
JAXSMITH = os.environ.get("JAXSMITH", str(ROOT / "build" / "jaxsmith"))
TEXT = "{ lambda ; a:f32[2]. let b:f32[2] = sin a in (b,) }\n"
NOT_PYTHON = {"JAXSMITH_PYTHON": "/bin/false"}  # a run that comes to its work says so
SHARD = "data/train-00000-of-00001.parquet"
# A file of the folder `made`, and a command that would write there.
SCORE = ["score", "p.jsonl", "--dataset", "d", "--out"]
TAKEN = [
    ("p.jsonl", [*SCORE, "p.jsonl"]),
    ("p.jsonl", [*SCORE, "link.jsonl"]),
    ("p.jsonl", [*SCORE, "hard.jsonl"]),
    ("p.jsonl", [*SCORE, "d/../p.jsonl"]),
    (f"d/{SHARD}", [*SCORE, f"d/{SHARD}"]),
    ("d/README.md", [*SCORE, "d/README.md"]),
    ("d/manifest.json", [*SCORE, "d/manifest.json"]),
    ("d/manifest.json", [*SCORE, "d/verdicts.parquet"]),
    (f"d/{SHARD}", ["score", "p.jsonl", "--dataset", f"d/{SHARD}", "--out", "d/README.md"]),
    ("f.jaxpr", ["check", "f.jaxpr", "--failures", "f.jaxpr"]),
    ("f.jaxpr", ["check", "f.jaxpr", "--verdicts", "f.jaxpr"]),
    ("f.jaxpr", ["check", "f.jaxpr", "--verdicts", "new", "--failures", "./new"]),
    ("f.jaxpr", ["check", "f.jaxpr", "--verdicts", f"d/{SHARD}"]),
    (f"d/{SHARD}", ["check", "d", "--failures", f"d/{SHARD}"]),
    ("m.py", ["extract", "m.py::f", "--arg", "f32[2]", "--out", "m.py"]),
    ("m.py", ["extract", "m:f", "--arg", "f32[2]", "--out", "m.py"]),
    ("d/README.md", ["extract", "m.py::f", "--arg", "f32[2]", "--out", "d/README.md"]),
    ("f.jaxpr", ["eval", "f.jaxpr", "--input", "[1, 2]", "--out", "d"]),
    ("f.jaxpr", ["eval", "f.jaxpr", "--input", "[1, 2]", "--out", "d/data"]),
    ("d/manifest.json", ["mutate", "d", "--out", "d/mutants"]),
    ("d/manifest.json", ["split", "d", "--out", "d/split"]),
    ("d/manifest.json", ["calibrate", "d", "--write", "d/manifest.json"]),
]
EMPTY = [
    [*SCORE, ""],
    ["check", "f.jaxpr", "--failures", ""],
    ["check", "f.jaxpr", "--verdicts", ""],
    ["extract", "m.py::f", "--arg", "f32[2]", "--out", ""],
    ["eval", "f.jaxpr", "--input", "[1, 2]", "--out", ""],
    ["mutate", "d", "--out", ""],
    ["split", "d", "--out", ""],
    ["calibrate", "d", "--write", ""],
]


def jaxsmith(folder, *arguments, **environment):
    return subprocess.run(
        [JAXSMITH, *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        cwd=folder,
        env={**os.environ, **environment},
    )


def contents(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


@pytest.fixture
def made(generated, tmp_path):
    """A dataset `d`, predictions, a text and a module."""
    folder = tmp_path / "made"
    shutil.copytree(generated, folder / "d")
    (folder / "p.jsonl").write_text(json.dumps({"id": "x", "level": "jaxpr", "text": TEXT}) + "\n")
    (folder / "link.jsonl").symlink_to("p.jsonl")
    os.link(folder / "p.jsonl", folder / "hard.jsonl")
    (folder / "f.jaxpr").write_text(TEXT)
    (folder / "m.py").write_text("def f(x):\n    return x + 1\n")
    return folder


@pytest.mark.parametrize(("kept", "command"), TAKEN)
def test_nothing_that_is_there_is_taken_away(made, kept, command):
    assert (made / kept).is_file()
    before = contents(made)
    done = jaxsmith(made, *command, **NOT_PYTHON)
    assert done.returncode == 2 and done.stdout == "", done
    assert len(done.stderr.splitlines()) == 1 and "name another" in done.stderr, done.stderr
    assert contents(made) == before


@pytest.mark.parametrize("command", EMPTY)
def test_an_empty_name_is_refused(made, command):
    before = contents(made)
    done = jaxsmith(made, *command, **NOT_PYTHON)
    assert done.returncode == 2 and done.stdout == "", done
    assert len(done.stderr.splitlines()) == 1 and "is empty" in done.stderr, done.stderr
    assert contents(made) == before


def test_another_file_is_replaced(made):
    (made / "old").write_text("old")
    (made / "manifest.json").write_text('{"name": "an application\'s"}')
    for out in ("old", "d/notes", "manifest.json", "/dev/null"):
        done = jaxsmith(made, "check", "f.jaxpr", "--verdicts", out)
        assert done.returncode == 0, done
    for out in ("old", "d/notes", "manifest.json"):
        assert json.loads((made / out).read_text())["parsed"] is True


def test_a_wrong_kind_of_place_has_one_status(made):
    extract = ["extract", "m.py::f", "--arg", "f32[2]"]
    for command in (
        [*extract, "--out", "d"],
        [*extract, "--format", "json", "--out", "d"],
        [*extract, "--format", "parquet", "--out", "f.jaxpr"],
        ["check", "f.jaxpr", "--failures", "d"],
        ["eval", "f.jaxpr", "--input", "[1, 2]", "--out", "m.py"],
        ["generate", "--out", "m.py"],
        ["check", "d/rejects.parquet"],
        ["check", "d/data/nowhere"],
    ):
        done = jaxsmith(made, *command, **NOT_PYTHON)
        assert done.returncode == 2 and len(done.stderr.splitlines()) == 1, (command, done)


def test_tables_of_two_datasets_say_whose_they_are(made):
    shutil.copytree(made / "d", made / "e")
    printed = jaxsmith(made, "check", "d", "e").stdout.splitlines()
    assert printed[0] == "d:" and printed.count("e:") == 1


# ---- Numbers -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "options",
    [
        ["--index", "-1"],
        ["--index", "-1", "--count", "2"],
        ["--index", "99999999999999999999"],
        ["--index", "1", "--count", "0"],
        ["--index", "1", "--count", "-5"],
        ["--index", str(2**64 - 1), "--count", "2"],
        ["--index", "1", "--member", "-1"],
        ["--index", "1", "--member", str(2**32)],
    ],
)
def test_numbers_that_make_no_sense_are_refused(options, tmp_path):
    commands = [["plan", *options]]
    if "--count" not in options:
        commands.append(["shrink", *options])
    commands.append(["shrink", "--index", "1", "--tries", "-1"])
    for command in commands:
        done = jaxsmith(tmp_path, *command, **NOT_PYTHON)
        assert done.returncode == 2 and done.stdout == "", (command, done)
        assert len(done.stderr.splitlines()) == 1 and "--" in done.stderr, done.stderr


# ---- Interrupts ----------------------------------------------------------------------------------


@pytest.fixture
def waiting(tmp_path):
    """A Python that says in a pipe that it was started, and does nothing."""
    os.mkfifo(tmp_path / "begun")
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho >'{tmp_path}/begun'\nexec sleep 1000\n")
    python.chmod(0o755)
    return python


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize(
    "command",
    [
        ["generate", "--workers", "1", "--out", "out"],
        ["generate", "--workers", "1", "--out", "out", "--announce"],
        ["extract", "jax.numpy:sin", "--arg", "f32[2]"],
        ["extract", "jax.numpy:sin", "--arg", "f32[2]", "--format", "parquet", "--out", "out"],
        ["shrink", "--index", "1"],
    ],
)
def test_an_early_interrupt_says_that_nothing_was_done(waiting, tmp_path, command, number):
    process = subprocess.Popen(
        [JAXSMITH, *command, "--python", waiting],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=tmp_path,
    )
    (tmp_path / "begun").read_text()
    process.send_signal(number)
    printed, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and printed == "", (printed, errors)
    last = f"jaxsmith {command[0]}: interrupted: nothing was done yet; start again"
    assert errors.splitlines()[-1] == last
    assert not (tmp_path / "out").exists()


# ---- What is printed -----------------------------------------------------------------------------


def test_a_first_run_that_is_to_go_on_says_so(tmp_path):
    done = jaxsmith(tmp_path, "generate", "--resume", "--out", "nothere", **NOT_PYTHON)
    assert "nothere: there is no run in it: a new one" in done.stderr.splitlines()
    assert done.returncode != 0 and not (tmp_path / "nothere").exists()


def test_a_run_that_has_nothing_to_do_prints_no_table(tmp_path):
    small = ["generate", "--count", "4", "--redo", "0", "--workers", "1", "--out", "d"]
    first = jaxsmith(tmp_path, *small)
    assert first.returncode == 0, first.stderr
    assert all(line == line.rstrip() for line in first.stdout.splitlines())
    header = first.stdout.splitlines()[0]
    refused = int(re.search(r"^all .* (\d+)$", first.stdout, re.MULTILINE)[1])
    assert header.endswith("why") == (refused > 0)
    again = jaxsmith(tmp_path, *small, "--resume")
    assert again.returncode == 0 and again.stdout.startswith("nothing to do: ")
    assert len(again.stdout.splitlines()) == 1 and "there is no run" not in again.stderr


def test_a_terminal_sees_that_jax_is_started(waiting, tmp_path):
    ours, its = pty.openpty()
    process = subprocess.Popen(
        [JAXSMITH, "generate", "--workers", "1", "--out", "out", "--python", waiting],
        stdout=subprocess.DEVNULL,
        stderr=its,
        cwd=tmp_path,
    )
    os.close(its)
    (tmp_path / "begun").read_text()
    shown = b""
    while b"starting JAX" not in shown:
        shown += os.read(ours, 1 << 16)  # an error where the run ends without
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=60) == 130
    os.close(ours)


def test_sections_are_one_blank_line_apart_and_checks_are_aligned(tmp_path):
    extract = ["extract", "jax.numpy:sin", "--arg", "f32[2]"]
    text = jaxsmith(tmp_path, *extract)
    assert text.returncode == 0 and "── " in text.stdout, text
    assert "\n\n\n── " not in text.stdout and not text.stdout.endswith("\n\n")
    rows = jaxsmith(tmp_path, *extract, "--format", "parquet", "--out", "d")
    assert rows.returncode == 0, rows.stderr
    checks = [line for line in rows.stdout.splitlines() if not line.startswith("done:")]
    starts = {re.match(r"\S+ +", line).end() for line in checks}
    assert len(checks) > 3 and len(starts) == 1, rows.stdout


def test_a_capture_says_what_it_makes(tmp_path):
    program = "import jax; jax.jit(lambda x: x * 2 + 1)(3.0)"
    done = jaxsmith(tmp_path, "capture", "--out", "d", "--", sys.executable, "-c", program)
    assert done.returncode == 0, done.stderr
    assert "jaxsmith capture: making the dataset of what was recorded\n" in done.stderr
